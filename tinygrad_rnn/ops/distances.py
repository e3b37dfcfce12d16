"""Directions, distances and products of vectors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .checks import need_float, need_tensor, wrap_dim
from .reducing import vector_norm
from .shaping import broadcast_tensors
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


@widening
def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """input / max(‖input‖_p, eps) along `dim`."""
    need_tensor("normalize", input)
    return input / vector_norm(input, p, dim, keepdim=True).clamp_min(eps)


@widening
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 · x2 / (max(‖x1‖, eps) max(‖x2‖, eps)) along `dim` of their common shape; the inputs broadcast."""
    need_tensor("cosine_similarity", x1, "x1")
    need_tensor("cosine_similarity", x2, "x2")
    if not eps >= 0:
        raise RuntimeError(f"cosine_similarity(): eps must not be negative, got {eps}")
    if x1.array.shape != x2.array.shape:  # a norm along a stretched axis counts each number as often as it stands there
        x1, x2 = broadcast_tensors(x1, x2)
    unit1 = x1 / vector_norm(x1, 2, dim, keepdim=True).clamp_min(eps)
    unit2 = x2 / vector_norm(x2, 2, dim, keepdim=True).clamp_min(eps)
    return (unit1 * unit2).sum(dim)


@widening
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """‖x1 - x2 + eps‖_p along the last axis."""
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)


@widening
def tensordot(a: Any, b: Any, dims: Any = 2) -> Tensor:
    """The sum of products over axes: the last `dims` of a with the first of b, or the two lists of axes in `dims`."""
    if isinstance(dims, int):
        dims = (list(range(a.ndim - dims, a.ndim)), list(range(dims)))
    left, right = ([wrap_dim("tensordot", d, x.ndim) for d in axes] for x, axes in zip((a, b), dims, strict=True))
    sizes = [a.array.shape[d] for d in left]
    if sizes != [b.array.shape[d] for d in right]:
        raise RuntimeError(
            f"tensordot(): the axes {left} of {list(a.shape)} and {right} of {list(b.shape)} differ in size"
        )
    rest_a, rest_b = [d for d in range(a.ndim) if d not in left], [d for d in range(b.ndim) if d not in right]
    n = math.prod(sizes)
    rows = a.permute(*rest_a, *left).reshape(math.prod(a.array.shape[d] for d in rest_a), n)
    columns = b.permute(*right, *rest_b).reshape(n, math.prod(b.array.shape[d] for d in rest_b))
    return (rows @ columns).reshape([*(a.array.shape[d] for d in rest_a), *(b.array.shape[d] for d in rest_b)])


@widening
def cdist(x1: Any, x2: Any, p: float = 2.0) -> Tensor:
    """The p-norm of the difference of each row of x1 (…, M, D) and each of x2 (…, N, D): (…, M, N)."""
    need_float("cdist", x1)
    if x1.array.shape[-1:] != x2.array.shape[-1:]:
        raise RuntimeError(
            f"cdist(): the rows must have the same length, got shapes {list(x1.shape)} and {list(x2.shape)}"
        )
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, -1)
