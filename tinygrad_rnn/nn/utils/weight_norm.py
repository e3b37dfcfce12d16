"""Weight normalisation: a weight as a length times a direction, w = g v / ‖v‖ (Salimans & Kingma 2016)."""

from __future__ import annotations

from typing import Any

from ..._mode import no_grad
from ..._tensor import Tensor
from ...ops.reducing import vector_norm
from ..module import Module
from ..parameter import Parameter
from .parametrize import register_parametrization


def _norm(v: Tensor, dim: int | None) -> Tensor:
    """‖v‖ over all axes but `dim`, which stays; over all if dim is None, or -1, which means the same to PyTorch."""
    if dim is None or dim == -1:
        return vector_norm(v)
    dim %= v.ndim
    return vector_norm(v, 2, tuple(d for d in range(v.ndim) if d != dim), keepdim=True)


class WeightNorm:
    """Called before a module's forward: puts w = g v / ‖v‖ in the place of the weight."""

    arguments: tuple[str, ...] = ("name", "dim")  # what it consists of, for files

    def __init__(self, name: str, dim: int | None):
        self.name: str = name
        self.dim: int | None = dim
        self.makes: str = name  # the attribute that is computed before each forward; see Module.__deepcopy__

    def weight(self, module: Module) -> Tensor:
        """The weight from g and v as they are now."""
        v = module.get_parameter(f"{self.name}_v")
        return v * (module.get_parameter(f"{self.name}_g") / _norm(v, self.dim))

    def __call__(self, module: Module, args: Any) -> None:
        module.__dict__[self.name] = self.weight(module)


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Replace the parameter `name` by `name`_g, its norms, and `name`_v, its directions; returns the module.

    `dim` is the axis along which each entry has its own norm; None or -1 for one norm of the whole weight.
    """
    weight = taken(module, name, WeightNorm)
    with no_grad():
        length = _norm(weight, dim).clone()
    module.register_parameter(f"{name}_g", Parameter(length))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    install(module, WeightNorm(name, dim))
    return module


def taken(module: Module, name: str, kind: type) -> Parameter:
    """The parameter `name`, no longer one of the module's; a RuntimeError if a `kind` makes it already."""
    if _rule_of(module, name, kind) is not None:
        raise RuntimeError(f"{kind.__name__}: {name!r} of this {type(module).__name__} is already normalised")
    weight = module.get_parameter(name)
    del module._parameters[name]
    weight.name = None
    return weight


def install(module: Module, rule: Any) -> None:
    """Let `rule` make the weight, now and before each forward."""
    with no_grad():
        module.__dict__[rule.name] = rule.weight(module)
    module.register_forward_pre_hook(rule)


def _rule_of(module: Module, name: str, kind: type) -> int | None:
    """The place of the hook that makes `name`."""
    hooks = module._forward_pre_hooks.items()
    return next((key for key, rule in hooks if isinstance(rule, kind) and rule.name == name), None)


def removed(module: Module, name: str, kind: type, *parts: str) -> Any:
    """Make `name` a parameter again, with its present value, in the place of its parts; returns the module."""
    key = _rule_of(module, name, kind)
    if key is None:
        raise ValueError(f"{kind.__name__}: of {name!r} not found in {module}")
    with no_grad():
        weight = module._forward_pre_hooks.pop(key).weight(module)
    for part in parts:
        delattr(module, name + part)
    setattr(module, name, Parameter(weight))
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Make `name` a parameter again, with its present value; returns the module."""
    return removed(module, name, WeightNorm, "_g", "_v")


class LengthAndDirection(Module):
    """What makes a weight of `original0`, its norms, and `original1`, its directions."""

    def __init__(self, dim: int | None):
        super().__init__()
        self.dim: int | None = dim

    def forward(self, g: Tensor, v: Tensor) -> Tensor:
        """g v / ‖v‖"""
        return v * (g / _norm(v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Its norms and itself."""
        return _norm(weight, self.dim).clone(), weight


def parametrized_weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """As `weight_norm`, with the names of `torch.nn.utils.parametrizations`: parametrizations.weight.original0 and 1."""
    return register_parametrization(module, name, LengthAndDirection(dim))
