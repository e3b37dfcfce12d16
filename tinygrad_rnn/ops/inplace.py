"""Changing a tensor in place, with the graph kept right: the log of writes, views, and the writing itself.

`x.add_(y)` computes `x + y` as usual, writes the numbers into x's memory, and lets x lead to the new
node. If x is a view of another tensor, that tensor's values changed too: it gets a node that puts the
new values at their places, and other views of it find their way from there (`edge_of`).
"""

from __future__ import annotations

import functools
import weakref
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from .._mode import enable_grad, thread
from ..dtypes import cast
from ..graph import FREED, Edge, Leaf, memory_of, tick
from .basic import Index, Overwrite, Reshape, SetItem
from .function import freed_message

if TYPE_CHECKING:
    from .._tensor import Tensor


# --- writes into arrays -----------------------------------------------------------------------------
#
# Backward needs saved values as they were. Each in-place change is logged here against the memory it
# changed; a saved array whose memory has a tick later than the node's birth is no longer what was saved.
# Keeping the log by memory, not by tensor, costs nothing until something is written, and views need no
# bookkeeping of their own.


class Writes:
    """The in-place changes of one block of memory."""

    __slots__ = ("count", "memory", "ticks")

    def __init__(self, memory: weakref.ref[Any]):
        self.memory: weakref.ref[Any] = memory
        self.count: int = 0
        self.ticks: deque[int] = deque(maxlen=64)  # enough to tell the version at the time of saving


written: dict[int, Writes] = {}
last_write: int = 0  # the tick of the newest write: nodes born later need not look


def log_write(array: np.ndarray) -> None:
    """Note that the values of `array` were changed in place."""
    global last_write
    owner = memory_of(array)
    key = id(owner)
    writes = written.get(key)
    if writes is None:
        forget = weakref.ref(owner, lambda _: written.pop(key, None))
        writes = written[key] = Writes(forget)
    writes.count += 1
    last_write = tick()
    writes.ticks.append(last_write)


def version(array: np.ndarray, born: int | None = None) -> int:
    """How often the memory of `array` was changed in place: until now, or before tick `born`."""
    writes = written.get(id(memory_of(array)))
    if writes is None:
        return 0
    return writes.count - (0 if born is None else sum(t > born for t in writes.ticks))


def changed_since(array: np.ndarray, born: int) -> bool:
    """Was the memory of `array` changed in place after tick `born`?"""
    writes = written.get(id(array if array.base is None else memory_of(array)))
    return writes is not None and writes.ticks[-1] > born


def check_saved(node: Any) -> None:
    """Raise if the values that `node` saved are gone, or were changed in place since."""
    if node.saved_tensors is FREED:
        raise RuntimeError(freed_message(node))
    for value in node.saved_tensors:
        if value.__class__ is np.ndarray and changed_since(value, node.birth):
            saved_at = version(memory_of(value), node.birth)
            raise RuntimeError(
                f"{node.name()}: a value of shape {value.shape} that backward needs was changed in place: it is at "
                f"version {version(value)}, but was saved at version {saved_at}. Use an operation that makes a "
                f"new tensor (x = x + 1 instead of x += 1), or change a copy (x.clone())."
            )


# --- views -------------------------------------------------------------------------------------------------
#
# A view looks into the memory of its base. When one of a family is changed in place, the base gets a new node, and
# every other view finds its way anew when it is next asked for its edge.

rebased: list[bool] = []  # filled when first a tensor of a graph is changed in place: until then no view is stale


def edge_of(x: Any) -> Any:
    """The edge of `x`, found anew if `x` is a view of something that was changed in place since."""
    view = x._view
    return x._edge if view is None or view[0]._edge is view[1] else _fresh_edge(x)


def _fresh_edge(x):
    """The edge of a view whose base has another edge than when the view was made.

    If the base was changed in place, the view's edge now leads through the base. A base that was made a leaf, or taken
    out of the graph, holds the same numbers as before: its views stay what they are.
    """
    base = base_of(x)
    if base is not None and base._edge is not None and not isinstance(base._edge[0], Leaf):
        with enable_grad():  # the graph of x does not depend on who asks first
            flat = base._record(Reshape, base._of(base.array, base._edge), shape=(-1,))
            x._edge = flat._record(Index, flat, index=places_in(base.array, x.array))._edge
        x._view = (base, base._edge)
    return x._edge


def base_of(x: Any) -> Any:
    """The tensor that `x` is a view of, if it still looks into that tensor's memory; else None."""
    if x._view is None:
        return None
    base = x._view[0]
    return base if memory_of(x.array) is memory_of(base.array) else None


