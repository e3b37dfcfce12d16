"""Planted wrong rules are found in graphs of hundreds of operations; right ones pass."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import study

from .graphs import KINDS


class Bend(tg.autograd.Function):
    """x³, with a rule that is wrong by one entry at step `wrong`, which it is called in."""

    calls, wrong = 0, -1

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.number = Bend.calls
        Bend.calls += 1
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        d = 3 * x * x * g
        if ctx.number == Bend.wrong:
            mask = np.ones(d.shape)
            mask[1, 2] = 1.1
            d = d * tg.tensor(mask)
        return d


def _chain(steps, wrong):
    tg.manual_seed(0)
    Bend.calls, Bend.wrong = 0, wrong
    W, h = tg.randn(4, 4, dtype=tg.float64, requires_grad=True), tg.randn(2, 4, dtype=tg.float64)
    with tg.record():
        for t in range(steps):
            with tg.step(t):
                h = (Bend.apply((h @ W).tanh()) + h.sigmoid()) * 0.5
        return (h**2).sum(), W


def test_a_wrong_rule_among_five_hundred_operations():
    loss, _weight = _chain(104, wrong=37)
    found = study.gradcheck_nodes(loss)
    assert len(found.errors) >= 500
    assert [(w.op, w.step, w.position, w.entry) for w in found.wrong] == [("Bend", 37, 0, (1, 2))]
    assert found.wrong[0].by_rule == pytest.approx(1.1 * found.wrong[0].numeric, rel=1e-4)
    assert "the first wrong rule is Bend at t=37 (" in repr(found)
    assert found.plot()._repr_png_().startswith(b"\x89PNG")
    assert not found.skipped


def test_a_right_chain_passes():
    loss, _weight = _chain(10, wrong=-1)
    found = study.gradcheck_nodes(loss)
    assert not found.wrong
    assert max(error for _, _, error in found.errors) < 1e-6
    assert "agree with finite differences" in repr(found)


@pytest.mark.parametrize("kind", KINDS)
def test_the_librarys_rules_are_right(kind):
    tg.manual_seed(1)
    with tg.record():
        graph = KINDS[kind]()
    found = study.gradcheck_nodes(graph.loss)
    assert not found.wrong
    assert len(found.errors) > sum(found.skipped.values())


def test_what_was_not_recorded_says_so():
    W = tg.randn(2, 2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"inside `with tinygrad_rnn.record\(\):`"):
        study.gradcheck_nodes((W @ W).sum())
