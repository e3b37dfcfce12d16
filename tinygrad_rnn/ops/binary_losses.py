"""Losses of a yes or no: cross-entropy of single probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..recording import record_op
from .activations import softplus
from .checks import need_float
from .choosing import plain, select
from .function import Array, Function, Saves, Value, call
from .losses import averaged, reduced, same_shape
from .powers import Log
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


class BinaryCrossEntropy(Function):
    """loss = -(y ln x + (1 - y) ln(1 - x)), logarithms not below -100

        dL/dx = dL/dloss · (x - y) / max(x (1 - x), 1e-12),   dL/dy = dL/dloss · (ln(1 - x) - ln x)

    The bounds are PyTorch's: the loss of a certain and wrong prediction is 100, not infinite.
    """

    saves: Saves = ("x", "y")

    def forward(ctx, x: Array, y: Array) -> Array:
        return -(y * np.maximum(np.log(x), -100) + (1 - y) * np.maximum(np.log1p(-x), -100))

    def backward(ctx, g: Value) -> Value:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        product = x * (1 - x)
        dx = g * (x - y) / select(plain(product) > 1e-12, product, 1e-12) if to_x else None
        dy = g * (_bounded_log(1 - x) - _bounded_log(x)) if to_y else None
        return dx, dy


def _bounded_log(x):
    """ln x, not below -100."""
    tiny = plain(x) <= 0.0
    logs = call(Log, select(tiny, 1.0, x))
    return select(tiny | (plain(logs) < -100), -100.0, logs)


@averaged
@widening
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """-(y ln x + (1 - y) ln(1 - x)) for probabilities x; logarithms are held at -100. `weight` scales each loss."""
    same_shape("binary_cross_entropy", input, target)
    if input.array.size and not (input.array.min() >= 0 and input.array.max() <= 1):
        raise RuntimeError(
            f"binary_cross_entropy(): all numbers of input should be between 0 and 1, got {input.array.min():g}.."
            f"{input.array.max():g}; for scores use binary_cross_entropy_with_logits"
        )
    losses = record_op(BinaryCrossEntropy, input, target)
    return reduced("binary_cross_entropy", losses if weight is None else losses * weight, reduction)


@averaged
@widening
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """binary_cross_entropy(sigmoid(x), y) without the rounding: (1 - y) x + (1 + (w - 1) y) softplus(-x).

    weight      scales each loss
    pos_weight  w, scales the losses of positive targets; broadcasts against the input
    """
    same_shape("binary_cross_entropy_with_logits", input, target)
    need_float("binary_cross_entropy_with_logits", input)
    positive = softplus(-input)
    if pos_weight is not None:
        positive = ((pos_weight - 1) * target + 1) * positive
    losses = (1 - target) * input + positive
    return reduced("binary_cross_entropy_with_logits", losses if weight is None else losses * weight, reduction)
