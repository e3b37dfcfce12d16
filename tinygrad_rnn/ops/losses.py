"""Losses between numbers. Those over classes are in class_losses.py.

A loss never broadcasts: input and target have one shape, or it raises.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from .checks import need_float, need_numbers, need_tensor
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


P = ParamSpec("P")
R = TypeVar("R")


def old_reduction(size_average: bool | None, reduce: bool | None, level: int = 4) -> str:
    """The reduction that PyTorch's old arguments mean: reduce=False is "none", else a "mean" or with False a "sum"."""
    meant = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction={meant!r} instead.", stacklevel=level
    )
    return meant


def averaged(function: Callable[P, R]) -> Callable[P, R]:
    """A loss that also takes PyTorch's old arguments `size_average` and `reduce`."""

    @functools.wraps(function)
    def loss(*args: Any, size_average: bool | None = None, reduce: bool | None = None, **named: Any) -> Any:
        if size_average is not None or reduce is not None:
            named["reduction"] = old_reduction(size_average, reduce)
        return function(*args, **named)  # type: ignore[call-arg]

    return loss


def reduced(name: str, losses: Tensor, reduction: str) -> Tensor:
    """All losses ("none"), their "mean" or their "sum"."""
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    check_reduction(name, reduction)
    return losses


def check_reduction(name: str, reduction: str, more: tuple[str, ...] = ()) -> None:
    """Raise a ValueError for an unknown reduction."""
    if reduction not in ("none", "mean", "sum", *more):
        raise ValueError(f"{name}(): {reduction!r} is not a valid value for reduction; use 'mean', 'sum' or 'none'")


def same_shape(name: str, input: Any, target: Any) -> None:
    """Raise unless both are Tensors of one shape."""
    need_tensor(name, input)
    need_tensor(name, target, "target")
    if input.array.shape != target.array.shape:
        raise ValueError(
            f"{name}(): input and target must have the same shape, got {list(input.shape)} and {list(target.shape)}; "
            f"a loss does not broadcast: reshape one of them"
        )


@averaged
@widening
def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """(input - target)²."""
    same_shape("mse_loss", input, target)
    need_numbers("mse_loss", input)
    difference = input - target
    need_float("mse_loss", difference)
    return reduced("mse_loss", difference * difference, reduction)


@averaged
@widening
def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """|input - target|."""
    same_shape("l1_loss", input, target)
    return reduced("l1_loss", (input - target).abs(), reduction)


@widening
def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """d²/2 where d = |input - target| ≤ delta, else delta (d - delta/2) (Huber 1964)."""
    same_shape("huber_loss", input, target)
    if not delta > 0:
        raise RuntimeError(f"huber_loss(): delta must be positive, got {delta}")
    need_numbers("huber_loss", input)
    distance = (input - target).abs()
    need_float("huber_loss", distance)
    near = distance.clamp(max=float(delta))
    return reduced("huber_loss", near * (distance - near * 0.5), reduction)


@averaged
@widening
def smooth_l1_loss(input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """d²/(2 beta) where d = |input - target| < beta, else d - beta/2; with beta = 0 the l1 loss."""
    if beta == 0:
        return l1_loss(input, target, reduction)
    same_shape("smooth_l1_loss", input, target)
    if not beta > 0:
        raise RuntimeError(f"smooth_l1_loss(): beta must not be negative, got {beta}")
    return huber_loss(input, target, reduction, beta) / beta


@averaged
@widening
def kl_div(input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """target (ln target - input): input holds log-probabilities, target probabilities (or their logs).

    The "mean" is over all numbers; "batchmean", the sum divided by the first axis, is the divergence.
    """
    same_shape("kl_div", input, target)
    check_reduction("kl_div", reduction, ("batchmean",))
    if log_target:
        losses = target.exp() * (target - input)
    else:
        losses = target.xlogy(target) - target * input
    if reduction == "batchmean":
        return losses.sum() / input.array.shape[0] if input.ndim else losses
    return reduced("kl_div", losses, reduction)
