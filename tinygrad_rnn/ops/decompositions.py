"""Determinants, eigenvalues, singular values, orthogonal factors and pseudo-inverses of matrices.

A rule with several factors as results computes them again in its backward: that keeps little, and the second derivative comes
by itself. Derivatives: Giles (2008), "An extended collection of matrix derivative results".
"""

from __future__ import annotations

import math
from collections import namedtuple
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..recording import record_op, without_gradient
from .checks import need_tensor
from .extremes import ValuesIndices
from .function import Array, Function, Recorded, Saves, Value, call
from .joining import cat
from .matrices import (
    Solve,
    cholesky,
    cholesky_inverse,
    cholesky_solve,
    inv,
    matrix_exp,
    matrix_power,
    need_matrices,
    need_square,
)

if TYPE_CHECKING:
    from .._tensor import Tensor


def _eye(x: Value, n: int) -> Array:
    return np.eye(n, dtype=getattr(x, "array", x).dtype)


def _columns(x: Value) -> Value:
    """A row of numbers for each matrix, as factors of columns."""
    return x[..., None, :]


def _between(x: Value) -> Value:
    """1 / (x_j - x_i) at [i, j], and 0 on the diagonal."""
    eye = _eye(x, x.shape[-1])
    return (1 - eye) / (x[..., None, :] - x[..., :, None] + eye)


class Det(Function):
    """y = |A|          dL/dA = dL/dy · y A⁻ᵀ"""

    saves: Saves = ("a", "out")

    def forward(ctx, a: Array) -> Array:
        return np.linalg.det(a).astype(a.dtype)

    def backward(ctx, g: Value) -> Value:
        a, y = ctx.saved_tensors
        return (g * y)[..., None, None] * call(Solve, a.mT, _eye(a, a.shape[-1]))


class LogAbsDet(Function):
    """y = ln ||A||          dL/dA = dL/dy · A⁻ᵀ"""

    saves: Saves = ("a",)

    def forward(ctx, a: Array) -> Array:
        return np.linalg.slogdet(a)[1]

    def backward(ctx, g: Value) -> Value:
        (a,) = ctx.saved_tensors
        return g[..., None, None] * call(Solve, a.mT, _eye(a, a.shape[-1]))


class Eigh(Function):
    """A = V diag(λ) Vᵀ          dL/dA = V (diag(dL/dλ) + Vᵀ dL/dV / (λ_j - λ_i)) Vᵀ"""

    saves: Saves = ("a",)

    def forward(ctx, a: Array, lower: bool) -> Any:
        ctx.lower = lower
        return tuple(np.linalg.eigh(a, "L" if lower else "U"))

    def backward(ctx, *gs: Any) -> Value:
        (a,) = ctx.saved_tensors
        values, v = call(Eigh, a, lower=ctx.lower)
        to_values, to_v = ctx.with_zeros(gs)
        inside = _columns(to_values) * _eye(a, a.shape[-1])
        if gs[1] is not None:  # equal eigenvalues have no vectors of their own, but a sum that has a derivative
            inside = inside + (v.mT @ to_v) * _between(values)
        return v @ inside @ v.mT


class Svd(Function):
    """A = U diag(s) Vᵀ          dL/dA = U (diag(dL/ds) + P_U diag(s) + diag(s) P_V) Vᵀ and what leaves the spaces of U and V

    P_X = (Xᵀ dL/dX - (Xᵀ dL/dX)ᵀ) / (s_j² - s_i²).
    """

    saves: Saves = ("a",)

    def forward(ctx, a: Array, full: bool) -> Any:
        return tuple(np.linalg.svd(a, full_matrices=full))

    def backward(ctx, *gs: Any) -> Value:
        (a,) = ctx.saved_tensors
        u, s, vh = call(Svd, a, full=False)
        to_u, to_s, to_vh = ctx.with_zeros(gs)
        k = s.shape[-1]
        to_u, to_vh = to_u[..., :k], to_vh[..., :k, :]
        if gs[0] is None and gs[2] is None:
            return (u * _columns(to_s)) @ vh
        x, y, between = u.mT @ to_u, vh @ to_vh.mT, _between(s * s)
        rows, columns = s[..., :, None], _columns(s)
        inside = _columns(to_s) * _eye(a, k) + (x - x.mT) * between * columns + rows * ((y - y.mT) * between)
        to_a = u @ inside @ vh
        if a.shape[-2] > k:
            to_a = to_a + ((to_u - u @ x) / columns) @ vh
        if a.shape[-1] > k:
            to_a = to_a + u @ ((to_vh - y.mT @ vh) / rows)
        return to_a


class Qr(Function):
    """A = Q R          dL/dA = (dL/dQ + Q S) R⁻ᵀ, where S is symmetric with the lower triangle of R dL/dRᵀ - dL/dQᵀ Q"""

    saves: Saves = ("a",)

    def forward(ctx, a: Array) -> Any:
        return tuple(np.linalg.qr(a))

    def backward(ctx, *gs: Any) -> Value:
        (a,) = ctx.saved_tensors
        q, r = call(Qr, a)
        to_q, to_r = ctx.with_zeros(gs)
        n = a.shape[-1]
        half = (r @ to_r.mT - to_q.mT @ q) * (np.tril(_eye(a, n) * 0 + 1) - 0.5 * _eye(a, n))
        return call(Solve, r, (to_q + q @ (half + half.mT)).mT).mT


