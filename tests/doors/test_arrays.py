"""Arrays from anywhere work as NumPy's own do: types are one object each, subclasses end at the door."""

from __future__ import annotations

import io

import numpy as np
import pytest

import tinygrad_rnn as tg
from tests.doors.arrays import FORMS, SHARING, TYPES, a_subclass, foreign, unpickled
from tests.ops.table import ROWS
from tests.ops.test_table import arrays_for, parts
from tinygrad_rnn import models, nn, optim
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.utils.data import DataLoader, TensorDataset, default_collate, default_convert

LEGACY = {"float32": tg.FloatTensor, "float64": tg.DoubleTensor, "float16": tg.HalfTensor, "int64": tg.LongTensor}
LEGACY |= {"int32": tg.IntTensor, "int16": tg.ShortTensor, "int8": tg.CharTensor, "uint8": tg.ByteTensor}
LEGACY |= {"bool": tg.BoolTensor}


def like(kind: str) -> tg.Tensor:
    return tg.zeros(2, dtype=getattr(tg, kind))


def set_data(array: np.ndarray) -> tg.Tensor:
    x = tg.zeros(1)
    x.data = tg.tensor(array)
    return x


def at_once(loader) -> tg.Tensor:
    (batch,) = loader
    return batch


# Every way in for an array of a type; all give a tensor with its numbers and its type.
DOORS = {
    "tensor": lambda a, kind: tg.tensor(a),
    "tensor with dtype": lambda a, kind: tg.tensor(a, dtype=getattr(tg, kind)),
    "tensor with the array's dtype": lambda a, kind: tg.tensor(a, dtype=a.dtype if a.dtype.isnative else kind),
    "tensor of a list of arrays": lambda a, kind: tg.tensor(list(a)),
    "tensor of nested lists of scalars": lambda a, kind: tg.tensor([list(row) for row in a]),
    "as_tensor": lambda a, kind: tg.as_tensor(a),
    "as_tensor with dtype": lambda a, kind: tg.as_tensor(a, dtype=kind),
    "new_tensor": lambda a, kind: like(kind).new_tensor(a),
    "legacy constructor": lambda a, kind: LEGACY[kind](a),
    "x.data": lambda a, kind: set_data(a),
    "default_convert": lambda a, kind: default_convert([a])[0],
    "default_collate": lambda a, kind: default_collate(list(a)),
    "DataLoader": lambda a, kind: at_once(DataLoader([a[0], a[1]], batch_size=2)),
    "TensorDataset": lambda a, kind: at_once(DataLoader(TensorDataset(tg.tensor(a)), batch_size=2))[0],
}


def numbers(kind: str) -> np.ndarray:
    return np.array([[0, 1, 2], [1, 3, 0]]).astype(kind)


def check(t: tg.Tensor, expected: np.ndarray) -> None:
    assert type(t.array) is np.ndarray
    assert t.dtype is getattr(tg, expected.dtype.name), "another object for the same type"
    np.testing.assert_array_equal(t.numpy(), expected)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("form", FORMS)
def test_every_door_makes_arrays_plain(form, door):
    for kind in TYPES:
        check(DOORS[door](form(numbers(kind)), kind), numbers(kind))


@pytest.mark.parametrize("form", SHARING)
def test_from_numpy_and_as_tensor_share_memory(form):
    for kind in TYPES:
        for share in (tg.from_numpy, tg.as_tensor):
            array = form(numbers(kind))
            t = share(array)
            check(t, numbers(kind))
            t[0, 0] = 1
            assert np.asarray(array)[0, 0] == 1
            np.asarray(array)[1, 1] = 0
            assert t[1, 1].item() == 0


def test_from_numpy_shares_a_file_in_memory(tmp_path):
    mapped = np.memmap(tmp_path / "numbers", np.float32, "w+", shape=(2, 3))
    t = tg.from_numpy(mapped)
    t.fill_(2.5)
    check(t, np.full((2, 3), 2.5, np.float32))
    assert (np.asarray(mapped) == 2.5).all()


