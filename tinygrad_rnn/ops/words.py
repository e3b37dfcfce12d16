"""Other words for the arguments of a function, as PyTorch takes them: NumPy's `axis` and `keepdims`, and `out`."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from .._mode import thread
from .inplace import overwrite
from .storage import resized

P = ParamSpec("P")
R = TypeVar("R")

SAME = (("axis", "dim"), ("keepdims", "keepdim"))
OTHER = frozenset(("axis", "keepdims", "out"))


def worded(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, which may also be given `axis` for dim, `keepdims` for keepdim, and `out`."""

    @functools.wraps(function)
    def translated(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)  # type: ignore[call-arg]
        except TypeError:  # a look beforehand would cost every call
            if OTHER.isdisjoint(named):
                raise
        return again(function, {word: named.pop(word) for word in OTHER & named.keys()}, *args, **named)

    return translated


def again(function: Callable[..., R], other: dict[str, Any], *args: Any, **named: Any) -> R:
    """`function(*args, **named)` with the other words translated.

    The functions that are called most take `**other` themselves: going through `worded` would cost them a few per cent.
    """
    name, out = function.__name__, other.pop("out", None)
    for word, ours in SAME:
        if word in other:
            if named.get(ours):
                raise TypeError(f"{name}(): {word} and {ours} mean the same; give one of them")
            named[ours] = other.pop(word)
    if other:
        raise TypeError(f"{name}() got an unexpected keyword argument {next(iter(other))!r}")
    result = function(*args, **named)
    return result if out is None else into(name, out, result)


def into(name: str, out: Any, result: Any) -> Any:
    """Put `result` (a Tensor, or a tuple of them) into `out`, which gets its size; returns `out`."""
    if isinstance(result, tuple):
        parts = [into(name, o, r) for o, r in zip(out, result, strict=True)]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    if thread.mode.grad_enabled and (result.requires_grad or out.requires_grad):
        raise RuntimeError(
            f"{name}(): functions with out=... don't support automatic differentiation, but one of the arguments "
            f"requires grad; leave out= out, or compute inside no_grad()"
        )
    if "biuf".find(result.dtype.kind.replace("u", "i")) > "biuf".find(out.dtype.kind.replace("u", "i")):
        raise RuntimeError(f"{name}(): a result of type {result.dtype} can't be cast to {out.dtype}, the type of out")
    if out.array.shape != result.array.shape:
        if out.array.size:
            warnings.warn(
                f"{name}(): out has shape {list(out.shape)} and is resized to the result's, {list(result.shape)}; "
                f"give it that shape, or make it empty first: out.resize_(0)",
                UserWarning,
                stacklevel=3,
            )
        resized(out, result.array.shape)
    return overwrite(out, result.detach().to(out.dtype))
