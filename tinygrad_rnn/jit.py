"""PyTorch's `torch.jit` and `torch.compile`: what would be translated is returned as it is, and runs in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def script(obj: Any, *options: Any, **more: Any) -> Any:
    """`obj` itself."""
    return obj


def trace(func: Any, example_inputs: Any = None, *options: Any, **more: Any) -> Any:
    """`func` itself."""
    return func


def compile(model: Any = None, **options: Any) -> Any:
    """`model` itself, a function or a module; also as a decorator with options."""
    return script if model is None else model


def ignore(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn` itself."""
    return fn


export = unused = script_method = ignore
ScriptModule = object
