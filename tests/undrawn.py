"""Figures that are written without being drawn, for tests of what else a program does: drawing them takes most of its time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@contextlib.contextmanager
def undrawn() -> Iterator[None]:
    """`save_figure` writes a file that is no picture."""

    def save_figure(figure: Any, path: Path, **options: Any) -> Path:
        path.write_bytes(b"not drawn")
        return path

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tinygrad_rnn.viz.plots.save_figure", save_figure)
        yield
