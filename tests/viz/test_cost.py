"""The cost of a picture grows as the graph does: counted in calls of functions and in bytes, not in seconds."""

from __future__ import annotations

import cProfile
import tracemalloc

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.viz import draw


def chain(n):
    y = tg.ones(2, requires_grad=True)
    for _ in range(n):
        y = y * 1.001
    return y


class Twice(nn.Module):
    """Two operations."""

    def forward(self, y):
        return (y * 1.001).tanh()


class Adding(nn.Module):
    """Computes on between the calls of another, so that a call has many stretches."""

    def __init__(self):
        super().__init__()
        self.inner = Twice()

    def forward(self, y, n):
        for _ in range(n // 3):
            y = self.inner(y) + y
        return y


def modules(n):
    return nn.Sequential(*[Twice() for _ in range(n // 2)])(tg.ones(2, requires_grad=True))


def stretches(n):
    return Adding()(tg.ones(2, requires_grad=True), n)


def steps(n):
    y = tg.ones(2, requires_grad=True)
    for t in range(n // 2):
        with tg.step(t):
            y = (y * 1.001).tanh()
    return y


WAYS = {
    "page": lambda y: draw(y, engine="builtin").html(),
    "module": lambda y: draw(y, view="module", engine="builtin", timeout=1e9).svg(),
    "op": lambda y: draw(y, view="op", engine="builtin", timeout=1e9).svg(),
}


def calls(job):
    """How many functions, of Python and of C, a job calls."""
    with cProfile.Profile() as profile:
        job()
    return sum(entry.callcount for entry in profile.getstats())


def peak(job):
    """The most bytes that a job holds at once."""
    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("graph", [chain, modules, stretches, steps])
def test_four_times_the_operations_cost_four_times_the_work(graph, way):
    small, large = graph(130), graph(520)
    WAYS[way](graph(40))  # what is done once
    assert calls(lambda: WAYS[way](large)) < 4.8 * calls(lambda: WAYS[way](small))


@pytest.mark.parametrize("graph", [chain, modules, stretches])
def test_four_times_the_operations_take_four_times_the_memory(graph):
    small, large = graph(300), graph(1200)
    WAYS["module"](graph(40))
    assert peak(lambda: WAYS["module"](large)) < 4.8 * peak(lambda: WAYS["module"](small))
