"""Softmax and its logarithm."""

from __future__ import annotations

import warnings

from ..ops import activations as ops
from ..recording import record
from .arguments import need_float, need_tensor, wrap_dim


def softmax(input, dim=None, dtype=None):
    """e^input / Σ e^input along `dim`: positive, adding up to 1.

    Without `dim`, a warning and PyTorch's old choice: 0 for 0-, 1- and 3-d inputs, else 1.
    """
    return _along("softmax", ops.Softmax, input, dim, dtype)


def log_softmax(input, dim=None, dtype=None):
    """ln softmax(input) along `dim`, exact where softmax would round to 0 or 1. Without `dim`, see `softmax`."""
    return _along("log_softmax", ops.LogSoftmax, input, dim, dtype)


def _along(name, op, input, dim, dtype):
    need_tensor(name, input)
    if dtype is not None:
        input = input.to(dtype)
    need_float(name, input)
    ndim = input.array.ndim
    if dim is None:
        dim = 0 if ndim in (0, 1, 3) else 1
        warnings.warn(f"{name}(): no dim given for an input of {ndim} dimensions, taking dim={dim}", stacklevel=3)
    dim = wrap_dim(name, dim, ndim)
    if input.array.size == 0:
        return input.clone()
    if ndim == 0:
        return record(op, input.reshape(1), dim=0).reshape(())
    return record(op, input, dim=dim)
