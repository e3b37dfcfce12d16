"""What record() notes, what it costs when it is off, and gradients on edges."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn._mode import thread
from tinygrad_rnn.utils.checkpoint import checkpoint
from tinygrad_rnn.viz import draw
from tinygrad_rnn.viz.model.labels import number_text

from . import graphs


def cuts(model):
    return [link for link in model.links if link.cut]


def test_nothing_is_noted_outside():
    y = (tg.ones(2, requires_grad=True) * 2).sum()
    y.backward()
    assert y._edge[0].notes is None
    with record():
        pass
    assert thread.mode.listeners == ()
    assert thread.mode.watchers == ()


def test_the_mode_is_restored_after_an_exception():
    with pytest.raises(KeyError), record():
        raise KeyError
    assert thread.mode.listeners == ()
    assert not thread.mode.unrolled


def test_two_recordings_may_be_nested():
    with record(), record():
        y = tg.ones(2, requires_grad=True) * 2
    assert y._edge[0].notes.output is y.array


def test_a_detached_state_is_a_cut_to_the_step_it_came_from():
    with record():
        output, names = graphs.rnn(6, cut_every=3)
    model = draw(output, names=names).model
    (cut,) = cuts(model)
    assert (cut.source.place.step, cut.target.place.step) == (2, 3)
    assert cut.cut == "detach"
    assert model.steps == 6


def test_a_value_made_without_grad_is_a_cut():
    with record():
        w = tg.ones(3, requires_grad=True)
        h = w * 2
        with tg.no_grad():
            h = h * 3 + 1
        y = (h * w).sum()
    (cut,) = cuts(draw(y).model)
    assert cut.cut == "no_grad"
    assert cut.source.op == "Mul"


def test_without_recording_the_graph_ends_at_the_cut():
    output, _ = graphs.rnn(6, cut_every=3)
    assert draw(output).model.steps == 3


def test_gradients_leave_grad_alone():
    output, names = graphs.lstm(3)
    draw(output, grads=True)
    assert names["W"].grad is None
    output.backward()
    before = names["W"].grad.numpy().copy()
    drawing = draw(graphs_freed(output), names=names, grads=True)
    assert "backward() has released this graph" in drawing.picture.remarks[-1]
    texts = [text for _, text, _ in drawing.picture.parameters]
    assert texts[0] == f"W: 3 × 16 · ‖∂L/∂·‖ {number_text(np.linalg.norm(before))}"
    assert np.array_equal(before, names["W"].grad.numpy())


def graphs_freed(output):
    for link in draw(output).model.items:
        if link.node is not None:
            link.node.notes = None
    return output


def test_an_edge_carries_its_own_contribution_not_the_sum():
    x = tg.ones(4, requires_grad=True)
    y = (x * 3).sum() + (x * 4).sum()
    model = draw(y, grads=True).model
    leaf = next(item for item in model.items if item.kind == "leaf")
    assert sorted(round(link.norm, 5) for link in leaf.uses) == [6.0, 8.0]
    assert leaf.node.notes.arrived == pytest.approx(14.0)


def test_gradients_inside_an_opened_layer_are_those_of_the_unrolled_one():
    def norms(unrolled):
        tg.manual_seed(0)
        layer, x = nn.LSTM(3, 4), tg.randn(5, 2, 3)
        if unrolled:
            with tg.unrolled():
                y, _ = layer(x)
        else:
            y, _ = layer(x)
        model = draw(y.sum(), grads=True).model
        W = next(p for p in model.parameters if p.name == "weight_hh_l0")
        return [link.norm for link in W.uses]

    assert norms(False) == pytest.approx(norms(True), rel=1e-4)


def test_recorded_numbers_are_those_of_the_unrecorded_run():
    plain, _ = graphs.lstm(4)
    with record():
        noted, _ = graphs.lstm(4)
    assert plain.item() == noted.item()


def checkpointed(depth):
    """Four steps of a tanh cell, backward done; with depth 1 each step is a checkpoint, with 2 one with another in it."""
    tg.manual_seed(5)
    W, x, h = tg.randn(3, 3, requires_grad=True), tg.randn(4, 2, 3), tg.zeros(2, 3)

    def step(x, h):
        return (checkpoint(lambda h: x + h @ W, h) if depth == 2 else x + h @ W).tanh()

    with record():
        for t in range(4):
            with tg.step(t):
                h = checkpoint(step, x[t], h) if depth else step(x[t], h)
        loss = h.square().sum()
        loss.backward()
    return loss, W


@pytest.mark.parametrize("depth", [1, 2])
def test_a_checkpointed_part_is_drawn_open_after_a_recorded_backward(depth):
    plain, again = (draw(checkpointed(kind)[0], grads=True) for kind in (0, depth))
    assert not again.picture.remarks
    assert again.stats["nodes"] == plain.stats["nodes"]
    norms = [[link.norm for link in d.model.links] for d in (plain, again)]
    np.testing.assert_allclose(*[np.array(sorted(n for n in found if n is not None)) for found in norms], rtol=1e-5)


def test_a_checkpointed_part_whose_weights_have_changed_stays_one_box_and_says_so():
    loss, W = checkpointed(1)
    with tg.no_grad():
        W -= 0.1
    (note,) = draw(loss, grads=True).picture.remarks
    assert note.startswith("Checkpoint: one box")
    assert "before the weights change" in note
