"""Large buffers that are used again.

A training loop needs the same buffers at every step. Given back to the operating system in between, their pages
are mapped and cleared anew each time, which costs as much as the arithmetic at toy sizes. So the kernels
return them here. At most `LIMIT` bytes are kept.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

LIMIT = 256 * 2**20  # bytes
SMALLEST = 2**16  # bytes: below, the usual allocator does well

_free: dict[int, list[np.ndarray]] = {}
_kept = 0


def take(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An unset array."""
    global _kept
    size = math.prod(shape) * np.dtype(dtype).itemsize
    waiting = _free.get(size)
    if waiting:
        try:
            memory = waiting.pop()
        except IndexError:  # another thread was quicker
            return np.empty(shape, dtype)
        _kept -= size
        return memory.view(dtype).reshape(shape)
    return np.empty(shape, dtype)


def give(*arrays: np.ndarray) -> None:
    """Return arrays that nothing uses any more, views included."""
    global _kept
    for array in arrays:
        if array.nbytes >= SMALLEST and array.flags.c_contiguous and _kept + array.nbytes <= LIMIT:
            _kept += array.nbytes
            _free.setdefault(array.nbytes, []).append(array.reshape(-1).view(np.uint8))


class Workspace(tuple):
    """What a forward keeps for its backward; its buffers go back to the pool when the graph lets go of it."""

    buffers: tuple[np.ndarray, ...] = ()

    def __del__(self):
        give(*self.buffers)
