"""Applying an op: arrays out of Tensors, forward, and a node if a gradient is wanted.

`record` does it in general. `record_pair` does the same for the two operands of an operator, `record_one` for a
function of one Tensor, `record_view` for slices and pieces. A small op is done in a microsecond, so what happens
around it counts: these paths avoid loops, calls and packed arguments.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from . import dtypes
from ._mode import enable_grad, thread, within
from .arrays import check_fits, operand
from .graph import Leaf, memory_of, tick
from .ops.function import Function, Recorded, is_half
from .ops.indexing import Index
from .ops.shape import Cast, Reshape

Tensor: Any = None  # the class of results; tensor.py, above, sets it
rebased = False  # was a tensor of a graph ever changed in place? Until then no view is stale, and nothing need be asked
_new = object.__new__
_ndarray = np.ndarray


def record(op: type[Function], *inputs: Any, **options: Any) -> Any:
    """Apply `op` to inputs (Tensors, arrays and numbers; at least one Tensor); the result is a Tensor."""
    values, edges = [], []
    wanted = tensor = False  # is a gradient wanted for an input? is there a Tensor at all?
    for x in inputs:
        if isinstance(x, Recorded):
            tensor = True
            edge = x._edge if not rebased or x._view is None else edge_of(x)
            values.append(x.array)
            edges.append(edge)
            if edge is not None:
                wanted = True
        else:
            values.append(x if x is None or x.__class__ is float else operand(op.__name__.lower(), x))
            edges.append(None)
    if not tensor:
        raise _no_tensor(op, inputs)
    if op.promotes:
        _promote(op, values)
    if op.widens and getattr(values[0], "itemsize", 2) == 2 and _is_to_widen(op, values):  # others are seen at a glance
        return narrow(record(op, *[widen(x) for x in inputs], **options))
    arrays = tuple(values)
    node, mode = op(), thread.mode
    try:
        out = mode.quietly(node.forward, *arrays, **options)
    except RuntimeError:
        return within(record, op, *inputs, **options)
    except ValueError as error:
        raise _explained(op, (*arrays, *options.values()), error) from None
    if wanted and mode.recording:
        result = _as_node(node, tuple(edges), arrays, out, mode)
    else:
        result = _without_node(out, arrays, mode)
    if op.view:
        _mark_views(result, inputs[0])
    return result


def record_one(op: type[Function], x: Any) -> Any:
    """As `record`, for a function of one Tensor without options."""
    if not isinstance(x, Recorded):
        raise _no_tensor(op, (x,))
    a, edge = x.array, x._edge if not rebased or x._view is None else edge_of(x)
    if edge is None and a.dtype.kind != "f" and op.promotes == "float":  # what has an edge is a float
        a = dtypes.cast(a, dtypes.get_default_dtype())
    node, mode = op(), thread.mode
    try:
        out = mode.quietly(node.forward, a)
    except RuntimeError:
        return within(record_one, op, x)
    if edge is not None and mode.recording:
        return _as_node(node, (edge,), (a,), out, mode)
    return _without_node(out, (a,), mode)


def record_view(op: type[Function], x: Any, *options: Any) -> Any:
    """As `record`, for an op that gives views of one Tensor; `options` are those of its forward, in order."""
    a, edge = x.array, x._edge if not rebased or x._view is None else edge_of(x)
    node = op()
    out = node.forward(a, *options)
    mode = thread.mode
    if edge is not None and mode.recording:
        result = _as_node(node, (edge,), (a,), out, mode)
    else:
        result = _without_node(out, (a,), mode)
    _mark_views(result, x)
    return result


def _no_tensor(op: type[Function], inputs: tuple[Any, ...]) -> TypeError:
    kinds = ", ".join(type(x).__name__ for x in inputs)
    return TypeError(f"{op.__name__.lower()}(): expected a Tensor, got {kinds}; make one with tensor(...)")


def record_pair(op: type[Function], x: Any, y: Any) -> Any:
    """As `record`, for the two operands of an operator; one is a Tensor. The hottest path of the library."""
    if isinstance(x, Recorded):
        a, to_x = x.array, x._edge if not rebased or x._view is None else edge_of(x)
        if isinstance(y, Recorded):
            b, to_y = y.array, y._edge if not rebased or y._view is None else edge_of(y)
            if b.dtype is not a.dtype or (to_x is None and a.dtype.kind != "f"):  # what has an edge is a float
                return _record_odd_pair(op, x, y)
        else:
            b, to_y = y, None
            if a.dtype.char not in "fd" or (y.__class__ is not float and y.__class__ is not int):
                return _record_odd_pair(op, x, y)
    else:
        a, to_x, b, to_y = x, None, y.array, y._edge if not rebased or y._view is None else edge_of(y)
        if b.dtype.char not in "fd" or (x.__class__ is not float and x.__class__ is not int):
            return _record_odd_pair(op, x, y)
    node, mode = op(), thread.mode
    try:
        out = mode.quietly(node.forward, a, b)
    except RuntimeError:
        return within(record_pair, op, x, y)
    except ValueError:
        raise _broadcast_error(op, a, b) from None
    if mode.recording and (to_x is not None or to_y is not None):
        return _as_node(node, (to_x, to_y), (a, b), out, mode)
    return _without_node(out, (a, b), mode)


def _record_odd_pair(op: type[Function], x: Any, y: Any) -> Any:
    pair = []
    for z in (x, y):
        if not isinstance(z, (Recorded, bool, int, float, np.ndarray, np.number, np.bool_)):
            return NotImplemented
        pair.append(z if isinstance(z, Recorded) else operand(op.__name__.lower(), z))
    try:
        return record(op, *pair)
    except ValueError:
        raise _broadcast_error(op, *[z.array if isinstance(z, Recorded) else z for z in pair]) from None
    except TypeError as error:  # NumPy's message names ufuncs
        raise RuntimeError(f"{op.__name__.lower()}: {error}") from None


def _explained(op: type[Function], values: tuple[Any, ...], error: ValueError) -> Exception:
    """A RuntimeError that names two shapes that do not broadcast, if that was the trouble; else the error itself."""
    arrays = [x for x in values if isinstance(x, np.ndarray)]
    for a, b in itertools.combinations(arrays, 2):
        try:
            np.broadcast_shapes(a.shape, b.shape)
        except ValueError:
            return _broadcast_error(op, a, b)
    return error


def _broadcast_error(op: type[Function], a: Any, b: Any) -> RuntimeError:
    x, y = list(np.shape(a)), list(np.shape(b))
    for back in range(1, min(len(x), len(y)) + 1):
        if x[-back] != y[-back] and 1 not in (x[-back], y[-back]):
            return RuntimeError(
                f"{op.__name__.lower()}: the size of tensor a ({x[-back]}) must match the size of tensor b ({y[-back]}) "
                f"at dimension {max(len(x), len(y)) - back} (shapes {x} and {y})"
            )
    return RuntimeError(f"{op.__name__.lower()}: shapes {x} and {y} do not fit")


def _as_node(node: Any, edges: Any, arrays: Any, out: Any, mode: Any) -> Any:
    """Make `node` part of the graph; return its output as a Tensor."""
    node.edges, node.scope, node.hooks = edges, mode.scope, None
    if out.__class__ is not _ndarray:
        if out.__class__ is tuple:
            return _as_node_with_outputs(node, arrays, out, mode)
        out = np.asarray(out)
    node.n_outputs, node.shape, node.dtype = 1, out.shape, out.dtype
    keep = node._keep
    node.saved_tensors = () if keep is None else keep(edges, arrays, out)
    node.birth = tick()
    if mode.on_record is not None:
        mode.on_record(node, out, arrays)
    t = _new(Tensor)
    t.array, t._edge = out, (node, 0)
    t.grad = t.name = t._view = None
    return t


def _as_node_with_outputs(node: Any, arrays: Any, out: tuple[Any, ...], mode: Any) -> Any:
    """The same for an op with several outputs."""
    shapes, kinds, made = [], [], []
    for number, part in enumerate(out):
        if part.__class__ is not _ndarray:
            part = np.asarray(part)
        shapes.append(part.shape)
        kinds.append(part.dtype)
        made.append(_made(part, (node, number) if part.dtype.kind == "f" else None))
    node.n_outputs, node.shape, node.dtype = len(made), tuple(shapes), tuple(kinds)
    if node.n_outputs == 1:  # a split into one piece: the engine sees an ordinary node
        node.shape, node.dtype = shapes[0], kinds[0]
    node.saved_tensors = () if node._keep is None else node.keep_some((*arrays, *[t.array for t in made]))
    node.birth = tick()
    if mode.on_record is not None:
        mode.on_record(node, tuple([t.array for t in made]), arrays)
    return tuple(made)


def _without_node(out: Any, arrays: Any, mode: Any) -> Any:
    if out.__class__ is tuple:
        made: Any = tuple([_made(part if part.__class__ is _ndarray else np.asarray(part), None) for part in out])
    else:
        made = _made(out if out.__class__ is _ndarray else np.asarray(out), None)
    if mode.on_record is not None:
        mode.on_record(None, tuple([t.array for t in made]) if made.__class__ is tuple else made.array, arrays)
    return made


def _made(array: np.ndarray, edge: tuple[Any, int] | None) -> Any:
    t = _new(Tensor)
    t.array, t._edge = array, edge
    t.grad = t.name = t._view = None
    return t


def _mark_views(result: Any, x: Any) -> None:
    base = x if x._view is None else x._view[0]
    view = (base, base._edge)
    if result.__class__ is not tuple:
        result._view = view
        return
    for t in result:
        t._view = view


def _promote(op: type[Function], arrays: list[Any]) -> None:
    """Cast mixed inputs to their common type, as `dtypes.result_type` says."""
    common = None
    for x in arrays:
        if x.__class__ is _ndarray:
            if common is None:
                common = x.dtype
            elif x.dtype is not common:
                break
        elif x is not None and (x.__class__ is not float or common is None or common.kind != "f"):
            break
    else:
        if common is None or common.kind == "f" or (op.promotes is True and common.kind != "b"):
            return
    numbers = [x for x in arrays if x is not None]
    common = dtypes.result_type(*numbers)
    if op.bools != "yes":
        _check_bools(op, numbers, common)
    if op.promotes == "float" and common.kind != "f":
        common = dtypes.get_default_dtype()
    for k, x in enumerate(arrays):
        if x.__class__ is _ndarray:
            if x.dtype is not common:
                arrays[k] = dtypes.cast(x, common)
        elif x.__class__ is int and common.kind in "iu":
            check_fits(op.__name__.lower(), x, common)


def _check_bools(op: type[Function], numbers: list[Any], common: np.dtype[Any]) -> None:
    if op.bools == "no" and any(
        x.dtype.kind == "b" if isinstance(x, _ndarray) else isinstance(x, bool) for x in numbers
    ):
        raise RuntimeError("Subtraction with a bool is not supported: use ~ or logical_not() to invert a mask")
    if common.kind == "b":
        raise NotImplementedError(f"{op.__name__.lower()}(): not implemented for bools; convert one with .long()")


# --- float16 --------------------------------------------------------------------------------------------
#
# Eleven bits are enough to keep a number, not to compute with it in several steps: squares of 300 overflow, and a
# sum of ones stops at 2048. So an op that `widens` runs in float32 between two casts, and is rounded once, where the
# result is a float16 again. What it saves and its backward are float32 with it; the engine rounds the gradient
# where it leaves, at the first cast.


def _is_to_widen(op: type[Function], values: list[Any]) -> bool:
    return all_half(values) and (op.widens is True or any(_is_rounded(x) for x in values))


def _is_rounded(x: Any) -> bool:
    """Is `x` a number that changes in float16?"""
    return isinstance(x, (int, float)) and (abs(x) > 65504 or float(np.float16(x)) != x)


def all_half(values: Any) -> bool:
    """Are the floating-point arrays (or Tensors) among these float16, all of them, and is there one?"""
    found = False
    for x in values:
        a = x.array if isinstance(x, Recorded) else x
        if isinstance(a, _ndarray) and a.dtype.kind == "f":
            if a.dtype.char != "e":
                return False
            found = True
    return found


def widen(x: Any) -> Any:
    """A float16 Tensor or array in float32; anything else as it is."""
    if not is_half(x):
        return x
    return record(Cast, x, dtype=dtypes.float32) if isinstance(x, Recorded) else x.astype(dtypes.float32)


def narrow(x: Any) -> Any:
    """A float32 Tensor, or each of several, rounded to float16."""
    if isinstance(x, tuple):
        return tuple([narrow(part) for part in x])
    return record(Cast, x, dtype=dtypes.float16) if isinstance(x, Recorded) and x.array.dtype == dtypes.float32 else x


# --- views of tensors that were changed in place ---------------------------------------------------------


def edge_of(x):
    """The edge of `x`, found anew if `x` is a view of something that was changed in place since."""
    view = x._view
    return x._edge if view is None or view[0]._edge is view[1] else _fresh_edge(x)


def note_rebased() -> None:
    """Called when a tensor of a graph is changed in place: from now on views are asked whether they are stale."""
    global rebased
    rebased = True


def _fresh_edge(x):
    """The edge of a view whose base has another edge than when the view was made.

    If the base was changed in place, the view's edge now leads through the base. A base that was made a leaf, or taken
    out of the graph, holds the same numbers as before: its views stay what they are.
    """
    base = base_of(x)
    if base is not None and base._edge is not None and not isinstance(base._edge[0], Leaf):
        with enable_grad():  # the graph of x does not depend on who asks first
            flat = record(Reshape, base._of(base.array, base._edge), shape=(-1,))
            x._edge = record(Index, flat, index=places_in(base.array, x.array))._edge
        x._view = (base, base._edge)
    return x._edge


def base_of(x):
    """The tensor that `x` is a view of, if it still looks into that tensor's memory; else None."""
    if x._view is None:
        return None
    base = x._view[0]
    return base if memory_of(x.array) is memory_of(base.array) else None


def places_in(base, view):
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
