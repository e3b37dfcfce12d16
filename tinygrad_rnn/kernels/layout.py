"""What the kernels share: arrays with features before batch, time first, and time in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# Backward takes the steps in blocks, counted in numbers in their gates: as many as stay in the cache between two
# operations on them, and longer stretches, that few matrix products serve.
BLOCK, STRETCH = 2**17, 2**20


def feature_major(x: Array, out: Array, reverse: bool = False) -> None:
    """(T, B, F) into `out` (T, F, B); time backwards if `reverse`."""
    np.copyto(out, (x[::-1] if reverse else x).transpose(0, 2, 1))


def batch_major(x: Array, reverse: bool = False) -> Array:
    """(T, F, B) as a new (T, B, F); time backwards if `reverse`."""
    return (x[::-1] if reverse else x).transpose(0, 2, 1).copy()


def columns(memory: Array, rows: int, steps: int, batch: int) -> tuple[Array, Array]:
    """A matrix (M, T · B) in flat `memory`, with all steps as its columns, and its view (T, M, B) by steps."""
    matrix = memory[: rows * steps * batch].reshape(rows, steps * batch)
    return matrix, matrix.reshape(rows, steps, batch).transpose(1, 0, 2)


def side_by_side(values: Array, memory: Array) -> Array:
    """(T, M, B) as (M, T · B) in flat `memory`, so that one product serves all steps: the gradient of a matrix used at
    every step, Σ_t da_t z_tᵀ, is (da side by side) @ (z side by side)ᵀ."""
    steps, rows, batch = values.shape
    matrix, by_step = columns(memory, rows, steps, batch)
    np.copyto(by_step, values)
    return matrix


def apart(matrix: Array, out: Array) -> None:
    """(M, T · B) into `out` (T, B, M)."""
    steps, batch, rows = out.shape
    np.copyto(out, matrix.reshape(rows, steps, batch).transpose(1, 2, 0))


def each_step(steps: int, *arrays: Array) -> list[tuple[Array, ...]]:
    """For each step its view of every array; an array whose first axis is 1 shows every step the same memory."""
    return list(zip(*[list(a) * (steps // len(a)) for a in arrays], strict=True))


def running(sizes: list[int] | None, steps: int, batch: int) -> list[int]:
    """How many sequences of the batch still run at each step; all of them unless `sizes` says otherwise."""
    return [batch] * steps if sizes is None else sizes


def from_outside(d_output: Array | None, d_h: Array | None, out: Array, reverse: bool) -> None:
    """Into `out` (T, H, B): the gradient that each h_t receives from outside the layer, d_output (T, B, H) at every
    step and d_h (B, H) at the last; either may be None."""
    if d_output is None:
        out[...] = 0
    else:
        feature_major(d_output, out, reverse)
    if d_h is not None:
        out[-1] += d_h.T


def block_lengths(steps: int, numbers: int) -> tuple[int, int]:
    """How many steps make a block and a stretch, if the gates of a step have so many `numbers`."""
    numbers = max(1, numbers)  # 0 if the batch is empty
    length = max(1, min(steps, BLOCK // numbers))
    return length, max(length, min(steps, STRETCH // numbers))


def blocks(start: int, stop: int, length: int) -> Iterator[slice]:
    """The time steps start..stop in blocks of at most `length`, the last block first."""
    for end in range(stop, start, -length):
        yield slice(max(start, end - length), end)
