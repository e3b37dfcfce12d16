"""Systems of linear equations, the Cholesky factor, powers and exponentials: what ridge readouts and Gaussians need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..recording import record_op
from .checks import broadcast_shapes, need_tensor
from .function import Array, Function, Saves, Value, call

if TYPE_CHECKING:
    from .._tensor import Tensor


class LinAlgError(RuntimeError):
    """A matrix is not what is wanted: singular, or not positive definite."""


class Solve(Function):
    """X = A⁻¹ B          dL/dB = A⁻ᵀ dL/dX,   dL/dA = -dL/dB Xᵀ"""

    promotes = "common"
    saves: Saves = ("a", "out")

    def forward(ctx, a: Array, b: Array) -> Array:
        try:
            return np.linalg.solve(a, b)
        except np.linalg.LinAlgError as error:
            raise LinAlgError("solve(): the matrix is singular") from error

    def backward(ctx, g: Value) -> Value:
        a, x = ctx.saved_tensors
        to_b = call(Solve, a.mT, g)
        return -(to_b @ x.mT), to_b


class Cholesky(Function):
    """A = L Lᵀ          dL/dA = L⁻ᵀ Φ(Lᵀ dL/dL) L⁻¹, made symmetric; Φ keeps the lower triangle and half the diagonal"""

    promotes = "float"
    saves: Saves = ("out",)

    def forward(ctx, a: Array) -> Array:
        try:
            return np.linalg.cholesky(a)
        except np.linalg.LinAlgError as error:
            raise LinAlgError("cholesky(): the matrix is not positive definite") from error

    def backward(ctx, g: Value) -> Value:
        (lower,) = ctx.saved_tensors
        n = lower.shape[-1]
        keep = (np.tril(np.ones((n, n))) - 0.5 * np.eye(n)).astype(getattr(lower, "array", lower).dtype)
        inside = (lower.mT @ g) * keep
        half = call(Solve, lower.mT, inside)
        whole = call(Solve, lower.mT, half.mT)  # = L⁻ᵀ Φᵀ L⁻¹: the transpose of what is sought, which symmetry allows
        return (whole + whole.mT) * 0.5


def need_square(name: str, x: Any) -> None:
    """Raise unless `x` is a Tensor of square matrices of floats."""
    need_tensor(name, x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise RuntimeError(f"{name}(): square matrices are wanted, got shape {list(x.shape)}")
    need_matrices(name, x)


def need_matrices(name: str, x: Any) -> None:
    """Raise unless `x` is a Tensor of matrices of float32 or float64."""
    need_tensor(name, x)
    if x.ndim < 2:
        raise RuntimeError(f"{name}(): matrices are wanted, got shape {list(x.shape)}")
    if x.array.dtype.char not in "fd":
        raise RuntimeError(f"{name}(): float32 or float64 is wanted, got {x.dtype}")


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B, or X A = B if `left` is False; B may be a vector."""
    need_square("solve", A)
    need_tensor("solve", B, "B")
    if A.dtype != B.dtype:
        raise RuntimeError(f"solve(): A and B of one dtype are wanted, got {A.dtype} and {B.dtype}")
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    right = B.unsqueeze(-1) if vector else B
    if not left and not vector:
        return solve(A.mT, right.mT).mT
    if right.shape[-2] != A.shape[-1]:
        raise RuntimeError(f"solve(): shapes {list(A.shape)} and {list(B.shape)} do not fit")
    batch = broadcast_shapes("solve", tuple(A.shape[:-2]), tuple(right.shape[:-2]))
    X = record_op(Solve, A.expand(*batch, *A.shape[-2:]), right.expand(*batch, *right.shape[-2:]))
    return X.squeeze(-1) if vector else X


def inv(A: Tensor) -> Tensor:
    """The inverse of square matrices; `solve(A, B)` is the better way to A⁻¹ B."""
    need_square("inv", A)
    return solve(A, identity(A))


def identity(A: Tensor) -> Tensor:
    """The matrix with ones on the diagonal, as large as A's and of their type."""
    return A._of(np.eye(A.shape[-1], dtype=A.array.dtype))


def cholesky(A: Tensor, upper: bool = False) -> Tensor:
    """The lower triangle L with A = L Lᵀ, or its transpose."""
    need_square("cholesky", A)
    L = record_op(Cholesky, A)
    return L.mT if upper else L


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """`solve` for a triangular A, of which the other triangle is not read; `unitriangular`: nor the diagonal, taken as 1."""
    need_square("solve_triangular", A)
    if unitriangular:
        A = A.triu(1) + identity(A) if upper else A.tril(-1) + identity(A)
    return solve(A.triu() if upper else A.tril(), B, left=left)


def cholesky_solve(input: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A X = input, of the Cholesky factor L of A."""
    need_matrices("cholesky_solve", input)
    half = solve_triangular(L.mT if upper else L, input, upper=False)
    return solve_triangular(L if upper else L.mT, half, upper=True)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """A⁻¹ of the Cholesky factor L of A."""
    return cholesky_solve(identity(L), L, upper)


def matrix_power(A: Tensor, n: int) -> Tensor:
    """A multiplied by itself n times, by squaring; the inverse if n is negative."""
    need_square("matrix_power", A)
    if n < 0:
        return matrix_power(inv(A), -n)
    if n < 2:
        return A.clone() if n else identity(A) + A * 0
    half = matrix_power(A, n // 2) if n > 3 else A
    return (half @ half) @ A if n % 2 else half @ half


def matrix_exp(A: Tensor) -> Tensor:
    """e^A: the series to the 18th power of A / 2^k, squared k times; k such that its norm is at most ½."""
    need_square("matrix_exp", A)
    size = float(np.abs(A.array).sum(-1).max(initial=0))
    if not np.isfinite(size):
        return A * np.nan
    k = max(0, int(np.ceil(np.log2(size))) + 1) if size else 0
    one = identity(A)
    x, y = A * 0.5**k, one
    for n in range(18, 0, -1):
        y = one + (x @ y) / n
    for _ in range(k):
        y = y @ y
    return y
