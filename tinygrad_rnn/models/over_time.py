"""From outputs at every step to one vector: the last state, the maximum or the mean over time.

All take outputs (B, T, H) of a padded batch and the lengths of its sequences, and look at real steps only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tensor import Tensor
from ..ops.checks import need_tensor
from ..ops.joining import cat
from .masks import lengths_of


def last_output(outputs: Tensor, lengths: Any = None, bidirectional: bool = False) -> Tensor:
    """h at the last real step of each sequence: (B, T, H) -> (B, H).

    bidirectional   the second half of H ran backwards, so its last step is the first one
    """
    sizes = _sizes("last_output", outputs, lengths)
    rows = Tensor._of(np.arange(len(sizes)))
    at_end = outputs[rows, Tensor._of(sizes - 1)]
    if not bidirectional:
        return at_end
    half = outputs.array.shape[2] // 2
    return cat([at_end[:, :half], outputs[:, 0, half:]], -1)


def max_over_time(outputs: Tensor, lengths: Any = None) -> Tensor:
    """y_h = max over t of outputs_t,h: (B, T, H) -> (B, H). Each feature may have its own best step."""
    sizes = _sizes("max_over_time", outputs, lengths)
    return outputs.masked_fill(_past_the_end(outputs, sizes), -np.inf).amax(1)


def mean_over_time(outputs: Tensor, lengths: Any = None) -> Tensor:
    """The mean over the real steps: (B, T, H) -> (B, H)."""
    sizes = _sizes("mean_over_time", outputs, lengths)
    total = outputs.masked_fill(_past_the_end(outputs, sizes), 0.0).sum(1)
    return total / Tensor._of(sizes[:, None].astype(outputs.dtype))


def _past_the_end(outputs: Tensor, sizes: np.ndarray) -> Tensor:
    return Tensor._of((np.arange(outputs.array.shape[1]) >= sizes[:, None])[:, :, None])


def _sizes(name: str, outputs: Any, lengths: Any) -> np.ndarray:
    need_tensor(name, outputs, "outputs")
    if outputs.ndim != 3 or outputs.array.shape[1] == 0:
        raise ValueError(f"{name}: expected outputs (B, T, H) with T > 0, got shape {list(outputs.shape)}")
    batch, steps, _ = outputs.array.shape
    return np.full(batch, steps) if lengths is None else lengths_of(name, lengths, batch, steps)
