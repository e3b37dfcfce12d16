"""Applying an op: arrays out of Tensors, forward, and a node if a gradient is wanted (`tg.record()` is in notes.py).

`record_op` does it in general. `record_pair` does the same for the two operands of an operator, `record_one` for a
function of one Tensor, `record_view` for slices and pieces. A small op is done in a microsecond, so what happens
around it counts: these paths avoid loops, calls and packed arguments.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from . import dtypes
from ._mode import thread
from .arrays import came, check_fits, is_foreign, operand
from .graph import tick
from .ops.function import Function, Recorded
from .ops.inplace import edge_of, rebased
from .ops.widening import is_to_widen, narrow, widen

Tensor: Any = None  # the class of results; _tensor.py, above, sets it
_new = object.__new__
_ndarray = np.ndarray


def record_op(op: type[Function], *inputs: Any, **options: Any) -> Any:
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
    if op.widens and getattr(values[0], "itemsize", 2) == 2 and is_to_widen(op, values):  # others are seen at a glance
        return narrow(record_op(op, *[widen(x) for x in inputs], **options))
    arrays = tuple(values)
    node, mode = op(), thread.mode
    try:
        out = mode.quietly(node.forward, *arrays, **options)
    except RuntimeError:
        return mode.within(record_op, op, *inputs, **options)
    except ValueError as error:
        raise _explained(op, (*arrays, *options.values()), error) from None
    if wanted and mode.grad_enabled:
        result = _as_node(node, tuple(edges), arrays, out, mode)
    else:
        result = _without_node(out, arrays, mode)
    if op.view:
        _mark_views(result, inputs[0])
    return result


def record_one(op: type[Function], x: Any) -> Any:
    """As `record_op`, for a function of one Tensor without options."""
    if not isinstance(x, Recorded):
        raise _no_tensor(op, (x,))
    a, edge = x.array, x._edge if not rebased or x._view is None else edge_of(x)
    if edge is None and a.dtype.kind != "f" and op.promotes == "float":  # what has an edge is a float
        a = dtypes.cast(a, dtypes.get_default_dtype())
    if a.itemsize == 2 and op.widens:  # perhaps float16: `record_op` looks more closely
        return record_op(op, x)
    node, mode = op(), thread.mode
    try:
        out = mode.quietly(node.forward, a)
    except RuntimeError:
        return mode.within(record_one, op, x)
    if edge is not None and mode.grad_enabled:
        return _as_node(node, (edge,), (a,), out, mode)
    return _without_node(out, (a,), mode)


def record_view(op: type[Function], x: Any, *options: Any) -> Any:
    """As `record_op`, for an op that gives views of one Tensor; `options` are those of its forward, in order."""
    a, edge = x.array, x._edge if not rebased or x._view is None else edge_of(x)
    node = op()
    out = node.forward(a, *options)
    mode = thread.mode
    if edge is not None and mode.grad_enabled:
        result = _as_node(node, (edge,), (a,), out, mode)
    else:
        result = _without_node(out, (a,), mode)
    _mark_views(result, x)
    return result


def _no_tensor(op: type[Function], inputs: tuple[Any, ...]) -> TypeError:
    return TypeError(f"{op.__name__.lower()}(): argument 'input' must be a Tensor, not {came(inputs[0])}")


def record_pair(op: type[Function], x: Any, y: Any) -> Any:
    """As `record_op`, for the two operands of an operator; one is a Tensor. The hottest path of the library."""
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
        return mode.within(record_pair, op, x, y)
    except ValueError:
        raise _broadcast_error(op, a, b) from None
    if mode.grad_enabled and (to_x is not None or to_y is not None):
        return _as_node(node, (to_x, to_y), (a, b), out, mode)
    return _without_node(out, (a, b), mode)


def _record_odd_pair(op: type[Function], x: Any, y: Any) -> Any:
    pair = []
    for z in (x, y):
        if not isinstance(z, (Recorded, bool, int, float, np.ndarray, np.number, np.bool_)):
            other = (y if z is x else x).array  # a single integer may be the n of [0] * n, which Python knows
            never = isinstance(z, (str, bytes, list, tuple, dict, set, type(None)))
            if is_foreign(z) or (never and (other.size != 1 or other.dtype.kind == "f")):
                raise TypeError(f"{op.__name__.lower()}(): expected Tensors and numbers, got {came(z)}")
            return NotImplemented
        pair.append(z if isinstance(z, Recorded) else operand(op.__name__.lower(), z))
    try:
        return record_op(op, *pair)
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


def record_node(node: Any, edges: tuple[Any, ...], arrays: tuple[Any, ...], out: Any) -> Any:
    """Make `node` part of the graph for what was computed elsewhere: `out`, an array or a tuple of arrays, from
    `arrays` that came along `edges`; the result as from `record_op`."""
    return _as_node(node, edges, arrays, out, thread.mode)


def without_gradient(out: Any, *arrays: Any) -> Any:
    """A Tensor of `out`, computed from `arrays` by what has no derivative, such as a comparison: listeners hear of it."""
    return _without_node(np.asarray(out), arrays, thread.mode)


def _as_node(node: Any, edges: Any, arrays: Any, out: Any, mode: Any) -> Any:
    """Make `node` part of the graph; return its output as a Tensor."""
    node.edges, node.scope, node.hooks = edges, mode.scope, None
    if out.__class__ is not _ndarray:
        if out.__class__ is tuple:
            return _as_node_with_outputs(node, arrays, out, mode)
        out = np.asarray(out)
    node.n_outputs, node.shape, node.dtype = 1, out.shape, out.dtype
    pick = node._pick_saved
    node.saved_tensors = () if pick is None else pick(edges, arrays, out)
    node.birth = tick()
    if mode.listeners:
        _tell(mode, node, out, arrays)
    t = _new(Tensor)
    t.array, t._edge = out, (node, 0)
    t._grad = t.name = t._view = None
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
    pick = node._pick_saved
    outs = tuple([t.array for t in made]) if pick is not None or mode.listeners else ()
    node.saved_tensors = pick(node.edges, (*arrays, *outs[:-1]), outs[-1]) if pick is not None and outs else ()
    node.birth = tick()
    if mode.listeners:
        _tell(mode, node, outs, arrays)
    return tuple(made)


def _without_node(out: Any, arrays: Any, mode: Any) -> Any:
    if out.__class__ is tuple:
        made: Any = tuple([_made(part if part.__class__ is _ndarray else np.asarray(part), None) for part in out])
    else:
        made = _made(out if out.__class__ is _ndarray else np.asarray(out), None)
    if mode.listeners:
        _tell(mode, None, tuple([t.array for t in made]) if made.__class__ is tuple else made.array, arrays)
    return made


def _tell(mode: Any, node: Any, out: Any, arrays: Any) -> None:
    for listener in mode.listeners:
        listener(node, out, arrays)


def _made(array: np.ndarray, edge: tuple[Any, int] | None) -> Any:
    t = _new(Tensor)
    t.array, t._edge = array, edge
    t._grad = t.name = t._view = None
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
        if common is None or common.kind == "f" or (op.promotes == "common" and common.kind != "b"):
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
                if thread.mode.listeners:
                    _tell(thread.mode, None, arrays[k], (x,))
        elif x.__class__ is int and common.kind in "iu":
            check_fits(op.__name__.lower(), x, common)


def _check_bools(op: type[Function], numbers: list[Any], common: np.dtype[Any]) -> None:
    if op.bools == "no" and any(
        x.dtype.kind == "b" if isinstance(x, _ndarray) else isinstance(x, bool) for x in numbers
    ):
        raise RuntimeError("Subtraction with a bool is not supported: use ~ or logical_not() to invert a mask")
    if common.kind == "b":
        raise NotImplementedError(f"{op.__name__.lower()}(): not implemented for bools; convert one with .long()")
