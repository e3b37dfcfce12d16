"""Cells through time: one driver for all recurrent layers.

A transition is a function (x_t, state) -> (state, gates), where a state is a tuple of tensors (B, ·) whose first part
is the output h_t, and the gates are tensors by name. `through_time` applies one along a sequence; `stacked` stacks
layers and directions. Sequences of different length come packed, as PyTorch packs them: the batch at time t
holds only the sequences that are still running, longest first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..._mode import Scope, thread
from ..._tensor import Tensor
from ...ops.dropout import Dropout, dropout_mask
from ...ops.joining import cat
from ...recording import record_op
from .. import functional as F
from .cells import Gates, State, give_roles

Transition = Callable[[Tensor, State], tuple[State, Gates]]


def through_time(
    transition: Transition, xs: Sequence[Tensor], start: State, layer: int = 0, reverse: bool = False
) -> tuple[list[Tensor], State]:
    """Apply `transition` to each x_t in order, or from last to first; return the outputs h_t, by t, and the last state.

    xs      x_t of shape (B_t, I); B_t may shrink with t when sequences end
    start   the state before the first one, each part (B_0, ·)

    Nodes made here carry the layer, the direction and the time step t in their scope.
    """
    run = _backward_in_time if reverse else _forward_in_time
    mode = thread.mode
    outer = mode.scope
    tag = (outer.path, outer.call, layer, "reverse" if reverse else "forward")
    try:
        return run(transition, xs, start, lambda t: setattr(mode, "scope", Scope(*tag, t)))
    finally:
        mode.scope = outer


def _forward_in_time(
    transition: Transition, xs: Sequence[Tensor], state: State, at: Callable[[int], None]
) -> tuple[list[Tensor], State]:
    outputs, ended = [], []
    for t, x in enumerate(xs):
        at(t)
        running = x.array.shape[0]
        if running < state[0].array.shape[0]:  # sequences that ended keep the state they had
            ended.append(tuple(part[running:] for part in state))
            state = tuple(part[:running] for part in state)
        state, gates = transition(x, state)
        give_roles(state, gates)
        outputs.append(state[0])
    return outputs, _joined([state, *reversed(ended)])


def _backward_in_time(
    transition: Transition, xs: Sequence[Tensor], start: State, at: Callable[[int], None]
) -> tuple[list[Tensor], State]:
    outputs: list[Any] = [None] * len(xs)
    first, last = xs[0].array.shape[0], xs[-1].array.shape[0]
    state = start if first == last else tuple(part[:last] for part in start)
    for t in range(len(xs) - 1, -1, -1):
        at(t)
        before, running = state[0].array.shape[0], xs[t].array.shape[0]
        if running > before:  # sequences whose last element is x_t begin here
            state = _joined([state, tuple(part[before:running] for part in start)])
        state, gates = transition(xs[t], state)
        give_roles(state, gates)
        outputs[t] = state[0]
    return outputs, state


def _joined(states: list[State]) -> State:
    """States of several groups of sequences as the state of all."""
    return states[0] if len(states) == 1 else tuple(cat(parts) for parts in zip(*states, strict=True))


def stacked(
    transitions: Sequence[Sequence[Transition]], xs: Sequence[Tensor], starts: Sequence[State], dropout: float = 0.0,
    training: bool = True, variational: bool = False,
) -> tuple[list[Tensor], list[State]]:  # fmt: skip
    """Run layers on top of each other, each in one or two directions.

    transitions  for each layer that of each direction: forward, and reverse if there are two
    starts       the start state of each (layer, direction), in that order
    dropout      the probability of dropping an output between layers while training
    variational  the same outputs are dropped at all steps

    Returns the outputs of the last layer by t, both directions side by side, and the last state of each
    (layer, direction).
    """
    ends = []
    for layer, directions in enumerate(transitions):
        if layer and dropout and training:
            drop = dropper(dropout, variational, xs[0].array.shape[0])
            xs = [drop(x) for x in xs]
        both = []
        for direction, transition in enumerate(directions):
            start = starts[layer * len(directions) + direction]
            outputs, end = through_time(transition, xs, start, layer, reverse=direction == 1)
            both.append(outputs)
            ends.append(end)
        xs = both[0] if len(both) == 1 else [cat(pair, -1) for pair in zip(*both, strict=True)]
    return list(xs), ends


def dropper(p: float, variational: bool, batch: int) -> Callable[[Tensor], Tensor]:
    """Dropout for the steps of one sequence: x_t (B_t, ·) -> x_t with some numbers 0.

    variational  draw one mask (batch, ·) and use it at all steps (Gal & Ghahramani 2016); else a new one each time
    """
    if not variational:
        return partial(F.dropout, p=p)
    mask: Any = None

    def drop(x: Tensor) -> Tensor:
        nonlocal mask
        if mask is None:
            mask = dropout_mask((batch, *x.array.shape[1:]), p, x.array.dtype)
        return record_op(Dropout, x, mask=mask[: x.array.shape[0]])

    return drop
