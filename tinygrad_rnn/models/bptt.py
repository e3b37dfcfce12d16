"""Truncated backpropagation through time: gradients that reach back a limited number of steps.

For training. What truncation would make of a graph that is there is asked in study/truncating.py.

Every k1 steps a gradient is taken of the losses since the last one, and it goes back k2 ≥ k1 steps (Williams & Peng
1990, BPTT(k2; k1)). Time and memory of a gradient then do not grow with the sequence, and what happened more than
k2 steps before cannot be learned from. The forward pass is not truncated: the state is carried on.

        t      0   1   2   3   4   5   6   7               k1 = 2, k2 = 3
               L   L   |                                   losses 0, 1 back to step 0
                 ( x   L   L   |                           losses 2, 3 back to step 1: its state is a constant
                         ( x   L   L   |                   losses 4, 5 back to step 3

A step whose losses belong to an earlier gradient (x) is computed again, from the state kept before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from .._mode import step as time_step
from .._tensor import Tensor
from ..trees import tree_map


class Window(NamedTuple):
    """One truncated gradient: steps start .. end - 1 are computed, the losses of first .. end - 1 count."""

    start: int
    first: int
    end: int


class Piece(NamedTuple):
    """What `truncated_bptt` yields: the loss to call `backward` on, the state after the window, and the window."""

    loss: Tensor
    state: Any
    window: Window


def windows(steps: int, k1: int, k2: int | None = None) -> list[Window]:
    """The windows of a sequence of `steps` steps; k2 = k1 if left out. The last one may have fewer new losses.

    >>> windows(4, k1=2, k2=3)
    [Window(start=0, first=0, end=2), Window(start=1, first=2, end=4)]
    """
    k2 = k1 if k2 is None else k2
    if not 1 <= k1 <= k2:
        raise ValueError(
            f"truncated_bptt: expected 1 <= k1 <= k2, got k1={k1} and k2={k2}: with k2 < k1 some losses would reach no step"
        )
    if steps < 1:
        raise ValueError(f"truncated_bptt: the sequence must have at least one step, got {steps}")
    ends = [*range(k1, steps, k1), steps]
    return [Window(max(0, end - k2), first, end) for first, end in zip([0, *ends], ends, strict=False)]


def truncated_bptt(
    transition: Callable[[Any, Any], tuple[Tensor, Any]], inputs: Sequence[Any], state: Any, k1: int,
    k2: int | None = None,
) -> Iterator[Piece]:  # fmt: skip
    """Yield for each window its loss, Σ of the losses since the last window; the caller goes backward and may update.

        for loss, state, _ in truncated_bptt(transition, inputs, state, k1=5, k2=10):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    transition   (input_t, state) -> (loss_t, state): one time step and its loss; the state is a tensor, or tuples,
                 lists and dicts of them
    inputs       what the steps get, in order: x_t, or pairs (x_t, y_t), ...
    state        before the first step. If it requires grad, windows that begin at step 0 send it a gradient

    Nodes carry their time step. The state yielded is detached: start the next sequence with it. With k2 > k1 steps
    are computed k2 / k1 times on average, with dropout drawn anew.
    """
    before = {0: state}  # the state before step t, outside the graph
    for window in windows(len(inputs), k1, k2):
        losses = []
        state = before[window.start]
        for t in range(window.start, window.end):
            if t >= window.first:  # not again for steps done before: their states stand
                before.setdefault(t, detached(state))
            with time_step(t):
                loss, state = transition(inputs[t], state)
            if t >= window.first:
                losses.append(loss)
        state = detached(state)
        before = {t: earlier for t, earlier in before.items() if t >= window.start} | {window.end: state}
        yield Piece(sum(losses[1:], losses[0]), state, window)


def detached(state: Any) -> Any:
    """The state without its past: every tensor in it as a constant."""
    return tree_map(Tensor.detach, state, Tensor)
