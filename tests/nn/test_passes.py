"""Compiled passes of ops over large arrays equal NumPy's lines, and leave to them what they are not made for."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.kernels import choice
from tinygrad_rnn.nn import functional as F

needs_numba = pytest.mark.skipif(not choice.twins(), reason="numba is not installed")
HIDDEN = np.arange(25).reshape(5, 5) % 3 == 0
HIDDEN[3] = True
WORDS = tg.tensor([[0, 2, 4, 2, 2, 1], [2, 4, 4, 0, 2, 1]])
OPS = {
    "softmax": lambda x, w, b: x.softmax(-1),
    "softmax of three axes": lambda x, w, b: x.reshape(1, *x.shape).softmax(2),
    "attention": lambda x, w, b: F.scaled_dot_product_attention(x, x, x),
    "attention, hidden": lambda x, w, b: F.scaled_dot_product_attention(x, x, x, tg.tensor(~HIDDEN)),
    "attention, causal": lambda x, w, b: F.scaled_dot_product_attention(x, x * w, x + b, is_causal=True),
    "gelu": lambda x, w, b: F.gelu(x),
    "gelu by tanh": lambda x, w, b: F.gelu(x, approximate="tanh"),
    "layer_norm": lambda x, w, b: F.layer_norm(x, x.shape[1:], w, b),
    "layer_norm, weight": lambda x, w, b: F.layer_norm(x, x.shape[1:], w),
    "layer_norm, plain": lambda x, w, b: F.layer_norm(x, x.shape[1:]),
    "add_rows": lambda x, w, b: F.embedding(WORDS, x),
    "add_rows, padding": lambda x, w, b: F.embedding(WORDS.T.int(), x, padding_idx=2),
}
ops = pytest.mark.parametrize("op", OPS)
NUMBERS = np.random.default_rng(0).normal(size=(5, 7)) * 3


def inputs(dtype, numbers=NUMBERS):
    draw = np.random.default_rng(1)
    arrays = numbers, draw.normal(size=numbers.shape[1]), draw.normal(size=numbers.shape[1])
    return [tg.tensor(a.astype(dtype), requires_grad=True) for a in arrays]


def results(kernels, op, dtype, numbers=NUMBERS, stretched=False):
    """Outputs and gradients."""
    x, w, b = inputs(dtype, numbers)
    with tg.use_kernels(kernels):
        y = OPS[op](x, w, b)
        g = np.random.default_rng(2).normal(size=y.shape[-1:] if stretched else y.shape).astype(dtype)
        y.backward(tg.tensor(g).expand(y.shape))
    return [y.detach().numpy(), *[t.grad.numpy() for t in (x, w, b) if t.grad is not None]]


def assert_equal(op, dtype, monkeypatch, **more):
    monkeypatch.setattr(choice, "LARGE", 1)
    tolerance = {"float32": 5e-6, "float64": 1e-12}[dtype]
    for a, b in zip(*[results(kernels, op, dtype, **more) for kernels in ("compiled", "numpy")], strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        finite = np.isfinite(b)
        np.testing.assert_array_equal(a[~finite], b[~finite])
        largest = np.abs(b[finite]).max(initial=0)
        np.testing.assert_allclose(a[finite], b[finite], rtol=0, atol=tolerance * max(largest, 1e-30))


@needs_numba
@ops
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("stretched", [False, True])
def test_the_passes_equal_the_lines(op, dtype, stretched, monkeypatch):
    assert_equal(op, dtype, monkeypatch, stretched=stretched)
    used = choice.kernels_used()[
        "tanh_gelu" if "tanh" in op else "softmax" if "att" in op else op.split()[0].strip(",")
    ]
    assert used == "numpy"  # the last to run


@needs_numba
@ops
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_large_and_not_numbers(op, dtype, monkeypatch):
    numbers = NUMBERS.copy()
    numbers[0, 2], numbers[1, 3], numbers[2, 4] = np.nan, np.inf, -np.inf
    numbers[3] = [90, -90, 1000, -1000, 89, 1e-30, 0]
    assert_equal(op, dtype, monkeypatch, numbers=numbers)
    assert_equal(op, dtype, monkeypatch, numbers=np.full((5, 7), -np.inf))
    if "layer_norm" not in op:  # whose gradient is nothing but rounding there
        assert_equal(op, dtype, monkeypatch, numbers=NUMBERS[:, :1])


@needs_numba
def test_what_they_are_not_made_for(monkeypatch):
    x = np.zeros((4, 6), "float32")
    assert choice.passes("softmax", x) is None  # too small
    monkeypatch.setattr(choice, "LARGE", 1)
    assert choice.passes("softmax", x).softmax
    fixed = x.copy()
    fixed.flags.writeable = False
    others = x.T, x[:, ::2], fixed, x.astype("float16"), x.astype(int), x[:0]
    assert [choice.passes("softmax", a) for a in others] == [None] * 6
    assert choice.passes("layer_norm", x, None, x.astype("float64")) is None
    assert choice.passes("gelu", x.astype("float64")) is None
    assert choice.full(x) is x
    for a in others[:3]:
        np.testing.assert_array_equal(choice.full(a), a)
        assert choice.full(a).flags.carray


@needs_numba
@ops
def test_second_derivatives_through_them(op, monkeypatch):
    monkeypatch.setattr(choice, "LARGE", 1)
    found = []
    for kernels in ("compiled", "numpy"):
        x, w, b = inputs("float64")
        with tg.use_kernels(kernels):
            (g,) = tg.autograd.grad(OPS[op](x, w, b).sin().sum(), x, create_graph=True)
            found.append(tg.autograd.grad((g * g).sum(), [x])[0])
    np.testing.assert_allclose(*[g.numpy() for g in found if g is not None], rtol=1e-11, atol=1e-11)


@needs_numba
@pytest.mark.parametrize("wrong", [7, -1, 10**9])
def test_words_that_were_changed_to_ones_outside_the_table_are_an_error(wrong, monkeypatch):
    monkeypatch.setattr(choice, "LARGE", 1)
    words, table = tg.tensor([1, 2, 3]), tg.ones(7, 2, requires_grad=True)
    rows = F.embedding(words, table)
    words.fill_(wrong)
    with pytest.raises(IndexError, match="out of bounds for axis 0 with size 7"):
        rows.backward(tg.ones(3, 2))


@needs_numba
def test_the_gradient_of_many_rows_keeps_its_digits(monkeypatch):
    x = np.random.default_rng(0).normal(size=(100_000, 2)).astype("float32")
    w, b = [tg.tensor(a, requires_grad=True) for a in (np.ones(2, "float32"), np.zeros(2, "float32"))]
    g = np.full(x.shape, 0.1, "float32")
    F.layer_norm(tg.tensor(x), (2,), w, b).backward(tg.tensor(g))
    np.testing.assert_allclose(b.grad.numpy(), g.astype(float).sum(0), rtol=1e-6)
    assert choice.kernels_used()["layer_norm"] == "compiled"


@needs_numba
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("spoil", [None, np.nan, -np.inf, np.inf])
@pytest.mark.parametrize("steps", [[7, 7, 7, 7], [7, 5, 3, 0]])
@pytest.mark.parametrize("sizes", [[3, 2, 1, 3], [4, 0, 3, 0]])
def test_ctc(dtype, spoil, steps, sizes):
    log_probs = np.log(np.random.default_rng(0).dirichlet(np.ones(5), (7, 4))).astype(dtype)
    if spoil is not None:
        log_probs[1, 0, 2] = log_probs[2, 1, 0] = spoil
    found = []
    for kernels in ("compiled", "numpy"):
        x = tg.tensor(log_probs, requires_grad=True)
        with tg.use_kernels(kernels):
            losses = F.ctc_loss(x, tg.tensor([[1, 2, 2, 3], [4, 4, 1, 1], [1, 2, 1, 3], [2, 3, 2, 1]]), steps, sizes, reduction="none")  # fmt: skip
            (losses * tg.tensor([1, 2, -1, 0.5], dtype=x.dtype)).sum().backward()
            assert choice.kernels_used()["ctc"] == kernels
        found.append([losses.detach().numpy(), x.grad.numpy() if x.grad is not None else None])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(
            a, b, rtol={"float32": 5e-6, "float64": 1e-12}[dtype], atol=1e-6 if dtype == "float32" else 1e-13
        )
