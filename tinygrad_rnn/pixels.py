"""A tensor in a notebook: what it is in one line, a small heat map, and its numbers.

The heat map is a PNG inside the HTML, so it needs no script, and shows in notebooks that are not trusted.
"""

from __future__ import annotations

import base64
import html
import struct
import zlib
from typing import Any

import numpy as np

from ._quiet import quiet

SIDE = 32  # the most cells of a heat map in each direction
FEW = 100  # elements whose numbers are shown at once
BLUE, PAPER, ORANGE, BROKEN = (0, 114, 178), (247, 247, 247), (213, 94, 0), (208, 0, 208)


def tensor_html(t: Any, text: str) -> str:
    """The tensor `t` for a notebook; `text` is how it prints."""
    kind = " × ".join(map(str, t.array.shape)) or "a number"
    grad = ", requires grad" if t.requires_grad else ""
    head = f"<div><b>Tensor</b> ({html.escape(kind)}), {t.array.dtype}{grad}{_range(t.array)}</div>"
    numbers = f"<pre>{html.escape(text)}</pre>"
    if t.array.size <= 1 or t.array.dtype.kind not in "fiub":
        return head + numbers
    shown = numbers if t.array.size <= FEW else f"<details><summary>numbers</summary>{numbers}</details>"
    return head + heat_map(t.array) + shown


@quiet
def _range(array: np.ndarray) -> str:
    values = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    if array.dtype.kind not in "fiu" or not values.size:
        return ""
    broken = array.size - values.size
    spread = f", mean {values.mean():.4g}, from {values.min():.4g} to {values.max():.4g}"
    return spread + (f", <b>{broken:,} not finite</b>" if broken else "")


@quiet
def heat_map(array: np.ndarray) -> str:
    """An <img>: blue below zero, white at zero, orange above; at most 32 × 32 means over blocks."""
    cells, _ = block_means(array.astype(np.float64), SIDE)
    most = np.abs(cells[np.isfinite(cells)]).max(initial=0.0) or 1.0
    share = np.clip(np.abs(np.nan_to_num(cells)) / most, 0, 1)[..., None]
    ends = np.where((cells < 0)[..., None], BLUE, ORANGE)
    colours = np.where(np.isfinite(cells)[..., None], PAPER + share * (np.asarray(ends) - PAPER), BROKEN)
    rows, columns = cells.shape
    size = max(6, min(16, 320 // columns, 200 // rows))
    pixels = colours.round().astype(np.uint8).repeat(size, 0).repeat(size, 1)  # sharp where styles are taken out
    data = base64.b64encode(png(pixels)).decode()
    return (
        f'<img alt="heat map, {rows} by {columns}" src="data:image/png;base64,{data}" '
        f'style="width:{columns * size}px;height:{rows * size}px;max-width:none;border:1px solid #aaa"/>'
    )


def png(colours: np.ndarray) -> bytes:
    """A PNG file of (rows, columns, 3) bytes."""
    rows, columns, _ = colours.shape
    lines = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(colours))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def as_matrix(array: np.ndarray) -> np.ndarray:
    """The array with its last dimension as columns and all others as rows."""
    return array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(1, -1)


def block_means(array: np.ndarray, side: int) -> tuple[np.ndarray, bool]:
    """The array as a matrix of at most side × side means over blocks of nearly equal size; was it reduced?"""
    matrix = as_matrix(array)
    rows, columns = (min(side, n) for n in matrix.shape)
    if matrix.shape == (rows, columns):
        return matrix, False
    starts = [np.arange(small) * n // small for small, n in zip((rows, columns), matrix.shape, strict=True)]
    sizes = [np.diff([*start, n]) for start, n in zip(starts, matrix.shape, strict=True)]
    sums = np.add.reduceat(np.add.reduceat(matrix, starts[0], axis=0), starts[1], axis=1)
    return sums / np.outer(*sizes), True
