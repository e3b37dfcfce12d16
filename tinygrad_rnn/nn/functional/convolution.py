"""Convolution over time."""

from __future__ import annotations

from typing import Any

from ...functions.arguments import need_numbers, need_tensor
from ...functions.widening import widening
from ...ops.convolution import Conv1d, Layout
from ...recording import record
from ...tensor import Tensor
from .padding import pad


def one_int(name: str, argument: str, value: Any, least: int) -> int:
    """An int, also given as a tuple of one; a RuntimeError below `least`."""
    if isinstance(value, (tuple, list)) and len(value) == 1:
        (value,) = value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}(): {argument} must be an int, got {value!r}")
    if value < least:
        raise RuntimeError(f"{name}(): {argument} must be at least {least}, got {value}")
    return value


@widening
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int | str = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """y[b, o, t] = bias[o] + Σ_{c, k} weight[o, c, k] · input[b, c, t · stride + k · dilation - padding]

    input     (B, C, L) or (C, L)
    weight    (O, C / groups, K); each group of outputs sees its own group of channels
    padding   zeros at both ends: a number, "valid" (none), or "same", as many as keep the length

    Returns (B, O, T) with T = ⌊(L + 2 padding - dilation (K - 1) - 1) / stride⌋ + 1, without B if input had none.
    """
    need_numbers("conv1d", input)
    need_tensor("conv1d", weight, "weight")
    stride, dilation = one_int("conv1d", "stride", stride, 1), one_int("conv1d", "dilation", dilation, 1)
    if input.ndim not in (2, 3):
        raise RuntimeError(f"conv1d(): expected input (B, C, L) or (C, L), got shape {list(input.shape)}")
    _check_channels(input, weight, bias, groups)
    if input.array.shape[-1] == 0 and input.array.shape[0] != 0:
        raise RuntimeError(f"conv1d(): only the batch may be empty, got shape {list(input.shape)}")
    layout = Layout(stride, dilation, groups)
    x = input if input.ndim == 3 else input.unsqueeze(0)
    x = _padded(x, padding, layout, weight.array.shape[2])
    if x.array.shape[2] < layout.span(weight.array.shape[2]):
        raise RuntimeError(
            f"conv1d(): the padded input has length {x.shape[2]}, but a kernel of {weight.shape[2]} with dilation "
            f"{dilation} needs {layout.span(weight.array.shape[2])}"
        )
    y = record(Conv1d, x, weight, layout=layout)
    if bias is not None:
        y = y + bias.unsqueeze(-1)
    return y if input.ndim == 3 else y.squeeze(0)


def _padded(x: Tensor, padding: int | str, layout: Layout, kernel: int) -> Tensor:
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise RuntimeError(f"conv1d(): padding must be a number, 'same' or 'valid', got {padding!r}")
        if padding == "valid":
            return x
        if layout.stride != 1:
            raise RuntimeError(f"conv1d(): padding='same' needs stride 1, got stride {layout.stride}")
        total = layout.span(kernel) - 1
        return pad(x, (total // 2, total - total // 2)) if total else x
    width = one_int("conv1d", "padding", padding, 0)
    return pad(x, (width, width)) if width else x


def _check_channels(input: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    w, channels = weight.array.shape, input.array.shape[-2]
    if len(w) != 3 or 0 in w:
        raise RuntimeError(f"conv1d(): weight must be (O, C / groups, K), none of them 0, got shape {list(w)}")
    for argument, p in (("weight", weight), ("bias", bias)):
        if p is not None and p.dtype != input.dtype:
            raise RuntimeError(f"conv1d(): input is {input.dtype} and {argument} is {p.dtype}; convert with .to(dtype)")
    if groups <= 0 or w[0] % groups or channels != w[1] * groups:
        raise RuntimeError(
            f"conv1d(): with groups={groups} and weight of shape {list(w)}, the input needs {w[1] * groups} channels, "
            f"it has {channels} (shape {list(input.shape)}), and the {w[0]} outputs must divide into the groups"
        )
    if bias is not None and bias.array.shape != w[:1]:
        raise RuntimeError(f"conv1d(): bias must have shape [{w[0]}], got {list(bias.shape)}")
