"""Module: parameters, buffers and other modules under names, and a `forward` that uses them.

Calling a module sets the scope, so every node made inside knows its module path and which call it was.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .. import dtypes
from .._mode import Scope, thread
from .._names import nearest
from .._tensor import Tensor
from ..graph import RemovableHandle, tick
from ..ops.converting import parse_to
from .backward_hooks import Passage
from .loading import IncompatibleKeys, read_state
from .parameter import Parameter
from .wrong_input import explain, instead_of_module


class Module:
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
            changed = hook(self, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        passage = Passage(self, list(self._backward_hooks.values())) if self._backward_hooks else None
        if passage is not None:
            args = passage.enter(args)
        result = self.forward(*args, **kwargs)
        for hook in tuple(self._forward_hooks.values()):
            changed = hook(self, args, result)
            result = result if changed is None else changed
        return result if passage is None else passage.leave(result)

    def register_forward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, args, output)` after forward; a result other than None replaces the output."""
        return _register(self._forward_hooks, hook)

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, args)` before forward; a result other than None replaces the arguments."""
        return _register(self._forward_pre_hooks, hook)

    def register_full_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when backward has the gradients of the module's inputs.

        Both are tuples, with None for what has no gradient; a result other than None replaces grad_input.
        """
        return _register(self._backward_hooks, hook)

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
                    f"cannot assign {type(value).__name__} as parameter {name!r}: expected a Parameter or None; "
                    f"to change its numbers use .data = ... or .copy_() inside no_grad()"
                )
            self._parameters[name] = None
        elif name in self._modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign {type(value).__name__} as child module {name!r}: expected a Module or None"
                )
            self._modules[name] = None
        elif name in self._buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(f"cannot assign {type(value).__name__} as buffer {name!r}: expected a Tensor or None")
            self._buffers[name] = value
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
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{nearest(name, dir(self))}")

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

    # --- walking ------------------------------------------------------------------------------------

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """(path, module) for this module and all below it, each once."""
        visited = set() if memo is None else memo
        waiting: list[tuple[str, Module]] = [(prefix, self)]
        while waiting:
            path, module = waiting.pop()
            if remove_duplicate and module in visited:
                continue
            visited.add(module)
            yield path, module
            children = [(f"{path}.{name}" if path else name, child) for name, child in module._modules.items()
                        if child is not None]  # fmt: skip
            waiting.extend(reversed(children))

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) for the modules right below this one."""
        visited: set[Module] = set()
        for name, child in self._modules.items():
            if child is not None and child not in visited:
                visited.add(child)
                yield name, child

    def children(self) -> Iterator[Module]:
        """The modules right below this one."""
        return (child for _, child in self.named_children())

    def _named(
        self, place: str, prefix: str, recurse: bool, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        visited: set[Any] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, value in getattr(module, place).items():
                if value is not None and not (remove_duplicate and value in visited):
                    visited.add(value)
                    yield (f"{path}.{name}" if path else name), value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(path, parameter) of this module and all below; a shared parameter comes once."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module and all below; a shared parameter comes once."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """(path, buffer) of this module and all below."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and all below."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module at a dotted path, "" for this one."""
        module: Any = self
        for name in target.split(".") if target else []:
            if not isinstance(module, Module) or name not in module._modules:
                raise AttributeError(f"{type(module).__name__} has no child module {name!r} (path {target!r})")
            module = module._modules[name]
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if name not in module._parameters or module._parameters[name] is None:
            raise AttributeError(f"{type(module).__name__} has no parameter {name!r} (path {target!r})")
        return module._parameters[name]

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call `fn` on every module below and then on this one; returns the module."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # --- changing all at once -----------------------------------------------------------------------

    def train(self, mode: bool = True) -> Module:
        """Training mode for this module and all below: dropout drops, batch norm measures."""
        if not isinstance(mode, bool):
            raise ValueError(f"train(): mode is expected to be a bool, got {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Evaluation mode: `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Freeze (False) or train all parameters."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for p in self.parameters():
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                p.grad.detach_().zero_()

    def to(self, *args: Any, **kwargs: Any) -> Module:
        """Convert floating-point parameters and buffers: `to(dtype)`, `to("cpu")`. In place; returns the module."""
        wanted, _ = parse_to(args, kwargs)
        if wanted is not None and wanted.kind != "f":
            raise TypeError(f"nn.Module.to only accepts floating point dtypes, but got desired dtype={wanted}")
        for t in (*self.parameters(), *self.buffers()):
            if t.dtype.kind == "f":
                t.data = converted = t.detach().to(*args, **kwargs)
                t.grad = None if t.grad is None else t.grad.to(converted.dtype)
        return self

    def float(self) -> Module:
        """Parameters and buffers as float32."""
        return self.to(dtypes.float32)

    def double(self) -> Module:
        """Parameters and buffers as float64."""
        return self.to(dtypes.float64)

    def half(self) -> Module:
        """Parameters and buffers as float16 (storage; computing in it is slow)."""
        return self.to(dtypes.float16)

    def type(self, dst_type: Any) -> Module:
        """Parameters and buffers as `dst_type`."""
        return self.to(dst_type)

    def cpu(self) -> Module:
        """Itself: there is only the CPU."""
        return self

    def cuda(self, device: Any = None) -> Module:
        """Raises: there is no GPU here."""
        return self.to("cuda")

    # --- state --------------------------------------------------------------------------------------

    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Tensor]:
        """All parameters and persistent buffers by path. They share memory with the module."""
        state = OrderedDict() if destination is None else destination
        for path, module in self.named_modules(prefix=prefix.removesuffix("."), remove_duplicate=False):
            start = f"{path}." if path else ""
            for name, value in (*module._parameters.items(), *module._buffers.items()):
                if value is not None and name not in module._transient:
                    state[start + name] = value if keep_vars else value.detach()
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values into parameters and buffers by path; nothing is changed if any key, shape or value is wrong.

        strict  missing and unexpected keys are errors; else they are returned
        assign  let parameters take over the given memory instead of copying into theirs

        Raises RuntimeError that lists every missing key, unexpected key and wrong shape.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict(): expected a dict, got {type(state_dict).__name__}")
        own = self.state_dict(keep_vars=True)
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        values, problems = read_state(state_dict, own)
        if strict:
            problems = [*([f"unexpected keys: {_quoted(unexpected)}"] if unexpected else []),
                        *([f"missing keys: {_quoted(missing)}"] if missing else []), *problems]  # fmt: skip
        if problems:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(problems))
        for key, source in values.items():
            if assign:
                own[key].data = source
            else:
                own[key].data.copy_(source)
        return IncompatibleKeys(missing, unexpected)

    def __deepcopy__(self, memo: dict[int, Any]) -> Module:
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        made = {getattr(hook, "makes", None) for hook in self._forward_pre_hooks.values()}  # and so made again
        for name, value in self.__dict__.items():
            try:
                copied = copy.deepcopy(value.detach() if name in made else value, memo)
            except RuntimeError as error:
                if name == "_buffers":
                    name = next((key for key, b in value.items() if b is not None and not b.is_leaf), name)
                raise error if name == "_modules" else RuntimeError(f"{type(self).__name__}.{name}: {error}") from None
            object.__setattr__(twin, name, copied)
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            f"a whole module ({type(self).__name__}) is not pickled: save module.state_dict() with tinygrad_rnn.save(...), "
            f"and load it with load_state_dict()"
        )

    # --- printing -----------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the parentheses when the module is printed."""
        return ""

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


def _register(hooks: dict[int, Any], hook: Any) -> RemovableHandle:
    key = tick()
    hooks[key] = hook
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


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)
