"""Functions made of several ops that compute float16 in float32, so that only their result is rounded.

Ops say so themselves (`widens`); what is done to them, and why, is in recording.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from ..ops.function import Recorded
from ..recording import all_half, narrow, widen

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
