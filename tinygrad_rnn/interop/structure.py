"""Nested objects as a description in JSON plus named arrays, and back.

JSON has strings, numbers, true, false and null; everything else is a list that starts with its kind:

    ["dict", [[key, value], ...]]      keys keep their type (JSON would turn 0 into "0")
    ["list", [...]]  ["tuple", [...]]  ["set", [...]]
    ["tensor", 3]                      row 3 of "tensors": [number of its array, does it require grad, its class]
    ["ndarray", 5]                     row 5 of "arrays": [name], or [name, offset, shape, strides]

An array row with offset, shape and strides is a view into a block of memory that several arrays share, so
that tied weights are still tied after loading. Only kinds listed here can be written, and only they are read.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from .._device import device
from .._tensor import Tensor
from ..dtypes import SUPPORTED
from ..nn.parameter import Parameter
from ..ops.making import Size

MAX_DEPTH = 100
ARRAY_KINDS = "biuf"
KEY_TYPES = (str, int, float, bool, type(None), tuple, bytes, np.generic, np.dtype)
SEQUENCES: dict[str, Callable[[Any], Any]] = {kind.__name__: kind for kind in (list, tuple, Size, set, frozenset)}
MAPPINGS: dict[str, Callable[[Any], Any]] = {"dict": dict, "OrderedDict": OrderedDict}
TENSORS: dict[str, Callable[..., Any]] = {"Tensor": Tensor, "Parameter": Parameter}


def describe(obj: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The description of `obj` and the arrays in it, by name.

    Raises TypeError, naming the place, for an object that is not data: a function, a module, a file, ...
    """
    walk = _Walk()
    root = walk.node(obj, "obj", (), 0)
    rows, blocks = _blocks(walk.arrays, walk.names)
    return {"obj": root, "tensors": walk.tensors, "arrays": rows}, blocks


