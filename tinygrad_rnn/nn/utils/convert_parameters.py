"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from ..._tensor import Tensor
from ...ops.joining import cat


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All numbers of all parameters in a row."""
    return cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give the parameters the numbers of `vec`, in order; they share its memory."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters(): vec must be a Tensor, got {type(vec).__name__}")
    parameters = list(parameters)
    needed = sum(p.numel() for p in parameters)
    if vec.array.shape != (needed,):
        raise RuntimeError(
            f"vector_to_parameters(): the parameters have {needed} numbers, vec has shape {list(vec.shape)}"
        )
    start = 0
    for p in parameters:
        p.data = vec.detach()[start : start + p.numel()].reshape(p.array.shape)
        start += p.numel()
