"""Losses over classes: cross-entropy in its forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._mode import quiet
from ...dtypes import int64, uint8
from ...functions.activations import log_softmax
from ...functions.arguments import need_float, need_tensor
from ...functions.widening import widening
from ...ops import losses as ops
from ...recording import record
from ...tensor import Tensor
from .activation import softplus
from .loss import check_reduction, reduced, same_shape


@widening
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Negative log-likelihood of the right class under softmax(input).

        loss_b = w[t_b] (logsumexp_k input[b, k] - input[b, t_b]),     mean = Σ_b loss_b / Σ_b w[t_b]

    input            (B, K), or (B, K, …) with further axes, or (K,): unnormalised scores
    target           class indices 0..K-1 of shape (B, …); or probabilities in the shape of input
    weight           (K,), a factor w for each class
    ignore_index     targets with this value count nothing; the mean over none is NaN
    label_smoothing  ε: the target is 1 - ε on the class and ε/K spread over all (Szegedy et al. 2016)

    >>> F.cross_entropy(tensor([[2.0, 0.0]]), tensor([0]))
    tensor(0.1269)
    """
    name = "cross_entropy"
    check_reduction(name, reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"{name}(): label_smoothing must be between 0.0 and 1.0, got {label_smoothing}")
    need_tensor(name, target, "target")
    scores, classes = _rows(name, input), _class_count(name, input)
    _check_weight(name, weight, classes)
    if target.dtype.kind == "f":
        return _against_probabilities(input, target, weight, reduction, label_smoothing)
    t, ignored = _checked_classes(name, input, target, classes, ignore_index)
    pick = _row_weights(t, ignored, weight, scores.array.dtype)
    divisor = float(pick.sum()) if reduction == "mean" else 1.0
    share = 1.0 / divisor if divisor else float("nan")
    spread = u = None
    if label_smoothing:
        w = np.ones(classes, pick.dtype) if weight is None else weight.array
        spread = np.full(t.shape, share, pick.dtype)
        if ignored is not None:
            spread[ignored] = 0
        u = w * (label_smoothing / classes)
    pick *= share * (1.0 - label_smoothing)
    if ignored is not None:
        pick[ignored] = 0
    loss = record(
        ops.CrossEntropy, scores, t=t, pick=pick, spread=spread, u=u, ignored=ignored, total=reduction != "none"
    )
    return _finished(loss, target, ignored, reduction)


@widening
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """-w[t_b] input[b, t_b], for log-probabilities (B, K), (B, K, …) or (K,); the rest as `cross_entropy`."""
    name = "nll_loss"
    check_reduction(name, reduction)
    need_tensor(name, target, "target")
    scores, classes = _rows(name, input), _class_count(name, input)
    _check_weight(name, weight, classes)
    t, ignored = _checked_classes(name, input, target, classes, ignore_index)
    factor = _row_weights(t, ignored, weight, scores.array.dtype, shares=reduction == "mean")
    picked = record(ops.Pick, scores, t=t)
    if ignored is not None:
        factor[ignored] = 0
        picked = picked.masked_fill(Tensor._of(ignored), 0.0)
    losses = picked * Tensor._of(-factor)
    return _finished(losses if reduction == "none" else losses.sum(), target, ignored, reduction)


def _rows(name: str, input: Any) -> Tensor:
    """input (B, K, …) or (K,) as (rows, K)."""
    need_float(name, input)
    if input.ndim == 0:
        raise (ValueError if name == "nll_loss" else RuntimeError)(
            f"{name}(): the input needs a class axis, got a 0-d tensor"
        )
    if input.ndim == 2:
        return input
    if input.ndim == 1:
        return input.unsqueeze(0)
    return input.movedim(1, -1).reshape(-1, input.array.shape[1])


def _class_count(name: str, input: Tensor) -> int:
    return input.array.shape[1 if input.ndim > 1 else 0]


def _check_weight(name: str, weight: Tensor | None, classes: int) -> None:
    if weight is not None and weight.array.shape != (classes,):
        raise RuntimeError(
            f"{name}(): the weight must have one number for each of the {classes} classes, got shape {list(weight.shape)}"
        )


def _checked_classes(
    name: str, input: Tensor, target: Tensor, classes: int, ignore_index: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """The class of each row, 0 where it is ignored; and the mask of ignored rows, None if there are none."""
    shape, t = input.array.shape, target.array
    if t.dtype not in (int64, uint8):
        raise RuntimeError(f"{name}(): class indices must be int64, got {t.dtype}; convert them with .long()")
    expected = shape[:1] + shape[2:] if len(shape) > 1 else ()
    if t.shape != expected:
        kind = ValueError if len(shape) > 1 and t.ndim == len(expected) and t.shape[:1] != shape[:1] else RuntimeError
        raise kind(
            f"{name}(): an input of shape {list(shape)} needs class indices of shape {list(expected)}, got target "
            f"of shape {list(t.shape)}"
        )
    t = t.reshape(-1).astype(np.int64, copy=False)
    if t.size and t.min() >= 0 and t.max() < classes and not 0 <= ignore_index < classes:
        return t, None  # the usual case
    ignored = t == ignore_index
    some = bool(ignored.any())
    if some:
        t = np.where(ignored, 0, t)
    if t.size and not (t.min() >= 0 and t.max() < classes):
        wrong = t.min() if t.min() < 0 else t.max()
        raise IndexError(
            f"{name}(): target {wrong} is out of bounds for {classes} classes (0..{classes - 1}; ignore_index={ignore_index})"
        )
    return t, ignored if some else None


@quiet
def _row_weights(
    t: np.ndarray, ignored: np.ndarray | None, weight: Tensor | None, dtype: Any, shares: bool = False
) -> np.ndarray:
    """w[t_b] for each row, 0 where it is ignored; `shares` of their sum, if asked for."""
    factor = np.ones(t.shape, dtype) if weight is None else weight.array[t].astype(dtype)
    if ignored is not None:
        factor[ignored] = 0
    return factor / factor.sum() if shares else factor


def _finished(loss: Tensor, target: Tensor, ignored: np.ndarray | None, reduction: str) -> Tensor:
    if reduction == "none":
        return loss.reshape(target.array.shape)
    if reduction == "mean" and (target.array.size == 0 or (ignored is not None and ignored.all())):
        return loss + float("nan")  # the mean of nothing; gradients stay 0
    return loss


def _against_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float
) -> Tensor:
    """loss_b = -Σ_k w_k q[b, k] log_softmax(input)[b, k]; the mean divides by the number of rows."""
    if input.array.shape != target.array.shape:
        raise RuntimeError(
            f"cross_entropy(): input and a target of probabilities must have the same shape, got {list(input.shape)} "
            f"and {list(target.shape)}; for class indices the target must be int64"
        )
    axis = 1 if input.ndim > 1 else 0
    if label_smoothing:
        target = target * (1.0 - label_smoothing) + label_smoothing / input.array.shape[axis]
    products = log_softmax(input, axis) * target
    if weight is not None:
        products = products * Tensor._of(weight.array.reshape((-1,) + (1,) * (input.ndim - axis - 1)))
    losses = -products.sum(axis)
    if reduction == "mean":
        return losses.sum() / max(losses.array.size, 1) if losses.array.size else losses.sum() + float("nan")
    return reduced("cross_entropy", losses, reduction)


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
    losses = record(ops.BinaryCrossEntropy, input, target)
    return reduced("binary_cross_entropy", losses if weight is None else losses * weight, reduction)


@widening
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
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
