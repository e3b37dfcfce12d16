"""The tree of modules: going through it, finding what is in it, and changing all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from .. import dtypes
from .._tensor import Tensor
from ..ops.converting import parse_to
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

M = TypeVar("M", bound="ModuleTree")


class ModuleTree:
    """The part of Module that goes through the tree below it."""

    _parameters: dict[str, Any]  # by name: a Parameter, or None
    _buffers: dict[str, Any]
    _modules: dict[str, Any]

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """(path, module) for this module and all below it, each once."""
        visited = set() if memo is None else memo
        waiting: list[tuple[str, Any]] = [(prefix, self)]
        while waiting:
            path, module = waiting.pop()
            if remove_duplicate and module in visited:
                continue
            visited.add(module)
            yield path, module
            children = [(f"{path}.{name}" if path else name, child) for name, child in module._modules.items()
                        if child is not None]  # fmt: skip
            waiting.extend(reversed(children))

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all below it."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

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
            if not isinstance(module, ModuleTree) or name not in module._modules:
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

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if module._buffers.get(name) is None:
            raise AttributeError(f"{type(module).__name__} has no buffer {name!r} (path {target!r})")
        return module._buffers[name]

    def apply(self: M, fn: Callable[[Module], Any]) -> M:
        """Call `fn` on every module below and then on this one; returns the module."""
        for child in self.children():
            child.apply(fn)
        module: Any = self
        fn(module)
        return self

    # --- changing all at once -----------------------------------------------------------------------

    def train(self: M, mode: bool = True) -> M:
        """Training mode for this module and all below: dropout drops, batch norm measures."""
        if not isinstance(mode, bool):
            raise ValueError(f"train(): mode is expected to be a bool, got {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Evaluation mode: `train(False)`."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
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

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Convert floating-point parameters and buffers: `to(dtype)`, `to("cpu")`. In place; returns the module."""
        wanted, _ = parse_to(args, kwargs)
        if wanted is not None and wanted.kind != "f":
            raise TypeError(f"nn.Module.to only accepts floating point dtypes, but got desired dtype={wanted}")
        for t in (*self.parameters(), *self.buffers()):
            if t.dtype.kind == "f":
                t.data = converted = t.detach().to(*args, **kwargs)
                t.grad = None if t.grad is None else t.grad.to(converted.dtype)
        return self

    def float(self: M) -> M:
        """Parameters and buffers as float32."""
        return self.to(dtypes.float32)

    def double(self: M) -> M:
        """Parameters and buffers as float64."""
        return self.to(dtypes.float64)

    def half(self: M) -> M:
        """Parameters and buffers as float16 (storage; computing in it is slow)."""
        return self.to(dtypes.float16)

    def type(self: M, dst_type: Any) -> M:
        """Parameters and buffers as `dst_type`."""
        return self.to(dst_type)

    def cpu(self: M) -> M:
        """Itself: there is only the CPU."""
        return self

    def share_memory(self: M) -> M:
        """Itself: processes that are forked see its numbers as they are then, and each goes on with its own."""
        return self

    def compile(self, *options: Any, **more: Any) -> None:
        """Nothing: the module runs as it is."""

    def cuda(self: M, device: Any = None) -> M:
        """Raises: there is no GPU here."""
        return self.to("cuda")
