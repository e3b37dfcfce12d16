"""The part of PyTorch's `torch.linalg` that sequence programs use."""

from __future__ import annotations

from typing import Any

from ._tensor import Tensor
from .ops.matrices import cholesky as cholesky, inv as inv, solve as solve
from .ops.reducing import vector_norm as vector_norm


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The norm of vectors, or the Frobenius norm of matrices: `ord` None or "fro".

    Raises NotImplementedError for the other norms of matrices.
    """
    matrix = len(dim) == 2 if isinstance(dim, (tuple, list)) else dim is None and A.ndim == 2
    if matrix and ord not in (None, "fro"):
        raise NotImplementedError(
            f"norm(): the norm {ord!r} of a matrix is left out; use numpy.linalg.norm on x.numpy()"
        )
    return vector_norm(A, 2 if ord in (None, "fro") else ord, dim, keepdim, dtype=dtype)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The Frobenius norm of matrices."""
    return norm(A, ord, tuple(dim), keepdim, dtype=dtype)
