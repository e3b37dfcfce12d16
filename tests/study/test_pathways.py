"""The two ways back through a gated cell: against the gates' own numbers, by hand, fused and unrolled."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study

from .graphs import KINDS

STATES = {"LSTM": "c", "GRU": "h", "GRU reset before": "h", "two layers": "c (layer 0)", "peephole": "c", "packed": "c",
          "bidirectional": "h (layer 0, reverse)", "packed, both ways": "h (reverse)", "tied": "h"}  # fmt: skip


@pytest.mark.parametrize("kind", STATES)
@pytest.mark.parametrize("at", ["last", "all"])
def test_the_ways_sum_to_the_whole_on_fused_and_unrolled(kind, at):
    found = []
    for unrolled in (False, True):
        tg.manual_seed(2)
        with tg.unrolled() if unrolled else tg.enable_grad():
            graph = KINDS[kind]()
        found.append(study.paths(graph.loss, STATES[kind], at=at))
    for one in found:
        np.testing.assert_allclose(one.along + one.through, one.whole, atol=1e-15 * np.nanmax(abs(one.whole)))
    for name in ("whole", "along", "entering"):
        np.testing.assert_allclose(getattr(found[0], name), getattr(found[1], name), atol=1e-13)
    norms = study.decay(graph.loss, STATES[kind], at=at).lines[STATES[kind]].whole
    np.testing.assert_allclose([study.norm(g) for g in found[0].whole], norms, rtol=1e-12)
    assert found[0].through.any()


@pytest.mark.parametrize(
    ("cell", "gate"), [(nn.LSTMCell, "f"), (nn.GRUCell, "z"), (nn.PeepholeLSTMCell, "f"), (nn.MGUCell, "f")]
)
def test_along_the_cell_is_the_product_of_the_gates(cell, gate):
    """a_{t-1} = kept_t ⊙ a_t + what enters; the layer's own gates give the numbers."""
    tg.manual_seed(5)
    layer = nn.Recurrent(cell(3, 4).double())
    output, _, (gates,) = layer(tg.randn(6, 2, 3, dtype=tg.float64), return_gates=True)
    kept = gates[gate].detach().numpy()
    kept = 1 - kept if cell is nn.MGUCell else kept
    for at, loss in (("last", (output[-1] ** 2).sum()), ("all", (output**2).sum())):
        found = study.paths(loss, at=at)
        a = found.entering[-1]
        np.testing.assert_array_equal(found.along[-1], found.whole[-1])
        for t in range(5, 0, -1):
            a = kept[t] * a + found.entering[t - 1]
            np.testing.assert_allclose(found.along[t - 1], a, rtol=1e-12)
        assert (found.entering[:-1] == 0).all() == (at == "last")


def test_an_lstm_with_open_gates_has_uninterrupted_flow():
    """No recurrent weights, forget gate at 1: all of the gradient comes along the cell, as large as it set out."""
    lstm = nn.LSTM(3, 4).double()
    with tg.no_grad():
        lstm.weight_hh_l0.zero_()
        lstm.bias_hh_l0[4:8] = 40.0
    output, _ = lstm(tg.randn(20, 2, 3, dtype=tg.float64))
    found = study.paths(output[-1].sum(), "c")
    np.testing.assert_allclose(found.along, np.broadcast_to(found.whole[-1], found.along.shape), rtol=1e-12)
    np.testing.assert_allclose(found.shares, 1, rtol=1e-12)
    assert "at t=0, 19 steps back, 100% came along the cell" in repr(found)


def test_a_loop_of_ones_own_and_states_that_no_gate_carries():
    tg.manual_seed(6)
    W, U = tg.randn(4, 16, requires_grad=True), tg.randn(3, 16, requires_grad=True)
    hidden = memory = tg.zeros(2, 4)
    for t in range(5):
        with tg.step(t):
            i, f, g, o = (tg.randn(2, 3) @ U + hidden @ W).chunk(4, -1)
            memory = f.sigmoid() * memory + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * memory.tanh()
    found = study.paths(hidden.sum())
    assert found.label == "memory"
    assert found.plot()._repr_png_().startswith(b"\x89PNG")
    assert list(found.table())[-1]["share along"] == pytest.approx(1)
    with pytest.raises(ValueError, match=r"no gate carries 'hidden' along"):
        study.paths(hidden.sum(), "hidden")
    with pytest.raises(ValueError, match=r"no gate carries 'h' along"):
        study.paths(KINDS["RNN"]().loss)
    with pytest.raises(
        ValueError, match=r"choose one of the states that gates carry along: 'c \(layer 0\)', 'c \(layer 1\)'"
    ):
        study.paths(KINDS["two layers"]().loss)
