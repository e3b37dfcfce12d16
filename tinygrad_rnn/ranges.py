"""Numbers by rule: logarithmic ranges, places in triangles, windows for signals; and tensors around memory of others."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from . import dtypes
from ._tensor import Tensor
from .create import arange, as_tensor, from_numpy, linspace, tensor


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: Any = None, requires_grad: bool = False
) -> Tensor:
    """`obj` as a tensor, sharing memory where that is possible; copied with copy=True."""
    made = tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype, device)
    return made.requires_grad_() if requires_grad else made


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A vector that shares the memory of an object such as a bytearray."""
    made = from_numpy(np.frombuffer(buffer, dtypes.supported(dtype), count, offset))
    return made.requires_grad_() if requires_grad else made


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A number as a 0-d tensor, of the default type."""
    return tensor(s, dtype=dtype or dtypes.get_default_dtype(), device=device)


def range(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None) -> Tensor:
    """As `arange`, but with `end` and in floats. PyTorch is going to drop it."""
    warnings.warn("range() includes its end; it is deprecated, use arange()", UserWarning, stacklevel=2)
    start, end = (0, start) if end is None else (start, end)
    count = int((end - start) / step) + 1
    return (start + arange(count) * step).to(dtype or dtypes.get_default_dtype())


def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`steps` powers of `base`, their exponents at equal distances from `start` to `end`."""
    exponents = linspace(start, end, steps, dtype=dtypes.float64, device=device)
    return (base**exponents).to(dtype or dtypes.get_default_dtype())


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, device: Any = None) -> Tensor:
    """Rows and columns (2, n) of the entries in the lower triangle of a (row, col) matrix."""
    return tensor(np.array(np.tril_indices(row, offset, col)), dtype=dtype, device=device)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, device: Any = None) -> Tensor:
    """Rows and columns (2, n) of the entries in the upper triangle of a (row, col) matrix."""
    return tensor(np.array(np.triu_indices(row, offset, col)), dtype=dtype, device=device)


def hamming_window(window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: Any = None) -> Tensor:  # fmt: skip
    """alpha - beta cos(2πn / N), to fade a signal out at its ends; periodic: N is the length, else the length less 1."""
    n = window_length if periodic else window_length - 1
    waves = np.cos(2 * np.pi * np.arange(window_length) / max(n, 1))
    window = alpha - beta * waves if window_length > 1 else np.ones(window_length)
    return tensor(window, dtype=dtype or dtypes.get_default_dtype())


def hann_window(window_length: int, periodic: bool = True, *, dtype: Any = None) -> Tensor:
    """½ - ½ cos(2πn / N), as `hamming_window`."""
    return hamming_window(window_length, periodic, 0.5, 0.5, dtype=dtype)
