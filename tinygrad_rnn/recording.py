"""Applying an op: arrays out of Tensors, forward, and a node if a gradient is wanted.

`record` does it in general; `record_pair` does the same for the two operands of an operator and is the
hottest path of the library, so it avoids loops.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from ._mode import thread
from .functions.inplace import edge_of, rebased
from .graph import tick
from .ops.function import Function, Recorded

Tensor: Any = None  # the class of results; tensor.py, one floor up, sets it
_new = object.__new__
_ndarray = np.ndarray


def record(op: type[Function], inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Apply `op` to Tensors, arrays and numbers; make a node if a gradient is wanted."""
    arrays = [x.array if isinstance(x, Recorded) else x for x in inputs]
    if op.promotes:
        _promote(op, arrays)
    node = op()
    out = node.forward(*arrays, **options)
    mode = thread.mode
    if mode.recording:
        if rebased[0]:
            edges = tuple([edge_of(x) if isinstance(x, Recorded) else None for x in inputs])
        else:
            edges = tuple([x._edge if isinstance(x, Recorded) else None for x in inputs])
        for edge in edges:
            if edge is not None:
                result = _as_node(node, edges, arrays, out, mode)
                break
        else:
            result = _without_node(out, arrays, mode)
    else:
        result = _without_node(out, arrays, mode)
    if op.view:
        _mark_views(result, inputs[0])
    return result


def record_pair(op: type[Function], x: Any, y: Any) -> Any:
    """As `record`, for the two operands of an operator; one is a Tensor. The hottest path of the library."""
    if isinstance(x, Recorded):
        a, to_x = x.array, x._edge
        if isinstance(y, Recorded):
            b, to_y = y.array, y._edge
            if b.dtype is not a.dtype or a.dtype.kind != "f":
                return record(op, (x, y), {})
        else:
            b, to_y = y, None
            if a.dtype.kind != "f" or (y.__class__ is not float and y.__class__ is not int):
                return _record_odd_pair(op, x, y)
    else:
        a, to_x, b, to_y = x, None, y.array, y._edge
        if b.dtype.kind != "f" or (x.__class__ is not float and x.__class__ is not int):
            return _record_odd_pair(op, x, y)
    if rebased[0]:
        return record(op, (x, y), {})
    node = op()
    try:
        out = node.forward(a, b)
    except ValueError:
        raise _broadcast_error(op, a, b) from None
    mode = thread.mode
    if mode.recording and (to_x is not None or to_y is not None):
        return _as_node(node, (to_x, to_y), (a, b), out, mode)
    return _without_node(out, (a, b), mode)


def _record_odd_pair(op: type[Function], x: Any, y: Any) -> Any:
    for z in (x, y):
        if not isinstance(z, (Recorded, bool, int, float, np.ndarray, np.number, np.bool_)):
            return NotImplemented
    try:
        return record(op, (x, y), {})
    except TypeError as error:  # NumPy's message names ufuncs
        raise RuntimeError(f"{op.__name__.lower()}: {error}") from None


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
    node.edges, node.scope = edges, mode.scope
    several = out.__class__ is tuple
    if several:
        out = tuple([part if part.__class__ is _ndarray else np.asarray(part) for part in out])
        node.shape, node.dtype = tuple([part.shape for part in out]), tuple([part.dtype for part in out])
    else:
        if out.__class__ is not _ndarray:
            out = np.asarray(out)
        node.shape, node.dtype = out.shape, out.dtype
    keep = node._keep
    if keep is None:
        node.saved_tensors = ()
    elif None in edges:
        node.saved_tensors = node.keep_some((*arrays, out))
    else:
        node.saved_tensors = keep((*arrays, out))
    node.birth = tick()
    if mode.on_record is not None:
        mode.on_record(node, out, arrays)
    if several:
        return tuple([_made(part, (node, k) if part.dtype.kind == "f" else None) for k, part in enumerate(out)])
    return _made(out, (node, 0))


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
    for t in result if result.__class__ is tuple else (result,):
        t._view = (base, base._edge)


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
        if common is None or common.kind == "f" or op.promotes is True:
            return
    numbers = [x for x in arrays if x is not None]
    common = dtypes.result_type(*numbers)
    if op.promotes == "float" and common.kind != "f":
        common = dtypes.get_default_dtype()
    for k, x in enumerate(arrays):
        if isinstance(x, _ndarray) and x.dtype != common:
            arrays[k] = x.astype(common)
        elif isinstance(x, (np.number, np.bool_)):
            arrays[k] = x.item()
