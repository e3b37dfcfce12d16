"""What the twins share around their loops: arrays in the one form that is compiled for, blocks of steps, sums over them.

The part of x in the gates is one product for a block of steps; so are dW and dx. A block's numbers stay in the cache, and
Python, which answers to Ctrl-C, comes in between two blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layout import Array, blocks
from ..workspace import Workspace
from . import blas

GEMM = blas.found()
MANY = 16  # steps for which it pays to turn W: a W is up to a tenth faster than a Wᵀ
BLOCK, ROWS = 2**17, 512  # numbers in the gates of a block, and the least rows that a product is worth


class Space(Workspace):
    """Arrays of one dtype, given as (name, shape)."""

    def __init__(self, dtype: np.dtype, *shapes: tuple[str, tuple[int, ...]]):
        for name, shape in shapes:
            setattr(self, name, np.empty(shape, dtype))


def plain(a: Array, reverse: bool = False) -> Array:
    """`a`, or a copy, backwards in time if `reverse`: contiguous, aligned and writable, as the loops are compiled for."""
    a = a[::-1] if reverse else a
    return a if a.flags.carray else a.copy()


def laid(W: Array, steps: int) -> tuple[Array, bool]:
    """W (gates · H, H) for the products of so many steps: as it is, or turned beforehand."""
    return (W, True) if steps < MANY else (W.T.copy(), False)


def block_length(steps: int, batch: int, numbers: int) -> int:
    """How many steps make a block, if the gates of a step have so many `numbers`."""
    return min(steps, max(BLOCK // numbers, ROWS // batch, 1))


def in_order(steps: int, length: int) -> list[slice]:
    """The steps in blocks, the first block first."""
    return list(blocks(0, steps, length))[::-1]


def counts(sizes: list[int] | None, steps: int, batch: int) -> Array:
    """How many sequences still run at each step."""
    return np.full(steps, batch, np.int64) if sizes is None else np.array(sizes, np.int64)


def summed_bias(bias_ih: Any, bias_hh: Any, w_hh: Array) -> Array:
    """b_ih + b_hh by gate, (gates, H); zeros without bias."""
    hidden = w_hh.shape[1]
    bias = np.zeros(len(w_hh), w_hh.dtype) if bias_ih is None else bias_ih + bias_hh
    return bias.reshape(-1, hidden)


def from_x(x: Array, w_ih: Array, a: Array) -> Array:
    """W_ih x into `a`, for all steps in it; returns `a`."""
    rows = x.shape[0] * x.shape[1]
    np.dot(x.reshape(rows, -1), w_ih.T, a.reshape(rows, -1))
    return a


def from_outside(d_output: Array | None, d_h: Array | None, shape: tuple[int, ...], dtype: Any, reverse: bool) -> Array:
    """The gradient (T, B, H) that each h_t receives from outside the layer: d_output at every step, d_h at the last."""
    if d_output is None:
        out = np.zeros(shape, dtype)
    else:
        out = plain(d_output, reverse)
        out = out.copy() if d_h is not None and np.may_share_memory(out, d_output) else out
    if d_h is not None:
        out[-1] += d_h
    return out


def summed(d: Array, seen: Array) -> Array:
    """Σ d seenᵀ over all rows: the gradient of a matrix that saw `seen`."""
    return d.T.dot(seen.reshape(len(d), -1))


class FromX:
    """Gradients of what x goes through, gathered block by block: dW (gates · H, I), db, and dx if it is wanted."""

    def __init__(self, x: Array, w_ih: Array, wants_dx: bool):
        self.x: Array = x
        self.w_ih: Array = w_ih
        self.dW, self.db = np.zeros_like(w_ih), np.zeros(len(w_ih), w_ih.dtype)
        self.dx: Array | None = np.empty_like(x) if wants_dx else None

    def add(self, block: slice, d: Array) -> Array:
        """Take in the gates' gradients `d` of a block of steps; returns them as a matrix, a row per step and sequence."""
        d = d.reshape(-1, len(self.w_ih))
        self.dW += summed(d, self.x[block])
        self.db += column_sums(d)
        if self.dx is not None:
            np.dot(d, self.w_ih, self.dx[block].reshape(len(d), -1))
        return d

    def given(self, reverse: bool) -> Array | None:
        """dx in the order of time."""
        return self.dx[::-1] if self.dx is not None and reverse else self.dx


def column_sums(d: Array) -> Array:
    """Σ over rows, as a product: adding a million float32 rows one by one would lose 1 %."""
    return np.ones(len(d), d.dtype).dot(d)
