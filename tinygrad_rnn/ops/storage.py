"""A tensor's memory itself: other sizes in place, and PyTorch's oldest ways to make and ask."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .checks import flat_ints, need_tensor
from .function import Recorded
from .inplace import log_write
from .making import legacy_array

if TYPE_CHECKING:
    from .._tensor import Tensor


def resized(x: Any, shape: tuple[int, ...]) -> Any:
    """Give `x` another shape in place: its numbers in reading order, as many as there is room for, then zeros."""
    if x.requires_grad:
        raise RuntimeError(f"cannot resize a tensor that requires grad (shape {list(x.shape)}); resize x.detach()")
    size = math.prod(shape)
    if size <= x.array.size:
        x.array = x.array.reshape(-1)[:size].reshape(shape)
    else:
        more = np.zeros(size, x.dtype)
        more[: x.array.size] = x.array.reshape(-1)
        x.array = more.reshape(shape)
    log_write(x.array)
    return x


class Storage(Recorded):
    """Tensor's memory."""

    __slots__ = ()

    def resize_(input: Tensor, *size: Any, memory_format: Any = None) -> Tensor:
        """Another size in place; numbers that are new are 0."""
        return resized(input, flat_ints("resize_", size))

    def resize_as_(input: Tensor, other: Tensor, memory_format: Any = None) -> Tensor:
        """The size of `other`, in place."""
        need_tensor("resize_as_", input)
        return resized(input, other.array.shape)

    def new(input: Tensor, *data: Any, device: Any = None) -> Tensor:
        """A new tensor of this one's type: of sizes, to be filled (zeros here), or with the numbers of a list."""
        return input._of(legacy_array(data, input.dtype))

    def set_(input: Tensor, source: Tensor | None = None) -> Tensor:
        """Look into the memory of `source` from now on (None: be empty)."""
        changed: Any = input
        changed.data = input.new() if source is None else source
        return input

    def storage_offset(input: Tensor) -> int:
        """Where in its memory the first element lies, counted in elements."""
        base = input.array
        while isinstance(base.base, np.ndarray):
            base = base.base
        return (input.data_ptr() - base.__array_interface__["data"][0]) // input.itemsize

    def share_memory_(input: Tensor) -> Tensor:
        """Itself: threads share all memory already."""
        return input

    def is_shared(input: Tensor) -> bool:
        """False: the memory is this process's own."""
        return False

    def is_pinned(input: Tensor) -> bool:
        """False: pinning is for GPUs."""
        return False

    def get_device(input: Tensor) -> int:
        """-1, PyTorch's number for the CPU."""
        return -1
