"""A parameter made of another by modules: `register_parametrization(layer, "weight", Symmetric())`.

The numbers that are trained stand in `layer.parametrizations.weight.original`; whoever reads `layer.weight` gets what the
registered modules make of them, computed anew each time.
"""

from __future__ import annotations

import contextlib
from typing import Any

from ..._mode import no_grad
from ..._tensor import Tensor
from ..container import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

cached = contextlib.nullcontext  # PyTorch keeps what is computed in this block; here it is computed each time


class ParametrizationList(ModuleList):
    """The modules that make one parameter, and `original`, or `original0`, `original1` …, which they make it of."""

    def __init__(self, modules: list[Module], original: Tensor, unsafe: bool = False):
        super().__init__(modules)
        self.unsafe: bool = unsafe
        self.count: int = 0  # of tensors that the first module takes; 0 if there is one, named `original`
        with no_grad():
            found: Any = self._inverse(original)
        if not isinstance(found, Tensor):
            self.count = len(found)
            for k, x in enumerate(found):
                _register(
                    self, f"original{k}", Parameter(x.detach(), original.requires_grad) if _trained(original) else x
                )
        else:
            if found is not original:
                original.data = found.detach()  # the same Parameter: an optimizer that has it goes on with it
            _register(self, "original", original)
        self.check(original)

    def check(self, wanted: Tensor) -> None:
        """Raise a ValueError unless what is made has the shape and dtype of `wanted`, or `unsafe` allows another."""
        if self.unsafe:
            return
        with no_grad():
            made = self()
        if not isinstance(made, Tensor) or (made.shape, made.dtype) != (wanted.shape, wanted.dtype):
            got = f"shape {list(made.shape)} of {made.dtype}" if isinstance(made, Tensor) else type(made).__name__
            raise ValueError(
                f"register_parametrization(): shape {list(wanted.shape)} of {wanted.dtype} is wanted, "
                f"{type(self[-1]).__name__} makes {got}; unsafe=True allows it"
            )

    def _inverse(self, value: Any) -> Any:
        for module in reversed(list(self)):
            if hasattr(module, "right_inverse"):
                value = module.right_inverse(value)
        return value

    def originals(self) -> list[Any]:
        """The tensors that are trained."""
        return [getattr(self, f"original{k}") for k in range(self.count)] if self.count else [self.original]

    def forward(self) -> Any:
        """What the modules make of the originals."""
        value: Any = self[0](*self.originals())
        for module in list(self)[1:]:
            value = module(value)
        return value

    def right_inverse(self, value: Tensor) -> None:
        """Give the originals the numbers that `value` is made of: what `layer.weight = value` does."""
        with no_grad():
            found = self._inverse(value)
            for x, new in zip(self.originals(), found if self.count else [found], strict=True):
                x.copy_(new)


def _trained(x: Any) -> bool:
    return isinstance(x, Parameter)


def _register(module: Module, name: str, x: Any) -> None:
    if _trained(x):
        x.name = name  # the one it has in pictures
        module.register_parameter(name, x)
    else:
        module.register_buffer(name, x)


def register_parametrization(module: Any, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> Any:
    """Let `parametrization` make the parameter or buffer `tensor_name` of the module, which is returned.

    Its forward takes the numbers that are trained; several on one name are called one after the other. If it has a method
    `right_inverse`, this says which numbers the present ones are made of. A change of shape or dtype is a ValueError, or
    allowed by `unsafe`.
    """
    if is_parametrized(module, tensor_name):
        those, now = module.parametrizations[tensor_name], getattr(module, tensor_name)
        those.append(parametrization).unsafe |= unsafe
        those.check(now)
        return module
    for place in (module._parameters, module._buffers):
        if place.get(tensor_name) is not None:
            made = ParametrizationList([parametrization], place[tensor_name], unsafe)
            del place[tensor_name]
            if not is_parametrized(module):
                module.add_module("parametrizations", ModuleDict())
            module.parametrizations[tensor_name] = made
            return module
    raise ValueError(
        f"register_parametrization(): {type(module).__name__} has no parameter or buffer of the name {tensor_name!r}"
    )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Is something of the module, or the one of that name, made by parametrizations?"""
    found: Any = module._modules.get("parametrizations")
    return found is not None and (len(found) > 0 if tensor_name is None else tensor_name in found)


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """Make `tensor_name` a parameter again, with its present value or the original's; returns the module."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"remove_parametrizations(): {tensor_name!r} of {type(module).__name__} is not parametrized")
    those = module.parametrizations[tensor_name]
    if those.count and not leave_parametrized:
        raise ValueError(
            f"remove_parametrizations(): {tensor_name!r} is made of several; leave_parametrized=True is needed"
        )
    with no_grad():
        now = getattr(module, tensor_name).clone()
    x = Parameter(now) if those.count else those.original
    if leave_parametrized:
        x.data = now
    del module.parametrizations[tensor_name]
    if not is_parametrized(module):
        del module.parametrizations
    _register(module, tensor_name, x)
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class of the module, which stays what it was here."""
    return type(module)
