"""The local rule of an operation in words: the formula of its docstring, and with the numbers of small arrays put in."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np

from ..._quiet import quiet
from ...graph import Leaf, Node
from ...ops.function import OUT
from .events import Event, gradients_of

SMALL = 6  # elements of an array that is shown in full

_SYMBOL = re.compile(r"dL/d[A-Za-z]\w*?(?![A-Za-z0-9_])|[A-Za-z]+")


def formula(node: Node) -> tuple[str, str]:
    """What an operation computes, and its derivative, as its docstring has them: ("y = tanh x", "dL/dx = …")."""
    if isinstance(node, Leaf):
        return "x, where the graph begins", "x.grad += dL/dx"
    function: Any = getattr(node, "function", None)
    if function is not None:
        written = inspect.cleandoc(function.__doc__ or "").partition("\n")[0]
        return written or f"{function.__name__}, written by the user", f"as {function.__name__}.backward computes it"
    lines = inspect.cleandoc(type(node).__doc__ or "").split("\n")
    computes, _, derivative = lines[0].partition("    ")
    if "dL/d" not in derivative:
        said = [line.strip() for line in lines[1:] if "dL/d" in line and "=" in line]
        derivative = "   ".join(said)
    return computes.strip(), derivative.strip()


def numbers(event: Event) -> list[str]:
    """The derivative with its numbers, a line for each input that gets a gradient: "dL/dx = [1, 2] · 3 = [3, 6]".

    Empty where there are more than a handful of numbers, or the rule is not one line of formula.
    """
    derivative, arrived = formula(event.node)[1], gradients_of(event.gradient)
    in_one_line = derivative in (type(event.node).__doc__ or "").partition("\n")[0]
    places = _places(event.node)
    if len(arrived) != 1 or not is_small(arrived[0]) or not places or not in_one_line:
        return []
    out = output_symbol(event.node)
    known = {f"dL/d{out}": arrived[0], **_saved_arrays(event, places, out)}
    sends = event.sends
    sent = {name: sends[place] for name, place in places.items()}
    return [_line(name, rule, known, sent[name]) for name, rule in _clauses(derivative) if is_small(sent[name])]


def _line(name: str, rule: str, known: dict[str, Any], sent: Any) -> str:
    put_in = _SYMBOL.sub(lambda found: array_text(known[found[0]]) if found[0] in known else found[0], rule)
    result = array_text(sent)
    return f"dL/d{name} = {put_in}" + (f" = {result}" if result != put_in else "")


def _clauses(derivative: str) -> list[tuple[str, str]]:
    """The input and the formula of each "dL/dx = …"."""
    return re.findall(r"dL/d([A-Za-z]\w*)\s*=\s*(.*?)(?=,\s+dL/d|$)", derivative)


def output_symbol(node: Node) -> str:
    """What the formula calls the output: "y" of y = tanh x; "" if it has no name of its own."""
    if isinstance(node, Leaf):
        return "x"
    symbol = formula(node)[0].partition(" =")[0]
    return symbol if symbol.isalpha() and len(symbol) < 5 else ""


def input_symbols(node: Node) -> list[str]:
    """What the formula calls the gradient of each input: ["dL/dx", "dL/dW", "dL/db"]; "input 0" where it has no name."""
    symbols = {place: f"dL/d{name}" for name, place in _places(node).items()}
    return [symbols.get(k, f"input {k}") for k in range(len(node.edges))]


def _places(node: Node) -> dict[str, int]:
    """Which input each "dL/dx" of the formula is for: by the names of forward's arguments, else by their order."""
    names = [name for name, _ in _clauses(formula(node)[1])]
    arguments = input_names(node)
    if all(name in arguments for name in names):
        return {name: arguments.index(name) for name in names if arguments.index(name) < len(node.edges)}
    return {name: k for k, name in enumerate(names)} if len(names) == len(node.edges) else {}


def input_names(node: Node) -> list[str]:
    """The names of forward's arguments."""
    forward: Any = getattr(type(node), "forward", None)
    if forward is None:
        return []
    if isinstance(forward, np.ufunc):
        return ["x", "y"][: forward.nin]
    code = inspect.unwrap(forward).__code__
    return list(code.co_varnames[1 : code.co_argcount])


def _saved_arrays(event: Event, places: dict[str, int], out: str) -> dict[str, Any]:
    """By their names in the formula: the small arrays that the rule saved."""
    plan: Any = getattr(event.node, "_saved_plan", ())
    if len(plan) != len(event.saved):
        return {}
    arrays = {position: value for value, (position, _) in zip(event.saved, plan, strict=True)}
    named = {name: arrays.get(place) for name, place in places.items()} | {out: arrays.get(OUT)}
    for name, place in zip(input_names(event.node), range(len(event.node.edges)), strict=False):
        named.setdefault(name, arrays.get(place))
    return {name: array for name, array in named.items() if array is not None and is_small(array)}


def is_small(array: Any) -> bool:
    """Is an array, or a number, short enough to be written out?"""
    return isinstance(array, (int, float, np.generic, np.ndarray)) and np.size(array) <= SMALL


@quiet
def array_text(array: Any) -> str:
    """A small array in four digits: "[0.6087, -0.9995]"; a negative number in parentheses."""
    values = np.asarray(array).tolist()
    text = _nested(values)
    return f"({text})" if not isinstance(values, list) and text.startswith("-") else text


def _nested(values: Any) -> str:
    if isinstance(values, list):
        return f"[{', '.join(map(_nested, values))}]"
    return f"{values:.4g}" if isinstance(values, float) else str(values)