def test_a_foreign_byte_order_is_copied_or_refused():
    array = foreign(np.ones(2, "f4"))
    with pytest.raises(ValueError, match=r"byte order '>f4'.*cannot share memory.*tensor\(array\) makes a copy"):
        tg.from_numpy(array)
    copied = tg.as_tensor(array)
    copied.fill_(7)
    assert (array == 1).all()


# --- types given as arguments --------------------------------------------------------------------------

KINDS_OF_ARGUMENT = [unpickled, FORMS[4]]  # with metadata

MAKERS = {
    "zeros": lambda d: tg.zeros(2, dtype=d),
    "ones": lambda d: tg.ones(2, dtype=d),
    "empty": lambda d: tg.empty(2, dtype=d),
    "full": lambda d: tg.full((2,), 1, dtype=d),
    "zeros_like": lambda d: tg.zeros_like(tg.ones(2), dtype=d),
    "full_like": lambda d: tg.full_like(tg.ones(2), 1, dtype=d),
    "eye": lambda d: tg.eye(2, dtype=d),
    "arange": lambda d: tg.arange(3, dtype=d),
    "linspace": lambda d: tg.linspace(0, 1, 3, dtype=d),
    "rand": lambda d: tg.rand(2, dtype=d),
    "randn": lambda d: tg.randn(2, dtype=d),
    "randint": lambda d: tg.randint(5, (2,), dtype=d),
    "randperm": lambda d: tg.randperm(3, dtype=d),
    "normal": lambda d: tg.normal(0.0, 1.0, (2,), dtype=d),
    "tensor": lambda d: tg.tensor([1, 2], dtype=d),
    "as_tensor": lambda d: tg.as_tensor([1, 2], dtype=d),
    "new_tensor": lambda d: tg.ones(2).new_tensor([1, 2], dtype=d),
    "new_zeros": lambda d: tg.ones(2).new_zeros(2, dtype=d),
    "new_full": lambda d: tg.ones(2).new_full((2,), 1, dtype=d),
    "to": lambda d: tg.ones(2).to(d),
    "type": lambda d: tg.ones(2).type(d),
    "sum": lambda d: tg.ones(2).sum(dtype=d),
    "prod": lambda d: tg.ones(2).prod(dtype=d),
    "cumsum": lambda d: tg.ones(2).cumsum(0, dtype=d),
    "Module.to": lambda d: nn.Linear(2, 2).to(d).weight,
    "Linear": lambda d: nn.Linear(2, 2, dtype=d).weight,
    "LSTM": lambda d: nn.LSTM(2, 2, dtype=d).weight_hh_l0,
    "Embedding": lambda d: nn.Embedding(2, 2, dtype=d).weight,
    "BatchNorm1d": lambda d: nn.BatchNorm1d(2, dtype=d).running_mean,
    "mean": lambda d: tg.ones(2).mean(dtype=d),
    "softmax": lambda d: F.softmax(tg.ones(2), 0, dtype=d),
    "causal mask": lambda d: nn.Transformer.generate_square_subsequent_mask(2, dtype=d),
}
NEED_FLOATS = {*list(MAKERS)[list(MAKERS).index("Module.to") :], "rand", "randn", "normal", "sum", "prod", "cumsum"}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("form", KINDS_OF_ARGUMENT)
def test_a_type_given_as_another_object_is_the_same_type(form, name):
    for kind in ("float64", "float32", "float16") if name in NEED_FLOATS else ("float64", "int32", "int64", "uint8"):
        given = form(np.zeros(1, kind)).dtype
        assert given is not np.dtype(kind)
        assert MAKERS[name](given).dtype is getattr(tg, kind)


def test_the_default_type_may_be_another_object():
    before = tg.get_default_dtype()
    try:
        tg.set_default_dtype(unpickled(np.zeros(1, "f8")).dtype)
        assert tg.ones(1).dtype is tg.float64
        assert tg.tensor([1.5]).dtype is tg.float64
    finally:
        tg.set_default_dtype(before)


