"""Normalising rows to mean 0 and variance 1 as one op: layer norm and group norm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._mode import no_grad, thread
from ..kernels.choice import full, passes
from ..recording import record_op
from .basic import sum_of_rows
from .checks import need_float
from .function import Array, Function, Saves, Value, call
from .products import MatMul
from .widening import narrow, widen, widening_by_input

if TYPE_CHECKING:
    from .._tensor import Tensor


class LayerNorm(Function):
    """y = x̂ · w + b,   x̂ = (x - mean) / √(variance + eps) in each row (Ba et al. 2016)

    x (N, D), w and b (D,) or None. With q = dL/dy · w and means taken over the row:

        dL/dx = (q - mean(q) - x̂ · mean(q · x̂)) / √(variance + eps),   dL/dw = Σ_rows dL/dy · x̂,   dL/db = Σ_rows dL/dy

    Sums along rows and columns are products with a vector: BLAS adds faster than NumPy, and no less exactly.
    """

    widens = "always"
    saves: Saves = ("x", "weight")
    fresh = True
    moments: Any

    def forward(ctx, x: Array, weight: Array, bias: Array, eps: Any) -> Array:
        ctx.eps = eps
        if twin := passes("layer_norm", x, weight, bias):
            mean, spread, y = *np.empty((2, len(x), 1), x.dtype), np.empty_like(x)
            scale = np.ones(x.shape[1], x.dtype) if weight is None else full(weight)
            shift = np.zeros(x.shape[1], x.dtype) if bias is None else full(bias)
            twin.layer_norm(x, scale, shift, float(eps), mean.reshape(-1), spread.reshape(-1), y)
            ctx.moments = mean, spread
            return y
        mean = row_mean(x)
        spread, y = np.empty_like(mean), np.empty(x.shape, x.dtype)
        for rows in _blocks(x):
            part = np.subtract(x[rows], mean[rows], out=y[rows])
            variance = np.vecdot(part, part)[:, None] / x.shape[1]
            part *= np.divide(1, np.sqrt(variance + eps), out=spread[rows])
            if weight is not None:
                part *= weight
            if bias is not None:
                part += bias
        ctx.moments = mean, spread
        return y

    def backward(ctx, g: Value) -> Value:
        x, weight = ctx.saved_tensors
        if thread.mode.lift is None:
            return _gradients(g, x, weight, *ctx.moments)
        to_x, to_weight, to_bias = ctx.edges
        mean, spread = _moments(x, ctx.eps)
        normal = (x - mean) * spread
        weighted = g * normal
        dx = dweight = dbias = None
        if to_x:
            scaled = g if weight is None else g * weight
            along = row_mean(weighted, weight)
            dx = (scaled - row_mean(g, weight) - normal * along) * spread
        if to_weight:
            dweight = column_sum(weighted)
        if to_bias:
            dbias = column_sum(g)
        return dx, dweight, dbias


def _gradients(g, x, weight, mean, spread):
    """The rule above on arrays, a block of rows at a time and without temporaries of full size."""
    if g.shape == x.shape and (twin := passes("layer_norm", x, g, weight)):
        scale, dx = np.ones(x.shape[1], x.dtype) if weight is None else full(weight), np.empty_like(x)
        dweight, dbias = np.zeros((2, x.shape[1]))  # sums of many rows, in float64
        twin.layer_norm_back(full(g), x, scale, mean.reshape(-1), spread.reshape(-1), dx, dweight, dbias)
        return dx, dweight.astype(x.dtype), dbias.astype(x.dtype)
    dx = np.empty_like(g)
    dweight, dbias = np.zeros((1, x.shape[1]), x.dtype), np.zeros((1, x.shape[1]), x.dtype)
    share = np.full((x.shape[1], 1), 1 / x.shape[1], x.dtype)
    if weight is not None:
        share *= weight[:, None]
    for rows in _blocks(x):
        upper, centred, scale = g[rows], x[rows] - mean[rows], spread[rows]
        out = np.multiply(upper, centred, out=dx[rows])
        dweight += scale.T @ out
        dbias += sum_of_rows(upper)
        centred *= (out @ share) * scale * scale
        centred += upper @ share
        np.multiply(upper, 1 if weight is None else weight, out=out)
        out -= centred
        out *= scale
    return dx, dweight.reshape(-1), dbias.reshape(-1)


def _blocks(x):
    """Slices of rows that stay in the processor's cache together."""
    size = max(1, 262144 // max(1, x.shape[1]))
    return [slice(start, start + size) for start in range(0, x.shape[0], size)]


def _moments(x, eps):
    """The mean of each row, and 1 / √(variance + eps)."""
    mean = row_mean(x)
    centred = x - mean
    return mean, (row_mean(centred * centred) + eps) ** -0.5


def row_mean(x: Value, weight: Value = None) -> Value:
    """The mean of x · weight in each row: (N, D) -> (N, 1)."""
    n = x.shape[1]
    if weight is None:
        return call(MatMul, x, np.full((n, 1), 1 / n, x.dtype))
    return call(MatMul, x, (weight / n).reshape(-1, 1))


def column_sum(x: Value) -> Value:
    """The sum of each column: (N, D) -> (D,)."""
    return call(MatMul, np.ones((1, x.shape[0]), x.dtype), x).reshape(-1)


@widening_by_input
def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """(x - mean) / √(variance + eps) · weight + bias over the last axes, which have `normalized_shape`."""
    shape = _checked_shape("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    if input.array.size == 0:
        return _scaled_and_shifted(input.clone(), weight, bias)
    rows = input.reshape(-1, math.prod(shape)) if input.ndim != 2 or len(shape) != 1 else input
    flat = [p if p is None or p.ndim == 1 else p.reshape(-1) for p in (weight, bias)]
    y = record_op(LayerNorm, rows, *flat, eps=eps)
    return y if rows is input else y.reshape(input.array.shape)


@widening_by_input
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / √(mean(x²) + eps) · weight over the last axes (Zhang & Sennrich 2019). eps: by default that of the dtype."""
    shape = _checked_shape("rms_norm", input, normalized_shape, weight=weight)
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    if eps is None:
        eps = float(np.finfo(input.dtype).eps)  # in float16 too that of float32, as in PyTorch
    y = (input * ((input * input).mean(axes, keepdim=True) + eps).rsqrt()).contiguous()
    return y if weight is None else y * weight


@widening_by_input
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise (B, C, …) over each of `num_groups` groups of channels; weight and bias (C,) (Wu & He 2018)."""
    need_float("group_norm", input)
    shape = input.array.shape
    if len(shape) < 2:
        raise RuntimeError(f"group_norm(): expected at least 2 dimensions (B, C, …), got shape {list(shape)}")
    if num_groups <= 0 or shape[1] % num_groups:
        raise RuntimeError(f"group_norm(): {shape[1]} channels cannot be divided into {num_groups} groups")
    _check_channels("group_norm", shape[1], weight=weight, bias=bias)
    if shape[0] * shape[1] // num_groups * math.prod(shape[2:]) == 1:
        raise ValueError(
            f"group_norm(): expected more than 1 value per group, got {list(shape)} and {num_groups} groups"
        )
    if input.array.size == 0:
        return _per_channel(input.clone(), weight, bias)
    rows = input.reshape(shape[0] * num_groups, math.prod(shape[1:]) // num_groups)
    y = record_op(LayerNorm, rows, None, None, eps=eps).reshape(shape)
    return _per_channel(y, weight, bias)


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalise each channel of (B, C, …) over all other axes (Ioffe & Szegedy 2015).

    While training by the mean and variance of the input, which move the running ones by `momentum`; else by
    the running ones. weight, bias, running_mean and running_var have shape (C,).
    """
    need_float("batch_norm", input)
    shape = input.array.shape
    if eps < 0 or (training and eps == 0):
        raise ValueError(f"batch_norm(): eps must be positive while training, and never negative, got {eps}")
    if shape == (0,):
        return input.clone()
    if len(shape) < 2:
        raise RuntimeError(f"batch_norm(): expected at least 2 dimensions (B, C, …), got shape {list(shape)}")
    channels = shape[1]
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    _check_channels("batch_norm", channels, **given)
    axes = (0, *range(2, len(shape)))
    n = math.prod(shape[d] for d in axes)
    if training and n == 1:
        raise ValueError(f"batch_norm(): expected more than 1 value per channel when training, got {list(shape)}")
    if input.array.size == 0:  # nothing to normalise, and nothing to learn for the running statistics
        return _per_channel(input.clone(), weight, bias)
    x = widen(input)  # by hand, since the running means must change in their own memory
    if training:
        mean = x.mean(axes, keepdim=True)
        centred = x - mean
        variance = (centred * centred).mean(axes, keepdim=True)
        _move(running_mean, mean, momentum, 1.0)
        _move(running_var, variance, momentum, n / (n - 1))  # the running variance is the unbiased one
    else:
        if running_mean is None or running_var is None:
            raise RuntimeError("batch_norm(): running_mean and running_var are needed when not training")
        centred, variance = x - _channel_axis(widen(running_mean), x), _channel_axis(widen(running_var), x)
    y = _per_channel((centred * (variance + eps).rsqrt()).contiguous(), widen(weight), widen(bias))
    return y if x is input else narrow(y)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each sample of (B, C, …): the batch norm of (1, B · C, …) (Ulyanov et al. 2016)."""
    need_float("instance_norm", input)
    shape = input.array.shape
    if len(shape) < 3:
        raise RuntimeError(f"instance_norm(): expected at least 3 dimensions (B, C, L), got shape {list(shape)}")
    if use_input_stats and math.prod(shape[2:]) == 1:
        raise ValueError(f"instance_norm(): expected more than 1 spatial element when training, got {list(shape)}")
    each = [p if p is None else widen(p).repeat(shape[0]) for p in (running_mean, running_var, weight, bias)]
    mean, var, weights, biases = each
    x = input.reshape(1, -1, *shape[2:])
    y = batch_norm(x, mean, var, weights, biases, use_input_stats, momentum, eps).reshape(shape)
    for running, moved in ((running_mean, mean), (running_var, var)):
        if running is not None and moved is not None and use_input_stats:
            with no_grad():
                running.copy_(moved.reshape(shape[0], -1).mean(0))
    return y


@no_grad()
def _move(running: Tensor | None, new: Tensor, momentum: float, correction: float) -> None:
    """running = (1 - momentum) running + momentum · new, in place."""
    if running is not None:
        running.copy_(widen(running) * (1 - momentum) + new.detach().reshape(-1) * (momentum * correction))


def _channel_axis(p: Tensor, input: Tensor) -> Tensor:
    """p (C,) as (C, 1, …), to broadcast against (B, C, …)."""
    return p.reshape(p.array.size, *[1] * (input.ndim - 2))


def _per_channel(y: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    shaped = [p if p is None else _channel_axis(p, y) for p in (weight, bias)]
    return _scaled_and_shifted(y, *shaped)


def _scaled_and_shifted(y: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if weight is not None:
        y = y * weight
    return y if bias is None else y + bias


def _check_channels(name: str, channels: int, **given: Tensor | None) -> None:
    for argument, p in given.items():
        if p is not None and p.array.shape != (channels,):
            raise RuntimeError(
                f"{name}(): {argument} must have shape [{channels}], one number per channel, got {list(p.shape)}"
            )


def _checked_shape(name: str, input: Tensor, normalized_shape: Any, **given: Tensor | None) -> tuple[int, ...]:
    """normalized_shape as a tuple, if it is the end of the input's shape and that of weight and bias."""
    need_float(name, input)
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape:
        raise RuntimeError(f"{name}(): normalized_shape must name at least one axis, got {normalized_shape}")
    if input.array.shape[-len(shape) :] != shape:
        raise RuntimeError(
            f"{name}(): normalized_shape={list(shape)} must be the end of the input's shape, got {list(input.shape)}"
        )
    for argument, p in given.items():
        if p is not None and p.array.shape != shape:
            raise RuntimeError(f"{name}(): {argument} must have shape {list(shape)}, got {list(p.shape)}")
    return shape
