"""A weight's gradient by use: lecture 004's numbers, and the parts always sum to `.grad`."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study

from .graphs import KINDS, WORKED

BY_USE = [
    [[0, 0], [0, 0]],
    [[0.126385, -0.088416], [-0.187759, 0.131352]],
    [[-0.019478, -0.009832], [0.040375, 0.020381]],
    [[-0.114325, 0.013476], [0.186264, -0.021956]],
]


@pytest.mark.parametrize("kind", WORKED)
def test_the_worked_example_by_use(kind):
    graph = WORKED[kind]()
    found = study.contributions(graph.loss, graph.weight)
    np.testing.assert_allclose(found.parts, BY_USE, atol=6e-7)
    assert found.steps == [0, 1, 2, 3]
    np.testing.assert_allclose(found.total, [[-0.007418, -0.084772], [0.038880, 0.129777]], atol=6e-7)
    np.testing.assert_allclose(found.shares, [0, 0.6370, 0.2029, 0.1601], atol=6e-5)
    assert "the one at t=1 has 64% of it" in repr(found)
    assert list(found.table())[1]["share"] == pytest.approx(0.6370, abs=6e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["fused", "unrolled", "after backward"])
def test_the_parts_sum_to_grad(kind, mode):
    tg.manual_seed(1)
    if mode == "fused":
        graph = KINDS[kind]()
    elif mode == "unrolled":
        with tg.unrolled():
            graph = KINDS[kind]()
    else:
        with tg.record():
            graph = KINDS[kind]()
            graph.loss.backward()
    found = study.contributions(graph.loss, graph.weight)
    assert mode == "after backward" or graph.weight.grad is None, "asking changes no gradient"
    if mode != "after backward":
        graph.loss.backward()
    exact = graph.weight.grad.numpy()
    np.testing.assert_allclose(found.total, exact, atol=1e-14 * abs(exact).max() * len(found.parts))
    assert len(found.parts) > (0 if kind == "attention" else 3)
    assert found.shares.sum() == pytest.approx(1)


def test_fused_and_unrolled_have_the_same_parts():
    for kind in ("LSTM", "bidirectional", "packed"):
        tg.manual_seed(2)
        fused = KINDS[kind]()
        with tg.unrolled():
            tg.manual_seed(2)
            unrolled = KINDS[kind]()
        a, b = (study.contributions(g.loss, g.weight) for g in (fused, unrolled))
        assert a.steps == b.steps
        np.testing.assert_allclose(a.parts, b.parts, atol=1e-13)


def test_an_embedding_of_the_whole_sequence_is_split_by_the_steps_that_read_it():
    tg.manual_seed(0)
    graph = KINDS["tied"]()
    found = study.contributions(graph.loss, graph.weight)
    assert found.steps == [None, 0, 1, 2, 3, 4, 5]  # the readout of all steps at once, then the embedding by step


def test_directions_are_told_apart():
    tg.manual_seed(0)
    rnn = nn.RNN(2, 2, bidirectional=True)
    W = tg.randn(2, 2, requires_grad=True)
    x = tg.randn(3, 1, 2) @ W
    found = study.contributions(rnn(x)[0].sum(), W)
    assert {row["where"] for row in found.table()} == {"layer 0", "layer 0 reverse"}
    assert found.steps == [0, 0, 1, 1, 2, 2]


def test_a_weight_used_twice_in_a_step_is_one_part():
    W, h = tg.randn(3, 3, requires_grad=True), tg.ones(3)
    for t in range(4):
        with tg.step(t):
            h = ((h @ W).tanh() @ W).tanh()
    found = study.contributions(h.sum(), W)
    assert found.steps == [0, 1, 2, 3]


def test_nothing_is_left_changed():
    graph = WORKED["fused"]()
    node = graph.loss._edge[0]
    before = [(n, n.edges, n.saved_tensors) for n in tg.graph.ancestors([node])]
    study.contributions(graph.loss, graph.weight)
    study.truncation(graph.loss, graph.weight, 2)
    for n, edges, saved in before:
        assert n.edges is edges
        assert n.saved_tensors is saved
    assert graph.weight.grad is None
    graph.loss.backward()
    with pytest.raises(RuntimeError, match="twice"):
        graph.loss.backward()


def test_what_cannot_be_asked_says_why():
    graph = WORKED["fused"]()
    with pytest.raises(RuntimeError, match=r"single number, got shape \(4, 2\)"):
        study.contributions(graph.loss * tg.ones(4, 2), graph.weight)
    with pytest.raises(RuntimeError, match="not in the graph"):
        study.contributions(graph.loss, tg.ones(2, requires_grad=True))
    with pytest.raises(RuntimeError, match=r"shape \(2,\) does not require grad"):
        study.contributions(graph.loss, tg.ones(2))
    with pytest.raises(TypeError, match="expected a Tensor, got str"):
        study.contributions(graph.loss, "weight_hh")
    graph.loss.backward()
    with pytest.raises(RuntimeError, match=r"released the values.*FusedRNN.*record\(\)"):
        study.contributions(graph.loss, graph.weight)
    with pytest.raises(TypeError, match="the loss must be a Tensor, got float"):
        study.contributions(1.0, graph.weight)


def test_a_weight_that_was_updated_since_is_noticed():
    """Saved values that an optimiser has changed would give another gradient."""
    with tg.record():
        graph = WORKED["fused"]()
        graph.loss.backward()
    tg.optim.SGD([graph.weight], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        study.contributions(graph.loss, graph.weight)
