"""Figures that show themselves in a notebook, in the one style of the library's plots.

Matplotlib is imported when a figure is made, and no window or backend is touched.
"""

from __future__ import annotations

import functools
import io
import textwrap
from typing import Any

import numpy as np

OKABE_ITO = {  # Okabe and Ito (2008): safe for colour-blind readers
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}
COLOURS = [OKABE_ITO[name] for name in ("blue", "vermillion", "green", "orange", "purple", "sky")]  # not yellow: pale
SOFT = "#6b6f76"


def numbers(x: Any) -> np.ndarray:
    """An array of float64 from a Tensor, an array or nested lists."""
    return np.asarray(getattr(x, "array", x), dtype=np.float64)


@functools.cache
def _figure_class() -> Any:
    from matplotlib.figure import Figure

    class NotebookFigure(Figure):
        """A figure that a notebook shows by itself, without `%matplotlib inline`."""

        def _repr_png_(self) -> bytes:
            buffer = io.BytesIO()
            self.savefig(buffer, format="png", dpi=100)
            return buffer.getvalue()

    return NotebookFigure


def new_figure(rows: int = 1, columns: int = 1, size: tuple[float, float] = (7.0, 4.0), **options: Any) -> Any:
    """A figure and its axes, a (rows, columns) array; options as for `Figure.subplots`."""
    figure = _figure_class()(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def folded(text: str, width: int = 90) -> str:
    """A sentence as a title: in lines of `width` characters, three at most."""
    return "\n".join(textwrap.wrap(text, width, max_lines=3, placeholder=" …"))


def headline(ax: Any, text: str) -> None:
    """Title a plot with a sentence."""
    ax.set_title(folded(text), fontsize="small")
