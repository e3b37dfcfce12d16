"""Connectionist temporal classification: the likelihood of a label sequence, whatever its timing (Graves et al. 2006)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._mode import thread
from ..kernels.choice import passes
from ..recording import record_op
from .basic import Index
from .checks import array, need_tensor
from .choosing import plain, select
from .function import Array, Function, Saves, Value, call
from .joining import Cat, Stack
from .logsums import LogAddExp
from .losses import check_reduction
from .powers import Exp
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


class LogOfThree(Function):
    """s = ln(eˣ + eʸ + eᶻ) of finite numbers, faster than `LogAddExp` twice          dL/dx = dL/ds · e^(x - s), …"""

    saves: Saves = ("x", "y", "z", "out")

    def forward(ctx, x: Array, y: Array, z: Array) -> Array:
        top = np.maximum(np.maximum(x, y), z)
        s = np.exp(x - top)
        s += np.exp(y - top)
        s += np.exp(z - top)
        return np.log(s, out=s) + top

    def backward(ctx, g: Value) -> Value:
        *each, s = ctx.saved_tensors
        return tuple([g * call(Exp, x - s) for x in each])


LOW = -1e30  # the logarithm of "impossible": -inf would give NaN in inf - inf


class CTC(Function):
    """loss_b = -ln Σ over all paths of Π_t probability of the path's label at t

    A path visits the states u = 0..U-1 of the labels with blanks between (blank, l₁, blank, l₂, …, blank). In a
    step it stays, goes on by one, or by two where `skip` (B, U) says so: over a blank, to a different label.

        α_t[u] = e_t[u] + logsumexp(α_{t-1}[u], α_{t-1}[u-1], α_{t-1}[u-2])          ways to be at u
        β_t[u] = logsumexp over next states v of β_{t+1}[v] + e_{t+1}[v]             ways to go on from u
        loss = -logsumexp(α[last], α[last - 1]) at the end,   dL/de_t[u] = -dL/dloss · e^(α_t[u] + β_t[u] + loss)

    emit e (T, B, U): log-probability of each state's label. steps (B,) and last (B,): the length of each sequence
    and its last state. A sequence too long for its steps has loss inf.
    """

    saves: Saves = ("emit",)
    skip: Any
    steps: Any
    last: Any
    alphas: Any

    def forward(ctx, emit: Array, skip: Any, steps: Any, last: Any) -> Array:
        ctx.skip, ctx.steps, ctx.last, ctx.shortest = skip, steps, last, steps.min(initial=0)
        ctx.alphas = alphas = ctx.forward_ways(emit)
        total = ctx.total(alphas)
        return np.where(total < LOW / 10, np.inf, -total).astype(emit.dtype)

    def backward(ctx, g: Value) -> Value:
        (emit,) = ctx.saved_tensors
        alphas = ctx.alphas if thread.mode.lift is None else ctx.forward_ways(emit)
        betas = ctx.backward_ways(emit)
        total = ctx.total(alphas)
        possible = (plain(total) >= LOW / 10)[:, None]
        inside = np.arange(plain(emit).shape[0])[:, None, None] < ctx.steps[:, None]
        exponent = call(Stack, *alphas, dim=0) + call(Stack, *betas, dim=0) - total.reshape(-1, 1)
        posterior = call(Exp, select(possible & inside, exponent, -np.inf))
        # an impossible sequence has no gradient: NaN in its steps, unless its loss is not used
        return select(possible | (plain(g) == 0)[:, None] | ~inside, -(posterior * g.reshape(-1, 1)), np.nan)

    def forward_ways(ctx, emit: Value) -> Value:
        """α_t for each t, each (B, U); from the end of a sequence on, its last one."""
        jump = np.where(ctx.skip, 0, LOW).astype(plain(emit).dtype)
        if thread.mode.lift is None and (twin := passes("ctc", emit)):
            return ctx.compiled_ways(twin.ctc_forward, emit, jump)
        emit = select(plain(emit) < LOW, LOW, emit)
        length, batch, count = plain(emit).shape
        states, outside = np.arange(count), np.full((batch, 2), LOW, jump.dtype)
        alphas = [select((states < 2) & (states <= ctx.last[:, None]), emit[0], LOW)]
        for t in range(1, length):
            before = call(Cat, outside, alphas[-1], dim=1)  # two states more, before the first one
            ways = call(LogOfThree, alphas[-1], before[:, 1:-1], before[:, :-2] + jump)
            alphas.append(ctx.while_running(t, ways + emit[t], alphas[-1]))
        return alphas

    def backward_ways(ctx, emit: Value) -> Value:
        """β_t for each t, each (B, U)."""
        length, batch, count = plain(emit).shape
        jump = np.full((batch, count), LOW, plain(emit).dtype)
        jump[:, : max(count - 2, 0)] = np.where(ctx.skip[:, 2:], 0, LOW)
        if thread.mode.lift is None and (twin := passes("ctc", emit)):
            return ctx.compiled_ways(twin.ctc_backward, emit, jump)
        emit = select(plain(emit) < LOW, LOW, emit)
        states, outside = np.arange(count), np.full((batch, 2), LOW, jump.dtype)
        ends = (states == ctx.last[:, None]) | (states == ctx.last[:, None] - 1)
        betas = [final := np.where(ends, 0.0, LOW).astype(outside.dtype)]
        for t in range(length - 1, 0, -1):
            ahead = call(Cat, betas[-1] + emit[t], outside, dim=1)
            ways = call(LogOfThree, ahead[:, :-2], ahead[:, 1:-1], ahead[:, 2:] + jump)
            betas.append(ctx.while_running(t, ways, final))
        return betas[::-1]

    def compiled_ways(ctx, ways: Any, emit: Array, jump: Array) -> Array:
        """α_t or β_t by a compiled loop, (T, B, U)."""
        work, result = np.empty((3, emit.shape[2] + 2), emit.dtype), np.empty_like(emit)
        ways(emit, jump, ctx.steps, ctx.last, emit.dtype.type(LOW), work, result)
        return result

    def while_running(ctx, t: int, now: Value, ended: Value) -> Value:
        """`now` for the sequences that have a step t, `ended` for the others."""
        return now if t < ctx.shortest else select((t < ctx.steps)[:, None], now, ended)

    def total(ctx, alphas: Value) -> Value:
        """ln of the probability of all paths, (B,)."""
        rows = np.arange(len(ctx.last))
        at_end = call(Index, alphas[-1], index=(rows, ctx.last))
        one_before = call(Index, alphas[-1], index=(rows, np.maximum(ctx.last - 1, 0)))
        total = call(LogAddExp, at_end, select(ctx.last > 0, one_before, LOW))
        without_steps = np.where(ctx.last > 0, LOW, 0.0).astype(
            plain(total).dtype
        )  # they spell the empty sequence only
        return select(ctx.steps > 0, total, without_steps)


@widening
def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
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
    emit = record_op(Index, log_probs, index=(times, rows, states))
    losses = record_op(CTC, emit, skip=skip, steps=steps, last=2 * sizes)
    if zero_infinity:
        losses = losses.masked_fill(losses._of(np.isinf(losses.array)), 0.0)
    if reduction == "mean":
        return (losses / losses._of(np.maximum(sizes, 1).astype(losses.dtype))).mean()
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
