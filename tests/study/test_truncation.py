"""Truncated gradients by masking edges: lecture 004's numbers, and equal to real truncation."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study
from tinygrad_rnn.models import truncated_bptt

from .graphs import WORKED


@pytest.mark.parametrize("kind", WORKED)
def test_the_worked_example_by_window(kind):
    graph = WORKED[kind]()
    found = study.truncation(graph.loss, graph.weight, [1, 2, 3, 4])
    full = [[-0.007418, -0.084772], [0.038880, 0.129777]]
    np.testing.assert_allclose(found.gradients[0], [[-0.040585, -0.115750], [0.109035, 0.211089]], atol=6e-7)
    np.testing.assert_allclose(found.gradients[1], [[-0.032397, -0.067298], [0.138775, 0.059894]], atol=6e-7)
    np.testing.assert_allclose(found.gradients[2:], [full, full], atol=6e-7)
    np.testing.assert_allclose([found.ratios[0], found.cosines[0]], [0.2674 / 0.16, 0.976], atol=6e-4)
    assert "67% too long; its cosine to the full one is 0.976" in repr(found)
    slide = study.truncation(graph.loss, graph.others["W_xh"], 1).gradients[0]
    slide = slide.T if slide.shape == (2, 3) else slide
    expected = [[0.068503, -0.002701], [0.491182, -0.907777], [0.036812, -0.061659]]
    np.testing.assert_allclose(slide, expected, atol=6e-7)


@pytest.mark.parametrize("window", [(1, 1), (1, 3), (2, 2), (2, 5), (3, 3), (3, 4), (9, 9)])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_masks_are_real_truncation(cell, window):
    """The same gradient as `truncated_bptt`, which detaches states and computes again."""
    tg.manual_seed(3)
    cells = [nn.LSTMCell(3, 4), nn.LSTMCell(4, 4)] if cell == "lstm" else [nn.GRUCell(3, 4), nn.GRUCell(4, 4)]
    embedding = tg.randn(3, 3, dtype=tg.float64, requires_grad=True)
    cells = [c.double() for c in cells]
    readout = nn.Linear(4, 2).double()
    xs = list(tg.randn(7, 2, 3, dtype=tg.float64).unbind(0))

    def shown(state):
        return state[0] if cell == "lstm" else state

    def step(x, states):
        lower = cells[0](x @ embedding, states[0])
        upper = cells[1](shown(lower), states[1])
        return (readout(shown(upper)) ** 2).sum(), [lower, upper]

    zero = tg.zeros(2, 4, dtype=tg.float64)
    start = [(zero, zero)] * 2 if cell == "lstm" else [zero] * 2

    weights = [cells[0].weight_hh, cells[1].weight_ih, embedding, readout.weight]
    for loss, _, _ in truncated_bptt(step, xs, start, *window):
        loss.backward()
    expected = [w.grad.numpy().copy() for w in weights]
    states, total = start, 0
    for t, x in enumerate(xs):
        with tg.step(t):
            loss, states = step(x, states)
        total = total + loss
    for weight, real in zip(weights, expected, strict=True):
        masked = study.truncation(total, weight, window).gradients[0]
        np.testing.assert_allclose(masked, real, atol=1e-13)


def test_packed_and_stacked_layers_truncate_as_loops_do():
    """Through nn.GRU with two layers: window w by hand, cutting h of both layers."""
    tg.manual_seed(4)
    gru = nn.GRU(3, 4, 2).double()
    x = tg.randn(6, 2, 3, dtype=tg.float64)
    output, _ = gru(x)
    found = study.truncation((output**2).sum(), gru.weight_hh_l0, [2]).gradients[0]
    for t in range(6):
        start = max(0, t - 1)
        with tg.no_grad():
            h = gru(x[:start])[1] if start else None
        again, _ = gru(x[start : t + 1], h)
        (again[-1] ** 2).sum().backward()
    np.testing.assert_allclose(found, gru.weight_hh_l0.grad.numpy(), atol=1e-13)


def test_a_readout_needs_no_window():
    graph = WORKED["fused"]()
    found = study.truncation(graph.loss, graph.others["W_hy"], [1, 2])
    np.testing.assert_array_equal(found.gradients[0], found.full)
    np.testing.assert_allclose(found.full, [[-0.007133, 0.113812], [-0.390696, 0.116546]], atol=6e-7)


def test_windows_that_cannot_be():
    graph = WORKED["fused"]()
    for window, message in [(0, "k1=1 and k2=0"), ((3, 2), "k1=3 and k2=2"), ((0, 2), "k1=0")]:
        with pytest.raises(ValueError, match=message):
            study.truncation(graph.loss, graph.weight, window)
    with pytest.raises(TypeError, match=r"got \(1\.5,\)|got \(1, 1\.5\)"):
        study.truncation(graph.loss, graph.weight, [1.5])
    with pytest.raises(ValueError, match="no windows"):
        study.truncation(graph.loss, graph.weight, [])
    w = tg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"no time steps.*tinygrad_rnn\.step"):
        study.truncation((w * 2).sum(), w, 1)