class Pinv(Function):
    """P = A⁺          dL/dA = (1 - A P) gᵀ P Pᵀ + Pᵀ P gᵀ (1 - P A) - Pᵀ g Pᵀ with g = dL/dP; Golub & Pereyra (1973)"""

    saves: Saves = ("a", "out")

    def forward(ctx, a: Array, rcond: Any) -> Array:
        return np.linalg.pinv(a, rcond)

    def backward(ctx, g: Value) -> Value:
        a, p = ctx.saved_tensors
        gt, pt = g.mT, p.mT
        return (gt - a @ (p @ gt)) @ (p @ pt) + (pt @ p) @ (gt - (gt @ p) @ a) - pt @ g @ pt


def _result(name: str, fields: str) -> Any:
    return type(name, (namedtuple(name, fields),), {"__slots__": (), "__repr__": ValuesIndices.__repr__})


Slogdet: Any = _result("slogdet", "sign logabsdet")  # the determinant is sign · exp(logabsdet)
EighResult: Any = _result("linalg_eigh", "eigenvalues eigenvectors")  # ascending; in columns
SvdResult: Any = _result("linalg_svd", "U S Vh")  # A = U diag(S) Vh
QrResult: Any = _result("qr", "Q R")
LstsqResult: Any = _result("linalg_lstsq", "solution residuals rank singular_values")


def det(A: Tensor) -> Tensor:
    """The determinants of square matrices. Backward needs them to be invertible."""
    need_square("det", A)
    return record_op(Det, A)


def slogdet(A: Tensor) -> Any:
    """The sign of the determinants, which has no derivative, and the logarithm of their size."""
    need_square("slogdet", A)
    return Slogdet(without_gradient(np.linalg.slogdet(A.array)[0], A.array), record_op(LogAbsDet, A))


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinants; NaN where they are negative."""
    need_square("logdet", input)
    sign, size = slogdet(input)
    return size.masked_fill(sign < 0, math.nan)


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of symmetric matrices, of which the lower (or upper) triangle is read."""
    need_square("eigh", A)
    if UPLO not in ("L", "U"):
        raise RuntimeError(f"eigh(): UPLO must be 'L' or 'U', got {UPLO!r}")
    return EighResult(*record_op(Eigh, A, lower=UPLO == "L"))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of symmetric matrices, in ascending order."""
    return eigh(A, UPLO).eigenvalues


def svd(A: Tensor, full_matrices: bool = True) -> Any:
    """Singular values, largest first, with their vectors in the columns of U and the rows of Vh."""
    need_matrices("svd", A)
    return SvdResult(*record_op(Svd, A, full=full_matrices))


def svdvals(A: Tensor) -> Tensor:
    """The singular values of matrices, largest first."""
    return svd(A, full_matrices=False).S


def qr(A: Tensor, mode: str = "reduced") -> Any:
    """An orthogonal and a triangular factor. mode "r" gives R alone, "complete" a square Q, both without gradient."""
    need_matrices("qr", A)
    m, n = A.shape[-2:]
    if mode == "reduced":
        if m >= n:
            return QrResult(*record_op(Qr, A))
        q, r = record_op(Qr, A[..., :m])
        return QrResult(q, cat([r, q.mT @ A[..., m:]], -1))
    if mode not in ("r", "complete"):
        raise RuntimeError(f"qr(): mode must be 'reduced', 'complete' or 'r', got {mode!r}")
    if A.requires_grad:
        raise NotImplementedError(f"qr(): the mode {mode!r} has no gradient here; use 'reduced', or A.detach()")
    q, r = np.linalg.qr(A.array, "complete" if mode == "complete" else "reduced")
    return QrResult(*(without_gradient(x, A.array) for x in (q[:0] if mode == "r" else q, r)))


def pinv(A: Tensor, rcond: float | None = None) -> Tensor:
    """The pseudo-inverses of matrices: singular values below `rcond` times the largest count as 0.

    rcond  default max(rows, columns) times the spacing of numbers at 1
    """
    need_matrices("pinv", A)
    usual = max(A.shape[-2:]) * float(np.finfo(A.array.dtype).eps)
    return record_op(Pinv, A, rcond=usual if rcond is None else rcond)


def matrix_rank(A: Tensor, tol: float | None = None) -> Tensor:
    """How many singular values are above `tol` (default: the largest, times the larger size, times the spacing at 1)."""
    need_tensor("matrix_rank", A, "A")
    return without_gradient(np.linalg.matrix_rank(A.array, tol), A.array)


class Matrices(Recorded):
    """Tensor's own names for functions of matrices."""

    __slots__ = ()

    det: Final = det
    slogdet: Final = slogdet
    logdet: Final = logdet
    inverse: Final = inv
    cholesky: Final = cholesky
    cholesky_solve: Final = cholesky_solve
    cholesky_inverse: Final = cholesky_inverse
    matrix_power: Final = matrix_power
    matrix_exp: Final = matrix_exp

    def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
        """The pseudo-inverse: `linalg.pinv`."""
        need_matrices("pinverse", input)
        return pinv(input, rcond)

    def qr(input: Tensor, some: bool = True) -> Any:
        """An orthogonal and a triangular factor: `linalg.qr`."""
        return qr(input, "reduced" if some else "complete")

    def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> tuple[Tensor, Tensor, Tensor]:
        """U, S and V with input = U diag(S) Vᵀ; `linalg.svd` gives Vᵀ."""
        U, S, Vh = svd(input, full_matrices=not some)
        return (U, S, Vh.mT) if compute_uv else (U * 0, S, Vh.mT * 0)
