"""Data of the tasks: values computed by hand or in another way, seeds, and parts that do not leak."""

import ast
import datetime
import itertools
import pathlib
import re

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.tasks import TASKS, generators
from tinygrad_rnn.tasks.generators import grammars, memory, rewriting, senses, sentences, series
from tinygrad_rnn.tasks.sources import Drawn, Stream, parts_of


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_generators_import_numpy_and_the_standard_library_alone():
    folder = pathlib.Path(generators.__file__).parent
    for path in [*folder.glob("*.py"), folder.parent / "sources.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, path
                assert (node.module or "").split(".")[0] in ("__future__", "collections", "typing"), path
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= {"numpy", "datetime", "zlib"}, path


def test_adding(rng):
    x, y = memory.adding(rng, 50, 9)
    assert x.shape == (50, 9, 2)
    np.testing.assert_array_equal(x[:, :4, 1].sum(1), 1)
    np.testing.assert_array_equal(x[:, 4:, 1].sum(1), 1)
    np.testing.assert_allclose(y[:, 0], (x[:, :, 0] * x[:, :, 1]).sum(1), rtol=1e-6)
    x, y = memory.adding(rng, 100_000, 4)
    assert ((y - 1) ** 2).mean() == pytest.approx(tg.tasks.adding().trivial, rel=0.02)


def test_copy_memory(rng):
    x, y = memory.copy_memory(rng, 20, delay=3, symbols=2, kinds=4)
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        first, second = a[:2]
        assert a == [first, second, 0, 0, 0, 5, 0]
        assert b == [0, 0, 0, 0, 0, first, second]
        assert 1 <= min(first, second) <= max(first, second) <= 4


def test_echo_and_parity(rng):
    x, y = memory.echo(rng, 5, 6, 2)
    np.testing.assert_array_equal(y[:, :2], -100)
    np.testing.assert_array_equal(y[:, 2:], x[:, :4])
    x, y = memory.parity(rng, 5, 6)
    for bits, said in zip(x.tolist(), y.tolist(), strict=True):
        assert said == [sum(bits[: t + 1]) % 2 for t in range(6)]


def test_latch(rng):
    x, y = memory.latch(rng, 400, lag=10)
    assert x.shape == (400, 13, 1)
    np.testing.assert_array_equal(x[:, :3, 0].mean(1) > 0, y == 1)
    assert x[:, 3:].std() == pytest.approx(0.2, rel=0.05)


def test_reber_strings_belong_to_the_grammar_and_their_second_letter_comes_back(rng):
    inner = re.compile(r"B(TS*(S|X(XT*V(PXT*V)*(V|PS)|S))|PT*V(PXT*V)*(V|PS))E")
    for _ in range(500):
        string, legal = grammars.reber_string(rng)
        assert string[0] == "B"
        assert string[1] == string[-2]
        assert string[-1] == "E"
        assert inner.fullmatch(string[2:-2]), string
        assert all(symbol in options for symbol, options in zip(string[1:], legal, strict=True))
        assert legal[-2] == {string[1]}


def test_reber_arrays(rng):
    x, legal, y = grammars.reber(rng, 30, 20)
    for row in range(30):
        size = int((x[row] > 0).sum())
        np.testing.assert_array_equal(y[row, : size - 1], x[row, 1:size])
        np.testing.assert_array_equal(y[row, size:], -100)
        assert legal[row, np.arange(size), y[row, :size]].all()
        assert legal[row, size - 2].sum() == 1


def test_counting(rng):
    x, y = grammars.counting(rng, 1, 2, 2, 3)
    assert x.tolist() == [[1, 1, 2, 2, 0, 0]]
    assert y.tolist() == [[-100, -100, 2, 0, -100, -100]]


def test_brackets_balance_and_targets_are_the_open_one(rng):
    x, y = grammars.brackets(rng, 100, 12, kinds=3, deepest=3)
    for symbols, said in zip(x.tolist(), y.tolist(), strict=True):
        stack, deepest = [], 0
        for t, symbol in enumerate(symbols):
            if symbol <= 3:
                if t:
                    assert said[t - 1] == -100
                stack.append(symbol)
            else:
                assert said[t - 1] == symbol - 4
                assert stack.pop() == symbol - 3
            deepest = max(deepest, len(stack))
        assert stack == []
        assert deepest <= 3


@pytest.mark.parametrize(("draw", "change"), [(rewriting.reverse, lambda s: s[::-1]), (rewriting.sort, sorted)])
def test_reverse_and_sort(rng, draw, change):
    x, y = draw(rng, 50, 7, 5)
    for source, target in zip(x.tolist(), y.tolist(), strict=True):
        symbols = [s for s in source if s]
        assert 4 <= len(symbols) <= 7
        assert source == [0] * (7 - len(symbols)) + symbols
        assert target == [*change(symbols), 1] + [-100] * (7 - len(symbols))


def test_sums_and_dates_are_right(rng):
    task = tg.tasks.sums(3)
    x, y = rewriting.sums(rng, 100, 3)
    for source, target in zip(x, y, strict=True):
        a, b = task.text(source).split("+")
        assert int(a) + int(b) == int(task.text(target))
        assert max(len(a), len(b)) <= 3
    day = datetime.date(1997, 3, 3)
    assert [rewriting.written(day, way) for way in range(6)] == [
        "3 march 1997", "march 3, 1997", "3. mar 1997", "03.03.1997", "3/3/1997", "monday, march 3, 1997",
    ]  # fmt: skip
    task = tg.tasks.dates()
    for source, target in zip(*rewriting.dates(rng, 50), strict=True):
        day = datetime.date.fromisoformat(task.text(target))
        assert task.text(source) in [rewriting.written(day, way) for way in range(6)]


def test_reviews_are_as_kind_as_their_clauses(rng):
    x, y = sentences.reviews(rng, 200, 3)
    for row, mood in zip(x, y, strict=True):
        words = [sentences.REVIEW_WORDS[k] for k in row if k]
        clauses = re.split(r" (?:and|but) ", " ".join(words).removesuffix(" ."))
        kind = [(c.split()[-1] in sentences.GOOD) != bool({"not", "never", "hardly"} & set(c.split())) for c in clauses]
        assert len(clauses) in (1, 3)
        assert mood == (sum(kind) * 2 > len(kind))
    assert 0.4 < y.mean() < 0.6


def test_tags_of_words_that_can_be_either_hang_on_the_next_word(rng):
    x, y = sentences.tagged(rng, 200, 3)
    for row, tags in zip(x, y, strict=True):
        words = [sentences.TAG_WORDS[k] for k in row if k]
        said = [sentences.TAGS[k] for k in tags if k >= 0]
        assert len(words) == len(said)
        for word, tag, after in zip(words, said, [*said[1:], "end"], strict=True):
            if word in sentences.EITHER:
                assert tag == ("adjective" if after in ("adjective", "noun") else "noun")
            else:
                assert word in sentences.ALWAYS[tag]


def test_captions_say_where_the_shape_is(rng):
    x, y = senses.captioned(rng, 60, noise=0.0)
    words = [[senses.CAPTION_WORDS[k] for k in row] for row in y]
    for picture, (_, size, shape, _, _, row, column, end) in zip(x[:, 0], words, strict=True):
        lit = np.argwhere(picture > 0)
        extent = lit.max(0) - lit.min(0) + 1
        assert tuple(extent) == ((3, 3) if size == "small" else (6, 6))
        (top, left), scale = lit.min(0), extent[0] // 3
        np.testing.assert_array_equal(
            picture[top : top + extent[0], left : left + extent[0]], senses.stamp(shape, scale)
        )
        for place, name, names in ((top, row, senses.ROWS), (left, column, senses.COLUMNS)):
            start = int(names.index(name) * (14 - extent[0]) / 2)
            assert start <= place <= start + 2
        assert end == "<end>"


def test_a_video_frame_is_the_one_before_moved(rng):
    x, y = senses.moving(rng, 20, 4, noise=0.0)
    for frames, move in zip(x[:, :, 0], y, strict=True):
        for a, b in itertools.pairwise(frames):
            np.testing.assert_array_equal(np.roll(a, senses.MOVES[move], (0, 1)), b)


def test_speech_without_noise_can_be_read_off(rng):
    sound = senses.voices(6, 8)
    assert len(np.unique(sound.round(3), axis=0)) == 6
    x, y = senses.spoken(rng, 20, 40, 6, 8, noise=0.0)
    for frames, labels in zip(x, y, strict=True):
        nearest = [0 if not f.any() else 1 + int(((sound - f) ** 2).sum(1).argmin()) for f in frames]
        read = [k for k, before in zip(nearest, [0, *nearest], strict=False) if k and k != before]
        assert read == [k for k in labels.tolist() if k != -100]


def test_series(rng):
    x, y = series.sines(rng, 3, 50, noise=0.0)
    np.testing.assert_allclose(x[:, 1:], y[:, :-1], atol=1e-6)
    curve = x[:, 2:] - 2 * x[:, 1:-1] + x[:, :-2]  # of a sine: proportional to its value
    np.testing.assert_allclose((curve / x[:, 1:-1]).std(1), 0, atol=0.05)
    x, y = series.lorenz(rng, 200, 30, ahead=5)
    np.testing.assert_array_equal(x[:, 5:], y[:, :-5])
    np.testing.assert_allclose(x.std((0, 1)), 1, atol=0.1)
    np.testing.assert_allclose(x.mean((0, 1)), 0, atol=0.2)
    x, y = series.autoregression(rng, 500, 40)
    errors = y[:, 1:] - 1.6 * x[:, 1:] + 0.8 * x[:, :-1]
    assert errors.var() == pytest.approx(1, rel=0.03)
    # of x_{t+1} - x_t: 2 (1 - ρ) Var x, with ρ = 1.6 / 1.8 and Var x = (1 + 0.8) / ((1 - 0.8) ((1 + 0.8)² - 1.6²))
    assert ((y - x) ** 2).mean() == pytest.approx(2 * (1 - 1.6 / 1.8) * 1.8 / (0.2 * (1.8**2 - 1.6**2)), rel=0.1)


def test_shipped_series_say_where_they_are_from():
    from tinygrad_rnn.tasks.series import TABLES, table

    for path in TABLES.glob("*.csv"):
        assert "public" in path.read_text(encoding="utf-8").split("\n")[1], path
    assert table("sunspots")[:3].tolist() == [5, 11, 16]
    assert len(table("sunspots")) == 309
    assert table("co2")[0] == 316.1
    assert len(table("weather")) == 4 * 365 + 1


# --- where batches come from ----------------------------------------------------------------------------------

DRAWN = [name for name, make in TASKS.items() if isinstance(make().data, Drawn)]


@pytest.mark.parametrize("name", DRAWN)
def test_batches_are_a_function_of_seed_part_and_number(name):
    a, b, other = TASKS[name](seed=3), TASKS[name](seed=3), TASKS[name](seed=4)
    for part in ("training", "validation", "test"):
        first = a.data.batch(5, 8, part)
        for x, y in zip(first, b.data.batch(5, 8, part), strict=True):
            np.testing.assert_array_equal(x, y)
        assert len(first[0]) == 8
    assert any((x != y).any() for x, y in zip(a.data.batch(5, 8), other.data.batch(5, 8), strict=True))
    assert any((x != y).any() for x, y in zip(a.data.batch(5, 8), a.data.batch(6, 8), strict=True))


@pytest.mark.parametrize("name", DRAWN)
def test_no_sequence_is_in_two_parts(name):
    data = TASKS[name]().data
    rows = {part: {x.tobytes() for k in range(4) for x in data.batch(k, 50, part)[0]} for part in ("training", "validation", "test")}  # fmt: skip
    assert not rows["training"] & rows["validation"]
    assert not rows["training"] & rows["test"]
    assert not rows["validation"] & rows["test"]


def test_the_hash_sends_a_tenth_to_each_held_out_part():
    shares = np.bincount(parts_of(np.arange(20_000)[:, None])) / 20_000
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.01)


