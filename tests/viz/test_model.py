"""The model of a graph: what is in it, which step it belongs to, and what it is called."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import Model, draw

from . import graphs


def model_of(result):
    output, names = result
    return draw(output, names=names, engine="builtin").model


def names_in(model, place):
    return [item.name for item in model.tiles[place]]


def test_each_node_is_one_item_also_in_a_diamond():
    x = tg.ones(2, requires_grad=True)
    y = x
    for _ in range(30):  # 2 to the 30 paths
        y = y + y
    model = Model([y._edge])
    assert len(model.items) == 31
    assert len(model.links) == 60


def test_ids_follow_the_order_of_birth_so_pictures_repeat():
    assert draw(graphs.lstm(3)[0]).svg() == draw(graphs.lstm(3)[0]).svg()


def test_every_operation_of_a_step_has_its_place():
    model = model_of(graphs.rnn(4))
    assert [(p.row, p.step) for p in model.tiles] == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert [item.op for item in model.rest] == ["Sum"]
    assert model.steps == 4


def test_a_shared_leaf_is_a_parameter_with_all_its_uses():
    model = model_of(graphs.rnn(5))
    assert {p.name: len(p.uses) for p in model.parameters} == {"W": 5, "U": 5}


def test_a_name_of_the_last_step_names_the_same_operation_in_all():
    model = model_of(graphs.rnn(3))
    assert all(names_in(model, place)[-1] == "h" for place in model.tiles)


def test_gates_of_an_lstm_are_recognised_without_names():
    output, _ = graphs.lstm(3)
    model = draw(output).model
    for place in model.tiles:
        assert {"i", "f", "g", "o", "c", "h"} <= set(names_in(model, place))


@pytest.mark.parametrize("reset", ["after", "before"])
def test_gates_of_a_gru_are_recognised_without_names(reset):
    layer = nn.GRU(3, 4, reset=reset)
    with tg.unrolled():
        y, _ = layer(tg.randn(3, 2, 3))
    model = draw(y.sum()).model
    for place in list(model.tiles)[1:]:
        assert {"r", "z", "n", "h"} <= set(names_in(model, place))


def test_constants_are_named_by_the_memory_they_look_into():
    with record():
        output, names = graphs.rnn(3)
    constants = [i.name for i in draw(output, names=names).model.items if i.kind == "constant" and i.name]
    assert constants == ["x[0]", "x[1]", "x[2]"]


def test_layers_and_directions_are_rows():
    layer = nn.RNN(3, 4, num_layers=2, bidirectional=True)
    with tg.unrolled():
        y, _ = layer(tg.randn(4, 2, 3))
    model = draw(y.sum()).model
    tagged = [(s.layer, s.direction) for s in model.rows if s.layer is not None]
    assert {(0, "forward"), (0, "reverse"), (1, "forward"), (1, "reverse")} <= set(tagged)


def test_a_sum_that_grows_step_by_step_belongs_to_the_steps():
    W, h, loss = tg.ones(4, 4, requires_grad=True), tg.ones(2, 4), 0.0
    for t in range(6):
        with tg.step(t):
            h = (h @ W).tanh()
        loss = loss + (h * h).sum()
    model = Model([loss._edge])
    assert not model.rest
    assert len(model.rows) == 2


def test_the_model_keeps_no_graph_alive_and_makes_no_cycle():
    def models():
        return [o for o in gc.get_objects() if issubclass(type(o), Model)]  # isinstance would ask strangers' properties

    output, names = graphs.lstm(4)
    earlier = models()  # other tests keep drawings
    draw(output, names=names).svg()
    node = output._edge[0]
    gc.collect()
    gc.disable()
    try:
        assert len(models()) <= len(earlier)
    finally:
        gc.enable()
    assert node.notes is None


def test_a_fused_layer_is_opened_into_its_steps_and_stays_fused():
    layer = nn.LSTM(3, 4)
    y, _ = layer(tg.randn(5, 2, 3))
    before = y._edge
    opened, closed = draw(y.sum()), draw(y.sum(), expand=False)
    assert opened.stats["steps"] == 5
    assert closed.stats["steps"] == 0
    assert closed.stats["nodes"] == 2
    assert y._edge is before


def test_a_fused_layer_whose_values_are_gone_says_so():
    y, _ = nn.LSTM(3, 4)(tg.randn(5, 2, 3))
    loss = y.sum()
    loss.backward()
    assert any("freed" in note for note in draw(loss).picture.remarks)


def test_values_of_named_links_are_those_of_backward():
    """The recorded norms are the edges' own contributions: over all uses of W they add up to its gradient."""
    with record():
        output, names = graphs.rnn(4)
        output.backward()
    model = draw(output, names=names, grads=True).model
    W = next(p for p in model.parameters if p.name == "W")
    assert len(W.uses) == 4
    assert all(link.norm > 0 for link in W.uses)
    assert np.linalg.norm(names["W"].grad.numpy()) <= sum(link.norm for link in W.uses) + 1e-6
