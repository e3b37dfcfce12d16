"""Ops that take another way for many or for large numbers: the same results on both sides of the border."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F
from tinygrad_rnn.ops.basic import stretch, sum_along, sum_of_rows

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("n", [1, 256, 257, 512, 1000, 65536, 65537, 300_000])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_rows_add_up_without_losing_digits(n, dtype):
    random = np.random.default_rng(0)
    x = (random.random((n, 3)) / n).astype(dtype)
    exact = x.astype(np.longdouble).sum(0)
    np.testing.assert_allclose(sum_of_rows(x), exact, rtol=8 * np.finfo(dtype).eps)
    assert sum_of_rows(x).dtype == dtype


def test_rows_of_a_transpose_add_up():
    random = np.random.default_rng(0)
    x = random.random((5, 700)).T
    np.testing.assert_allclose(sum_of_rows(x), x.sum(0))


@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_sum_along_keeps_the_axis(dim, dtype):
    random = np.random.default_rng(0)
    x = random.random((4, 300)).astype(dtype)
    expected = x.astype(np.float64).sum(dim, keepdims=True)
    assert sum_along(x, dim).dtype == dtype
    np.testing.assert_allclose(sum_along(x, dim), expected, rtol=300 * np.finfo(dtype).eps)


def test_stretched_numbers_cannot_be_written():
    for x in (np.ones(()), np.ones((1, 1)), np.ones((3, 1)), np.float32(1)):
        y = stretch(x, (2, 3, 4))
        np.testing.assert_array_equal(y, np.ones((2, 3, 4)))
        assert not y.flags.writeable


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("n", [10, 10_000])
def test_where_with_zero_lets_nothing_leak(n, dtype):
    random = np.random.default_rng(0)
    x = random.standard_normal(n).astype(dtype)
    x[::7], x[1::7], x[2::7] = np.nan, np.inf, -0.0
    mask = np.arange(n) % 3 == 0
    for chosen, expected in (
        (tg.where(tg.tensor(mask), tg.tensor(x), 0.0), np.where(mask, x, 0)),
        (tg.where(tg.tensor(mask), 0.0, tg.tensor(x)), np.where(mask, 0, x)),
        (tg.where(tg.tensor(mask), tg.tensor(x), -0.0), np.where(mask, x, -0.0)),
    ):
        np.testing.assert_array_equal(chosen.numpy(), expected)
        np.testing.assert_array_equal(np.signbit(chosen.numpy()), np.signbit(expected))
        assert chosen.numpy().dtype == dtype


@pytest.mark.parametrize("n", [10, 10_000])
def test_relu_sends_nothing_where_it_is_flat_and_nan_where_it_is_nan(n):
    random = np.random.default_rng(0)
    x = random.standard_normal(n)
    x[3] = np.nan
    g = np.full(n, np.inf)
    t = tg.tensor(x, requires_grad=True)
    t.relu().backward(tg.tensor(g))
    np.testing.assert_array_equal(t.grad.numpy(), np.where(x <= 0, 0, g))


SCORES = {
    "moderate": RANDOM.standard_normal((5, 7)),
    "just inside": np.linspace(-39.9, 39.9, 35).reshape(5, 7),
    "just outside": np.linspace(-40.1, 40.1, 35).reshape(5, 7),
    "large": RANDOM.standard_normal((5, 7)) * 1000,
    "far from 0": RANDOM.standard_normal((5, 7)) + 1000,
}


@pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dim", [0, 1])
def test_softmax_of_scores_near_and_far(scores, dtype, dim):
    x = scores.astype(dtype)
    wide = x.astype(np.float64)
    e = np.exp(wide - wide.max(dim, keepdims=True))
    y = tg.tensor(x).softmax(dim).numpy()
    assert y.dtype == dtype
    np.testing.assert_allclose(y, e / e.sum(dim, keepdims=True), rtol=1e3 * np.finfo(dtype).eps, atol=1e-7)


@pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_of_scores_near_and_far(scores, smoothing):
    t = np.array([0, 6, 3, 3, 1])
    top = scores.max(1, keepdims=True)
    logs = scores - top - np.log(np.exp(scores - top).sum(1, keepdims=True))
    expected = -(1 - smoothing) * logs[np.arange(5), t] - smoothing * logs.mean(1)
    x = tg.tensor(scores, requires_grad=True)
    losses = F.cross_entropy(x, tg.tensor(t), reduction="none", label_smoothing=smoothing)
    np.testing.assert_allclose(losses.detach().numpy(), expected, rtol=1e-12)
    losses.sum().backward()
    onehot = np.eye(7)[t] * (1 - smoothing) + smoothing / 7
    np.testing.assert_allclose(x.grad.numpy(), np.exp(logs) - onehot, rtol=1e-9, atol=1e-12)


def test_cross_entropy_of_a_certain_prediction_keeps_its_digits():
    x = tg.tensor(np.array([[30.0, 15.0]], np.float32))
    loss = F.cross_entropy(x, tg.tensor([0])).item()
    assert loss == pytest.approx(np.log1p(np.exp(-15.0)), abs=1e-7)


@pytest.mark.parametrize("size", [1.0, 100.0])
def test_hidden_keys_get_no_attention_whatever_the_scores(size):
    random = np.random.default_rng(0)
    q, k, v = (tg.tensor(random.standard_normal((2, 3, 4)) * size) for _ in range(3))
    mask = np.array([[True, False, False], [True, True, False], [False, False, False]])
    y = F.scaled_dot_product_attention(q, k, v, tg.tensor(mask)).numpy()
    np.testing.assert_allclose(y[:, 0], v.numpy()[:, 0])
    np.testing.assert_array_equal(y[:, 2], np.zeros((2, 4)))
    by_numbers = tg.tensor(np.where(mask, 0.0, -np.inf))
    np.testing.assert_allclose(F.scaled_dot_product_attention(q, k, v, by_numbers).numpy(), y, rtol=1e-12)


@pytest.mark.parametrize("n_rows", [7, 65536, 65537])
def test_embedding_gradients_add_up_in_small_and_large_tables(n_rows):
    random = np.random.default_rng(0)
    index = np.append(random.integers(0, n_rows, 50), [n_rows - 1, n_rows - 1, 0])
    weight = tg.tensor(np.zeros((n_rows, 2)), requires_grad=True)
    g = random.standard_normal((53, 2))
    F.embedding(tg.tensor(index), weight).backward(tg.tensor(g))
    expected = np.zeros((n_rows, 2))
    np.add.at(expected, index, g)
    np.testing.assert_allclose(weight.grad.numpy(), expected, atol=1e-14)


@pytest.mark.parametrize(("dtype", "error"), [("float32", 5e-7), ("float64", 1e-15)])
def test_erf_is_exact_to_the_last_digits(dtype, error):
    x = np.concatenate([np.linspace(-7, 7, 20_001), np.logspace(-30, 0, 200)]).astype(dtype)
    expected = np.array([math.erf(v) for v in x])
    np.testing.assert_allclose(tg.tensor(x).erf().numpy(), expected, rtol=error)
    ends = tg.tensor(np.array([-np.inf, -6, -0.0, 0.0, 6, np.inf, np.nan], dtype)).erf().numpy()
    np.testing.assert_array_equal(ends, [-1, -1, -0.0, 0.0, 1, 1, np.nan])


@pytest.mark.parametrize("n", [3, 5000])
@pytest.mark.parametrize("weighted", [True, False])
def test_layer_norm_in_one_and_in_several_blocks(n, weighted):
    random = np.random.default_rng(0)
    x, g, w, b = (random.standard_normal(shape) for shape in ((n, 64), (n, 64), 64, 64))
    tensors = [tg.tensor(a, requires_grad=True) for a in ((x, w, b) if weighted else (x,))]
    y = F.layer_norm(tensors[0], (64,), *tensors[1:], eps=1e-3)
    y.backward(tg.tensor(g))
    if not weighted:
        w, b = np.ones(64), np.zeros(64)
    spread = 1 / np.sqrt(x.var(1, keepdims=True) + 1e-3)
    normal = (x - x.mean(1, keepdims=True)) * spread
    q = g * w
    dx = (q - q.mean(1, keepdims=True) - normal * (q * normal).mean(1, keepdims=True)) * spread
    np.testing.assert_allclose(y.detach().numpy(), normal * w + b, atol=1e-12)
    for t, expected in zip(tensors, (dx, (g * normal).sum(0), g.sum(0)), strict=False):
        np.testing.assert_allclose(t.grad.numpy(), expected, atol=1e-11)
