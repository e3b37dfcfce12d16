"""Drawing from probabilities held in a tensor."""

from __future__ import annotations

import numpy as np

from .. import random
from .._mode import quiet
from .arguments import need_tensor


def bernoulli(input, p=None, *, generator=None):
    """Ones with the probabilities in `input` (or all with p), zeros else."""
    need_tensor("bernoulli", input)
    chances = input.array if p is None else np.full(input.array.shape, p)
    if chances.size and not 0 <= chances.min() <= chances.max() <= 1:
        raise RuntimeError(f"bernoulli(): probabilities must lie in 0..1, got {chances.min()} .. {chances.max()}")
    drawn = random.source(generator).random(chances.shape) < chances
    return input._of(np.asarray(drawn).astype(input.dtype))


@quiet
def multinomial(input, num_samples, replacement=False, *, generator=None):
    """Draw `num_samples` indices per row (of a vector or matrix) with probabilities proportional to the numbers."""
    need_tensor("multinomial", input)
    weights = input.array.astype(np.float64)
    if weights.ndim not in (1, 2):
        raise RuntimeError(f"multinomial(): the weights must be 1 or 2 dim, got shape {list(input.shape)}")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise RuntimeError("multinomial(): the weights must not be negative, NaN or infinite")
    rows = np.atleast_2d(weights)
    possible = (rows > 0).sum(1).min() if rows.size else 0
    if possible == 0:
        raise RuntimeError("multinomial(): a row of weights has sum 0")
    if num_samples <= 0 or (not replacement and num_samples > possible):
        raise RuntimeError(
            f"multinomial(): cannot draw {num_samples} samples without replacement from {possible} entries of nonzero weight"
        )
    source = random.source(generator)
    if replacement or num_samples == 1:
        ends = np.cumsum(rows, axis=1)
        drawn = source.random((rows.shape[0], num_samples)) * ends[:, -1:]
        picks = np.stack([np.searchsorted(e, d, side="right") for e, d in zip(ends, drawn, strict=True)])
        picks = np.minimum(picks, rows.shape[1] - 1)
    else:  # the largest of uniform^(1/weight) are a draw without replacement (Efraimidis & Spirakis 2006)
        keys = np.where(rows > 0, np.log(source.random(rows.shape)) / rows, -np.inf)
        picks = np.argsort(-keys, axis=1, kind="stable")[:, :num_samples]
    return input._of(picks.reshape((*weights.shape[:-1], num_samples)).astype(np.int64))