# --- what is computed with them ------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_ops_compute_the_same_on_arrays_from_anywhere(row):
    for form in (unpickled, a_subclass, foreign):
        results = []
        for arrive in (np.array, form):
            inputs = [tg.as_tensor(arrive(a)).requires_grad_() for a in arrays_for(row, row.shapes[0], "float32")]
            outputs = parts(row.call(*inputs))
            grads = tg.autograd.grad(outputs, inputs, [tg.ones_like(y) for y in outputs])
            results.append([*outputs, *grads])
        for mine, plain in zip(results[1], results[0], strict=True):
            assert mine.dtype is tg.float32
            assert type(mine.array) is np.ndarray
            np.testing.assert_array_equal(mine.detach().numpy(), plain.detach().numpy())


X, TOKENS = np.linspace(-1, 1, 24, dtype="f4").reshape(2, 3, 4), np.array([[0, 3, 1], [2, 2, 0]])
TARGET = np.array([1, 0])
LAYERS = {
    "Linear": lambda x: nn.Linear(4, 3)(x),
    "Bilinear": lambda x: nn.Bilinear(4, 4, 2)(x, x),
    "RNN": lambda x: nn.RNN(4, 3, nonlinearity="relu")(x)[0],
    "LSTM": lambda x: nn.LSTM(4, 3, 2, bidirectional=True)(x)[0],
    "GRU": lambda x: nn.GRU(4, 3, batch_first=True)(x)[0],
    "LSTMCell": lambda x: nn.LSTMCell(4, 3)(x[0])[0],
    "Conv1d": lambda x: nn.Conv1d(3, 2, 2)(x),
    "LayerNorm": lambda x: nn.LayerNorm(4)(x),
    "RMSNorm": lambda x: nn.RMSNorm(4)(x),
    "GroupNorm": lambda x: nn.GroupNorm(1, 3)(x),
    "BatchNorm1d": lambda x: nn.BatchNorm1d(3)(x),
    "MultiheadAttention": lambda x: nn.MultiheadAttention(4, 2)(x, x, x)[0],
    "TransformerEncoderLayer": lambda x: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0)(x),
    "softmax": lambda x: F.softmax(x, -1),
    "gelu": lambda x: F.gelu(x),
    "pooling": lambda x: F.max_pool1d(x, 2) + F.avg_pool1d(x, 2),
    "mse_loss": lambda x: F.mse_loss(x, x * 2),
    "cross_entropy": lambda x: F.cross_entropy(x[:, 0], tg.as_tensor(TARGET)),
    "binary_cross_entropy_with_logits": lambda x: F.binary_cross_entropy_with_logits(x, x * 0),
    "clip_grad_norm_": lambda x: nn.utils.clip_grad_norm_([x], 1.0),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("form", FORMS)
def test_layers_compute_the_same_on_arrays_from_anywhere(form, name):
    results = []
    for arrive in (np.array, form):
        tg.manual_seed(0)
        x = tg.as_tensor(arrive(X)).requires_grad_()
        y = LAYERS[name](x)
        if y.requires_grad:
            y.sum().backward()
        results.append((y, x.grad))
    for mine, plain in zip(*results, strict=True):
        assert mine is plain is None or mine.dtype is tg.float32
        if mine is not None:
            np.testing.assert_array_equal(mine.detach().numpy(), plain.detach().numpy())


@pytest.mark.parametrize("form", FORMS)
def test_integer_arrays_from_anywhere_are_indices_and_targets(form):
    tokens = tg.as_tensor(form(TOKENS))
    assert nn.Embedding(4, 2)(tokens).shape == (2, 3, 2)
    assert F.one_hot(tokens).shape == (2, 3, 4)
    assert F.cross_entropy(tg.zeros(2, 3), tg.as_tensor(form(TARGET))).item() == pytest.approx(np.log(3), rel=1e-6)
    x = tg.arange(8).reshape(4, 2)
    assert x[form(TARGET)].tolist() == [[2, 3], [0, 1]]
    assert x[form(np.array([True, False, False, True]))].tolist() == [[0, 1], [6, 7]]
    packed = nn.utils.rnn.pack_padded_sequence(tg.zeros(3, 2, 1), tg.as_tensor(form(np.array([3, 1]))))
    assert packed.batch_sizes.tolist() == [2, 1, 1]
    assert models.padding_mask(form(np.array([2, 1]))).tolist() == [[True, True], [True, False]]


