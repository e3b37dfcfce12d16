"""The layout that the kernels share: features before batch, time first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .pool import take

BLOCK = 2**17  # numbers in the gates of a block of steps: what a block needs stays in the cache


def feature_major(x: np.ndarray, reverse: bool = False) -> np.ndarray:
    """(T, B, F) as contiguous (T, F, B), in pooled memory; time backwards if `reverse`."""
    result = take((x.shape[0], x.shape[2], x.shape[1]), x.dtype)
    np.copyto(result, (x[::-1] if reverse else x).transpose(0, 2, 1))
    return result


def batch_major(x: np.ndarray, reverse: bool = False) -> np.ndarray:
    """(T, F, B) as contiguous (T, B, F); time backwards if `reverse`."""
    return np.ascontiguousarray((x[::-1] if reverse else x).transpose(0, 2, 1))


def side_by_side(a: np.ndarray) -> np.ndarray:
    """(T, M, B) as (M, T · B): all steps as the columns of one matrix in pooled memory, so that one product serves them all.

    The gradient of a matrix used at every step, Σ_t da_t z_tᵀ, is then `side_by_side(da) @ side_by_side(z).T`.
    """
    steps, rows, batch = a.shape
    result = take((rows, steps, batch), a.dtype)
    np.copyto(result, a.transpose(1, 0, 2))
    return result.reshape(rows, -1)


def apart(a: np.ndarray, steps: int, reverse: bool = False) -> np.ndarray:
    """(M, T · B) as contiguous (T, B, M); time backwards if `reverse`."""
    return np.ascontiguousarray(a.reshape(len(a), steps, -1).transpose(1, 2, 0)[:: -1 if reverse else 1])


def buffer(steps: int, rows: int, batch: int, dtype: np.dtype, keep: bool) -> np.ndarray:
    """An unset (steps, rows, B); without `keep` all steps share one step's memory, for runs without a backward."""
    if keep:
        return take((steps, rows, batch), dtype)
    one = np.empty((rows, batch), dtype)
    return np.lib.stride_tricks.as_strided(one, (steps, rows, batch), (0, *one.strides))


def running(sizes: list[int] | None, steps: int, batch: int) -> list[int]:
    """How many sequences of the batch still run at each step; all of them unless `sizes` says otherwise."""
    return [batch] * steps if sizes is None else sizes


def from_outside(d_output: Any, d_h: Any, like: np.ndarray, reverse: bool) -> np.ndarray:
    """The gradient that each h_t receives from outside the layer, (T, H, B) as `like`, in pooled memory: d_output
    (T, B, H) at every step and d_h (B, H) at the last; either may be None."""
    if d_output is None:
        result = take(like.shape, like.dtype)
        result[...] = 0
    else:
        result = feature_major(d_output, reverse)
    if d_h is not None:
        result[-1] += d_h.T
    return result


def block_length(steps: int, numbers: int) -> int:
    """How many steps with so many `numbers` in their gates make a block."""
    return max(1, min(steps, BLOCK // numbers))


def blocks(steps: int, length: int) -> Iterator[slice]:
    """The time steps in blocks of at most `length`, the last block first."""
    for end in range(steps, 0, -length):
        yield slice(max(0, end - length), end)
