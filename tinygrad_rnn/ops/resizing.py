"""Resizing: sequences and images of another length."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .checks import need_float
from .convolution import ints
from .pooling import adaptive_avg_pool1d, adaptive_avg_pool2d
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor

MODES = {
    1: ("nearest", "nearest-exact", "linear", "area"),
    2: ("nearest", "nearest-exact", "bilinear", "bicubic", "area"),
}


@widening
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """(B, C, L) or (B, C, H, W) with other lengths: `size`, or `scale_factor` times the old ones.

    mode           "nearest", "linear" (of images "bilinear"), "bicubic" or "area", the mean of what an entry covers
    align_corners  True: first and last entry stay where they are; else the outer edges of both do

    Each axis on its own is a product with a matrix of weights.
    """
    need_float("interpolate", input)
    n = input.ndim - 2
    if n not in MODES:
        raise NotImplementedError(f"interpolate(): expected (B, C, L) or (B, C, H, W), got shape {list(input.shape)}")
    if mode not in MODES[n]:
        raise NotImplementedError(f"interpolate(): mode must be one of {MODES[n]} for {input.ndim} axes, got {mode!r}")
    if antialias:
        raise NotImplementedError(
            "interpolate(): antialias=True is not supported; use mode='area' to make images smaller"
        )
    if align_corners is not None and mode[:4] in ("near", "area"):
        raise ValueError(f"interpolate(): align_corners is for linear and cubic modes, got it with {mode!r}")
    sizes, scales = _lengths(n, input, size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return (adaptive_avg_pool1d if n == 1 else adaptive_avg_pool2d)(input, sizes)
    for d, (wanted, scale) in enumerate(zip(sizes, scales, strict=True)):
        axis, length = d - n, input.array.shape[d - n]
        if mode.startswith("nearest"):
            middle = 0.5 if mode == "nearest-exact" else 0.0
            places = np.floor((np.arange(wanted) + middle) * np.float32(scale or length / wanted)).astype(np.int64)
            input = input.index_select(axis, input._of(places.clip(0, length - 1)))
        else:
            weights = input._of(_weights(length, wanted, scale, mode, bool(align_corners)).astype(input.dtype))
            input = input @ weights if axis == -1 else (input.swapaxes(axis, -1) @ weights).swapaxes(axis, -1)
    return input


def _lengths(n, input, size, factor, recompute):
    """The new lengths, and for each axis how far apart new entries lie in the old ones, where a factor was given."""
    if (size is None) == (factor is None):
        raise ValueError(f"interpolate(): give one of size and scale_factor, got {size} and {factor}")
    if size is not None:
        sizes = ints("interpolate", "size", size, 1, n)
        return sizes, (None,) * n
    factors = tuple(factor) if isinstance(factor, (tuple, list)) else (factor,) * n
    if len(factors) != n:
        raise ValueError(f"interpolate(): scale_factor must be a number or {n} of them, got {factor}")
    sizes = tuple([math.floor(length * f) for length, f in zip(input.array.shape[2:], factors, strict=True)])
    return sizes, (None,) * n if recompute else tuple([1 / f for f in factors])


def _weights(length: int, wanted: int, scale: float | None, mode: str, corners: bool) -> np.ndarray:
    """How much of each of `length` entries goes into each of `wanted`: (length, wanted)."""
    t = np.arange(wanted)
    if corners:
        at = t * ((length - 1) / (wanted - 1) if wanted > 1 else 0.0)
    else:
        at = (t + 0.5) * (length / wanted if scale is None else scale) - 0.5
        at = at if mode == "bicubic" else np.maximum(at, 0)
    first = np.floor(at).astype(int)
    weights = np.zeros((length, wanted))
    for k in range(-1, 3):
        np.add.at(weights, ((first + k).clip(0, length - 1), t), _share(np.abs(at - first - k), mode))
    return weights


def _share(distance: np.ndarray, mode: str) -> np.ndarray:
    """How much an entry at this distance counts: a tent, or Keys's cubic with a = -3/4."""
    if mode != "bicubic":
        return np.maximum(1 - distance, 0)
    near = ((1.25 * distance - 2.25) * distance) * distance + 1
    far = ((-0.75 * distance + 3.75) * distance - 6) * distance + 3
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))
