"""Functions that change their tensor, `x.add_(y)` and the like: each computes the new numbers and writes them into x.

What writing means for the graph is in inplace.py. All return the tensor that they changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import random
from .._mode import quiet
from ..arrays import check_fits
from . import choosing, elementwise, indexing
from .arguments import is_tensor
from .convert import filled, numbers
from .inplace import check_writable, overwrite, write


def add_(input, other, *, alpha=1):
    """input += alpha · other."""
    return write(input, elementwise.add(input, other, alpha=alpha))


def sub_(input, other, *, alpha=1):
    """input -= alpha · other."""
    return write(input, elementwise.sub(input, other, alpha=alpha))


def mul_(input, other):
    """input *= other."""
    return write(input, elementwise.mul(input, other))


def div_(input, other, *, rounding_mode=None):
    """input /= other."""
    return write(input, elementwise.div(input, other, rounding_mode=rounding_mode))


def pow_(input, exponent):
    """input **= exponent."""
    return write(input, elementwise.pow(input, exponent))


def addcmul_(input, tensor1, tensor2, *, value=1):
    """input += value · tensor1 · tensor2."""
    return write(input, elementwise.addcmul(input, tensor1, tensor2, value=value))


def addcdiv_(input, tensor1, tensor2, *, value=1):
    """input += value · tensor1 / tensor2."""
    return write(input, elementwise.addcdiv(input, tensor1, tensor2, value=value))


def lerp_(input, end, weight):
    """input += weight · (end - input)."""
    return write(input, elementwise.lerp(input, end, weight))


def neg_(input):
    """input = -input, in place."""
    return write(input, elementwise.neg(input))


def abs_(input):
    """input = |input|, in place."""
    return write(input, elementwise.abs(input))


def log_(input):
    """input = ln(input), in place."""
    return write(input, elementwise.log(input))


def floor_(input):
    """Round down, in place."""
    return write(input, elementwise.floor(input))


def round_(input, *, decimals=0):
    """Round to the nearest integer, in place."""
    return write(input, elementwise.round(input, decimals=decimals))


def reciprocal_(input):
    """input = 1 / input, in place."""
    return write(input, elementwise.reciprocal(input))


def floor_divide_(input, other):
    """input //= other."""
    return write(input, elementwise.floor_divide(input, other))


def remainder_(input, other):
    """input %= other."""
    return write(input, elementwise.remainder(input, other))


def exp_(input):
    """input = e^input, in place."""
    return write(input, elementwise.exp(input))


def sqrt_(input):
    """input = √input, in place."""
    return write(input, elementwise.sqrt(input))


def tanh_(input):
    """input = tanh(input), in place."""
    return write(input, elementwise.tanh(input))


def sigmoid_(input):
    """input = sigmoid(input), in place."""
    return write(input, elementwise.sigmoid(input))


def relu_(input):
    """input = max(input, 0), in place."""
    return write(input, elementwise.relu(input))


def clamp_(input, min=None, max=None):
    """Hold input between `min` and `max`, in place."""
    return write(input, choosing.clamp(input, min, max))


def clamp_min_(input, min):
    """Replace values below `min`, in place."""
    return clamp_(input, min=min)


def clamp_max_(input, max):
    """Replace values above `max`, in place."""
    return clamp_(input, max=max)


def scatter_(input, dim, index, src=None, *, value=None, reduce=None):
    """Write `src` at the index along `dim`, in place; see `scatter`."""
    return write(input, indexing.scatter(input, dim, index, src, value=value, reduce=reduce))


def scatter_add_(input, dim, index, src):
    """Add `src` at the index along `dim`, in place; see `scatter_add`."""
    return write(input, indexing.scatter_add(input, dim, index, src))


def index_add_(input, dim, index, source, *, alpha=1):
    """Add `source` to the slices at `index`, in place; see `index_add`."""
    return write(input, indexing.index_add(input, dim, index, source, alpha=alpha))


