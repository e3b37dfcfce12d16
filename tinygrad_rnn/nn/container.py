"""Modules and parameters in lists and dicts, so that the module around them finds them."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from .._tensor import Tensor
from .module import Module
from .parameter import Parameter

Entry = TypeVar("Entry")  # what a container by name holds: modules or parameters


def _position(name: str, index: Any, length: int) -> int:
    """`index` counted from 0, or an IndexError."""
    k = operator.index(index)
    if not -length <= k < length:
        raise IndexError(f"{name}: index {k} is out of range for {length} entries")
    return k % length


class _Uncalled(Module):
    """What ModuleList and ModuleDict share: they are never called, so their name goes into their children's scope."""

    @property
    def _scope_name(self) -> str | None:
        return self.__dict__.get("_own_name")

    @_scope_name.setter
    def _scope_name(self, name: str | None) -> None:
        self.__dict__["_own_name"] = name
        for key, module in self.__dict__.get("_modules", {}).items():
            self._label(key, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child module under `name`."""
        super().add_module(name, module)
        self._label(name, module)

    def _label(self, key: str, module: Module | None) -> None:
        if module is not None:
            object.__setattr__(module, "_scope_name", f"{self._scope_name}.{key}" if self._scope_name else key)


class _Numbered(Module):
    """What Sequential and ModuleList share: children under the names "0", "1", …"""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, index: Any) -> Any:
        items = list(self._modules.items())
        if isinstance(index, slice):
            return self._part(items[index])
        return items[_position(type(self).__name__, index, len(items))][1]

    def _part(self, items: list[tuple[str, Any]]) -> Any:
        raise NotImplementedError

    def __setitem__(self, index: Any, module: Module) -> None:
        name = list(self._modules)[_position(type(self).__name__, index, len(self))]
        setattr(self, name, module)

    def __delitem__(self, index: Any) -> None:
        kept = list(self)
        if not isinstance(index, slice):
            index = _position(type(self).__name__, index, len(kept))
        del kept[index]
        self._refill(kept)

    def _refill(self, modules: Iterable[Any]) -> None:
        self._modules.clear()
        for k, module in enumerate(modules):
            self.add_module(str(k), module)

    def append(self, module: Module) -> Any:
        """Add a module at the end; returns the container."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before position `index`; returns the container."""
        if not isinstance(module, Module):
            raise AssertionError(f"{type(self).__name__}.insert: expected a Module, got {type(module).__name__}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"{type(self).__name__}.insert: index {index} is out of range for {len(self)} entries")
        modules = list(self)
        modules.insert(index, module)
        self._refill(modules)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add several modules at the end; returns the container."""
        if isinstance(modules, (Module, str)) and not isinstance(modules, _Numbered):
            raise TypeError(
                f"{type(self).__name__}.extend: expected modules to iterate over, got {type(modules).__name__}"
            )
        for module in modules:
            self.append(module)
        return self

    def __iadd__(self, modules: Iterable[Module]) -> Any:
        return self.extend(modules)

    def pop(self, index: Any) -> Any:
        """Take the module at `index` out and return it."""
        module = self[index]
        del self[index]
        return module


class _Named(Module, Generic[Entry]):
    """What ModuleDict and ParameterDict share: entries by name."""

    @property
    def _entries(self) -> dict[str, Any]:
        raise NotImplementedError

    def __getitem__(self, key: str) -> Entry:
        return self._entries[key]

    def __delitem__(self, key: str) -> None:
        del self._entries[key]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def keys(self) -> Any:
        """The names."""
        return self._entries.keys()

    def values(self) -> Any:
        """What stands under the names."""
        return self._entries.values()

    def items(self) -> Any:
        """(name, entry) pairs."""
        return self._entries.items()

    def pop(self, key: str) -> Entry:
        """Take the entry under `key` out and return it."""
        return self._entries.pop(key)


class Sequential(_Numbered):
    """Modules one after the other: each gets what the one before returned.

    >>> model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))

    A dict in place of the modules names them. Slices are Sequentials of the same modules.
    """

    def __init__(self, *args: Any):
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], dict) else enumerate(args)
        for name, module in named:
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        """The result of the last module."""
        for module in self._modules.values():
            input = module(input)
        return input

    def _part(self, items: list[tuple[str, Any]]) -> Sequential:
        return type(self)(dict(items))

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"a Sequential can be added to another one, not to {type(other).__name__}")
        return Sequential(*self, *other)


class ModuleList(_Uncalled, _Numbered):
    """A list of modules that are found as children; it has no forward.

    >>> layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
    """

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def _part(self, items: list[tuple[str, Any]]) -> ModuleList:
        return type(self)(module for _, module in items)

    def _printed_children(self) -> list[tuple[str, str]]:
        """Equal neighbours are printed once: (0-3): 4 x Linear(...)."""
        printed = []
        for text, group in itertools.groupby(super()._printed_children(), key=lambda child: child[1]):
            names = [name for name, _ in group]
            same = f"{names[0]}-{names[-1]}", f"{len(names)} x {text}"
            printed.append(same if len(names) > 1 else (names[0], text))
        return printed

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])


class ModuleDict(_Uncalled, _Named[Module]):
    """A dict of modules that are found as children; it has no forward."""

    def __init__(self, modules: Any = None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    @property
    def _entries(self) -> dict[str, Any]:
        return self._modules

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()

    def update(self, modules: Any) -> None:
        """Add the modules of a dict, or (name, module) pairs."""
        for key, module in dict(modules).items():
            self[key] = module


def _as_parameter(value: Any) -> Any:
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


class ParameterList(Module):
    """A list of parameters that are found as such; plain tensors become parameters."""

    def __init__(self, values: Iterable[Any] | None = None):
        super().__init__()
        if values is not None:
            self.extend(values)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parameters.values())

    def __getitem__(self, index: Any) -> Any:
        values = list(self)
        if isinstance(index, slice):
            return type(self)(values[index])
        return values[_position("ParameterList", index, len(values))]

    def __setitem__(self, index: Any, value: Any) -> None:
        setattr(self, str(_position("ParameterList", index, len(self))), _as_parameter(value))

    def append(self, value: Any) -> ParameterList:
        """Add a parameter at the end; returns the list."""
        self.register_parameter(str(len(self)), _as_parameter(value))
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add several parameters at the end; returns the list."""
        if isinstance(values, Tensor):
            raise TypeError("ParameterList.extend: expected a list of parameters, got a single Tensor")
        for value in values:
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def extra_repr(self) -> str:
        return "\n".join(f"({k}): Parameter of shape {list(p.shape)}, {p.dtype}" for k, p in enumerate(self))


class ParameterDict(_Named[Any]):
    """A dict of parameters that are found as such; plain tensors become parameters."""

    def __init__(self, parameters: Any = None):
        super().__init__()
        if parameters is not None:
            self.update(parameters)

    @property
    def _entries(self) -> dict[str, Any]:
        return self._parameters

    def __setitem__(self, key: str, value: Any) -> None:
        self.register_parameter(key, _as_parameter(value))

    def update(self, parameters: Mapping[str, Any] | Any) -> None:
        """Add the parameters of a dict, or (name, parameter) pairs."""
        for key, value in dict(parameters).items():
            self[key] = value

    def extra_repr(self) -> str:
        return "\n".join(f"({k}): Parameter of shape {list(p.shape)}, {p.dtype}" for k, p in self.items())
