"""How a tensor prints: its numbers in columns, then what is special about it, as PyTorch writes it.

All numbers get one format: whole numbers as `3.`, otherwise 4 decimals, or exponents where the range is
wide. More than 1000 elements show the first and last three along each axis. Lines end at 80 characters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes
from ._quiet import quiet

LINE = 80
EDGE = 3  # how many entries a summary shows at either end of an axis
MANY = 1000
DIGITS = 4  # after the decimal point
SCIENTIFIC: bool | None = None  # with exponents always, never, or as the numbers ask for
PREFIX = "tensor("


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """How tensors print from now on: digits, from how many elements on a summary of how many, line length, exponents.

    profile "default", "short" (2 digits, summaries of 2) or "full" (never a summary) sets several at once.
    """
    global LINE, EDGE, MANY, DIGITS, SCIENTIFIC
    usual: Any = {"short": (2, 1000, 2), "full": (4, np.inf, 3)}.get(profile or "", (4, 1000, 3))
    if profile is not None:
        (DIGITS, MANY, EDGE), LINE = usual, 80
    DIGITS = DIGITS if precision is None else precision
    MANY = MANY if threshold is None else threshold
    EDGE = EDGE if edgeitems is None else edgeitems
    LINE = LINE if linewidth is None else linewidth
    SCIENTIFIC = sci_mode


@quiet
def tensor_text(t: Any) -> str:
    """`tensor([1., 2.], requires_grad=True)`; large tensors show their edges."""
    endings = []
    if t.array.size == 0 and t.array.ndim != 1:
        endings.append(f"size={tuple(t.array.shape)}")
    usual = (dtypes.get_default_dtype(),) if t.array.size == 0 else (dtypes.get_default_dtype(), np.int64, np.bool_)
    if t.dtype not in usual:
        endings.append(f"dtype={t.dtype}")
    if t.grad_fn is not None:
        endings.append(f"grad_fn={t.grad_fn!r}")
    elif t.requires_grad:
        endings.append("requires_grad=True")
    return _with_endings(PREFIX + numbers_text(t.array, len(PREFIX)), endings)


def _with_endings(text: str, endings: list[str]) -> str:
    """Append the endings, each on a new line where it would not fit."""
    used = len(text) - text.rfind("\n") + 1
    for ending in endings:
        if used + len(ending) + 2 > LINE:
            text += ",\n" + " " * len(PREFIX) + ending
            used = len(PREFIX) + len(ending)
        else:
            text += ", " + ending
            used += len(ending) + 2
    return text + ")"


def numbers_text(array: np.ndarray, indent: int) -> str:
    """The numbers as nested lists; `indent` is how far the first bracket stands from the margin."""
    if array.size == 0:
        return "[]"
    summary = array.size > MANY
    shown = _edges(array) if summary else array
    width, write = _float_format(shown) if array.dtype.kind == "f" else _plain_format(shown)
    return _nested(array, indent, summary, lambda value: write(value).rjust(width), width)


def _edges(array: np.ndarray) -> np.ndarray:
    """Only the entries that a summary shows."""
    for axis, n in enumerate(array.shape):
        if n > 2 * EDGE:
            array = np.take(array, [*range(EDGE), *range(n - EDGE, n)], axis)
    return array


def _plain_format(shown: np.ndarray) -> tuple[int, Callable[[Any], str]]:
    """Integers and bools as they are, as wide as the widest."""
    return max(len(str(value)) for value in shown.ravel().tolist()), str


def _float_format(shown: np.ndarray) -> tuple[int, Callable[[Any], str]]:
    """The width of the columns, and a function from a number to its text."""
    values = shown.ravel().astype(np.float64)
    values = values[np.isfinite(values) & (values != 0)]
    sizes = np.abs(values)
    whole = bool((values == np.ceil(values)).all())
    large = sizes.size > 0 and bool(sizes.max() > 1000 * sizes.min() or sizes.max() > 1e8)
    if large or (not whole and sizes.min() < 1e-4) if SCIENTIFIC is None else SCIENTIFIC:
        form = f"{{:.{DIGITS}e}}"
    else:
        form = "{:.0f}." if whole else f"{{:.{DIGITS}f}}"

    def write(value: float) -> str:
        return form.format(value) if np.isfinite(value) else str(value)

    return max((len(form.format(value)) for value in values.tolist()), default=1), write


def _nested(array: np.ndarray, indent: int, summary: bool, write: Callable[[Any], str], width: int) -> str:
    if array.ndim == 0:
        return write(array.item())
    if array.ndim == 1:
        return _row(array, indent, summary, write, width)
    parts = [_nested(array[k], indent + 1, summary, write, width) for k in _places(len(array), summary)]
    if summary and len(array) > 2 * EDGE:
        parts.insert(EDGE, "...")
    between = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + between.join(parts) + "]"


def _row(array: np.ndarray, indent: int, summary: bool, write: Callable[[Any], str], width: int) -> str:
    """One row, broken into lines."""
    words = [write(array[k].item()) for k in _places(len(array), summary)]
    if summary and len(array) > 2 * EDGE:
        words.insert(EDGE, " ...")
    per_line = max(1, (LINE - indent) // (width + 2))
    lines = [", ".join(words[k : k + per_line]) for k in range(0, len(words), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _places(n: int, summary: bool) -> list[int]:
    """Which entries of an axis are shown."""
    return [*range(EDGE), *range(n - EDGE, n)] if summary and n > 2 * EDGE else list(range(n))