def places_in(base: np.ndarray, view: np.ndarray) -> np.ndarray:
    """For each element of `view`, its position in the flattened `base`, whose memory it shares."""
    size = base.itemsize
    positions = np.empty_like(base, dtype=np.int64, subok=False)  # laid out as base is, if base has no gaps
    if tuple([s * size for s in positions.strides]) != tuple([s * 8 for s in base.strides]):
        return _places_by_address(base, view)
    positions[...] = np.arange(base.size).reshape(base.shape)
    start = (view.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // size
    return np.lib.stride_tricks.as_strided(
        positions.ravel("K")[start:], view.shape, [s // size * 8 for s in view.strides], writeable=False
    )


def _places_by_address(base: np.ndarray, view: np.ndarray) -> np.ndarray:
    """The same for a base with gaps in its memory, such as a detached slice."""
    if not base.size:
        return np.zeros(view.shape, np.int64)
    places = _addresses(base)
    first = places.min()
    position_at = np.zeros(places.max() - first + 1, np.int64)
    position_at[places - first] = np.arange(base.size).reshape(base.shape)
    return position_at[_addresses(view) - first]


def _addresses(x: np.ndarray) -> np.ndarray:
    """The address of each element, counted in elements."""
    start = x.__array_interface__["data"][0] // x.itemsize
    places = np.full(x.shape, start, np.int64)
    for axis, (n, step) in enumerate(zip(x.shape, x.strides, strict=True)):
        shape = [1] * x.ndim
        shape[axis] = n
        places += (np.arange(n) * (step // x.itemsize)).reshape(shape)
    return places


# --- writing ------------------------------------------------------------------------------------------------


def check_writable(x: Any) -> None:
    """Raise if changing `x` in place would make its gradient wrong."""
    if not thread.mode.grad_enabled:
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


def write(x: Any, result: Any) -> Any:
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
        _copy_what_is_saved(result._edge[0], x.array)
    if not x.array.flags.writeable:
        raise RuntimeError(
            f"in-place operation: several elements of the tensor (shape {list(x.shape)}) share one memory place, "
            f"as after expand(); clone() it first"
        )
    np.copyto(x.array, result.array if result.dtype == x.dtype else cast(result.array, x.dtype))
    log_write(x.array)
    rebase(x, result._edge)
    return x


def overwrite(x: Any, values: Any) -> Any:
    """Put `values`, a tensor of x's shape and dtype that was not computed from x, into the memory of `x`.

    x stays in the graph: what it was computed from gets the gradient 0.
    """
    check_writable(x)
    copy_what_maker_saved(x)
    return write(x, x._record(Overwrite, x, values))


def copy_what_maker_saved(x: Any) -> None:
    """All numbers of x are about to be replaced: the node that made them, and may need them, gets a copy."""
    if thread.mode.grad_enabled and x._edge is not None:
        _copy_what_is_saved(x._edge[0], x.array)


def _copy_what_is_saved(node, memory):
    """If `node` saved the array that is about to change, give it a copy of the values as they are now."""
    if node.saved_tensors is FREED:
        return
    node.saved_tensors = tuple(
        value.copy()
        if isinstance(value, np.ndarray) and (np.may_share_memory(value, memory) or value.size == 0)
        else value
        for value in node.saved_tensors
    )


def rebase(x: Any, edge: Edge | None) -> None:
    """`x` has new values that came from `edge`; tell the tensor it is a view of, too."""
    if not thread.mode.grad_enabled:
        return
    base = base_of(x)
    if edge is None and x._edge is None and (base is None or base._edge is None):
        return
    rebased[:] = [True]
    x._edge = edge
    if base is None:
        x._view = None
        return
    flat = base._record(Reshape, base._of(base.array, base._edge), shape=(-1,))
    placed = flat._record(
        SetItem, flat, x._of(x.array, edge).reshape(-1), index=places_in(base.array, x.array).reshape(-1)
    )
    base._edge = placed._record(Reshape, placed, shape=base.array.shape)._edge
    x._view = (base, base._edge)


P = ParamSpec("P")


def in_place(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """The twin of a method that writes what the method computes into its tensor: `tanh_ = in_place(tanh)`."""

    @functools.wraps(function)
    def changed(*args: P.args, **options: P.kwargs) -> Tensor:
        target: Any = args[0] if args else options["input"]
        return write(target, function(*args, **options))

    changed.__name__ = f"{function.__name__}_"
    changed.__doc__ = f"`{function.__name__}`, in place: {function.__doc__}"
    return changed