class _Walk:
    """One walk over an object: its nodes, and the tensors and arrays met on the way."""

    def __init__(self) -> None:
        self.tensors: list[list[Any]] = []
        self.arrays: list[np.ndarray] = []
        self.names: list[str] = []
        self.met: dict[int, list[Any]] = {}  # the same object twice is one object after loading, too

    def node(self, x: Any, path: str, keys: tuple[Any, ...], depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError(f"{path}: nested more than {MAX_DEPTH} deep; does it contain itself?")
        kind = type(x)
        if x is None or kind in (bool, str) or (kind is int and abs(x) < 2**63) or (kind is float and math.isfinite(x)):
            return x
        if kind is int:
            return ["int", hex(x)]
        if kind is float:
            return ["float", repr(x)]
        if kind is complex:
            return ["complex", self.node(x.real, path, keys, depth), self.node(x.imag, path, keys, depth)]
        if kind.__name__ in MAPPINGS and kind is MAPPINGS[kind.__name__]:
            return [kind.__name__, [self.item(key, value, path, keys, depth) for key, value in x.items()]]
        if kind.__name__ in SEQUENCES and kind is SEQUENCES[kind.__name__]:
            parts = [self.node(part, f"{path}[{n}]", (*keys, n), depth + 1) for n, part in enumerate(x)]
            return [kind.__name__, sorted(parts, key=repr) if kind in (set, frozenset) else parts]
        if kind in (bytes, bytearray):
            return [kind.__name__, self.array(np.frombuffer(bytes(x), np.uint8), keys)]
        if isinstance(x, np.dtype) and x.kind in ARRAY_KINDS:
            return ["dtype", x.name]
        if kind is device and x.type == "cpu":
            return ["device", str(x)]
        if isinstance(x, (Tensor, np.ndarray)):
            if id(x) not in self.met:
                self.met[id(x)] = (
                    self.tensor(x, path, keys) if isinstance(x, Tensor) else ["ndarray", self.plain(x, path, keys)]
                )
            return self.met[id(x)]
        if isinstance(x, np.generic):
            return ["scalar", self.plain(np.asarray(x), path, keys)]
        raise TypeError(f"{path}: {_why_not(x, path)}")

    def item(self, key: Any, value: Any, path: str, keys: tuple[Any, ...], depth: int) -> list[Any]:
        if not isinstance(key, KEY_TYPES):
            raise TypeError(f"{path}: a key of type {type(key).__name__} cannot be saved; use strings or numbers")
        place = f"{path}[{key!r}]"
        return [self.node(key, f"{place} (the key)", (), depth + 1), self.node(value, place, (*keys, key), depth + 1)]

    def tensor(self, t: Tensor, path: str, keys: tuple[Any, ...]) -> list[Any]:
        if TENSORS.get(type(t).__name__) is not type(t):
            raise TypeError(f"{path}: a {type(t).__name__} cannot be saved; save a plain Tensor: x.detach()")
        self.tensors.append([self.array(t.array, keys), t.requires_grad, type(t).__name__])
        return ["tensor", len(self.tensors) - 1]

    def plain(self, array: np.ndarray, path: str, keys: tuple[Any, ...]) -> int:
        if type(array) is not np.ndarray:
            raise TypeError(f"{path}: a {type(array).__name__} cannot be saved; make it a plain array: np.asarray(...)")
        if array.dtype.kind not in ARRAY_KINDS or array.dtype.itemsize > 8:
            raise TypeError(f"{path}: an array of {array.dtype} cannot be saved; only real numbers and bools can")
        return self.array(array, keys)

    def array(self, array: np.ndarray, keys: tuple[Any, ...]) -> int:
        self.arrays.append(array.astype(array.dtype.newbyteorder("="), copy=False))
        self.names.append(".".join(str(key) for key in keys) or "obj")
        return len(self.arrays) - 1


def _why_not(x: Any, path: str) -> str:
    name = type(x).__name__
    if hasattr(x, "state_dict") and hasattr(x, "load_state_dict"):
        return (
            f"a whole {name} cannot be saved, because reading it back would run code. Save its numbers, "
            f"{path}.state_dict(), and put them into a new {name} with load_state_dict()"
        )
    if isinstance(x, device):
        return f"the device {str(x)!r}, where tensors cannot be, cannot be saved; save its name: {str(x)!r}"
    if isinstance(x, (dict, list, tuple, set, int, float, str)):
        base = next(b.__name__ for b in (dict, list, tuple, set, int, float, str) if isinstance(x, b))
        return f"a {name} cannot be saved; make it a plain {base}: {base}(...)"
    return f"a {name} cannot be saved; only tensors, arrays, numbers, strings, bytes, None and dicts, lists, tuples of them"


# --- memory that several arrays look into -----------------------------------------------------------------


def _blocks(arrays: list[np.ndarray], names: list[str]) -> tuple[list[Any], dict[str, np.ndarray]]:
    """For each array its row in the description, and the blocks of memory to be stored, by name."""
    rows: list[Any] = [None] * len(arrays)
    blocks: dict[str, np.ndarray] = {}
    for group in _overlapping(arrays):
        name = _free_name(names[min(group)], blocks)
        views = {(a.__array_interface__["data"][0], a.shape, a.strides) for a in (arrays[n] for n in group)}
        if len(views) == 1:
            blocks[name] = np.asarray(arrays[group[0]], order="C")
            for n in group:
                rows[n] = [name]
            continue
        blocks[name], start = _covering(arrays, group)
        for n in group:
            a = arrays[n]
            offset = a.__array_interface__["data"][0] - start
            rows[n] = [name, offset, list(a.shape), list(a.strides)]
    return rows, blocks


def _overlapping(arrays: list[np.ndarray]) -> list[list[int]]:
    """The numbers of the arrays, in groups of one type whose stretches of memory overlap."""
    places = []
    for n, a in enumerate(arrays):
        if a.size:
            low, high = np.lib.array_utils.byte_bounds(a)
            places.append((a.dtype.str, low % a.itemsize, low, high, n))
    groups: list[list[int]] = [[n] for n, a in enumerate(arrays) if not a.size]
    before: Any = None
    for dtype, phase, low, high, n in sorted(places):
        if before is not None and (dtype, phase) == before[:2] and low < before[2]:
            groups[-1].append(n)
            before = (dtype, phase, max(high, before[2]))
        else:
            groups.append([n])
            before = (dtype, phase, high)
    return groups


def _covering(arrays: list[np.ndarray], group: list[int]) -> tuple[np.ndarray, int]:
    """All memory that a group looks into, as one flat array, and its address."""
    bounds = [np.lib.array_utils.byte_bounds(arrays[n]) for n in group]
    start, end = min(low for low, _ in bounds), max(high for _, high in bounds)
    lowest = arrays[group[[low for low, _ in bounds].index(start)]]
    forward = lowest[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in lowest.strides)]
    size = (end - start) // lowest.itemsize
    return np.lib.stride_tricks.as_strided(forward, (size,), (lowest.itemsize,)).copy(), start


