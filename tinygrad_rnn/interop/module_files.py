"""Whole modules in a file: a class by its name, and the attributes of an object as data.

Reading runs no code of the file, for there is none, and none of the class: `object.__new__` makes an empty object and its
`__dict__` is filled. No `__init__`, `__setattr__`, `__setstate__` or property is called. A class is looked up among the
modules of Python that are imported already; nothing is imported for a file, and only Modules are found (and the optimizers
and schedulers of this package). Which of them a file may name, the program says: `load(path, weights_only=False)` all that
it has imported, `safe_globals([Net])` these.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from contextvars import ContextVar
from functools import reduce
from graphlib import CycleError, TopologicalSorter
from inspect import getattr_static
from types import FunctionType, ModuleType
from typing import Any

from .._tensor import Tensor
from ..graph import tick
from ..nn import functional
from ..nn.module import Module
from ..nn.parameter import Parameter
from ..nn.utils.spectral_norm import SpectralNorm
from ..nn.utils.weight_norm import WeightNorm
from ..optim import Optimizer
from ..optim.lr_scheduler import LRScheduler

WHOLE = (Module, Optimizer, LRScheduler)
PACKAGE = __name__.partition(".")[0] + "."
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_hooks")
REGISTERED: dict[str, Any] = {"_parameters": Parameter, "_buffers": Tensor, "_modules": Module}
RULES: dict[str, Any] = {"WeightNorm": WeightNorm, "SpectralNorm": SpectralNorm}  # the hooks that are data


def _functions(of: Any, prefix: str) -> dict[str, Any]:
    found = ((name, getattr_static(of, name)) for name in dir(of) if not name.startswith("_"))
    return {f"{prefix}.{name}": value for name, value in found if type(value) is FunctionType}


# What a layer keeps as its activation is one of these, and a file names it. They compute; none opens a file.
FUNCTIONS = {**_functions(Tensor, "Tensor"), **_functions(functional, "F")}
NAME_OF = {function: name for name, function in FUNCTIONS.items()}


# --- which classes a file may name ------------------------------------------------------------------------


class NotAllowedError(RuntimeError):
    """A file names a class that it may not name, or that is not here."""


_always: list[Any] = []
_in_block: ContextVar[tuple[Any, ...]] = ContextVar("safe_globals", default=())


def get_safe_globals() -> list[Any]:
    """The classes that files may name."""
    return [*_always, *_in_block.get()]


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Let files name these classes from now on; see `safe_globals`."""
    _always.extend(_whole_classes(safe_globals))


def clear_safe_globals() -> None:
    """Undo `add_safe_globals`."""
    _always.clear()


class safe_globals:
    """Let files name these classes while the block runs; this package's own come along with them.

    >>> with safe_globals([Net]):
    ...     model = load("model.tg")

    A class that had another name when the file was written is given with that: `(Net, "__main__.Net")`. Raises TypeError
    for what is no subclass of Module.
    """

    def __init__(self, safe_globals: Iterable[Any]):
        self.classes: list[Any] = _whole_classes(safe_globals)

    def __enter__(self) -> None:
        self._token = _in_block.set((*_in_block.get(), *self.classes))

    def __exit__(self, *_: object) -> None:
        _in_block.reset(self._token)


def _whole_classes(entries: Iterable[Any]) -> list[Any]:
    given = list(entries)
    for entry in given:
        if not _is_whole(entry[0] if isinstance(entry, tuple) else entry):
            raise TypeError(f"safe_globals(): expected subclasses of Module, got {entry!r}")
    return given


def classes_named(names: list[Any], weights_only: bool) -> list[type]:
    """The classes that a file names. Raises NotAllowedError if it may not name them, or if they are not here."""
    given = dict((e[1], e[0]) if isinstance(e, tuple) else (_full_name(e), e) for e in get_safe_globals())
    refused = [name for name in names if name not in given and not (given and _of_package(name))]
    if weights_only and refused:
        shown = ", ".join(map(str, dict.fromkeys(refused)))
        raise NotAllowedError(
            f"holds whole objects ({shown}), and load() alone reads data. If you trust what those classes do, write "
            f"load(path, weights_only=False), or name them: with serialization.safe_globals([...]): load(path)"
        )
    found = [given[name] if name in given else _imported(name) for name in names]
    for name, cls in zip(names, found, strict=True):
        if cls is None:
            raise NotAllowedError(
                f"names the class {name!r}, and no Module of that name is imported here. Import it before load(); if it has "
                f"another name by now: with serialization.safe_globals([(Net, {name!r})]): load(path)"
            )
    return found


def _of_package(name: Any) -> bool:
    return isinstance(name, str) and name.startswith(PACKAGE)


def _is_whole(cls: Any) -> bool:
    """A subclass of Module, or an optimizer or scheduler of this package? Only classes are asked, no objects' `__class__`."""
    if not issubclass(type(cls), type):
        return False
    return issubclass(cls, Module) or (issubclass(cls, WHOLE) and _of_package(cls.__module__))


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _imported(name: Any) -> Any:
    """The class of this name, or None. It is looked up in dicts alone: `getattr` on a module or class could run code."""
    parts = name.split(".") if isinstance(name, str) else []
    for k in range(len(parts) - 1, 0, -1):
        found = reduce(_entry, parts[k:], sys.modules.get(".".join(parts[:k])))
        if _is_whole(found):
            return found
    return None