def index_fill_(input, dim, index, value):
    """Set the slices at `index` to a number, in place; see `index_fill`."""
    return write(input, indexing.index_fill(input, dim, index, value))


def masked_fill_(input, mask, value):
    """Put `value` where the mask is true."""
    return write(input, choosing.masked_fill(input, mask, value))


def copy_(input, src, non_blocking=False):
    """Put the numbers of `src`, broadcast, into input; the gradient goes to `src`."""
    return overwrite(input, src.to(input.dtype).expand(input.array.shape))


def fill_(input, value):
    """Set every element to `value`."""
    if is_tensor(value):
        if value.array.ndim:
            raise RuntimeError(f"fill_(): expected a number or a 0-d tensor, got {value.array.ndim} dimensions")
        return overwrite(input, value.to(input.dtype).expand(input.array.shape).clone())
    return overwrite(input, input._of(filled("fill_", input.array.shape, value, input.dtype)))


def zero_(input):
    """Set every element to 0."""
    return fill_(input, 0)


@quiet
def normal_(input, mean=0.0, std=1.0, *, generator=None):
    """Fill with normal random numbers."""
    drawn = random.source(generator).normal(mean, std, input.array.shape)
    return overwrite(input, input._of(np.asarray(drawn, dtype=input.dtype)))


@quiet
def uniform_(input, *bounds, generator=None, **named):
    """Fill with uniform random numbers from [from, to), 0 and 1 by default."""
    low, high = _bounds(bounds, named)
    drawn = random.source(generator).uniform(low, high, input.array.shape)
    return overwrite(input, input._of(np.asarray(drawn, dtype=input.dtype)))


def _bounds(bounds, named):
    """`from` is a word of Python, so the two bounds come as positions or by name in a dict."""
    values = dict(zip(("from", "to"), bounds, strict=False))
    unknown = set(named) - {"from", "to"}
    if unknown or len(bounds) > 2:
        raise TypeError(f"uniform_(): takes 'from' and 'to', got {sorted(unknown) or bounds}")
    values.update(named)
    low, high = values.get("from", 0.0), values.get("to", 1.0)
    if not low <= high:
        raise RuntimeError(f"uniform_(): 'from' must not be larger than 'to', got {low} and {high}")
    return low, high


@quiet
def bernoulli_(input, p: Any = 0.5, *, generator=None):
    """Fill with ones with probability p, else zeros."""
    drawn = random.source(generator).random(input.array.shape) < (p.array if is_tensor(p) else p)
    return overwrite(input, input._of(np.asarray(drawn).astype(input.dtype)))


@quiet
def random_(input, low=0, to=None, *, generator=None):
    """Fill with random integers from [low, to); with one number, from [0, that)."""
    low, high = (0, low) if to is None else (low, to)
    if high <= low:
        high = low + (2**24 if input.dtype.kind == "f" else np.iinfo(input.dtype).max)
    for bound in (low, high - 1):
        check_fits("random_", bound, input.dtype)
    drawn = random.source(generator).integers(low, high, input.array.shape)
    return overwrite(input, input._of(drawn.astype(input.dtype)))


def apply_(input, function):
    """Replace each element by `function` of it, one Python call each (no gradient)."""
    values = [function(v) for v in input.array.reshape(-1).tolist()]
    return overwrite(input, input._of(numbers("apply_", values, input.dtype).reshape(input.array.shape)))


def unsqueeze_(input, dim):
    """Insert an axis of size 1, changing this tensor's shape."""
    return _become(input, input.unsqueeze(dim))


def squeeze_(input, dim=None):
    """Drop axes of size 1, changing this tensor's shape."""
    return _become(input, input.squeeze(dim))


def transpose_(input, dim0, dim1):
    """Exchange two axes of this tensor itself."""
    return _become(input, input.transpose(dim0, dim1))


def t_(input):
    """Transpose this matrix itself."""
    return _become(input, input.t())


def _become(x, other):
    """Give x the shape and order of `other`, a view of it."""
    check_writable(x)
    x.array, x._edge = other.array, other._edge if other._edge is not None else x._edge
    return x
