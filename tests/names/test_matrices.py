"""Functions of matrices: PyTorch's values, both derivatives, wrong calls."""

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
    "det": lambda m, a, b: m.det(a),
    "slogdet": lambda m, a, b: m.stack([*m.slogdet(a @ a)]),
    "logdet": lambda m, a, b: m.logdet(a @ a),
    "eigenvalues": lambda m, a, b: m.linalg.eigvalsh(a @ a.mT),
    "eigenvectors": lambda m, a, b: m.linalg.eigh(a @ a.mT)[1].pow(2),
    "eigenvectors of the upper triangle": lambda m, a, b: m.linalg.eigh(a @ a.mT, UPLO="U").eigenvectors.abs(),
    "singular values": lambda m, a, b: m.linalg.svdvals(b),
    "singular vectors": lambda m, a, b: m.cat([x.abs() for x in (m.svd(a)[0], m.linalg.svd(a).Vh, m.svd(a)[2])]),
    "thin": lambda m, a, b: m.cat(
        [x.abs() for x in (m.linalg.svd(b, full_matrices=False)[0], m.linalg.svd(b)[0][..., :2])]
    ),
    "wide": lambda m, a, b: m.linalg.svd(b.mT, False).Vh.abs() + m.svd(b.mT)[2].mT.abs(),
    "equal singular values": lambda m, a, b: m.linalg.svdvals(a * 0 + m.eye(3, dtype=a.dtype)),
    "qr": lambda m, a, b: m.cat([x.abs() for x in m.linalg.qr(a)]),
    "tall qr": lambda m, a, b: m.cat([x.abs() for x in m.linalg.qr(b)], 1),
    "wide qr": lambda m, a, b: m.linalg.qr(b.mT).R.abs(),
    "pinv": lambda m, a, b: m.linalg.pinv(b),
    "pinv of few ranks": lambda m, a, b: m.linalg.pinv(b @ b.mT, rcond=1e-10),
    "pinverse": lambda m, a, b: b.mT.pinverse(),
    "lstsq": lambda m, a, b: m.linalg.lstsq(b, a[:, :, :1]).solution,
    "powers": lambda m, a, b: (
        m.matrix_power(a, 5) + m.linalg.matrix_power(a, 0) + a.matrix_power(-2) + a.matrix_power(1)
    ),
    "exponential": lambda m, a, b: (
        (a * 0.3).matrix_exp() + m.linalg.matrix_exp(a * 0.2)
    ),  # PyTorch loses digits at larger ones
    "triangle": lambda m, a, b: (
        m.linalg.solve_triangular(a, b, upper=True) + m.linalg.solve_triangular(a, b, upper=False, unitriangular=True)
    ),
    "triangle from the right": lambda m, a, b: m.linalg.solve_triangular(a, b.mT, upper=False, left=False),
    "by the factor": lambda m, a, b: (
        m.cholesky_solve(b, m.linalg.cholesky(a @ a.mT)) + b.cholesky_solve(m.linalg.cholesky(a @ a.mT).mT, True)
    ),
    "inverse by the factor": lambda m, a, b: m.cholesky_inverse(m.linalg.cholesky(a[0] @ a[0].mT)),
    "products": lambda m, a, b: m.linalg.multi_dot([a[0], a[1], b[0]]),
    "small ones": lambda m, a, b: m.linalg.diagonal(a) + m.linalg.vecdot(a, a * 2) + m.linalg.matmul(a, b).sum(-1),
    **{
        f"norm {ord}": lambda m, a, b, ord=ord: (
            m.linalg.matrix_norm(b, ord) + m.linalg.norm(b, ord, dim=(2, 0), keepdim=True).sum()
        )
        for ord in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)
    },
    "norm of one": lambda m, a, b: (
        m.linalg.norm(a[0]) + m.linalg.norm(a[0], 2) + m.linalg.norm(b[0, 0], 3) + m.linalg.norm(a)
    ),
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
        lambda: m.det(m.ones(2, 3)),
        lambda: m.linalg.eigh(m.eye(2), UPLO="X"),
        lambda: m.linalg.qr(m.eye(2), mode="whole"),
        lambda: m.linalg.svdvals(m.ones(3)),
        lambda: m.linalg.matrix_norm(m.eye(2), "spec"),
        lambda: m.linalg.matrix_norm(m.eye(2), 3),
    ):
        with pytest.raises(RuntimeError):
            call()


def test_ranks_factors_and_what_has_no_gradient():
    for m in (tg, torch):
        assert m.linalg.matrix_rank(m.tensor([[1.0, 2.0], [2.0, 4.0]])).item() == 1
        b = m.tensor(B)
        q, r = m.linalg.qr(b, mode="complete")
        assert (tuple(q.shape), tuple(r.shape)) == ((2, 3, 3), (2, 3, 2))
        found = m.linalg.lstsq(b, m.tensor(A), driver="gelsd")
        assert m.linalg.lstsq(b, m.tensor(A)).residuals.numel() == 0
        np.testing.assert_allclose(found.residuals.numpy(), ((b @ found.solution - m.tensor(A)) ** 2).sum(-2).numpy())
        with pytest.raises(m.linalg.LinAlgError):
            m.linalg.inv(m.zeros(2, 2))
        assert m.logdet(-m.eye(3)).isnan()
        assert m.det(m.zeros(2, 2)) == 0
    with pytest.raises(NotImplementedError, match=r"'complete' has no gradient here.*detach"):
        tg.linalg.qr(tg.tensor(B, requires_grad=True), mode="complete")


def test_what_is_left_out_says_the_way_round():
    for name in ("eigvals", "eig", "lu_factor", "cond"):
        with pytest.raises(AttributeError, match=f"{name}.*left out.*numpy.linalg"):
            getattr(tg.linalg, name)
    with pytest.raises(AttributeError, match="did you mean cholesky"):
        tg.linalg.cholesk
