"""Losses with a rule of their own: fewer passes over (N, K) numbers, and stable where a composition is not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .._mode import thread
from .._quiet import quiet
from ..dtypes import int64, uint8
from ..recording import record_op
from .basic import sum_along
from .checks import need_float, need_tensor
from .function import Array, Function, Saves, Value, call
from .losses import averaged, check_reduction, reduced
from .softmax import Softmax, SoftmaxGradient, powers
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


class CrossEntropy(Function):
    """loss_b = pick_b (lse_b - x[b, t_b]) + spread_b Σ_k u_k (lse_b - x[b, k]),   lse_b = ln Σ_k e^(x[b, k])

    x (N, K); t, pick and spread (N,); u (K,). pick carries the class weight and the 1/n of the mean; spread and u
    are label smoothing, None without it. Rows with `ignored` true count nothing, whatever their numbers.
    The output is (N,), or its sum if `total`.

        dL/dx = dL/dloss_b (pick_b (softmax - onehot(t_b)) + spread_b (softmax Σu - u))
    """

    saves: Saves = ("x",)
    fresh = True
    exponentials: Any = None  # eˣ, and their sums, kept from forward for the first backward
    options: dict[str, Any]

    def forward(ctx, x: Array, t: Any, pick: Any, spread: Any, u: Any, ignored: Any, total: Any) -> Array:
        ctx.options = {"t": t, "pick": pick, "spread": spread, "u": u}
        y, top = powers(x, 1)
        sums = sum_along(y, 1)[:, 0]
        ctx.exponentials = y, sums
        if top is None:  # one logarithm of the quotient: the difference of two would lose digits near 0
            losses = np.log(sums / y.ravel()[places(t, y)])
        else:
            losses = np.log(sums) - (x - top).ravel()[places(t, y)]
        losses *= pick
        if u is not None:
            above = x if top is None else x - top
            losses += spread * (np.log(sums) * u.sum() - above @ u)
        if ignored is not None:
            losses[ignored] = 0
        return losses.sum() if total else losses

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        kept = None
        if thread.mode.lift is None:  # the first backward takes the powers and turns them into the gradient, in place
            kept, ctx.exponentials = ctx.exponentials, None
        return call(CrossEntropyGradient, x, g, kept=kept, **ctx.options)


class CrossEntropyGradient(Function):
    """y = g_b (a_b p - pick_b onehot(t_b) - spread_b u),   p = softmax(x),   a = pick + spread Σu

    What CrossEntropy sends back for g, (N,) or (). With h = dL/dy:
        dL/dx = g_b a_b p (h - Σ_k h_k p_k),   dL/dg_b = Σ_k h_k (y / g)_k
    """

    saves: Saves = ("x", "g")
    t: Any
    pick: Any
    spread: Any
    u: Any

    def forward(ctx, x: Array, g: Array, t: Any, pick: Any, spread: Any, u: Any, kept: Array = None) -> Array:
        ctx.t, ctx.pick, ctx.spread, ctx.u = t, pick, spread, u
        if kept is None:
            y, _ = powers(x, 1)
            kept = y, sum_along(y, 1)[:, 0]
        y, sums = kept
        y *= (g * ctx.factor() / sums)[:, None]
        y.reshape(-1)[places(t, y)] -= g * pick  # powers are in reading order, so this writes into y itself
        if u is not None:
            y -= (g * spread)[:, None] * u
        return y

    def factor(ctx) -> Value:
        """a, the factor of the softmax in each row."""
        return ctx.pick if ctx.u is None else ctx.pick + ctx.spread * ctx.u.sum()

    def backward(ctx, h: Value) -> Value:
        x, g = ctx.saved_tensors
        a, p = ctx.factor(), call(Softmax, x, dim=1)
        dx = (g * a)[:, None] * call(SoftmaxGradient, h, p, dim=1)
        dg = (h * p).sum(1) * a - call(Pick, h, t=ctx.t) * ctx.pick
        if ctx.u is not None:
            dg = dg - (h * ctx.u).sum(1) * ctx.spread
        return dx, dg


def places(t: Array, x: Array) -> Array:
    """Where the numbers x[b, t_b] stand among those of x (N, K) in a row: NumPy finds them so in half the time."""
    return np.arange(0, x.size, x.shape[1]) + t


class Pick(Function):
    """y_b = x[b, t_b], one number of each row          dL/dx = dL/dy_b at (b, t_b), else 0"""

    t: Any
    columns: Any

    def forward(ctx, x: Array, t: Any) -> Array:
        ctx.t, ctx.columns = t, x.shape[1]
        return x[np.arange(len(t)), t]

    def backward(ctx, g: Value) -> Value:
        return call(Place, g, t=ctx.t, columns=ctx.columns)


class Place(Function):
    """y (N, columns) = zeros, with v_b at (b, t_b)          dL/dv_b = dL/dy[b, t_b]"""

    def forward(ctx, v: Array, t: Any, columns: Array) -> Array:
        ctx.t = t
        y = np.zeros((len(t), columns), v.dtype)
        y[np.arange(len(t)), t] = v
        return y

    def backward(ctx, g: Value) -> Value:
        return call(Pick, g, t=ctx.t)


@averaged
@widening
def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
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
    loss = record_op(
        CrossEntropy, scores, t=t, pick=pick, spread=spread, u=u, ignored=ignored, total=reduction != "none"
    )
    return _finished(loss, target, ignored, reduction)


@averaged
@widening
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """-w[t_b] input[b, t_b], for log-probabilities (B, K), (B, K, …) or (K,); the rest as `cross_entropy`."""
    name = "nll_loss"
    check_reduction(name, reduction)
    need_tensor(name, target, "target")
    scores, classes = _rows(name, input), _class_count(name, input)
    _check_weight(name, weight, classes)
    t, ignored = _checked_classes(name, input, target, classes, ignore_index)
    factor = _row_weights(t, ignored, weight, scores.array.dtype, shares=reduction == "mean")
    picked = record_op(Pick, scores, t=t)
    if ignored is not None:
        factor[ignored] = 0
        picked = picked.masked_fill(input._of(ignored), 0.0)
    losses = picked * input._of(-factor)
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
            f"of shape {list(t.shape)}{_way_to_rows(shape, t.shape)}"
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


def _way_to_rows(shape: Any, target: Any) -> str:
    """What to do with scores (B, T, V), or with a target of another form: the classes are axis 1."""
    if len(shape) == 3 and target == shape[:2]:
        return (
            f"; the classes are axis 1: for scores (B, T, V) reshape to (B·T, V), input.reshape(-1, {shape[2]}) with "
            f"target.reshape(-1), or transpose to (B, V, T), input.transpose(1, 2)"
        )
    return "; reshape it with target.reshape(-1)" if len(shape) == 2 and math.prod(target) == shape[0] else ""


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
    products = input.log_softmax(axis) * target
    if weight is not None:
        products = products * input._of(weight.array.reshape((-1,) + (1,) * (input.ndim - axis - 1)))
    losses = -products.sum(axis)
    if reduction == "mean":
        return losses.sum() / max(losses.array.size, 1) if losses.array.size else losses.sum() + float("nan")
    return reduced("cross_entropy", losses, reduction)