def _entry(holder: Any, name: str) -> Any:
    return vars(holder).get(name) if type(holder) is ModuleType or issubclass(type(holder), type) else None


# --- an object as data ------------------------------------------------------------------------------------


def name_of(cls: type, path: str) -> str:
    """The shortest name under which reading finds the class, so that a package may move it between its files.

    Raises TypeError, naming the place, if it has none.
    """
    parts = cls.__module__.split(".")
    for k in range(1, len(parts) + 1):
        name = ".".join([*parts[:k], cls.__qualname__])
        if _imported(name) is cls:
            return name
    raise TypeError(
        f"{path}: a whole {cls.__name__} cannot be saved, because its class is not found under its name "
        f"{_full_name(cls)}; define it at the top of a file, or save the numbers: {path}.state_dict()"
    )


def attributes_of(x: Any, path: str) -> tuple[dict[str, Any], list[list[Any]]]:
    """The attributes of `x` that a file keeps, by name, and what normalises its weights.

    Raises TypeError, naming the place, for other hooks, which are code, and for attributes that could not be set.
    """
    found, rules = dict(vars(x)), []
    slots: Any = [vars(cls).get("__slots__", ()) for cls in type(x).__mro__]
    for slot in (slot for names in slots for slot in names):
        raise TypeError(f"{path}: {type(x).__name__} keeps {slot!r} in __slots__, and cannot be saved")
    for place in HOOKS:
        for hook in [h for hooks in _dicts(found.pop(place, {})) for h in hooks.values()]:
            if type(hook).__name__ not in RULES or type(hook) is not RULES[type(hook).__name__]:
                raise TypeError(f"{path}.{place}: the hook {hook!r} is code and cannot be saved; remove it first")
            rules.append([type(hook).__name__, *(getattr(hook, slot) for slot in type(hook).arguments)])
            found[hook.name] = found[hook.name].detach()  # computed anew before each call
    if isinstance(x, Optimizer):
        found["state"] = [list(pair) for pair in x.state.items()]
    for name, value in found.items():
        _check(type(x), name, value, TypeError, path)
    return found, rules


def _dicts(hooks: Any) -> tuple[dict[int, Any], ...]:
    return hooks if isinstance(hooks, tuple) else (hooks,)


def fill(x: Any, attributes: list[list[Any]], rules: list[list[Any]]) -> None:
    """Put the attributes into an empty object, if they are what an object of its class can have.

    Raises ValueError, KeyError, ... otherwise.
    """
    found: dict[str, Any] = {_check(type(x), name, value, ValueError, "a file"): value for name, value in attributes}
    if isinstance(x, Module):
        _fill_module(found, rules)
    elif isinstance(x, Optimizer):
        for group in found["param_groups"]:
            _need(isinstance(group, dict) and all(isinstance(p, Tensor) for p in group["params"]), "param_groups")
        _need(all(isinstance(p, Tensor) and type(state) is dict for p, state in found["state"]), "state")
        found.update(state=defaultdict(dict, found["state"]), _hooks=({}, {}))
    vars(x).update(found)


def _fill_module(found: dict[str, Any], rules: list[list[Any]]) -> None:
    for place, kind in REGISTERED.items():
        _need(type(found[place]) is dict, place)
        for name, value in found[place].items():
            _need(
                _is_name(name) and "." not in name and (value is None or isinstance(value, kind)), f"{place}: {name!r}"
            )
    _need(type(found["training"]) is bool and type(found["_transient"]) is set, "training and buffers")
    _need(isinstance(found.get("_scope_name"), (str, type(None))), "_scope_name")
    for name, p in found["_parameters"].items():
        if p is not None and p.name is None:
            p.name = name
    for kind, name, *numbers in rules:
        plain = all(isinstance(x, (int, float, type(None))) for x in numbers)
        _need(kind in RULES and type(name) is str and plain, "normalised weights")
    found.update({place: {} for place in HOOKS if place != "_hooks"})
    found["_forward_pre_hooks"] = {tick(): RULES[kind](*of) for kind, *of in rules}


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"{what}: not what a module or optimizer has there")


def _is_name(name: Any) -> bool:
    return type(name) is str and name != "" and not (name.startswith("__") and name.endswith("__"))


def _check(cls: type, name: Any, value: Any, error: type[Exception], path: str) -> str:
    """The name of an attribute; an error if setting it would run code, or change what calling a method does."""
    if not _is_name(name):
        raise error(f"{path}: an attribute of the name {name!r} cannot be saved")
    own = getattr_static(cls, name, None)
    if hasattr(type(own), "__set__"):
        raise error(f"{path}.{name}: it is a property of {cls.__name__}, and cannot be saved beside it")
    if type(own) is FunctionType and callable(value):
        raise error(f"{path}.{name}: it takes the place of a method of {cls.__name__}, and cannot be saved")
    return name


def refuse_circles(objects: list[Any]) -> None:
    """Raise ValueError if a module is a child of itself, however far below: no walk through it would end."""
    below = {id(x): [id(child) for child in x._modules.values()] for x in objects if isinstance(x, Module)}
    try:
        TopologicalSorter(below).prepare()
    except CycleError:
        raise ValueError("a module is its own child, or its child's") from None
