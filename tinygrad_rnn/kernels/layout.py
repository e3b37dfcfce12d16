"""What the kernels share: arrays with features before batch, time first, and time in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

BLOCK = 2**17  # numbers in the gates of a block of steps: what a block needs stays in the cache


def feature_major(x: np.ndarray, out: np.ndarray, reverse: bool = False) -> None:
    """(T, B, F) into `out` (T, F, B); time backwards if `reverse`."""
    np.copyto(out, (x[::-1] if reverse else x).transpose(0, 2, 1))


def batch_major(x: np.ndarray, reverse: bool = False) -> np.ndarray:
    """(T, F, B) as a new (T, B, F); time backwards if `reverse`."""
    return (x[::-1] if reverse else x).transpose(0, 2, 1).copy()


def side_by_side(a: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """(T, M, B) as (M, T · B): all steps as the columns of one matrix, in flat `memory`, so that one product serves
    them all.

    The gradient of a matrix used at every step, Σ_t da_t z_tᵀ, is then `side_by_side(da) @ side_by_side(z).T`.
    """
    steps, rows, batch = a.shape
    columns = memory[: a.size].reshape(rows, steps, batch)
    np.copyto(columns, a.transpose(1, 0, 2))
    return columns.reshape(rows, -1)


def apart(columns: np.ndarray, out: np.ndarray) -> None:
    """(M, T · B) into `out` (T, B, M)."""
    steps, batch, rows = out.shape
    np.copyto(out, columns.reshape(rows, steps, batch).transpose(1, 2, 0))


def each_step(steps: int, *arrays: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    """For each step its view of every array; an array whose first axis is 1 shows every step the same memory."""
    return list(zip(*[list(a) * (steps // len(a)) for a in arrays], strict=True))


def running(sizes: list[int] | None, steps: int, batch: int) -> list[int]:
    """How many sequences of the batch still run at each step; all of them unless `sizes` says otherwise."""
    return [batch] * steps if sizes is None else sizes


def from_outside(d_output: Any, d_h: Any, out: np.ndarray, reverse: bool) -> None:
    """Into `out` (T, H, B): the gradient that each h_t receives from outside the layer, d_output (T, B, H) at every
    step and d_h (B, H) at the last; either may be None."""
    if d_output is None:
        out[...] = 0
    else:
        feature_major(d_output, out, reverse)
    if d_h is not None:
        out[-1] += d_h.T


def block_length(steps: int, numbers: int) -> int:
    """How many steps with so many `numbers` in their gates make a block."""
    return max(1, min(steps, BLOCK // numbers))


def blocks(steps: int, length: int) -> Iterator[slice]:
    """The time steps in blocks of at most `length`, the last block first."""
    for end in range(steps, 0, -length):
        yield slice(max(0, end - length), end)
