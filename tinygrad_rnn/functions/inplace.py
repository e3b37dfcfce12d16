"""Changing a tensor in place, with the graph kept right.

`x.add_(y)` computes `x + y` as usual, writes the numbers into x's memory, and lets x lead to the new
node. If x is a view of another tensor, that tensor's values changed too: it gets a node that puts the
new values at their places, and other views of it find their way from there (`edge_of`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._mode import thread
from ..arrays import fitting, is_number
from ..dtypes import cast
from ..graph import FREED, Leaf, log_write
from ..ops.indexing import Overwrite, SetItem, is_basic
from ..ops.shape import Reshape
from ..recording import base_of, edge_of, note_rebased, places_in, record
from .arguments import is_tensor
from .indexing import in_two_steps, plain_index


def check_writable(x):
    """Raise if changing `x` in place would make its gradient wrong."""
    if not thread.mode.recording:
        return
    edge = edge_of(x)
    if edge is not None and isinstance(edge[0], Leaf):
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
    if edge is None and base is not None and base._edge is not None:
        raise RuntimeError(
            f"a view (shape {list(x.shape)}) that was made under no_grad() of a tensor in the graph is being changed in "
            f"place, and whether to record it is not clear: make the view outside no_grad(), or change it inside"
        )
    if edge is not None and edge[0].n_outputs > 1:
        raise RuntimeError(
            f"output {edge[1]} of {edge[0].name()} is a view and is being changed in place: functions that "
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
    np.copyto(x.array, result.array if result.dtype == x.dtype else cast(result.array, x.dtype))
    log_write(x.array)
    rebase(x, result._edge)
    return x


def overwrite(x, values):
    """Put `values`, a tensor of x's shape and dtype that was not computed from x, into the memory of `x`.

    x stays in the graph: what it was computed from gets the gradient 0.
    """
    check_writable(x)
    _part_from_maker(x)
    return write(x, record(Overwrite, x, values))


def _part_from_maker(x):
    """All numbers of x are about to be replaced: the node that made them, and may need them, keeps a copy."""
    if thread.mode.recording and x._edge is not None:
        _keep_old_values(x._edge[0], x.array)


def _keep_old_values(node, memory):
    """If `node` saved the array that is about to change, give it a copy of the values as they are now."""
    if node.saved_tensors is FREED:
        return
    node.saved_tensors = tuple(
        value.copy()
        if isinstance(value, np.ndarray) and (np.may_share_memory(value, memory) or value.size == 0)
        else value
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
        if not is_number(value):
            raise TypeError(
                f"can't assign a {type(value).__name__} into a tensor; make a tensor of it first: tensor(value)"
            )
        value = np.asarray(fitting("setitem", value, input.dtype), input.dtype)
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
    if target.size == input.array.size and is_basic(plain):
        _part_from_maker(input)
    result = record(SetItem, input, value, index=plain, inplace=True)
    log_write(input.array)
    rebase(input, result._edge)
