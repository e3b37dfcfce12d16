"""Convolution over time as a module."""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..create import empty
from ..ops.convolution import one_int
from . import functional as F, init
from .module import Module
from .parameter import Parameter


class Conv1d(Module):
    """y[b, o, t] = bias[o] + Σ_{c, k} weight[o, c, k] · x[b, c, t · stride + k · dilation - padding]

    in_channels, out_channels   C and O
    kernel_size   K, how many steps a window sees
    padding       entries added at both ends: a number, "valid" (none), or "same", as many as keep the length
    padding_mode  what is added: "zeros", "reflect", "replicate" or "circular"
    groups        each group of outputs sees its own group of channels

    Parameters: weight (O, C / groups, K) and bias (O,), both uniform in ±1/√(C / groups · K).
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int | str = 0,
        dilation: int = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        if groups <= 0:
            raise ValueError(f"Conv1d: groups must be a positive integer, got {groups}")
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"Conv1d: {name} ({channels}) must be divisible by groups ({groups})")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(
                f"Conv1d: padding_mode must be 'zeros', 'reflect', 'replicate' or 'circular', got {padding_mode!r}"
            )
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Conv1d: padding must be a number, 'same' or 'valid', got {padding!r}")
            if padding == "same" and one_int("Conv1d", "stride", stride, 1) != 1:
                raise ValueError(f"Conv1d: padding='same' needs stride 1, got {stride}")
        else:
            padding = one_int("Conv1d", "padding", padding, 0)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size: Any = (one_int("Conv1d", "kernel_size", kernel_size, 1),)
        self.stride: Any = (one_int("Conv1d", "stride", stride, 1),)
        self.dilation: Any = (one_int("Conv1d", "dilation", dilation, 1),)
        self.padding = padding if isinstance(padding, str) else (padding,)
        self.padding_mode = padding_mode
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight: Parameter = Parameter(empty(shape, dtype=dtype, device=device))
        self.register_parameter("bias", Parameter(empty(out_channels, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new starting values."""
        fan_in = math.prod(self.weight.array.shape[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, L) or (C, L) -> (B, O, T) or (O, T); see `F.conv1d` for T."""
        padding: Any = self.padding if isinstance(self.padding, str) else self.padding[0]
        if self.padding_mode != "zeros":
            total = (self.kernel_size[0] - 1) * self.dilation[0]
            widths = (total // 2, total - total // 2) if padding == "same" else (padding, padding)
            if padding != "valid":
                input = F.pad(input, widths, mode=self.padding_mode)
            padding = 0
        return F.conv1d(input, self.weight, self.bias, self.stride[0], padding, self.dilation[0], self.groups)

    def extra_repr(self) -> str:
        shown = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        shown += f", padding={self.padding}" if self.padding != (0,) else ""
        shown += f", dilation={self.dilation}" if self.dilation != (1,) else ""
        shown += f", groups={self.groups}" if self.groups != 1 else ""
        shown += ", bias=False" if self.bias is None else ""
        return shown + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")
