"""Bags of embeddings: the sum, mean or maximum of several rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .checks import need_tensor
from .joining import stack
from .rows import embedding
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The "sum", "mean" or "max" of the rows of `weight` (V, E) in each bag of indices; an empty bag is 0.

    input    (B, N), a bag in each row; or all indices in a row, with the places `offsets` (B,) where bags begin
    per_sample_weights  factors for the rows, with mode "sum"
    padding_idx  a row that does not count
    """
    need_tensor("embedding_bag", input)
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"embedding_bag(): mode has to be one of sum, mean or max, got {mode!r}")
    if per_sample_weights is not None and (mode != "sum" or per_sample_weights.array.shape != input.array.shape):
        raise NotImplementedError(
            f"embedding_bag(): per_sample_weights need mode 'sum' and the input's shape {list(input.shape)}, got mode "
            f"{mode!r} and {list(per_sample_weights.shape)}"
        )
    if (input.ndim == 2) == (offsets is not None) or input.ndim not in (1, 2):
        raise ValueError(
            f"embedding_bag(): give (B, N) without offsets, or a vector with them, got {list(input.shape)}"
        )
    index = input.array.reshape(-1)
    starts = np.arange(len(input.array)) * input.array.shape[1] if offsets is None else offsets.array
    if offsets is not None and include_last_offset:
        starts = starts[:-1]
    bag = np.searchsorted(starts, np.arange(index.size), side="right") - 1
    counts = index != (-1 if padding_idx is None else padding_idx % weight.array.shape[0])
    rows = embedding(input.reshape(-1), weight, None, max_norm, norm_type, scale_grad_by_freq, sparse)
    factors = None if per_sample_weights is None else per_sample_weights.reshape(-1, 1)
    return _reduced(rows, factors, mode, bag, counts, len(starts))


@widening
def _reduced(rows: Tensor, factors: Tensor | None, mode: str, bag: np.ndarray, counts: np.ndarray, n: int) -> Tensor:
    """The rows of each of n bags reduced to one; `bag` says for each row which, `counts` whether it counts."""
    rows = rows if factors is None else rows * factors
    total = rows.new_zeros(n, rows.array.shape[1])
    rows, bag = (rows, bag) if counts.all() else (rows[rows._of(np.flatnonzero(counts))], bag[counts])
    if mode == "max":
        chosen = [rows[rows._of(np.flatnonzero(bag == b))] for b in range(n)]
        best = [part.max(0)[0] if len(part) else total[b] for b, part in enumerate(chosen)]
        return stack(best)
    summed = total.index_add(0, rows._of(bag.astype(np.int64)), rows)
    if mode == "sum":
        return summed
    return summed / rows._of(np.maximum(np.bincount(bag, minlength=n), 1).astype(rows.dtype)[:, None])
