"""Convolution over time or over images as modules, and transposed."""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..create import empty
from ..ops.convolution import Ints, ints, pad_widths
from . import functional as F, init
from .module import Module
from .parameter import Parameter


class _Convolution(Module):
    """What all share: the options, an entry for each axis, and the parameters."""

    axes = 1
    transposed = False
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        name, n = type(self).__name__, self.axes
        if groups <= 0:
            raise ValueError(f"{name}: groups must be a positive integer, got {groups}")
        for argument, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{name}: {argument} ({channels}) must be divisible by groups ({groups})")
        modes = ("zeros",) if self.transposed else ("zeros", "reflect", "replicate", "circular")
        if padding_mode not in modes:
            raise ValueError(f"{name}: padding_mode must be {' or '.join(map(repr, modes))}, got {padding_mode!r}")
        self.in_channels: int = in_channels
        self.out_channels: int = out_channels
        self.kernel_size: Ints = ints(name, "kernel_size", kernel_size, 1, n)
        self.stride: Ints = ints(name, "stride", stride, 1, n)
        self.padding: Any = padding if isinstance(padding, str) else ints(name, "padding", padding, 0, n)
        if self.padding == "same" and set(self.stride) != {1}:
            raise ValueError(f"{name}: padding='same' needs stride 1, got {stride}")
        if isinstance(padding, str) and (self.transposed or padding not in ("same", "valid")):
            raise ValueError(f"{name}: padding must be a number, 'same' or 'valid', got {padding!r}")
        self.dilation: Ints = ints(name, "dilation", dilation, 1, n)
        self.groups: int = groups
        self.padding_mode: str = padding_mode
        ends = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (ends[0], ends[1] // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, dtype=dtype, device=device))
        self.register_parameter("bias", Parameter(empty(out_channels, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new starting values."""
        fan_in = math.prod(self.weight.array.shape[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def _with_ends(self, input: Tensor) -> tuple[Tensor, Any]:
        """The input padded, if not with zeros, and the padding that is left to do."""
        if self.padding_mode == "zeros" or self.padding == "valid":
            return input, self.padding
        spans = tuple([(k - 1) * d + 1 for k, d in zip(self.kernel_size, self.dilation, strict=True)])
        return F.pad(input, pad_widths(type(self).__name__, self.padding, spans), mode=self.padding_mode), 0

    def extra_repr(self) -> str:
        shown = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        shown += f", padding={self.padding}" if self.padding != (0,) * self.axes else ""
        shown += f", dilation={self.dilation}" if self.dilation != (1,) * self.axes else ""
        more = getattr(self, "output_padding", (0,) * self.axes)
        shown += f", output_padding={more}" if more != (0,) * self.axes else ""
        shown += f", groups={self.groups}" if self.groups != 1 else ""
        shown += ", bias=False" if self.bias is None else ""
        return shown + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class Conv1d(_Convolution):
    """y[b, o, t] = bias[o] + Σ_{c, k} weight[o, c, k] · x[b, c, t · stride + k · dilation - padding]

    in_channels, out_channels   C and O
    kernel_size   K, how many steps a window sees
    padding       entries added at both ends: a number, "valid" (none), or "same", as many as keep the length
    padding_mode  what is added: "zeros", "reflect", "replicate" or "circular"
    groups        each group of outputs sees its own group of channels

    Parameters: weight (O, C / groups, K) and bias (O,), both uniform in ±1/√(C / groups · K).
    """

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, L) or (C, L) -> (B, O, T) or (O, T); see `F.conv1d` for T."""
        input, padding = self._with_ends(input)
        return F.conv1d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(_Convolution):
    """`Conv1d` over images: kernel_size, stride, padding and dilation may be pairs (height, width)."""

    axes = 2

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) or (C, H, W) -> the same with O channels."""
        input, padding = self._with_ends(input)
        return F.conv2d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class ConvTranspose1d(_Convolution):
    """The way back through a `Conv1d`: each input is spread over a window of outputs, see `F.conv_transpose1d`.

    output_padding  how many entries are added at the end, to choose among lengths that stride would map to one

    Parameters: weight (in_channels, out_channels / groups, K) and bias (out_channels,).
    """

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype
        )
        self.output_padding: Ints = ints(type(self).__name__, "output_padding", output_padding, 0, self.axes)

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """(B, C, T) or (C, T) -> (B, O, L) or (O, L); `output_size`, L, decides output_padding anew. Images alike."""
        convolve = F.conv_transpose1d if self.axes == 1 else F.conv_transpose2d
        more = self.output_padding if output_size is None else self._more(input, output_size)
        return convolve(input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)

    def _more(self, input: Tensor, output_size: Any) -> Ints:
        """The output padding that gives `output_size`."""
        wanted = tuple(output_size)[-self.axes :]
        each = zip(
            input.array.shape[-self.axes :], self.kernel_size, self.stride, self.padding, self.dilation, strict=True
        )
        least = [(t - 1) * s - 2 * p + d * (k - 1) + 1 for t, k, s, p, d in each]
        more = tuple([w - n for w, n in zip(wanted, least, strict=True)])
        if any(not 0 <= m < s for m, s in zip(more, self.stride, strict=True)):
            raise ValueError(
                f"{type(self).__name__}: output_size {list(wanted)} must be from {least} to less than stride "
                f"{list(self.stride)} more, for an input of shape {list(input.shape)}"
            )
        return more


class ConvTranspose2d(ConvTranspose1d):
    """`ConvTranspose1d` over images: (B, C, H, W) or (C, H, W); options may be pairs."""

    axes = 2
