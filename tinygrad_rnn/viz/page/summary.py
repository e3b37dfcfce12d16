"""Arrays made small: a few statistics, a histogram and a heat map of block means, as JSON takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._quiet import quiet
from ...pixels import SIDE, block_means

BINS = 12


def tidy(x: float, digits: int = 6) -> float | str:
    """A number with few digits; JSON has no NaN and no infinity, so these become text."""
    x = float(x)
    return float(f"{x:.{digits}g}") + 0.0 if np.isfinite(x) else "NaN" if np.isnan(x) else "∞" if x > 0 else "−∞"


@quiet
def summary(array: Any, side: int = SIDE) -> dict[str, Any]:
    """Statistics of an array: over its finite elements, with counts of the others.

    cells   at most side × side means over blocks, of the array as a matrix of its last dimension; [] if side is 0
    blocks  whether cells are means: False if they are the elements themselves
    bins    counts of a histogram between `min` and `max`
    """
    array = np.asarray(array)
    found: dict[str, Any] = {"n": array.size, "dtype": str(array.dtype), "bytes": array.nbytes}
    if not array.size:
        return found
    values = array.astype(np.float64)
    finite = values[np.isfinite(values)]
    found["nan"] = int(np.isnan(values).sum())
    found["inf"] = int(values.size - finite.size - found["nan"])
    found["zeros"] = int((values == 0).sum())
    found["norm"] = tidy(np.sqrt((values * values).sum()))
    if finite.size:
        low, high = finite.min(), finite.max()
        found |= {"mean": tidy(finite.mean()), "std": tidy(finite.std()), "min": tidy(low), "max": tidy(high)}
        if finite.size > 1 and low < high:
            found["bins"] = np.histogram(finite / max(abs(low), abs(high)), BINS)[0].tolist()
    if side:
        cells, found["blocks"] = block_means(values, side)
        found["cells"] = [[tidy(x, 4) for x in row] for row in cells]
    return found


def cells_of(shape: tuple[int, ...], side: int) -> int:
    """How many cells the heat map of an array of this shape has."""
    columns = shape[-1] if shape else 1
    size = int(np.prod(shape, dtype=np.int64))
    return min(side, columns) * min(side, size // columns) if size else 0
