"""Changing a tensor in place, with the graph kept right.

`x.add_(y)` computes `x + y` as usual, writes the numbers into x's memory, and lets x lead to the new
node. If x is a view of another tensor, that tensor's values changed too: it gets a node that puts the
new values at their places, and other views of it find their way from there (`edge_of`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import random
from .._mode import thread
from ..graph import Leaf, log_write
from ..ops.indexing import SetItem, is_basic
from ..ops.shape import Reshape
from ..recording import base_of, note_rebased, places_in, record
from . import choosing, elementwise
from .arguments import is_tensor
from .indexing import in_two_steps, plain_index


def check_writable(x):
    """Raise if changing `x` in place would make its gradient wrong."""
    if not thread.mode.recording:
        return
    if x._edge is not None and isinstance(x._edge[0], Leaf):
        raise RuntimeError(
            f"a leaf tensor that requires grad (shape {list(x.shape)}) is being changed in place: "
            f"do it inside no_grad(), on x.data, or make a new tensor instead"
        )
    base = base_of(x)
    if base is not None and base._edge is not None and isinstance(base._edge[0], Leaf):
        raise RuntimeError(
            f"a view of a leaf tensor that requires grad (shape {list(base.shape)}) is being changed in place: "
            f"do it inside no_grad(), or on x.data"
        )
    if x._edge is not None and x._edge[0].n_outputs > 1:
        raise RuntimeError(
            f"output {x._edge[1]} of {x._edge[0].name()} is a view and is being changed in place: functions that "
            f"return several views (split, chunk, unbind) forbid it; use .clone() or slices"
        )


def write(x, result):
    """Put the numbers of `result`, computed from `x`, into the memory of `x`, and rebase `x` onto it."""
    check_writable(x)
    if result.array.shape != x.array.shape:
        raise RuntimeError(
            f"in-place operation: the output of shape {list(x.shape)} cannot hold the result of shape {list(result.shape)}"
        )
    order = "buif"
    if order.index(result.dtype.kind) > order.index(x.dtype.kind) and not result.dtype.kind + x.dtype.kind == "iu":
        raise RuntimeError(f"in-place operation: result type {result.dtype} can't be cast to the output type {x.dtype}")
    if result._edge is not None:
        _keep_old_values(result._edge[0], x.array)
    if not x.array.flags.writeable:
        raise RuntimeError(
            f"in-place operation: several elements of the tensor (shape {list(x.shape)}) share one memory place, "
            f"as after expand(); clone() it first"
        )
    np.copyto(x.array, result.array, casting="unsafe")
    log_write(x.array)
    rebase(x, result._edge)
    return x


def _keep_old_values(node, memory):
    """`node` saved the array that is about to change: give it a copy of the values as they are now."""
    node.saved_tensors = tuple(
        value.copy() if isinstance(value, np.ndarray) and np.may_share_memory(value, memory) else value
        for value in node.saved_tensors
    )


def rebase(x, edge):
    """`x` has new values that came from `edge`; tell the tensor it is a view of, too."""
    if not thread.mode.recording:
        return
    base = base_of(x)
    if edge is None and x._edge is None and (base is None or base._edge is None):
        return
    note_rebased()
    x._edge = edge
    if base is None:
        x._view = None
        return
    flat = record(Reshape, base._of(base.array, base._edge), shape=(-1,))
    placed = record(SetItem, flat, x._of(x.array, edge).reshape(-1), index=places_in(base.array, x.array).reshape(-1))
    base._edge = record(Reshape, placed, shape=base.array.shape)._edge
    x._view = (base, base._edge)


def setitem(input, index, value: Any):
    """input[index] = value: the gradient reaches `value`, and stops for the elements replaced."""
    plain = plain_index(input, index)
    steps = None if is_basic(plain) else in_two_steps(plain)
    if steps is not None:
        setitem(input[steps[0]], steps[1], value)
        return
    check_writable(input)
    if not is_tensor(value):
        if not isinstance(value, (int, float, np.number, np.bool_)):
            raise TypeError(
                f"can't assign a {type(value).__name__} into a tensor; make a tensor of it first: tensor(value)"
            )
        value = np.asarray(value).astype(input.dtype)
    numbers = value.array if is_tensor(value) else value
    target = input.array[plain]
    if target.shape != numbers.shape:
        if is_tensor(value):
            while value.array.ndim > target.ndim and value.array.shape[0] == 1:
                value = value.reshape(value.array.shape[1:])
            numbers = value.array
        try:
            np.broadcast_to(numbers, target.shape)
        except ValueError:
            raise RuntimeError(
                f"shape mismatch: a value of shape {list(numbers.shape)} cannot be assigned to an indexed place of "
                f"shape {list(target.shape)}"
            ) from None
    if not input.array.flags.writeable:
        raise RuntimeError("cannot assign into an expanded tensor, whose elements share memory; clone() it first")
    if is_tensor(value) and value._edge is not None and np.may_share_memory(numbers, input.array):
        value = value.clone()
    result = record(SetItem, input, value, index=plain, inplace=True)
    log_write(input.array)
    rebase(input, result._edge)


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


def masked_fill_(input, mask, value):
    """Put `value` where the mask is true."""
    return write(input, choosing.masked_fill(input, mask, value))


def copy_(input, src, non_blocking=False):
    """Put the numbers of `src`, broadcast, into input; the gradient goes to `src`."""
    return write(input, src.to(input.dtype).expand(input.array.shape).clone())


def fill_(input, value):
    """Set every element to `value`."""
    if is_tensor(value):
        if value.array.ndim:
            raise RuntimeError(f"fill_(): expected a number or a 0-d tensor, got {value.array.ndim} dimensions")
        return write(input, value.to(input.dtype).expand(input.array.shape).clone())
    return write(input, input._of(np.full(input.array.shape, value, input.dtype)))


def zero_(input):
    """Set every element to 0."""
    return fill_(input, 0)


def normal_(input, mean=0.0, std=1.0, *, generator=None):
    """Fill with normal random numbers."""
    numbers = random.source(generator).normal(mean, std, input.array.shape)
    return write(input, input._of(np.asarray(numbers, dtype=input.dtype)))


def uniform_(input, *bounds, generator=None, **named):
    """Fill with uniform random numbers from [from, to), 0 and 1 by default."""
    low, high = _bounds(bounds, named)
    numbers = random.source(generator).uniform(low, high, input.array.shape)
    return write(input, input._of(np.asarray(numbers, dtype=input.dtype)))


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


def bernoulli_(input, p: Any = 0.5, *, generator=None):
    """Fill with ones with probability p, else zeros."""
    numbers = random.source(generator).random(input.array.shape) < (p.array if is_tensor(p) else p)
    return write(input, input._of(numbers.astype(input.dtype)))


def random_(input, low=0, to=None, *, generator=None):
    """Fill with random integers from [low, to); with one number, from [0, that)."""
    low, high = (0, low) if to is None else (low, to)
    if high <= low:
        high = low + (2**24 if input.dtype.kind == "f" else np.iinfo(input.dtype).max)
    return write(input, input._of(random.source(generator).integers(low, high, input.array.shape).astype(input.dtype)))


def apply_(input, function):
    """Replace each element by `function` of it, one Python call each (no gradient)."""
    values = [function(v) for v in input.array.reshape(-1).tolist()]
    return write(input, input._of(np.asarray(values, dtype=input.dtype).reshape(input.array.shape)))


def unsqueeze_(input, dim):
    """Insert an axis of size 1, changing this tensor's shape."""
    return _become(input, input.unsqueeze(dim))


def squeeze_(input, dim=None):
    """Drop axes of size 1, changing this tensor's shape."""
    return _become(input, input.squeeze(dim))


def t_(input):
    """Transpose this matrix itself."""
    return _become(input, input.t())


def _become(x, other):
    x.array, x._edge = other.array, other._edge if other._edge is not None else x._edge
    return x
