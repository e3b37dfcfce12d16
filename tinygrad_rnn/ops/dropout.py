"""Dropout: multiplication by a random mask that is drawn once and used again in backward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import random
from ..arrays import is_number
from ..recording import record_op
from .checks import need_tensor
from .function import Array, Function, Value, call
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


FAR_LEFT = -1.7580993408473766  # selu(-inf) = -scale · alpha


class Dropout(Function):
    """y = x · mask, where mask is 0 with probability p and 1 / (1 - p) else          dL/dx = dL/dy · mask"""

    def forward(ctx, x: Array, mask: Any) -> Array:
        ctx.mask = mask
        return x * mask

    def backward(ctx, g: Value) -> Value:
        return call(Dropout, g, mask=ctx.mask)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each number is 0 with probability p and divided by 1 - p otherwise, so that its mean stays (Srivastava et al. 2014).

    Without `training` the input comes back as it is.
    """
    need_tensor("dropout", input)
    return _dropped("dropout", input, p, training, inplace, input.array.shape)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Drop whole channels of (B, C, L) or (C, L)."""
    _need_ndim("dropout1d", input, (2, 3))
    channels = input.array.shape[:-1]
    return _dropped("dropout1d", input, p, training, inplace, (*channels, 1))


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Drop whole channels of (B, C, H, W): axes 0 and 1 of the input, whatever follows."""
    need_tensor("dropout2d", input)
    shape = input.array.shape
    if len(shape) < 2:
        raise RuntimeError(f"dropout2d(): the input needs at least 2 dimensions (batch, channels), got {list(shape)}")
    return _dropped("dropout2d", input, p, training, inplace, shape[:2] + (1,) * (len(shape) - 2))


@widening
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for networks of `selu` (Klambauer et al. 2017).

    A number is dropped to -1.758, what selu gives far left, and all are then scaled and shifted.
    """
    need_tensor("alpha_dropout", input)
    check_probability("alpha_dropout", p)
    if not training or p == 0:
        return input
    kept = random.source().random(input.array.shape, dtype=np.float32) >= p
    scale = 0.0 if p == 1 else ((1 - p) * (1 + p * FAR_LEFT**2)) ** -0.5
    shift = (~kept * FAR_LEFT + p * -FAR_LEFT) * scale
    result = input * input._of((kept * scale).astype(input.dtype)) + input._of(shift.astype(input.dtype))
    return input.copy_(result) if inplace else result


def _need_ndim(name: str, input: Tensor, allowed: tuple[int, ...]) -> None:
    need_tensor(name, input)
    if input.ndim not in allowed:
        kinds = " or ".join(f"{n}D" for n in allowed)
        raise RuntimeError(f"{name}(): expected {kinds} input, got {input.ndim}D (shape {list(input.shape)})")


def check_probability(name: str, p: float) -> None:
    """Raise a ValueError unless 0 ≤ p ≤ 1, a TypeError unless it is a number."""
    if not is_number(p):
        raise TypeError(f"{name}: the dropout probability p must be a number, got {p!r} of type {type(p).__name__}")
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{name}: the dropout probability has to be between 0 and 1, but got {p}")


def _dropped(name: str, input: Tensor, p: float, training: bool, inplace: bool, shape: tuple[int, ...]) -> Tensor:
    check_probability(name, p)
    if not training or p == 0:
        return input
    mask = dropout_mask(shape, p, input.array.dtype)
    return input.mul_(input._of(mask)) if inplace else record_op(Dropout, input, mask=mask)


def dropout_mask(shape: tuple[int, ...], p: float, dtype: np.dtype) -> np.ndarray:
    """0 with probability p, else 1 / (1 - p)."""
    kept = random.source().random(shape, dtype=np.float32) >= p
    return kept.astype(dtype) * (1.0 / (1.0 - p) if p < 1 else 0.0)
