"""PyTorch's `torch.linalg`: equations, decompositions and norms of matrices. The last two axes are those of the matrices."""

from __future__ import annotations

import functools as _functools
from typing import Any, Final as _Final

from ._missing_names import missing as _missing
from ._tensor import Tensor
from .ops.checks import wrap_dims as _wrap_dims
from .ops.decompositions import (
    LstsqResult as _LstsqResult,
    det as det,
    eigh as eigh,
    eigvalsh as eigvalsh,
    matrix_rank as matrix_rank,
    pinv as pinv,
    qr as qr,
    slogdet as slogdet,
    svd as svd,
    svdvals as svdvals,
)
from .ops.matrices import (
    LinAlgError as LinAlgError,
    cholesky as cholesky,
    inv as inv,
    matrix_exp as matrix_exp,
    matrix_power as matrix_power,
    solve as solve,
    solve_triangular as solve_triangular,
)
from .ops.reducing import vector_norm as vector_norm

matmul: _Final = Tensor.matmul


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices."""
    return A.diagonal(offset, dim1, dim2)


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vectors at right angles to both, of size 3 along `dim`."""
    return input.cross(other, dim)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The inner products of vectors along `dim`."""
    return (x * y).sum(dim)


def multi_dot(tensors: Any) -> Tensor:
    """The product of all matrices, from left to right."""
    return _functools.reduce(Tensor.matmul, tensors)


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The norm of vectors along one `dim`, of matrices in two; of all elements without `dim` and `ord`."""
    matrix = len(dim) == 2 if isinstance(dim, (tuple, list)) else dim is None and A.ndim == 2
    if ord is None or not matrix:
        return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)
    return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of matrices.

    ord  "fro" √ Σ a²; "nuc" the sum of the singular values; 2 and -2 the largest and the smallest of them; 1 and -1 the largest
         and smallest sum of sizes in a column, inf and -inf in a row
    """
    A = A if dtype is None else A.to(dtype)
    if ord == "fro":
        return vector_norm(A, 2, tuple(dim), keepdim)
    rows, columns = _wrap_dims("matrix_norm", dim, A.ndim)
    moved = A.movedim((rows, columns), (-2, -1))
    if ord in ("nuc", 2, -2):
        values = svdvals(moved)
        found = values.sum(-1) if ord == "nuc" else values.amax(-1) if ord == 2 else values.amin(-1)
    elif ord in (1, -1, float("inf"), float("-inf")):
        sums = moved.abs().sum(-2 if abs(ord) == 1 else -1)
        found = sums.amax(-1) if ord > 0 else sums.amin(-1)
    else:
        raise RuntimeError(f"matrix_norm(): ord must be 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2, got {ord!r}")
    for d in sorted((rows, columns)) if keepdim else ():
        found = found.unsqueeze(d)
    return found


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The X that makes ‖A X - B‖ least, by the pseudo-inverse. `driver` is PyTorch's: those but "gelsy" give residuals."""
    vector = B.ndim == 1
    right = B.unsqueeze(-1) if vector else B
    X, nothing = pinv(A, rcond) @ right, A.new_empty(0)
    over = driver not in (None, "gelsy") and A.shape[-2] > A.shape[-1]
    rest = (A @ X - right).pow(2).sum(-2) if over else nothing
    return _LstsqResult(X.squeeze(-1) if vector else X, rest, matrix_rank(A), nothing)


def __getattr__(name: str) -> Any:
    raise _missing(f"module {__name__!r}", name, globals())
