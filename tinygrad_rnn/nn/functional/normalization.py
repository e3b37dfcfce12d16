"""Normalisation: numbers brought to mean 0 and variance 1 over some axes, then scaled and shifted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._mode import no_grad
from ...functions.arguments import need_float
from ...functions.widening import widening_by_input
from ...ops.normalization import LayerNorm
from ...recording import narrow, record, widen
from ...tensor import Tensor


@widening_by_input
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / √(variance + eps) · weight + bias over the last axes, which have `normalized_shape`."""
    shape = _checked_shape("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    if input.array.size == 0:
        return _scaled_and_shifted(input.clone(), weight, bias)
    rows = input.reshape(-1, math.prod(shape)) if input.ndim != 2 or len(shape) != 1 else input
    flat = [p if p is None or p.ndim == 1 else p.reshape(-1) for p in (weight, bias)]
    y = record(LayerNorm, rows, *flat, eps=eps)
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
    y = record(LayerNorm, rows, None, None, eps=eps).reshape(shape)
    return _per_channel(y, weight, bias)


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
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
