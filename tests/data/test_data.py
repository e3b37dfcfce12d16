"""Datasets, samplers, collating and loaders: PyTorch's results, and the same order for the same seed."""

from collections import Counter, OrderedDict, namedtuple
from itertools import islice

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    random_split,
)

Pair = namedtuple("Pair", "x label")


class Squares(Dataset):
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return index * index


class Stream(IterableDataset):
    def __init__(self, size):
        self.size = size

    def __iter__(self):
        return iter(range(self.size))


# --- collating ------------------------------------------------------------------------------------------


def samples_of(make):
    """Batches of samples of every kind, made with the `tensor` function of one of the libraries."""
    return {
        "ints": [1, 2, 3],
        "bools": [True, False],
        "floats": [0.5, 1.5],
        "strings": ["ab", "c"],
        "bytes": [b"ab", b"c"],
        "tensors": [make([1.0, 2.0]), make([3.0, 4.0])],
        "0-d tensors": [make(1), make(2)],
        "arrays": [np.arange(3.0), np.arange(3.0) + 1],
        "array scalars": [np.float32(1.5), np.float32(2.5)],
        "float64 scalars": [np.float64(1.5), np.float64(2.5)],
        "0-d arrays": [np.array(3), np.array(4)],
        "tuples": [(make([1.0]), "a", 2), (make([2.0]), "b", 3)],
        "lists": [[1, 2.0], [3, 4.0]],
        "dicts": [{"x": make([1, 2]), "y": ("s", 1)}, {"x": make([3, 4]), "y": ("t", 2)}],
        "ordered dicts": [OrderedDict(b=1, a=2), OrderedDict(b=3, a=4)],
        "named tuples": [Pair(make([1.0]), 0), Pair(make([2.0]), 1)],
        "nested": [{"a": [{"b": (1, make(2.0))}]}, {"a": [{"b": (3, make(4.0))}]}],
    }


def described(x):
    """Types and numbers, in words that are the same for both libraries."""
    if hasattr(x, "requires_grad"):
        return ("tensor", str(x.dtype).replace("torch.", ""), x.tolist())
    if isinstance(x, dict):
        return (type(x).__name__, [(key, described(value)) for key, value in x.items()])
    if isinstance(x, (list, tuple)):
        return (type(x).__name__, [described(part) for part in x])
    return (type(x).__name__, x)


@pytest.mark.torch
@pytest.mark.parametrize("kind", samples_of(tg.tensor))
def test_collates_as_pytorch(kind):
    torch = pytest.importorskip("torch")
    ours, theirs = samples_of(tg.tensor)[kind], samples_of(torch.tensor)[kind]
    assert described(default_collate(ours)) == described(torch.utils.data.default_collate(theirs))
    unbatched = list(DataLoader(ours, batch_size=None)), list(torch.utils.data.DataLoader(theirs, batch_size=None))
    assert described(unbatched[0]) == described(unbatched[1])


def test_what_cannot_be_collated_says_why():
    with pytest.raises(RuntimeError, match=r"\[2\], \[3\].*collate_fn"):
        default_collate([tg.ones(2), tg.ones(3)])
    with pytest.raises(RuntimeError, match=r"lengths: \[1, 2\]"):
        default_collate([[1], [1, 2]])
    with pytest.raises(TypeError, match=r"NoneType.*collate_fn"):
        default_collate([None, None])
    with pytest.raises(TypeError, match="one is a int"):
        default_collate([tg.ones(1), 3])
    with pytest.raises(TypeError, match="ndarray of"):
        default_collate([np.array(["a"])])


def test_a_batch_of_tensors_is_a_copy():
    x = tg.zeros(4, 2)
    batch = default_collate([x[0], x[1]])
    x[0, 0] = 5.0
    assert batch.tolist() == [[0.0, 0.0], [0.0, 0.0]]


# --- loader ---------------------------------------------------------------------------------------------


