"""What a tensor says of itself: sizes, element type, and how its numbers lie in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._device import cpu, device as _device
from .checks import need_tensor, wrap_dim
from .function import Recorded
from .inplace import version
from .making import Size

if TYPE_CHECKING:
    from .._tensor import Tensor


class Describing(Recorded):
    """Tensor's `shape`, `dtype`, `stride` …"""

    __slots__ = ()

    @property
    def shape(input: Tensor) -> Size:
        """The size along each axis."""
        return Size(input.array.shape)

    @property
    def dtype(input: Tensor) -> np.dtype[Any]:
        """The element type."""
        return input.array.dtype

    @property
    def ndim(input: Tensor) -> int:
        """The number of axes."""
        return input.array.ndim

    @property
    def device(input: Tensor) -> _device:
        """Always the CPU."""
        return cpu

    is_cuda = False
    is_sparse = False
    is_quantized = False
    layout = "strided"

    def size(input: Tensor, dim: int | None = None) -> Any:
        """The shape, or its entry `dim`."""
        return input.shape if dim is None else input.array.shape[wrap_dim("size", dim, input.array.ndim)]

    def dim(input: Tensor) -> int:
        """The number of axes."""
        return input.array.ndim

    ndimension = dim

    def numel(input: Tensor) -> int:
        """The number of elements."""
        return input.array.size

    nelement = numel

    @property
    def itemsize(input: Tensor) -> int:
        """Bytes per element."""
        return input.array.itemsize

    element_size: Any = lambda input: input.array.itemsize

    @property
    def nbytes(input: Tensor) -> int:
        """Bytes of all elements."""
        return input.array.nbytes

    def stride(input: Tensor, dim: int | None = None) -> Any:
        """Steps in memory, in elements, from one entry to the next along each axis (or along `dim`)."""
        steps = tuple(s // input.array.itemsize for s in input.array.strides)
        return steps if dim is None else steps[dim]

    def is_contiguous(input: Tensor, memory_format: Any = None) -> bool:
        """Do the numbers lie in memory in reading order?"""
        return input.array.flags.c_contiguous

    def data_ptr(input: Tensor) -> int:
        """The address of the first element."""
        return input.array.__array_interface__["data"][0]

    def is_floating_point(input: Tensor) -> bool:
        """Is the element type a floating-point type?"""
        return input.array.dtype.kind == "f"

    def is_complex(input: Tensor) -> bool:
        """Always False: complex numbers are not supported."""
        need_tensor("is_complex", input)
        return False

    @property
    def _version(input: Tensor) -> int:
        """How often this tensor's memory was changed in place."""
        return version(input.array)