@pytest.mark.parametrize("form", FORMS)
def test_weights_and_states_are_loaded_from_arrays_from_anywhere(form):
    source, given = nn.Linear(4, 3), tg.as_tensor(X)
    arrays = {name: form(value.numpy()) for name, value in source.state_dict().items()}
    for assign in (False, True):
        layer = nn.Linear(4, 3)
        layer.load_state_dict(arrays, assign=assign)
        assert layer.weight.dtype is layer.bias.dtype is tg.float32
        np.testing.assert_array_equal(layer(given).detach().numpy(), source(given).detach().numpy())
    table = nn.Embedding.from_pretrained(tg.as_tensor(form(X[0])))
    assert table.weight.dtype is tg.float32
    np.testing.assert_array_equal(table(tg.tensor([2])).numpy(), X[0, 2:])
    p = nn.Parameter(tg.ones(2))
    p.grad = tg.ones(2)
    adam = optim.Adam([p])
    adam.step()
    state = adam.state_dict()
    state["state"][0] = {name: form(value.numpy()) for name, value in state["state"][0].items()}
    adam.load_state_dict(state)
    adam.step()
    assert adam.state[p]["exp_avg"].dtype is p.dtype is tg.float32


def test_what_load_gives_back_has_the_standard_types():
    file = io.BytesIO()
    tg.save({"t": tg.ones(2), "a": unpickled(np.ones(2, "f4")), "n": np.arange(3), "h": np.ones(1, "f2")}, file)
    file.seek(0)
    back = tg.load(file)
    assert back["t"].dtype is tg.float32
    assert [back[name].dtype for name in "anh"] == ["float32", "int64", "float16"]
    assert [tg.from_numpy(back[name]).dtype for name in "anh"] == [tg.float32, tg.int64, tg.float16]
    assert all(back[name].dtype is tg.from_numpy(back[name]).dtype for name in "anh")


def test_safetensors_of_other_programs_have_the_standard_types(tmp_path):
    numpy_files = pytest.importorskip("safetensors.numpy")
    numpy_files.save_file({kind: numbers(kind) for kind in TYPES}, tmp_path / "x.safetensors")
    for kind, t in tg.load(tmp_path / "x.safetensors").items():
        check(t, numbers(kind))


def test_what_rules_hooks_and_functions_return_has_the_standard_types():
    class Double(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return tg.from_numpy(unpickled(x.detach().numpy() * 2))

        @staticmethod
        def backward(ctx, g):
            return tg.from_numpy(unpickled(g.numpy() * 2))

    x = tg.ones(2, 4, requires_grad=True)
    h = Double.apply(x)
    h.register_hook(lambda g: tg.from_numpy(unpickled(g.numpy() * 3)))
    y = nn.Linear(4, 3)(h)
    y.sum().backward()
    assert h.dtype is y.dtype is x.grad.dtype is tg.float32
    linear = nn.Linear(4, 3)
    linear.register_forward_hook(lambda module, args, out: tg.from_numpy(unpickled(out.detach().numpy())))
    assert nn.Linear(3, 1)(linear(tg.ones(2, 4))).dtype is tg.float32


@pytest.mark.parametrize("form", FORMS)
def test_arrays_beside_tensors_are_plain(form):
    x, a = tg.tensor([[1.0, 2.0], [3.0, 4.0]]), np.array([[2.0, 0.0], [1.0, 2.0]], np.float32)
    t = tg.tensor(a)
    for name, op in {
        "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y, "rmul": lambda x, y: y * x,
        "div": lambda x, y: x / (y + 1), "pow": lambda x, y: x**y, "matmul": lambda x, y: x @ y,
        "rmatmul": lambda x, y: y @ x, "mod": lambda x, y: x % (y + 1), "eq": lambda x, y: x == y, "lt": lambda x, y: x < y,
        "where": lambda x, y: tg.where(x > 2, x, y), "add function": lambda x, y: tg.add(x, y),
    }.items():  # fmt: skip
        if form is a_subclass and name in ("div", "mod", "rmatmul", "rmul"):
            continue  # there its own product comes first, as Python has it
        found, expected = op(x, form(a)), op(x, t)
        assert found.dtype is expected.dtype, name
        assert type(found.array) is np.ndarray, name
        assert found.tolist() == expected.tolist(), name
