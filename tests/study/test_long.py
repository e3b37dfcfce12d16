"""Long sequences: the work of a study grows with the number of steps, not with its square; counted in calls."""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from typing import Any

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study

SHORT = 16  # steps; three times as many are still one stretch each for the monitor
LOSSES = 24  # `compare` draws a map of so many losses, from there on of no more


def _asked(ask: Callable[[Any], Any]) -> Callable[[nn.LSTM, Any], Any]:
    return lambda lstm, x: ask((lstm(x)[0] ** 2).sum())


def _recorded(ask: Callable[[Any], Any]) -> Callable[[nn.LSTM, Any], Any]:
    def run(lstm: nn.LSTM, x: Any) -> None:
        with tg.record():
            loss = (lstm(x)[0] ** 2).sum()
        ask(loss)

    return run


ASKED: dict[str, Callable[[nn.LSTM, Any], Any]] = {
    "step_jacobians": _asked(study.step_jacobians),
    "paths": _asked(lambda loss: study.paths(loss, "c")),
    "ledger": _asked(study.ledger),
    "ledger, recorded": _recorded(study.ledger),
    "states": lambda lstm, x: study.states(lstm, x),
    "compare": _asked(lambda loss: study.compare(loss, loss)),
    "gradcheck_nodes": _recorded(study.gradcheck_nodes),
    "Monitor": lambda lstm, x: study.Monitor(lstm).step((lstm(x)[0] ** 2).sum()),
}


def calls(run: Callable[[], Any]) -> int:
    """How many functions were called, Python's and C's."""
    with cProfile.Profile() as profile:
        run()
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("what", ASKED)
def test_twice_the_steps_are_twice_the_calls(what):
    tg.manual_seed(0)
    lstm = nn.LSTM(2, 2)
    counted = []
    short = LOSSES if what == "compare" else SHORT
    for T in (short, short, 2 * short, 3 * short):  # the first fills caches
        x = tg.randn(T, 1, 2)
        counted.append(calls(lambda x=x: ASKED[what](lstm, x)))
    _, one, two, three = counted
    assert two > one
    assert three - two < 1.1 * (two - one) + 50, counted
