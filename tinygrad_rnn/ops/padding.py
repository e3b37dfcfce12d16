"""Padding: numbers around a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import fitting
from ..recording import record_op
from .basic import in_order
from .checks import need_numbers, need_tensor
from .function import Array, Function, Value

if TYPE_CHECKING:
    from .._tensor import Tensor


class Pad(Function):
    """y = x with `value` around it: widths (before, after) for each axis          dL/dx = the inside of dL/dy"""

    inside: Any

    def forward(ctx, x: Array, widths: Any, value: Any) -> Array:
        ctx.inside = tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True))
        return in_order(np.pad(x, widths, constant_values=value))

    def backward(ctx, g: Value) -> Value:
        return g[ctx.inside]


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Add entries at the ends of axes: `pad` lists (before, after) from the last axis backwards.

    Negative widths cut entries off. mode "constant" adds `value` (0), "reflect" mirrors without repeating the
    edge, "replicate" repeats the edge, "circular" takes from the other end.

    >>> F.pad(tensor([1.0, 2.0]), (1, 2))
    tensor([0., 1., 2., 0., 0.])
    """
    need_tensor("pad", input)
    widths = [int(n) for n in pad]
    if len(widths) % 2 or len(widths) > 2 * input.ndim:
        raise RuntimeError(
            f"pad(): needs pairs (before, after) for at most {input.ndim} axes, got {len(widths)} numbers {widths}"
        )
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise NotImplementedError(f"pad(): mode must be 'constant', 'reflect', 'replicate' or 'circular', got {mode!r}")
    if mode != "constant" and value:
        raise ValueError(f"pad(): mode {mode!r} takes no value, got {value}")
    pairs = [(0, 0)] * (input.ndim - len(widths) // 2) + list(zip(widths[::2], widths[1::2], strict=True))[::-1]
    for d, (n, (before, after)) in enumerate(zip(input.array.shape, pairs, strict=True)):
        if n + before + after < 0 or n + min(before, 0) + min(after, 0) < 0:
            raise RuntimeError(f"pad(): widths ({before}, {after}) leave a negative size of axis {d} with {n} entries")
    if mode != "constant":
        _check_neighbours(input, len(widths) // 2, mode)
    if mode in ("reflect", "replicate"):
        return _from_itself(input, pairs, mode)
    if not any(widths):
        return input.clone()
    if any(n < 0 for pair in pairs for n in pair):
        input = input[
            tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(input.array.shape, pairs, strict=True))
        ]
        pairs = [(max(before, 0), max(after, 0)) for before, after in pairs]
    if mode == "circular":
        return _from_itself(input, pairs, mode)
    return record_op(Pad, input, widths=pairs, value=fitting("pad", value or 0, input.dtype))


def _check_neighbours(input: Tensor, axes: int, mode: str) -> None:
    """Raise unless there is something to take from, in a tensor of (B, C, *axes) or (C, *axes)."""
    if input.ndim - axes not in (1, 2):
        raise NotImplementedError(
            f"pad(): mode {mode!r} on the last {axes} axes needs a tensor of {axes + 1} or {axes + 2} dimensions, "
            f"got shape {list(input.shape)}"
        )
    if mode == "circular":
        return
    need_numbers(f"pad(mode={mode!r})", input)
    if 0 in input.array.shape[-axes - 1 :]:
        raise RuntimeError(f"pad(): mode {mode!r} needs numbers to take from, got shape {list(input.shape)}")


def _from_itself(input: Tensor, pairs: list[tuple[int, int]], mode: str) -> Tensor:
    for d, (before, after) in enumerate(pairs):
        n = input.array.shape[d]
        if before == after == 0:
            continue
        limit = {"reflect": n - 1, "circular": n}.get(mode)
        if limit is not None and max(before, after) > limit:
            raise RuntimeError(
                f"pad(): mode {mode!r} can add at most {limit} entries to axis {d} of size {n}, got ({before}, {after})"
            )
        places = np.arange(-before, n + after)
        if mode == "reflect":
            places = np.abs(places)
            places = np.where(places >= n, 2 * (n - 1) - places, places)
        places = np.clip(places, 0, n - 1) if mode == "replicate" else places % n
        input = input.index_select(d, input._of(places.astype(np.int64)))
    return input
