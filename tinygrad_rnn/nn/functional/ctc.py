"""The CTC loss: labels without timing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...functions.arguments import array, need_tensor
from ...functions.widening import widening
from ...ops.ctc import CTC
from ...ops.indexing import Index
from ...recording import record
from ...tensor import Tensor
from .loss import check_reduction


@widening
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """-ln of the probability that log_probs spell the targets, summed over all timings (see `ops.ctc.CTC`).

    log_probs       (T, B, K), or (T, K) for one sequence: logarithms of probabilities, as log_softmax gives
    targets         (B, S) padded, or all labels in a row (Σ target_lengths,); labels 0..K-1 other than `blank`
    input_lengths   (B,) steps of each sequence, at most T; a tensor, list, or int for one sequence
    target_lengths  (B,) labels of each sequence
    reduction       "mean" divides each loss by its target length, then takes the mean over the batch
    zero_infinity   losses of sequences too short for their labels count 0 instead of inf

    The gradient is that of the formula, also where rows of e^log_probs do not add up to 1. (PyTorch's adds
    e^log_probs, which log_softmax takes away again: behind log_softmax both are the same.)
    """
    check_reduction("ctc_loss", reduction)
    need_tensor("ctc_loss", log_probs, "log_probs")
    need_tensor("ctc_loss", targets, "targets")
    if log_probs.ndim not in (2, 3):
        raise RuntimeError(f"ctc_loss(): log_probs must be (T, B, K) or (T, K), got shape {list(log_probs.shape)}")
    if not log_probs.array.size:
        raise RuntimeError(f"ctc_loss(): log_probs must not be empty, got shape {list(log_probs.shape)}")
    batched = log_probs.ndim == 3
    if not batched:
        log_probs = log_probs.unsqueeze(1)
    length, batch, classes = log_probs.array.shape
    steps = _lengths("input_lengths", input_lengths, batch, length)
    sizes = _lengths("target_lengths", target_lengths, batch, None)
    if not 0 <= blank < classes:
        raise RuntimeError(f"ctc_loss(): blank must be one of the {classes} classes 0..{classes - 1}, got {blank}")
    states = _states(_padded_targets(targets.array, sizes, batch), sizes, blank, classes)
    skip = np.zeros(states.shape, bool)
    skip[:, 2:] = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    times, rows = np.arange(length)[:, None, None], np.arange(batch)[:, None]
    emit = record(Index, log_probs, index=(times, rows, states))
    losses = record(CTC, emit, skip=skip, steps=steps, last=2 * sizes)
    if zero_infinity:
        losses = losses.masked_fill(Tensor._of(np.isinf(losses.array)), 0.0)
    if reduction == "mean":
        return (losses / Tensor._of(np.maximum(sizes, 1).astype(losses.dtype))).mean()
    if reduction == "sum":
        return losses.sum()
    return losses if batched else losses.squeeze(0)


def _lengths(argument: str, given: Any, batch: int, most: int | None) -> np.ndarray:
    lengths = np.asarray([array(n) for n in given] if isinstance(given, (list, tuple)) else array(given))
    if lengths.dtype.kind not in "iu" and lengths.size:
        raise RuntimeError(f"ctc_loss(): {argument} must be integers, got {lengths.dtype}")
    lengths = lengths.reshape(-1).astype(np.int64)
    if lengths.shape != (batch,):
        raise RuntimeError(
            f"ctc_loss(): {argument} must have one entry for each of {batch} sequences, got {len(lengths)}"
        )
    if batch and (lengths.min() < 0 or (most is not None and lengths.max() > most)):
        wrong = lengths.min() if lengths.min() < 0 else lengths.max()
        limit = "at least 0" if most is None else f"0..{most}, the length of log_probs"
        raise RuntimeError(f"ctc_loss(): {argument} must be {limit}, got {wrong}")
    return lengths


def _padded_targets(targets: np.ndarray, sizes: np.ndarray, batch: int) -> np.ndarray:
    """The labels as (B, longest), from either form."""
    if targets.dtype.kind not in "iu":
        raise RuntimeError(f"ctc_loss(): targets must be integers, got {targets.dtype}")
    longest = int(sizes.max(initial=0))
    if targets.ndim == 2:
        if targets.shape[0] != batch or targets.shape[1] < longest:
            raise RuntimeError(
                f"ctc_loss(): targets of shape {list(targets.shape)} do not hold {batch} sequences of up to {longest} labels"
            )
        return targets[:, :longest]
    if targets.ndim != 1 or targets.size != sizes.sum():
        raise RuntimeError(
            f"ctc_loss(): targets must be (B, S), or one row of all {sizes.sum()} labels that target_lengths count; "
            f"got shape {list(targets.shape)}"
        )
    padded = np.zeros((batch, longest), np.int64)
    padded[np.arange(longest) < sizes[:, None]] = targets
    return padded


def _states(labels: np.ndarray, sizes: np.ndarray, blank: int, classes: int) -> np.ndarray:
    """(B, 2 S + 1): the labels with blanks around them; blanks where a sequence has ended."""
    used = np.arange(labels.shape[1]) < sizes[:, None]
    for value in labels[used]:
        if not 0 <= value < classes or value == blank:
            raise RuntimeError(
                f"ctc_loss(): targets must be in 0..{classes - 1} and not the blank {blank}, got {value}"
            )
    states = np.full((len(labels), 2 * labels.shape[1] + 1), blank, np.int64)
    states[:, 1::2] = np.where(used, labels, blank)
    return states