def test_a_fixed_set_is_shuffled_in_each_epoch_and_nothing_else_is_drawn():
    data = tg.tasks.adding(length=4, samples=12).data
    batches = [data.batch(k, 4)[0] for k in range(6)]
    first, second = (np.concatenate(batches[k : k + 3]) for k in (0, 3))
    assert len({x.tobytes() for x in first}) == 12
    assert {x.tobytes() for x in first} == {x.tobytes() for x in second}
    assert (first != second).any()
    np.testing.assert_array_equal(data.batch(1, 4)[0], batches[1])  # in any order


def test_too_few_sequences_are_said():
    with pytest.raises(ValueError, match=r"too few different sequences .* of 500 for"):
        tg.tasks.parity(length=2).data.batch(0, 500, "validation")


def test_streams_are_cut_into_parts_and_read_in_order():
    stream = Stream(np.arange(100), 4, shares=(0.2, 0.2))
    assert [len(stream.parts[part]) for part in ("training", "validation", "test")] == [60, 20, 20]
    rows, side = stream.windows(3, "training")
    assert (rows, side) == (3, 4)
    batches = [stream.batch(k, 3) for k in range(side)]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches], 1), np.arange(48).reshape(3, 16))
    assert all((y == x + 1).all() for x, y in batches)
    assert [stream.starts_anew(k, 3) for k in range(5)] == [True, False, False, False, True]
    assert stream.batch(0, 3, "test")[0].min() == 80
    with pytest.raises(ValueError, match="100 values leave 20 for a part, where a window needs 31"):
        Stream(np.arange(100), 30, shares=(0.2, 0.2))


def test_words_and_characters_that_training_lacks_are_unknown(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("ab" * 40 + "zz" * 10, encoding="utf-8")
    task = tg.tasks.text(path, length=3)
    assert task.vocabulary == ["<unk>", "a", "b"]
    assert task.data.parts["validation"].tolist() == [0] * 10
    path.write_text("to be or not to be , " * 30 + "seldom " * 60, encoding="utf-8")
    task = tg.tasks.words(path, length=3, least=40)
    assert task.vocabulary == ["<unk>", "be", "to"]
    assert task.data.parts["training"][:7].tolist() == [2, 1, 0, 0, 2, 1, 0]


def test_the_unigram_loss_of_an_even_text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("abcd" * 1000, encoding="utf-8")
    counts = np.array([1, 801, 801, 801, 801])
    assert tg.tasks.text(path, length=8).trivial == pytest.approx(-np.log(801 / counts.sum()))
