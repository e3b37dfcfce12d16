"""What is wrong with data that makes no tensor: which element, where it stands, and what to do. Asked only on failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays import came, is_number

WAYS = {"dict": "take list(x.values())", "complex": "there are no complex numbers here; take x.real and x.imag"}
WAYS |= dict.fromkeys(
    ("set", "frozenset", "generator", "map", "zip", "dict_values", "dict_keys", "filter"), "take list(x)"
)
WAYS |= {"str": "convert it with float(...), or characters to their places in a vocabulary"}


def elements(data: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each element of nested lists, and its place: "[0][2]"."""
    if isinstance(data, (list, tuple)):
        for k, part in enumerate(data):
            yield from elements(part, f"{place}[{k}]")
    elif not isinstance(data, np.ndarray):
        yield place, data


def unreadable(name: str, data: Any) -> Exception:
    """The error for data that NumPy made no numbers of."""
    for place, x in elements(data):
        kind = type(x).__name__
        where = f"element {place}" if place else "the data"
        if not is_number(x) or type(x) is np.longdouble:
            way = WAYS.get(kind.replace("complex64", "complex").replace("complex128", "complex"))
            shown = "" if x is None or len(repr(x)) > 60 else f" {x!r}"
            return TypeError(f"{name}(): {where} is{shown} of type {kind}, not a number" + (f"; {way}" if way else ""))
        if isinstance(x, int) and not -(2**63) <= x < 2**63:
            return ValueError(
                f"{name}(): {where} is {_short(x)}, and int64 ends at ±2⁶³ = 9.2e18; write it as a float, as in 1e21"
            )
    return TypeError(f"{name}(): cannot make a tensor of {came(data)}")


def _short(x: int) -> str:
    return str(x) if abs(x) < 10**40 else "an integer of more than 40 digits"


def uneven(data: Any, place: str = "") -> str:
    """Where nested lists differ in length, and how: "the lists at [0] and [1] have 2 and 1 entries"."""
    parts = list(data) if isinstance(data, (list, tuple)) else []
    sizes = [len(part) if isinstance(part, (list, tuple)) or np.ndim(part) else None for part in parts]
    for k, size in enumerate(sizes):
        if size != sizes[0]:
            both = " and ".join("a number" if n is None else f"{n} entries" for n in (sizes[0], size))
            return f"{place}[0] and {place}[{k}] hold {both}"
    return next((found for k, part in enumerate(parts) if (found := uneven(part, f"{place}[{k}]"))), "")