@pytest.mark.torch
@pytest.mark.parametrize("size", [0, 1, 6, 7])
@pytest.mark.parametrize("batch_size", [1, 3, 10, None])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("kind", ["indexed", "stream"])
def test_batches_and_lengths_equal_pytorch(size, batch_size, drop_last, kind):
    torch = pytest.importorskip("torch")
    if batch_size is None and drop_last:
        with pytest.raises(ValueError, match="drop_last"):
            DataLoader(Squares(size), batch_size=None, drop_last=True)
        return

    class TheirStream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(size))

    ours = DataLoader(Squares(size) if kind == "indexed" else Stream(size), batch_size, drop_last=drop_last)
    theirs = torch.utils.data.DataLoader(
        Squares(size) if kind == "indexed" else TheirStream(), batch_size, drop_last=drop_last
    )
    assert [described(b) for b in ours] == [described(b) for b in theirs]
    if kind == "indexed":
        assert len(ours) == len(theirs)
        assert len(ours.dataset) == size
    else:
        with pytest.raises(TypeError):
            len(ours)


def order(loader):
    return [x for batch in loader for x in batch.tolist()]


def test_shuffling_visits_all_and_changes_with_the_epoch():
    tg.manual_seed(3)
    loader = DataLoader(range(50), batch_size=8, shuffle=True)
    first, second = order(loader), order(loader)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second != list(range(50))


def test_the_same_seed_gives_the_same_order():
    def epochs(seed):
        tg.manual_seed(seed)
        loader = DataLoader(range(30), shuffle=True)
        return [order(loader) for _ in range(3)]

    def own(seed):
        loader = DataLoader(range(30), shuffle=True, generator=tg.Generator().manual_seed(seed))
        return [order(loader) for _ in range(3)]

    assert epochs(1) == epochs(1) != epochs(2)
    assert own(1) == own(1) != own(2)


def test_random_numbers_drawn_while_training_do_not_change_the_order():
    def epoch(draw):
        tg.manual_seed(5)
        seen = []
        for k in islice(RandomSampler(range(5000), replacement=True), 3000):
            seen.append(k)
            if draw:
                tg.randn(1)
        return seen

    assert epoch(True) == epoch(False)


def test_two_loops_over_one_loader_do_not_disturb_each_other():
    loader = DataLoader(range(4))
    assert [(a.item(), b.item()) for a in loader for b in loader] == [(a, b) for a in range(4) for b in range(4)]


def test_samples_are_loaded_when_they_are_needed():
    asked = []

    class Noted(Dataset):
        def __len__(self):
            return 100

        def __getitem__(self, index):
            asked.append(index)
            return index

    next(iter(DataLoader(Noted(), batch_size=4)))
    assert asked == [0, 1, 2, 3]


def test_samplers_collate_fn_and_getitems_are_used():
    loader = DataLoader(Squares(10), batch_size=2, sampler=[3, 1, 2], collate_fn=tuple)
    assert list(loader) == [(9, 1), (4,)]
    assert list(DataLoader(Squares(10), batch_sampler=[[1, 2], [3]], collate_fn=sum)) == [5, 9]

    class AtOnce(Squares):
        def __getitems__(self, indices):
            return [-k for k in indices]

    assert order(DataLoader(AtOnce(4), batch_size=3)) == [0, -1, -2, -3]
    assert order(DataLoader(Subset(AtOnce(9), [5, 7]), batch_size=3)) == [-5, -7]

    class Short(Squares):
        def __getitems__(self, indices):
            return []

    with pytest.raises(ValueError, match="returned 0 samples for 2"):
        list(DataLoader(Short(4), batch_size=2))


