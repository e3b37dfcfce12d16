"""Connectionist temporal classification: the likelihood of a label sequence, whatever its timing (Graves et al. 2006)."""

from __future__ import annotations

import numpy as np

from .._mode import thread
from .choosing import plain, select
from .elementwise import Exp, LogAddExp
from .function import Function, call
from .indexing import Index
from .shape import Cat, Stack

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

    saves = ("emit",)

    def forward(ctx, emit, skip, steps, last):
        ctx.skip, ctx.steps, ctx.last = skip, steps, last
        ctx.alphas = alphas = ctx.forward_ways(emit)
        total = ctx.total(alphas)
        return np.where(total < LOW / 10, np.inf, -total).astype(emit.dtype)

    def backward(ctx, g):
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

    def forward_ways(ctx, emit):
        """α_t for each t, each (B, U); from the end of a sequence on, its last one."""
        emit = select(plain(emit) < LOW, LOW, emit)
        states = np.arange(plain(emit).shape[2])
        alphas = [select((states < 2) & (states <= ctx.last[:, None]), emit[0], LOW)]
        for t in range(1, plain(emit).shape[0]):
            before = alphas[-1]
            two_back = select(ctx.skip, _shifted(before, 2), LOW)
            ways = call(LogAddExp, call(LogAddExp, before, _shifted(before, 1)), two_back)
            alphas.append(select((t < ctx.steps)[:, None], ways + emit[t], before))
        return alphas

    def backward_ways(ctx, emit):
        """β_t for each t, each (B, U)."""
        emit = select(plain(emit) < LOW, LOW, emit)
        states, count = np.arange(plain(emit).shape[2]), plain(emit).shape[0]
        ends = (states == ctx.last[:, None]) | (states == ctx.last[:, None] - 1)
        final = np.where(ends, 0.0, LOW).astype(plain(emit).dtype)
        betas = [final]
        for t in range(count - 1, 0, -1):
            ahead = betas[-1] + emit[t]
            two_on = _shifted(select(ctx.skip, ahead, LOW), -2)
            ways = call(LogAddExp, call(LogAddExp, ahead, _shifted(ahead, -1)), two_on)
            betas.append(select((t < ctx.steps)[:, None], ways, final))
        return betas[::-1]

    def total(ctx, alphas):
        """ln of the probability of all paths, (B,)."""
        rows = np.arange(len(ctx.last))
        at_end = call(Index, alphas[-1], index=(rows, ctx.last))
        one_before = call(Index, alphas[-1], index=(rows, np.maximum(ctx.last - 1, 0)))
        total = call(LogAddExp, at_end, select(ctx.last > 0, one_before, LOW))
        without_steps = np.where(ctx.last > 0, LOW, 0.0).astype(
            plain(total).dtype
        )  # they spell the empty sequence only
        return select(ctx.steps > 0, total, without_steps)


def _shifted(x, by):
    """x (B, U) moved by `by` states, LOW coming in."""
    batch, states = plain(x).shape
    by = max(-states, min(by, states))
    filler = np.full((batch, abs(by)), LOW, plain(x).dtype)
    return call(Cat, filler, x[:, : states - by], dim=1) if by > 0 else call(Cat, x[:, -by:], filler, dim=1)
