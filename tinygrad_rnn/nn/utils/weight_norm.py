"""Weight normalisation: a weight as a length times a direction, w = g v / ‖v‖ (Salimans & Kingma 2016)."""

from __future__ import annotations

from typing import Any

from ..._mode import no_grad
from ..._tensor import Tensor
from ...ops.reducing import vector_norm
from ..container import ModuleDict
from ..module import Module
from ..parameter import Parameter


def _norm(v: Tensor, dim: int | None) -> Tensor:
    """‖v‖ over all axes but `dim`, which stays; over all if dim is None, or -1, which means the same to PyTorch."""
    if dim is None or dim == -1:
        return vector_norm(v)
    dim %= v.ndim
    return vector_norm(v, 2, tuple(d for d in range(v.ndim) if d != dim), keepdim=True)


class WeightNorm:
    """Called before a module's forward: puts w = g v / ‖v‖ in the place of the weight.

    `path` leads from the module to where g and v are, under the names `g` and `v`.
    """

    def __init__(self, name: str, dim: int | None, path: str, g: str, v: str):
        self.name: str = name
        self.dim: int | None = dim
        self.path: str = path
        self.g: str = g
        self.v: str = v
        self.makes: str = name  # the attribute that is computed before each forward; see Module.__deepcopy__

    def weight(self, module: Module) -> Tensor:
        """The weight from g and v as they are now."""
        place = module.get_submodule(self.path)
        v = place.get_parameter(self.v)
        return v * (place.get_parameter(self.g) / _norm(v, self.dim))

    def __call__(self, module: Module, args: Any) -> None:
        module.__dict__[self.name] = self.weight(module)


def _replace(module: Module, name: str, dim: int | None, place: Module, rule: WeightNorm) -> None:
    weight = module.get_parameter(name)
    with no_grad():
        length = _norm(weight, dim).clone()
    del module._parameters[name]
    place.register_parameter(rule.g, Parameter(length))
    place.register_parameter(rule.v, Parameter(weight.detach()))
    with no_grad():
        rule(module, None)
    module.register_forward_pre_hook(rule)


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Replace the parameter `name` by `name`_g, its norms, and `name`_v, its directions; returns the module.

    `dim` is the axis along which each entry has its own norm; None or -1 for one norm of the whole weight.
    """
    _refuse_twice(module, name)
    _replace(module, name, dim, module, WeightNorm(name, dim, "", f"{name}_g", f"{name}_v"))
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Make `name` a parameter again, with its present value; returns the module."""
    for key, rule in list(module._forward_pre_hooks.items()):
        if isinstance(rule, WeightNorm) and rule.name == name and rule.path == "":
            with no_grad():
                weight = rule.weight(module)
            del module._forward_pre_hooks[key], module._parameters[rule.g], module._parameters[rule.v]
            setattr(module, name, Parameter(weight))
            return module
    raise ValueError(f"remove_weight_norm(): weight_norm of {name!r} not found in {module}")


def parametrized_weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """As `weight_norm`, with the names of `torch.nn.utils.parametrizations`: parametrizations.weight.original0 and 1."""
    _refuse_twice(module, name)
    if "parametrizations" not in module._modules:
        module.add_module("parametrizations", ModuleDict())
    place = Module()
    module.parametrizations[name] = place
    _replace(module, name, dim, place, WeightNorm(name, dim, f"parametrizations.{name}", "original0", "original1"))
    return module


def _refuse_twice(module: Module, name: str) -> None:
    for rule in module._forward_pre_hooks.values():
        if isinstance(rule, WeightNorm) and rule.name == name:
            raise RuntimeError(f"weight_norm(): {name!r} of this {type(module).__name__} is already normalised")
