"""How loops.py is compiled. (Its cache does not look here: after a change, remove `__pycache__/loops.*.nb?`.)"""

from __future__ import annotations

from typing import Any

from numba import njit
from numba.core.compiler import CompilerBase, DefaultPassBuilder


class Apart(CompilerBase):
    """Compiles for arrays that do not overlap: without that, each row starts with 100 comparisons of addresses."""

    def define_pipelines(self) -> Any:
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


def compiled(function: Any, **options: Any) -> Any:
    """Compiled at the first call for each dtype, and kept on disk where there is a folder to write to."""
    # of the liberties with floating point only those that lose no nan or inf
    options = {"fastmath": {"contract", "nsz", "arcp"}, **options, "error_model": "numpy", "nogil": True}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # no folder
        return njit(**options)(function)


def one_pass(function: Any) -> Any:
    """The same for a pass over a step's units, whose arrays lie apart."""
    return compiled(function, pipeline_class=Apart)


def summing(function: Any) -> Any:
    """The same for sums, of 8 or 16 numbers at a time."""
    return compiled(function, pipeline_class=Apart, fastmath={"contract", "nsz", "arcp", "reassoc"})
