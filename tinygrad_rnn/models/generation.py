"""Writing sequences: greedy search, sampling and beam search, for any model that can say what comes next.

    next_scores(state, tokens) -> (scores, state)          tokens (B,) ints, scores (B, V), before softmax

The state is whatever the model carries: a tensor, None, or tuples, lists and dicts of them. It must not be changed
in place. Beam search copies the states of good hypotheses over those of bad ones and so needs to know the batch
axis, `batch_dim`: 0 usually, 1 for the states of nn.RNN, LSTM and GRU.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import random
from .._mode import no_grad
from .._quiet import quiet
from .._tensor import Tensor
from ..ops.checks import need_tensor
from ..trees import tree_map

NextScores = Callable[[Any, Tensor], tuple[Tensor, Any]]


class Generated(NamedTuple):
    """What was written.

    tokens    (B, L) ints, without the start token; after `end` filled with `end`. Beam search: (B, W, L), best first
    scores    (B,) or (B, W): log-probability of the tokens under the model, divided by the length penalty if any
    lengths   (B,) or (B, W): tokens up to and including `end`
    """

    tokens: Tensor
    scores: Tensor
    lengths: Tensor


def greedy(next_scores: NextScores, state: Any, start: Tensor, max_steps: int, end: int | None = None) -> Generated:
    """Take the most likely token at each step: x_t = argmax_v P(v | x_<t).

    start       (B,) ints, the tokens that the first step sees
    max_steps   stop after so many tokens
    end         the token that ends a sequence; None: all run to max_steps
    """
    return _one_by_one(next_scores, state, start, max_steps, end, lambda logp: logp.argmax(-1))


def sample(
    next_scores: NextScores, state: Any, start: Tensor, max_steps: int, end: int | None = None,
    temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None,
    generator: random.Generator | None = None,
) -> Generated:  # fmt: skip
    """Draw each token from what `filtered` leaves of the distribution; start, max_steps and end as in `greedy`.

    The scores are log-probabilities under the model itself, before filtering.
    """
    check_filters(temperature, top_k, top_p)
    source = random.source(generator)

    def draw(logp: np.ndarray) -> np.ndarray:
        chances = filtered(logp, temperature, top_k, top_p)
        ends = chances.cumsum(-1)
        ends /= ends[:, -1:]
        drawn = source.random((len(ends), 1))
        return (drawn < ends).argmax(-1)  # the first token whose interval ends beyond the number

    return _one_by_one(next_scores, state, start, max_steps, end, draw)


@quiet
def filtered(
    scores: np.ndarray, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """Scores (B, V) as probabilities to draw from.

    temperature   P ∝ exp(score / temperature): below 1 prefers likely tokens, above 1 evens out
    top_k         only the k most likely tokens (Fan et al. 2018)
    top_p         then only the fewest tokens whose probabilities reach p together (Holtzman et al. 2020)

    Of equally likely tokens those with smaller numbers stay.
    """
    check_filters(temperature, top_k, top_p)
    scaled = scores.astype(np.float64) / temperature
    order = np.argsort(-scaled, axis=-1, kind="stable")
    ranked = _softmax(np.take_along_axis(scaled, order, -1))
    if top_k is not None:
        ranked[:, top_k:] = 0
        ranked /= ranked.sum(-1, keepdims=True)
    if top_p is not None and top_p < 1:
        before = ranked.cumsum(-1) - ranked  # what more likely tokens have together; 0 for the first, which stays
        ranked[before >= top_p] = 0
        ranked /= ranked.sum(-1, keepdims=True)
    chances = np.empty_like(ranked)
    np.put_along_axis(chances, order, ranked, -1)
    return chances


@no_grad()
def beam_search(
    next_scores: NextScores, state: Any, start: Tensor, max_steps: int, width: int, end: int | None = None,
    length_penalty: float = 0.0, batch_dim: int = 0,
) -> Generated:  # fmt: skip
    """Keep the `width` best beginnings at each step, for each sequence of the batch.

        score = log P(tokens) / ((5 + length) / 6)^length_penalty            (Wu et al. 2016)

    start, max_steps, end   as in `greedy`, which is beam search of width 1
    width                   W hypotheses; at W ≥ V^max_steps nothing is ever dropped and the result is the best there is
    length_penalty          0 prefers short sequences, since every token costs probability; above 0 less so

    A hypothesis that has ended keeps its place as long as its score does. A score of -inf marks a place that no
    hypothesis took.
    """
    tokens = _check(next_scores, start, max_steps, end)
    if width < 1 or length_penalty < 0:
        raise ValueError(
            f"beam_search: width must be at least 1 and length_penalty at least 0, got {width} and {length_penalty}"
        )
    batch = len(tokens)
    state = rows_of(state, np.repeat(np.arange(batch), width), batch_dim)
    last = np.repeat(tokens, width)
    written = np.empty((batch, width, 0), np.int64)
    total = np.where(np.arange(width) == 0, 0.0, -np.inf) * np.ones((batch, 1))  # the W copies start as one hypothesis
    lengths, ended = np.zeros((batch, width), np.int64), np.zeros((batch, width), bool)
    for t in range(max_steps):
        logp, state = _ask(next_scores, state, last, t)
        logp = logp.reshape(batch, width, -1)
        classes = logp.shape[2]
        if end is not None and ended.any():
            _need_end(end, classes)
            stay = np.where(np.arange(classes) == end, 0.0, -np.inf)  # the only way on: say `end` again, at no cost
            logp = np.where(ended[:, :, None], stay, logp)
        totals, grown = total[:, :, None] + logp, lengths + ~ended
        rank = totals / _penalty(grown, length_penalty)[:, :, None]
        best = np.argsort(-rank.reshape(batch, -1), axis=1, kind="stable")[:, :width]
        parent, token = best // classes, best % classes
        total = np.take_along_axis(totals.reshape(batch, -1), best, 1)
        lengths, ended = np.take_along_axis(grown, parent, 1), np.take_along_axis(ended, parent, 1)
        written = np.take_along_axis(written, parent[:, :, None], 1)
        written = np.concatenate([written, token[:, :, None]], 2)
        if end is not None:
            ended = ended | (token == end)
        if ended.all():
            break
        state = rows_of(state, (np.arange(batch)[:, None] * width + parent).reshape(-1), batch_dim)
        last = token.reshape(-1)
    scores = total / _penalty(lengths, length_penalty)
    return Generated(Tensor._of(written), Tensor._of(scores), Tensor._of(lengths))


def rows_of(state: Any, rows: np.ndarray, batch_dim: int = 0) -> Any:
    """The state of the given rows of the batch: each tensor in it, indexed along `batch_dim`."""

    def picked(part: Tensor) -> Tensor:
        if not -part.ndim <= batch_dim < part.ndim:
            raise ValueError(f"beam_search: a state of shape {list(part.shape)} has no axis batch_dim={batch_dim}")
        return part.index_select(batch_dim, Tensor._of(rows))

    return tree_map(picked, state, Tensor)


@no_grad()
def _one_by_one(
    next_scores: NextScores, state: Any, start: Tensor, max_steps: int, end: int | None,
    choose: Callable[[np.ndarray], np.ndarray],
) -> Generated:  # fmt: skip
    """Greedy search and sampling: `choose` picks tokens (B,) by their log-probabilities (B, V)."""
    tokens = _check(next_scores, start, max_steps, end)
    ended = np.zeros(len(tokens), bool)
    total, lengths, written = np.zeros(len(tokens)), np.zeros(len(tokens), np.int64), []
    for t in range(max_steps):
        logp, state = _ask(next_scores, state, tokens, t)
        tokens = choose(logp)
        total += np.where(ended, 0.0, logp[np.arange(len(logp)), tokens])
        lengths += ~ended
        if end is not None:
            _need_end(end, logp.shape[1])
            tokens = np.where(ended, end, tokens)
            ended |= tokens == end
        written.append(tokens)
        if ended.all():
            break
    return Generated(Tensor._of(np.stack(written, 1)), Tensor._of(total), Tensor._of(lengths))


def _ask(next_scores: NextScores, state: Any, tokens: np.ndarray, t: int) -> tuple[np.ndarray, Any]:
    """The log-probabilities (B, V) of the next tokens, and the new state."""
    scores, state = next_scores(state, Tensor._of(tokens))
    if not isinstance(scores, Tensor) or scores.ndim != 2 or len(scores.array) != len(tokens):
        found = list(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise ValueError(
            f"generate: step {t} must return scores ({len(tokens)}, V) for {len(tokens)} tokens, got {found}"
        )
    x = scores.array.astype(np.float64)
    top = x.max(-1, keepdims=True)
    if not np.isfinite(top).all():  # NaN, +inf, or nothing but -inf
        raise ValueError(f"generate: step {t} returned scores that are no distribution: a row has maximum {top.min()}")
    return _log_softmax(x - top), state


@quiet
def _log_softmax(x: np.ndarray) -> np.ndarray:
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _penalty(lengths: np.ndarray, power: float) -> np.ndarray:
    return ((5.0 + lengths) / 6.0) ** power


def check_filters(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Raise a ValueError unless the options of `filtered` make sense."""
    if not 0 < temperature < np.inf:
        raise ValueError(f"sample: temperature must be greater than 0, got {temperature}; use greedy() for 0")
    if top_k is not None and top_k < 1:
        raise ValueError(f"sample: top_k must be at least 1, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"sample: top_p must be in (0, 1], got {top_p}")


def _check(next_scores: Any, start: Any, max_steps: int, end: int | None) -> np.ndarray:
    if not callable(next_scores):
        raise TypeError(
            f"generate: next_scores must be a function (state, tokens) -> (scores, state), got {type(next_scores).__name__}"
        )
    need_tensor("generate", start, "start")
    if start.ndim != 1 or start.dtype.kind not in "iu" or not start.array.size:
        raise ValueError(f"generate: start must be ints (B,), got {start.dtype} of shape {list(start.shape)}")
    if max_steps < 1:
        raise ValueError(f"generate: max_steps must be at least 1, got {max_steps}")
    if end is not None and end < 0:
        raise ValueError(f"generate: end must be a token number of at least 0, got {end}")
    return start.array.astype(np.int64)


def _need_end(end: int, classes: int) -> None:
    if end >= classes:
        raise ValueError(f"generate: end={end} is not a token: the scores have {classes} classes")
