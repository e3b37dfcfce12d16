"""Convolution instead of recurrence: a causal dilated network (TCN; Bai, Kolter & Koltun 2018).

Step t of the output sees steps ≤ t of the input only, and all steps are computed at once. Doubling the dilation
from block to block makes the view into the past grow exponentially with depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..nn import functional as F
from ..nn.container import Sequential
from ..nn.convolution import Conv1d
from ..nn.dropout import Dropout1d
from ..nn.module import Module
from ..nn.utils.weight_norm import weight_norm as normalise_weight


class CausalConv1d(Module):
    """y[b, o, t] = bias[o] + Σ_{c, k} weight[o, c, k] · x[b, c, t - (K - 1 - k) · dilation]

    (B, C, T) -> (B, O, T): zeros come in on the left only, so no output sees a later input.

    weight_norm   the weight as a length times a direction (Salimans & Kingma 2016)
    """

    conv: Module

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, dilation: int = 1, bias: bool = True,
        weight_norm: bool = False, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        conv = Conv1d(in_channels, out_channels, kernel_size, dilation=dilation, bias=bias, device=device, dtype=dtype)
        self.conv = normalise_weight(conv) if weight_norm else conv
        self.padding: int = (kernel_size - 1) * dilation

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, T) or (C, T) -> (B, O, T) or (O, T)."""
        return self.conv(F.pad(input, (self.padding, 0)))


class TemporalBlock(Module):
    """y = relu(x + f(x)),  f = two times: causal convolution, relu, dropout of whole channels.

    Where the channels change, x passes through a convolution of width 1 first.
    """

    shortcut: Module | None

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, dilation: int = 1, dropout: float = 0.0,
        weight_norm: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        options: dict[str, Any] = {"dilation": dilation, "weight_norm": weight_norm, "device": device, "dtype": dtype}
        self.conv1: CausalConv1d = CausalConv1d(in_channels, out_channels, kernel_size, **options)
        self.conv2: CausalConv1d = CausalConv1d(out_channels, out_channels, kernel_size, **options)
        self.dropout1: Dropout1d = Dropout1d(dropout)
        self.dropout2: Dropout1d = Dropout1d(dropout)
        same = in_channels == out_channels
        self.shortcut = None if same else Conv1d(in_channels, out_channels, 1, device=device, dtype=dtype)

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, T) -> (B, O, T)."""
        x = self.dropout1(self.conv1(input).relu())
        x = self.dropout2(self.conv2(x).relu())
        return (x + (input if self.shortcut is None else self.shortcut(input))).relu()


class TCN(Module):
    """Temporal blocks with dilations 1, 2, 4, …

    in_channels   C, the features of a step
    channels      the width of each block
    kernel_size   K; `receptive_field` = 1 + 2 (K - 1)(2^blocks - 1) steps, the current one included
    dropout       drops whole channels while training
    weight_norm   as in the paper; False leaves it out
    """

    receptive_field: int

    def __init__(
        self, in_channels: int, channels: Sequence[int], kernel_size: int = 2, dropout: float = 0.0,
        weight_norm: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        if not channels:
            raise ValueError("TCN: channels must name the width of at least one block, got none")
        widths = [in_channels, *channels]
        options: dict[str, Any] = {"dropout": dropout, "weight_norm": weight_norm, "device": device, "dtype": dtype}
        self.blocks: Sequential = Sequential(
            *[
                TemporalBlock(before, after, kernel_size, dilation=2**k, **options)
                for k, (before, after) in enumerate(zip(widths, channels, strict=False))
            ]
        )
        self.receptive_field = 1 + 2 * (kernel_size - 1) * (2 ** len(channels) - 1)

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, T) -> (B, channels[-1], T)."""
        if input.ndim != 3 or input.array.shape[1] != self.blocks[0].conv1.conv.in_channels:
            raise ValueError(
                f"TCN: expected input (B, {self.blocks[0].conv1.conv.in_channels}, T), got shape {list(input.shape)}; "
                f"a batch (B, T, C) needs .transpose(1, 2)"
            )
        return self.blocks(input)
