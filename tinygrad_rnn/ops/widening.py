"""float16 is computed in float32 and rounded once.

Eleven bits are enough to keep a number, not to compute with it in several steps: squares of 300 overflow, and a
sum of ones stops at 2048. So an op that `widens` runs in float32 between two casts, and is rounded once, where the
result is a float16 again. What it saves is float32 then, and so is its backward; the engine rounds the gradient
where it leaves, at the first cast. Functions made of several ops are decorated, so that only their result is rounded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .. import dtypes
from .basic import Cast
from .function import Function, Recorded, is_half


def is_to_widen(op: type[Function], values: list[Any]) -> bool:
    return all_half(values) and (op.widens == "always" or any(_is_rounded(x) for x in values))


def _is_rounded(x: Any) -> bool:
    """Is `x` a number that changes in float16?"""
    return isinstance(x, (int, float)) and (abs(x) > 65504 or float(np.float16(x)) != x)


def all_half(values: Any) -> bool:
    """Are the floating-point arrays (or Tensors) among these float16, all of them, and is there one?"""
    found = False
    for x in values:
        a = x.array if isinstance(x, Recorded) else x
        if isinstance(a, np.ndarray) and a.dtype.kind == "f":
            if a.dtype.char != "e":
                return False
            found = True
    return found


def widen(x: Any) -> Any:
    """A float16 Tensor or array in float32; anything else as it is."""
    if not is_half(x):
        return x
    return x._record(Cast, x, dtype=dtypes.float32) if isinstance(x, Recorded) else x.astype(dtypes.float32)


def narrow(x: Any) -> Any:
    """A float32 Tensor, or each of several, rounded to float16."""
    if isinstance(x, tuple):
        return tuple([narrow(part) for part in x])
    return (
        x._record(Cast, x, dtype=dtypes.float16) if isinstance(x, Recorded) and x.array.dtype == dtypes.float32 else x
    )


F = TypeVar("F", bound=Callable[..., Any])


def widening(function: F) -> F:
    """Run `function` in float32 where all its tensors are float16."""
    return _widening(function, lambda values: all_half(values))


def widening_by_input(function: F) -> F:
    """The same wherever the first argument is float16, whatever the others: its type is the result's."""
    return _widening(function, lambda values: True)


def _widening(function: F, applies: Callable[[Any], bool]) -> F:
    first = function.__code__.co_varnames[0]

    @functools.wraps(function)
    def widened(*args: Any, **named: Any) -> Any:
        x = args[0] if args else named.get(first)
        if not isinstance(x, Recorded) or x.array.dtype.char != "e" or not applies((*args, *named.values())):
            return function(*args, **named)
        wide = {name: widen(x) for name, x in named.items()}
        return narrow(function(*[widen(x) for x in args], **wide))

    return widened  # type: ignore[return-value]
