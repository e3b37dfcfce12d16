"""Nested objects as a description in JSON plus named arrays, and back.

JSON has strings, numbers, true, false and null; everything else is a list that starts with its kind:

    ["dict", [[key, value], ...]]      keys keep their type (JSON would turn 0 into "0")
    ["list", [...]]  ["tuple", [...]]  ["set", [...]]
    ["tensor", 3]                      row 3 of "tensors": [number of its array, does it require grad, its class]
    ["ndarray", 5]                     row 5 of "arrays": [name], or [name, offset, shape, strides]
    ["object", 2]  ["class", 0]        row 2 of "objects": [number of its class, [[attribute, value], ...], weight norms];
                                       "classes" has the names of classes (module_files.py says which are built)

An array row with offset, shape and strides is a view into a block of memory that several arrays share, so
that tied weights are still tied after loading. Only kinds listed here can be written, and only they are read.
"""

from __future__ import annotations

import math
from argparse import Namespace
from collections import OrderedDict
from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from .._device import device
from .._tensor import Tensor
from ..dtypes import SUPPORTED
from ..nn.parameter import Parameter
from ..ops.making import Size
from .module_files import (
    FUNCTIONS,
    NAME_OF,
    REGISTERED,
    WHOLE,
    attributes_of,
    classes_named,
    fill,
    name_of,
    refuse_circles,
)

MAX_DEPTH = 100
ARRAY_KINDS = "biuf"
KEY_TYPES = (str, int, float, bool, type(None), tuple, bytes, np.generic, np.dtype)
SEQUENCES: dict[str, Callable[[Any], Any]] = {kind.__name__: kind for kind in (list, tuple, Size, set, frozenset)}
MAPPINGS: dict[str, Callable[[Any], Any]] = {"dict": dict, "OrderedDict": OrderedDict}
NAMESPACES: dict[str, Callable[[], Any]] = {"Namespace": Namespace, "SimpleNamespace": SimpleNamespace}
TENSORS: dict[str, Callable[..., Any]] = {"Tensor": Tensor, "Parameter": Parameter}


