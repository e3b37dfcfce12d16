"""PyTorch's `torch.jit` and `torch.compile`: what would be translated is returned as it is, and runs in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final as Final

from .nn.module import Module


class ScriptModule(Module):
    """A Module whose methods `script_method` would translate."""


def script(obj: Any, *options: Any, **more: Any) -> Any:
    """`obj` itself."""
    return obj


def trace(func: Any, example_inputs: Any = None, *options: Any, **more: Any) -> Any:
    """`func` itself."""
    return func


def compile(model: Any = None, **options: Any) -> Any:
    """`model` itself, a function or a module; also as a decorator with options."""
    return script if model is None else model


def ignore(fn: Any = None, **options: Any) -> Any:
    """`fn` itself; also as a decorator with options."""
    return script if fn is None or isinstance(fn, bool) else fn


export = unused = script_method = script_if_tracing = ignore
freeze = optimize_for_inference = script
trace_module = trace


def annotate(the_type: Any, the_value: Any) -> Any:
    """`the_value`."""
    return the_value


def Attribute(value: Any, type: Any) -> Any:
    """`value`, for an attribute of a ScriptModule."""
    return value


def is_scripting() -> bool:
    """False."""
    return False


is_tracing = is_scripting


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What `func` returns: it runs at once."""
    return func(*args, **kwargs)


def wait(future: Any) -> Any:
    """What `fork` returned."""
    return future
