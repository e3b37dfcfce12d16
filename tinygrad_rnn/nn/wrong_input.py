"""What a module says when something other than a Tensor was put into it. Asked only after something has failed."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .._tensor import Tensor
from ..arrays import came, kind_of


def explain(error: AttributeError, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Say more of `error`, which passed through `module`, if what lacked a Tensor's attribute is no Tensor.

    A TypeError that names the argument, if it was given to the module; else the way out is added to the error's text.
    """
    x, name = getattr(error, "obj", None), getattr(error, "name", None) or ""
    if not isinstance(x, (tuple, list, np.ndarray, str, int, float, type(None))) or not hasattr(Tensor, name):
        return
    names = iter([*inspect.signature(module.forward).parameters, *["argument"] * len(args)])
    for k, (argument, given) in enumerate([*zip(names, args, strict=False), *kwargs.items()]):
        if given is x and (k == 0 or isinstance(x, (tuple, list, np.ndarray))):  # a None may be another one
            kind = type(module).__name__
            raise TypeError(f"{kind}(): argument {argument!r} must be a Tensor, not {came(x)}") from error
    if isinstance(x, tuple) and error.args and came(x) not in str(error):
        error.args = (f"{error.args[0]}; it is a {came(x)}",)


def instead_of_module(x: Any) -> str:
    """What was given in the place of a module, and the way to the module that was meant."""
    kind = type(x).__name__
    if isinstance(x, type):
        return f"the class {x.__name__}; make a module of it: {x.__name__}(...)"
    if isinstance(x, (list, tuple)):
        return f"{kind}; unpack it with a star: Sequential(*layers)"
    if hasattr(x, "named_parameters"):
        return f"{kind_of(x)}; from_torch(module) makes one of ours"
    return f"the function {x.__name__}; take a module, such as nn.ReLU() for relu" if hasattr(x, "__name__") else kind