def describe(obj: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The description of `obj` and the arrays in it, by name.

    Raises TypeError, naming the place, for an object that is not data: a function, a file, ...
    """
    walk = _Walk()
    root = walk.node(obj, "obj", (), 0)
    walk.whole_objects()
    rows, blocks = _blocks(walk.arrays, walk.names)
    whole = {"classes": list(walk.classes.values()), "objects": walk.objects} if walk.classes else {}
    return {"obj": root, "tensors": walk.tensors, "arrays": rows, **whole}, blocks


class _Walk:
    """One walk over an object: its nodes, and the tensors and arrays met on the way."""

    def __init__(self) -> None:
        self.tensors: list[list[Any]] = []
        self.arrays: list[np.ndarray] = []
        self.names: list[str] = []
        self.met: dict[int, list[Any]] = {}  # the same object twice is one object after loading, too
        self.classes: dict[type, str] = {}
        self.objects: list[Any] = []
        self.waiting: list[tuple[Any, str, tuple[Any, ...]]] = []  # whole objects, in the order of their rows
        self.alive: list[Any] = []  # what was made on the way, so that its id is not given to another
        self.hashed: int = 0  # inside how many keys and sets are we?

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
            self.hashed += kind in (set, frozenset)
            parts = [self.node(part, f"{path}[{n}]", (*keys, n), depth + 1) for n, part in enumerate(x)]
            self.hashed -= kind in (set, frozenset)
            return [kind.__name__, sorted(parts, key=repr) if kind in (set, frozenset) else parts]
        if kind.__name__ in NAMESPACES and kind is NAMESPACES[kind.__name__]:
            pairs = [
                [str(key), self.node(part, f"{path}.{key}", (*keys, key), depth + 1)] for key, part in vars(x).items()
            ]
            return [kind.__name__, pairs]
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
        if isinstance(x, WHOLE) and not self.hashed:
            return self.whole(x, path, keys)
        if self.objects and not self.hashed:  # in an attribute
            if isinstance(x, type) and issubclass(x, WHOLE):
                return ["class", self.number(x, path)]
            if isinstance(x, FunctionType) and x in NAME_OF:
                return ["function", NAME_OF[x]]
        raise TypeError(f"{path}: {_why_not(x, path)}")

    def whole(self, x: Any, path: str, keys: tuple[Any, ...]) -> list[Any]:
        """A whole object gets a number at once and its row later, so that it may hold itself and be deep."""
        if id(x) not in self.met:
            self.met[id(x)] = ["object", len(self.waiting)]
            self.waiting.append((x, path, keys))
        return self.met[id(x)]

    def whole_objects(self) -> None:
        """The rows of the objects that were met, and of those met on the way."""
        while len(self.objects) < len(self.waiting):
            x, path, keys = self.waiting[len(self.objects)]
            attributes, rules = attributes_of(x, path)
            self.alive.append(attributes)
            row = [self.number(type(x), path), [], rules]
            self.objects.append(row)
            for name, value in attributes.items():
                if name in REGISTERED and type(value) is dict:
                    node = ["dict", [[key, self.node(v, f"{path}.{key}", (*keys, key), 0)] for key, v in value.items()]]
                else:
                    node = self.node(value, f"{path}.{name}", (*keys, name), 0)
                row[1].append([name, node])
        refuse_circles([x for x, _, _ in self.waiting])

    def number(self, cls: type, path: str) -> int:
        """The number of a class."""
        if cls not in self.classes:
            self.classes[cls] = name_of(cls, path)
        return list(self.classes).index(cls)

    def item(self, key: Any, value: Any, path: str, keys: tuple[Any, ...], depth: int) -> list[Any]:
        if not isinstance(key, KEY_TYPES):
            raise TypeError(f"{path}: a key of type {type(key).__name__} cannot be saved; use strings or numbers")
        place = f"{path}[{key!r}]"
        self.hashed += 1
        first = self.node(key, f"{place} (the key)", (), depth + 1)
        self.hashed -= 1
        return [first, self.node(value, place, (*keys, key), depth + 1)]

    def tensor(self, t: Tensor, path: str, keys: tuple[Any, ...]) -> list[Any]:
        if TENSORS.get(type(t).__name__) is not type(t):
            way = "call the layer once" if type(t).__name__.startswith("Uninit") else "save a plain Tensor: x.detach()"
            raise TypeError(f"{path}: a {type(t).__name__} cannot be saved; {way}")
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
            f"a whole {name} cannot be saved here, because reading it back would run code. Save its numbers, "
            f"{path}.state_dict(), and put them into a new {name} with load_state_dict()"
        )
    if isinstance(x, FunctionType):
        return "a function cannot be saved, because it is code; make it a method of the class, or save its name"
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


def restore(description: dict[str, Any], blocks: dict[str, np.ndarray], weights_only: bool = True) -> Any:
    """The object that `describe` described. Raises ValueError, KeyError, ... if the description is no good.

    Raises NotAllowedError, before anything is made, if it names classes that it may not name.
    """
    classes, rows = classes_named(description.get("classes", []), weights_only), description.get("objects", [])
    arrays = [_view(blocks[row[0]], *row[1:]) for row in description["arrays"]]
    tensors = []
    for number, requires_grad, kind in description["tensors"]:
        if arrays[number].dtype not in SUPPORTED:
            raise ValueError(f"a tensor of {arrays[number].dtype}")
        t = Tensor._of(arrays[number])
        tensors.append(Parameter(t, bool(requires_grad)) if kind == "Parameter" else t.requires_grad_(requires_grad))
    objects = [object.__new__(classes[number]) for number, _, _ in rows]
    parts = {"tensor": tensors, "ndarray": arrays, "object": objects, "class": classes, "function": FUNCTIONS}
    for x, (_, attributes, rules) in zip(objects, rows, strict=True):
        fill(x, [[name, _restored(value, parts)] for name, value in attributes], rules)
    refuse_circles(objects)
    return _restored(description["obj"], parts)


def _view(block: np.ndarray, offset: int = 0, shape: Any = None, strides: Any = None) -> np.ndarray:
    if shape is None:
        return block
    return np.ndarray(tuple(shape), block.dtype, block, offset, tuple(strides))  # raises outside of the block


def _restored(node: Any, parts: dict[str, Any]) -> Any:
    if not isinstance(node, list):
        return node
    kind, value = node[0], node[1]
    arrays = parts["ndarray"]
    if kind in MAPPINGS:
        hashed = _hashed(parts)
        return MAPPINGS[kind]([(_restored(key, hashed), _restored(item, parts)) for key, item in value])
    if kind in SEQUENCES:
        parts = _hashed(parts) if kind in ("set", "frozenset") else parts
        return SEQUENCES[kind](_restored(part, parts) for part in value)
    if kind in NAMESPACES:
        found = NAMESPACES[kind]()
        vars(found).update({key: _restored(part, parts) for key, part in value if type(key) is str})
        return found
    if kind in parts:
        return parts[kind][value]
    if kind == "scalar":
        return arrays[value][()]
    if kind in ("bytes", "bytearray"):
        return (bytes if kind == "bytes" else bytearray)(arrays[value].tobytes())
    if kind == "int":
        return int(value, 16)
    if kind == "float":
        return float(value)
    if kind == "complex":
        return complex(_restored(value, parts), _restored(node[2], parts))
    if kind == "dtype" and np.dtype(value).kind in ARRAY_KINDS:
        return np.dtype(value)
    if kind == "device":
        if not isinstance(value, str) or device(value).type != "cpu":
            raise ValueError(f"the device {value!r}, where tensors cannot be")
        return device(value)
    raise ValueError(f"unknown kind {kind!r}")


def _hashed(parts: dict[str, Any]) -> dict[str, Any]:
    """The parts that may be keys or in sets: the hash of others could be code of their class."""
    return {**parts, "object": (), "class": ()}