@pytest.mark.filterwarnings("ignore:DataLoader. num_workers")
def test_options_for_workers_are_accepted():
    loader = DataLoader(
        range(5), 2, num_workers=4, pin_memory=True, timeout=3, worker_init_fn=print, prefetch_factor=2, persistent_workers=True
    )  # fmt: skip
    assert order(loader) == list(range(5))
    assert loader.num_workers == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "batch_size must be a positive int, got 0"),
        ({"batch_size": 2.5}, "positive int"),
        ({"shuffle": True, "sampler": [0]}, "exclude"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler excludes"),
        ({"batch_sampler": [[0]], "shuffle": True}, "batch_sampler excludes"),
        ({"num_workers": -1}, "num_workers"),
        ({"timeout": -1}, "timeout"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        DataLoader(range(3), **options)


def test_streams_have_their_own_order():
    for options in ({"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}):
        with pytest.raises(ValueError, match="own order"):
            DataLoader(Stream(3), **options)
    with pytest.raises(TypeError, match="Generator"):
        DataLoader(range(3), generator=np.random.default_rng())


# --- samplers -------------------------------------------------------------------------------------------


def test_random_sampler_with_replacement_is_lazy():
    sampler = RandomSampler(range(7), replacement=True, num_samples=10**10)
    assert len(sampler) == 10**10
    drawn = list(islice(sampler, 5000))
    assert set(drawn) == set(range(7))
    assert len(DataLoader(range(7), batch_size=4, sampler=sampler)) == 10**10 // 4
    assert max(Counter(drawn).values()) < 5000 / 7 * 1.3


def test_random_sampler_without_replacement_starts_over_when_all_were_drawn():
    drawn = list(RandomSampler(range(5), num_samples=12))
    assert len(drawn) == 12
    assert sorted(drawn[:5]) == sorted(drawn[5:10]) == list(range(5))
    assert len(list(RandomSampler(range(5), num_samples=3))) == 3


def test_the_other_samplers():
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    assert sorted(SubsetRandomSampler([4, 9, 2])) == [2, 4, 9]
    assert list(BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
    assert [len(BatchSampler(range(5), 2, drop)) for drop in (False, True)] == [3, 2]
    tg.manual_seed(0)
    counts = Counter(WeightedRandomSampler([1.0, 0.0, 3.0], 4000))
    assert counts[1] == 0
    assert 0.22 < counts[0] / 4000 < 0.28
    assert sorted(WeightedRandomSampler(tg.tensor([0.1, 0.2, 0.7]), 3, replacement=False)) == [0, 1, 2]


def test_samplers_check_their_arguments():
    with pytest.raises(ValueError, match="num_samples must be a positive int, got 0"):
        RandomSampler(range(3), num_samples=0)
    with pytest.raises(TypeError, match="replacement"):
        RandomSampler(range(3), replacement=1)
    with pytest.raises(ValueError, match="num_samples"):
        WeightedRandomSampler([1.0], -1)
    with pytest.raises(ValueError, match="one axis"):
        WeightedRandomSampler([[1.0]], 1)
    with pytest.raises(ValueError, match="empty dataset"):
        list(RandomSampler([], num_samples=3))
    with pytest.raises(ValueError, match="drop_last"):
        BatchSampler(range(3), 2, 1)
    assert list(RandomSampler([])) == []


# --- datasets -------------------------------------------------------------------------------------------


def test_tensor_dataset_gives_rows():
    data = TensorDataset(tg.arange(6).reshape(3, 2), tg.arange(3))
    assert len(data) == 3
    assert [t.tolist() for t in data[1]] == [[2, 3], 1]
    x, y = next(iter(DataLoader(data, batch_size=2)))
    assert (x.shape, y.tolist()) == ((2, 2), [0, 1])
    assert [[t.tolist() for t in row] for row in data.__getitems__([2, 0])] == [[[4, 5], 2], [[0, 1], 0]]
    with pytest.raises(ValueError, match=r"\[3, 2\]"):
        TensorDataset(tg.ones(3), tg.ones(2))
    with pytest.raises(TypeError, match="ndarray"):
        TensorDataset(np.ones(3))


def test_gradients_reach_the_tensors_of_a_dataset():
    w = tg.ones(3, requires_grad=True)
    for (batch,) in DataLoader(TensorDataset(w), batch_size=2):
        (batch * 2).sum().backward()
    assert w.grad.tolist() == [2.0, 2.0, 2.0]


def test_concat_and_subset():
    both = Squares(3) + Squares(2)
    assert isinstance(both, ConcatDataset)
    assert [both[k] for k in range(-5, 5)] == [0, 1, 4, 0, 1] * 2
    assert both.cumulative_sizes == [3, 5]
    for k in (5, -6):
        with pytest.raises(IndexError, match=f"{k} is out of range for 5"):
            both[k]
    with pytest.raises(TypeError, match="Stream"):
        ConcatDataset([Stream(3)])
    with pytest.raises(ValueError, match="no datasets"):
        ConcatDataset([])
    part = Subset(Squares(9), [4, 2])
    assert (len(part), part[0], part[np.int64(1)]) == (2, 16, 4)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("size", "lengths"),
    [(10, [3, 7]), (10, [0.75, 0.25]), (17, [0.1, 0.2, 0.7]), (11, [1 / 3, 1 / 3, 1 / 3]), (5, [5, 0])],
)
def test_random_split_has_pytorchs_lengths(size, lengths):
    torch = pytest.importorskip("torch")
    ours, theirs = random_split(range(size), lengths), torch.utils.data.random_split(range(size), lengths)
    assert [len(part) for part in ours] == [len(part) for part in theirs]
    assert sorted(k for part in ours for k in part) == list(range(size))


def test_random_split_follows_its_generator_and_checks():
    def split(seed):
        return [part.indices for part in random_split(range(20), [12, 8], tg.Generator().manual_seed(seed))]

    assert split(1) == split(1) != split(2)
    with pytest.raises(ValueError, match="sum to 11, the dataset has 10"):
        random_split(range(10), [5, 6])
    with pytest.raises(ValueError, match=r"sum to 0\.9"):
        random_split(range(10), [0.5, 0.4])
    with pytest.warns(UserWarning, match="subset 1 is empty"):
        random_split(range(2), [0.9, 0.1])


def test_pytorchs_module_paths_exist():
    from tinygrad_rnn.utils.data import dataloader, dataset, sampler

    assert dataloader.default_collate is default_collate
    assert dataset.Dataset is Dataset
    assert sampler.RandomSampler is RandomSampler
    assert isinstance(Dataset[int], object)


# --- what people have at hand --------------------------------------------------------------------------


class Table:
    """As much of a pandas table as counts: columns by name, whose elements are found by label."""

    def __init__(self, **columns):
        self.columns, self.iloc = list(columns), None
        self.values = columns

    def __getitem__(self, name):
        return Column(self.values[name])


class Column:
    def __init__(self, values):
        self.array, self.iloc = np.asarray(values), None

    def __getitem__(self, label):
        raise KeyError(label)

    def __len__(self):
        return len(self.array)

    def to_numpy(self):
        return self.array


@pytest.mark.parametrize("kind", [dict, Table])
def test_columns_come_as_dicts_of_batches(kind):
    data = kind(x=np.arange(10.0).reshape(5, 2), y=[0, 1, 0, 1, 0], word=["a", "b", "c", "d", "e"])
    loader = DataLoader(data, batch_size=2)
    assert len(loader) == 3
    first, _, last = loader
    assert first["x"].tolist() == [[0, 1], [2, 3]]
    assert first["x"].dtype == tg.float64
    assert last["y"].tolist() == [0]
    assert list(first["word"]) == ["a", "b"]
    shuffled = DataLoader(data, batch_size=5, shuffle=True)
    (batch,) = shuffled
    assert [int(x) // 2 for x in batch["x"][:, 0]] == ["abcde".index(word) for word in batch["word"]]


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match=r"columns differ in length: \{'x': 3, 'y': 2\}"):
        DataLoader({"x": tg.zeros(3), "y": [1, 2]})


def test_a_column_counts_by_position_and_a_dict_of_indices_by_its_keys():
    assert [b.tolist() for b in DataLoader(Column([3.0, 4.0, 5.0]), batch_size=2)] == [[3, 4], [5]]
    assert [b.tolist() for b in DataLoader({0: 7, 1: 8}, batch_size=2)] == [[7, 8]]


@pytest.mark.parametrize("make", [lambda: (k * k for k in range(5)), lambda: map(abs, range(5)), lambda: zip(range(5))])
def test_an_iterator_is_read_once(make):
    loader = DataLoader(make(), batch_size=2)
    assert len(list(loader)) == 3
    with pytest.raises(
        RuntimeError, match=r"is a (generator|map|zip), which gave its items in the first epoch; pass list"
    ):
        list(loader)
    with pytest.raises(ValueError, match="has its own order"):
        DataLoader(make(), shuffle=True)


def test_an_iterable_is_read_in_each_epoch():
    loader = DataLoader({3, 4}, batch_size=2)
    assert len(loader) == 1
    assert [batch.tolist() for _ in range(2) for batch in loader] == [[3, 4]] * 2


def test_workers_are_answered_once_with_the_reason(monkeypatch):
    monkeypatch.setattr(DataLoader, "_warned", False)
    with pytest.warns(UserWarning, match="num_workers=3, but samples are loaded in this process: sending arrays"):
        DataLoader(range(3), num_workers=3)
    DataLoader(range(3), num_workers=3)
