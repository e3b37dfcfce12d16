"""Padding as modules: numbers around sequences and images."""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..ops.convolution import ints
from . import functional as F
from .module import Module


class _Padding(Module):
    """`padding`: one width for all ends, or (left, right) and for images (left, right, top, bottom)."""

    axes = 1
    mode = "constant"
    value: Any = None

    def __init__(self, padding: Any):
        super().__init__()
        self.padding: tuple[int, ...] = ints(type(self).__name__, "padding", padding, -(2**31), 2 * self.axes)

    def forward(self, input: Tensor) -> Tensor:
        """(…, L) or (…, H, W) -> the same with other lengths."""
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_Padding):
    """`value` at both ends of a sequence."""

    def __init__(self, padding: Any, value: float):
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad2d(ConstantPad1d):
    """`value` around an image."""

    axes = 2


class ZeroPad1d(ConstantPad1d):
    """Zeros at both ends of a sequence."""

    def __init__(self, padding: Any):
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ZeroPad1d):
    """Zeros around an image."""

    axes = 2


class ReflectionPad1d(_Padding):
    """A sequence mirrored at its ends, which are not repeated."""

    mode = "reflect"


class ReflectionPad2d(ReflectionPad1d):
    """An image mirrored at its edges, which are not repeated."""

    axes = 2


class ReplicationPad1d(_Padding):
    """The ends of a sequence repeated."""

    mode = "replicate"


class ReplicationPad2d(ReplicationPad1d):
    """The edges of an image repeated."""

    axes = 2


class CircularPad1d(_Padding):
    """A sequence continued from its other end."""

    mode = "circular"


class CircularPad2d(CircularPad1d):
    """An image continued from its other edges."""

    axes = 2
