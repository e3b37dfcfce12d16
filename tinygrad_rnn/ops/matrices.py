"""Systems of linear equations and the Cholesky factor: what ridge readouts and Gaussians with covariances need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..recording import record_op
from .checks import broadcast_shapes, need_tensor
from .function import Array, Function, Recorded, Saves, Value, call

if TYPE_CHECKING:
    from .._tensor import Tensor


class Solve(Function):
    """X = A⁻¹ B          dL/dB = A⁻ᵀ dL/dX,   dL/dA = -dL/dB Xᵀ"""

    promotes = "common"
    saves: Saves = ("a", "out")

    def forward(ctx, a: Array, b: Array) -> Array:
        try:
            return np.linalg.solve(a, b)
        except np.linalg.LinAlgError as error:
            raise RuntimeError("solve(): the matrix is singular") from error

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
            raise RuntimeError("cholesky(): the matrix is not positive definite") from error

    def backward(ctx, g: Value) -> Value:
        (lower,) = ctx.saved_tensors
        n = lower.shape[-1]
        keep = (np.tril(np.ones((n, n))) - 0.5 * np.eye(n)).astype(getattr(lower, "array", lower).dtype)
        inside = (lower.mT @ g) * keep
        half = call(Solve, lower.mT, inside)
        whole = call(Solve, lower.mT, half.mT)  # = L⁻ᵀ Φᵀ L⁻¹: the transpose of what is sought, which symmetry allows
        return (whole + whole.mT) * 0.5


def _need_square(name: str, x: Any) -> None:
    need_tensor(name, x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise RuntimeError(f"{name}(): square matrices are wanted, got shape {list(x.shape)}")
    if x.array.dtype.char not in "fd":
        raise RuntimeError(f"{name}(): float32 or float64 is wanted, got {x.dtype}")


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B, or X A = B if `left` is False; B may be a vector."""
    _need_square("solve", A)
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
    _need_square("inv", A)
    one = A.new_zeros(A.shape[-2:])
    one.array[...] = np.eye(A.shape[-1])
    return solve(A, one)


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangle L with A = L Lᵀ, or its transpose."""
    _need_square("cholesky", A)
    L = record_op(Cholesky, A)
    return L.mT if upper else L


class Matrices(Recorded):
    """Tensor's own name for `inv`."""

    __slots__ = ()

    def inverse(input: Tensor) -> Tensor:
        """The inverse of square matrices."""
        return inv(input)
