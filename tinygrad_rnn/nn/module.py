"""Module: parameters, buffers and other modules under names, and a `forward` that uses them.

Calling a module sets the scope, so every node made inside knows its module path and which call it was. How the tree of
modules is walked is in `module_tree.py`, how it is saved and loaded in `saving.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._missing_names import missing, nearest
from .._mode import Scope, thread
from .._tensor import Tensor
from ..arrays import kind_of
from ..graph import RemovableHandle, tick
from .backward_hooks import Passage
from .parameter import Parameter
from .saving import Saving
from .wrong_input import explain, instead_of_module


class Module(Saving):
    """Base of all layers and models: assign parameters and modules to attributes, and define `forward`.

    >>> class Net(nn.Module):
    ...     def __init__(self) -> None:
    ...         super().__init__()
    ...         self.linear = nn.Linear(3, 2)
    ...     def forward(self, x):
    ...         return self.linear(x).tanh()
    """

    training: bool

    def __init__(self, *args: Any, **kwargs: Any):
        for name, value in (
            ("training", True),
            ("_parameters", {}),
            ("_buffers", {}),
            ("_transient", set()),  # buffers that state_dict leaves out
            ("_modules", {}),
            ("_scope_name", None),
            ("_forward_hooks", {}),
            ("_forward_pre_hooks", {}),
            ("_backward_hooks", {}),
        ):
            object.__setattr__(self, name, value)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; subclasses define it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        mode = thread.mode
        outer = mode.scope
        try:
            name = self._scope_name or type(self).__name__
        except AttributeError:
            raise AttributeError(f"call super().__init__() first in {type(self).__name__}.__init__") from None
        path = f"{outer.path}.{name}" if outer.path else name
        mode.scope = Scope(path, tick(), outer.layer, outer.direction, outer.step)
        try:
            if not (self._forward_hooks or self._forward_pre_hooks or self._backward_hooks):
                return self.forward(*args, **kwargs)
            return self._call_with_hooks(args, kwargs)
        except AttributeError as error:
            explain(error, self, args, kwargs)
            raise
        finally:
            mode.scope = outer

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook in tuple(self._forward_pre_hooks.values()):
            changed = hook(self, args, kwargs) if type(hook) is WithKwargs else hook(self, args)
            if type(hook) is WithKwargs:
                args, kwargs = (args, kwargs) if changed is None else changed
            elif changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        passage = Passage(self, list(self._backward_hooks.values())) if self._backward_hooks else None
        if passage is not None:
            args = passage.enter(args)
        result = self.forward(*args, **kwargs)
        for hook in tuple(self._forward_hooks.values()):
            changed = hook(self, args, kwargs, result) if type(hook) is WithKwargs else hook(self, args, result)
            result = result if changed is None else changed
        return result if passage is None else passage.leave(result)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after forward; a result other than None replaces the output.

        prepend      before the hooks that are there
        with_kwargs  call `hook(module, args, kwargs, output)`
        """
        return _register(self._forward_hooks, WithKwargs(hook) if with_kwargs else hook, prepend)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before forward; a result other than None replaces the arguments.

        with_kwargs  call `hook(module, args, kwargs)`, which returns None or (args, kwargs)
        """
        return _register(self._forward_pre_hooks, WithKwargs(hook) if with_kwargs else hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when backward has the gradients of the module's inputs.

        Both are tuples, with None for what has no gradient; a result other than None replaces grad_input.
        """
        return _register(self._backward_hooks, hook, prepend)

    register_backward_hook = register_full_backward_hook

    # --- attributes ---------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        places = self.__dict__
        if "_parameters" not in places:
            if isinstance(value, (Parameter, Module)):
                raise AttributeError(f"cannot assign {name!r} before {type(self).__name__} calls super().__init__()")
            object.__setattr__(self, name, value)
        elif isinstance(value, Parameter):
            self._forget(name, self._parameters)
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._forget(name, self._modules)
            self.add_module(name, value)
        elif name in self._parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign {kind_of(value)} as parameter {name!r}: expected a Parameter or None; "
                    f"to change its numbers use .data = ... or .copy_() inside no_grad()"
                )
            self._parameters[name] = None
        elif name in self._modules:
            if value is not None:
                raise TypeError(f"cannot assign {kind_of(value)} as child module {name!r}: expected a Module or None")
            self._modules[name] = None
        elif name in self._buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(f"cannot assign {kind_of(value)} as buffer {name!r}: expected a Tensor or None")
            self._buffers[name] = value
        elif (made := self._made(name)) is not None:
            made.right_inverse(value)
        else:
            object.__setattr__(self, name, value)

    def _forget(self, name: str, here: dict[str, Any]) -> None:
        """Take `name` out of every place but `here`, where what it names is replaced and keeps its position."""
        for place in (self.__dict__, self._parameters, self._buffers, self._modules):
            if place is not here:
                place.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        for place in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(place, {})
            if name in found:
                return found[name]
        if (made := self._made(name)) is not None:
            return made()
        owner = f"{type(self).__name__!r} object"
        if name.startswith("register_"):  # a method of PyTorch's; other names are the user's own
            raise missing(owner, name, dir(self))
        raise AttributeError(f"{owner} has no attribute {name!r}{nearest(name, dir(self))}")

    def _made(self, name: str) -> Any:
        """What makes the parameter `name` of another, if something does; see nn/utils/parametrize.py."""
        those = self.__dict__.get("_modules", {}).get("parametrizations")
        return None if those is None else those._modules.get(name)

    def __delattr__(self, name: str) -> None:
        for place in (self._parameters, self._buffers, self._modules):
            if name in place:
                del place[name]
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        places = (self.__dict__.get(p, {}) for p in ("_parameters", "_buffers", "_modules"))
        return sorted({*object.__dir__(self), *(name for place in places for name in place)})

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under `name` (None keeps the name free, as for a layer without bias)."""
        _check_name(self, name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"register_parameter({name!r}): expected a Parameter or None, got {type(param).__name__}")
        self._parameters[name] = param
        if param is not None and param.name is None:
            param.name = name

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is saved with the module but not trained; persistent=False leaves it out of files."""
        _check_name(self, name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"register_buffer({name!r}): expected a Tensor or None, got {type(tensor).__name__}")
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child module under `name`."""
        _check_name(self, name, self._modules)
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"add_module({name!r}): expected a Module or None, got {instead_of_module(module)}")
        self._modules[name] = module
        if module is not None and module.__dict__.get("_scope_name") is None:
            object.__setattr__(module, "_scope_name", name)

    register_module = add_module

    # --- printing -----------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    _shown: tuple[str, ...] = ()  # the attributes that are printed, most often the constructor's arguments
    _shown_if_set: tuple[str, ...] = ()  # those printed only where they are not False, None or 0

    def extra_repr(self) -> str:
        """What stands in the parentheses when the module is printed."""
        names = [*self._shown, *(name for name in self._shown_if_set if getattr(self, name))]
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in names)

    def _printed_children(self) -> list[tuple[str, str]]:
        """Names and texts of the modules right below."""
        return [(name, repr(child)) for name, child in self._modules.items()]

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = []
        for name, text in self._printed_children():
            first, *rest = text.split("\n")
            children.append("\n".join([f"({name}): {first}", *("  " + line for line in rest)]))
        if not children and len(lines) <= 1:
            return f"{type(self).__name__}({extra})"
        return f"{type(self).__name__}(\n  " + "\n  ".join([*lines, *children]) + "\n)"


class WithKwargs:
    """A hook that is also given the arguments by name."""

    def __init__(self, hook: Callable[..., Any]):
        self.hook = hook

    def __call__(self, *args: Any) -> Any:
        return self.hook(*args)


def _register(hooks: dict[int, Any], hook: Any, prepend: bool) -> RemovableHandle:
    key = tick()
    earlier = dict(hooks) if prepend else {}
    for old in earlier:
        del hooks[old]
    hooks[key] = hook
    hooks.update(earlier)
    return RemovableHandle(hooks, key)


def _check_name(module: Module, name: str, place: dict[str, Any]) -> None:
    if not isinstance(name, str) or name == "" or "." in name:
        raise KeyError(
            f"the name of a parameter, buffer or module must be a non-empty string without dots, got {name!r}"
        )
    if "_parameters" not in module.__dict__:
        raise AttributeError(f"call super().__init__() first in {type(module).__name__}.__init__")
    if name not in place and (hasattr(type(module), name) or name in module.__dict__):
        raise KeyError(f"attribute {name!r} already exists")
