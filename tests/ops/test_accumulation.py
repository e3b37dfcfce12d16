"""Float32 sums of many numbers keep their digits, along whatever axis and in whatever order of memory."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F

random = np.random.default_rng(0)
EVEN = np.float32(0.1)  # always rounded to the same side: the errors of a plain sum do not cancel
SHAPES = [((1000, 3), 0), ((8000, 8), 0), ((20, 1000, 3), 1), ((20, 1000, 3), (0, 1)), ((3, 2000), 1), ((100_000, 2), 0), ((1_000_000, 1), 0)]  # fmt: skip


def arrays(shape):
    return np.full(shape, EVEN), random.random(shape, dtype=np.float32)


def assert_digits_kept(found, exact, within: float = 2e-6) -> None:
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact, rtol=within)


@pytest.mark.parametrize(("shape", "dim"), SHAPES)
@pytest.mark.parametrize("turned", [False, True])
def test_sums_and_means(shape, dim, turned):
    for x in arrays(shape):
        t = tg.tensor(np.asfortranarray(x) if turned else x)
        exact = x.astype(np.float64)
        assert_digits_kept(t.sum(dim).numpy(), exact.sum(dim))
        assert_digits_kept(t.mean(dim, keepdim=True).numpy(), exact.mean(dim, keepdims=True))
        assert_digits_kept(t.sum().numpy(), exact.sum())


def test_variances_of_numbers_close_together_far_from_0():
    x = (1e4 + 0.1 * random.standard_normal((1000, 5))).astype(np.float32)
    exact = x.astype(np.float64)
    assert_digits_kept(tg.tensor(x).var(0).numpy(), exact.var(0, ddof=1))
    assert_digits_kept(tg.tensor(x).std().numpy(), exact.std(ddof=1))


def test_running_sums_and_products():
    for x in arrays((300_000, 1)):
        exact = x.astype(np.float64)
        assert_digits_kept(tg.tensor(x).cumsum(0).numpy(), exact.cumsum(0))
        assert_digits_kept(tg.tensor(x).logcumsumexp(0).numpy(), np.logaddexp.accumulate(exact, 0))
        near_1 = (1 + (x - 0.5) * 1e-4).astype(np.float32)
        assert_digits_kept(tg.tensor(near_1).cumprod(0).numpy(), near_1.astype(np.float64).cumprod(0))


@pytest.mark.parametrize("n", [200, 5000, 100_000])
def test_gradients_that_add_up_over_many_rows(n):
    g = np.full((n, 2), EVEN)
    exact = np.full(2, n * float(EVEN))
    bias, table = tg.zeros(2, requires_grad=True), tg.zeros(3, 2, requires_grad=True)
    F.linear(tg.ones(n, 1), tg.zeros(2, 1), bias).backward(tg.tensor(g))
    assert_digits_kept(bias.grad.numpy(), exact)
    stretched = tg.zeros(1, 2, requires_grad=True)
    (tg.zeros(n, 2) + stretched).backward(tg.tensor(g))
    assert_digits_kept(stretched.grad.numpy()[0], exact)
    F.embedding(tg.zeros(n, dtype=tg.int64), table).backward(tg.tensor(g))
    assert_digits_kept(table.grad.numpy()[0], exact)
    scale, shift = tg.ones(2, requires_grad=True), tg.zeros(2, requires_grad=True)
    F.layer_norm(tg.tensor(random.random((n, 2), dtype=np.float32)), (2,), scale, shift).backward(tg.tensor(g))
    assert_digits_kept(shift.grad.numpy(), exact)