def _free_name(wanted: str, taken: dict[str, np.ndarray]) -> str:
    """A name that other readers of the file can show, not used yet."""
    wanted = wanted.encode("utf-8", "replace").decode()[:200]
    name, number = wanted, 1
    while name in taken or name == "__metadata__":
        number += 1
        name = f"{wanted}#{number}"
    return name


# --- back -------------------------------------------------------------------------------------------------


def restore(description: dict[str, Any], blocks: dict[str, np.ndarray]) -> Any:
    """The object that `describe` described. Raises ValueError, KeyError, ... if the description is no good."""
    arrays = [_view(blocks[row[0]], *row[1:]) for row in description["arrays"]]
    tensors = []
    for number, requires_grad, kind in description["tensors"]:
        if arrays[number].dtype not in SUPPORTED:
            raise ValueError(f"a tensor of {arrays[number].dtype}")
        t = Tensor._of(arrays[number])
        tensors.append(Parameter(t, bool(requires_grad)) if kind == "Parameter" else t.requires_grad_(requires_grad))
    return _restored(description["obj"], tensors, arrays)


def _view(block: np.ndarray, offset: int = 0, shape: Any = None, strides: Any = None) -> np.ndarray:
    if shape is None:
        return block
    return np.ndarray(tuple(shape), block.dtype, block, offset, tuple(strides))  # raises outside of the block


def _restored(node: Any, tensors: list[Any], arrays: list[np.ndarray]) -> Any:
    if not isinstance(node, list):
        return node
    kind, value = node[0], node[1]
    if kind in MAPPINGS:
        pairs = [(_restored(key, tensors, arrays), _restored(item, tensors, arrays)) for key, item in value]
        return MAPPINGS[kind](pairs)
    if kind in SEQUENCES:
        return SEQUENCES[kind](_restored(part, tensors, arrays) for part in value)
    if kind == "tensor":
        return tensors[value]
    if kind == "ndarray":
        return arrays[value]
    if kind == "scalar":
        return arrays[value][()]
    if kind in ("bytes", "bytearray"):
        return (bytes if kind == "bytes" else bytearray)(arrays[value].tobytes())
    if kind == "int":
        return int(value, 16)
    if kind == "float":
        return float(value)
    if kind == "complex":
        return complex(_restored(value, tensors, arrays), _restored(node[2], tensors, arrays))
    if kind == "dtype" and np.dtype(value).kind in ARRAY_KINDS:
        return np.dtype(value)
    if kind == "device":
        if not isinstance(value, str) or device(value).type != "cpu":
            raise ValueError(f"the device {value!r}, where tensors cannot be")
        return device(value)
    raise ValueError(f"unknown kind {kind!r}")
