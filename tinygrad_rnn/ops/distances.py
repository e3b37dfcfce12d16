"""Directions and distances of vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .checks import need_tensor
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
