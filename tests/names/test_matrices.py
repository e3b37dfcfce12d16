"""`linalg.solve`, `inv` and `cholesky`: PyTorch's values, both derivatives, wrong calls."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 3, 3)) + 3 * np.eye(3), RNG.normal(size=(2, 3, 2))
CASES = {
    "matrices": lambda m, a, b: m.linalg.solve(a, b),
    "one matrix": lambda m, a, b: m.linalg.solve(a[0], b),
    "vector": lambda m, a, b: m.linalg.solve(a[0], b[0, :, 0]),
    "vectors": lambda m, a, b: m.linalg.solve(a, b[:, :, 0]),
    "from the right": lambda m, a, b: m.linalg.solve(a, b.mT, left=False),
    "inverse": lambda m, a, b: m.inverse(a),
    "cholesky": lambda m, a, b: m.linalg.cholesky(a @ a.mT),
    "upper": lambda m, a, b: m.linalg.cholesky(a[0] @ a[0].mT, upper=True),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_both_derivatives(name):
    results = []
    for m in (tg, torch):
        a, b = m.tensor(A, requires_grad=True), m.tensor(B, requires_grad=True)
        y = CASES[name](m, a, b)
        first = m.autograd.grad(y.pow(3).sum(), (a, b), create_graph=True, allow_unused=True)
        sum(g.pow(2).sum() for g in first if g is not None).backward()
        results.append([t.detach().numpy() for t in (y, *first, a.grad, b.grad) if t is not None])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("m", [tg, torch])
def test_wrong_calls(m):
    for call in (
        lambda: m.linalg.solve(m.zeros(2, 2), m.ones(2, 1)),
        lambda: m.linalg.solve(m.eye(2), m.ones(3, 1)),
        lambda: m.linalg.solve(m.eye(2), m.ones(2, 1, dtype=m.float64)),
        lambda: m.linalg.inv(m.ones(2, 3)),
        lambda: m.linalg.cholesky(-m.eye(2)),
        lambda: m.linalg.cholesky(m.eye(2, dtype=m.int64)),
    ):
        with pytest.raises(RuntimeError):
            call()
