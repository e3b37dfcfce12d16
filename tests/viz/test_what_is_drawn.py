"""What `draw` takes, how things are called, what is known after backward, and backward played."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import draw
from tinygrad_rnn.viz.model.labels import number_text

from . import graphs
from .test_lines import labels, two
from .test_numbers import chain, drawn

HOSTILE = ['"></title><script>alert(1)</script>', "a\\", "& <b>", "\x00\ud800", "x" * 500]


# --- names --------------------------------------------------------------------------------------------------------


def test_names_are_the_callers_variables_unless_given():
    weight = tg.ones(2, requires_grad=True)
    product = weight * 3.0
    total = product.sum()
    assert labels(draw(total), "input") + labels(draw(total), "op") == ["weight", "⊙ 3 → product", "Σ total"]
    assert labels(draw(total, names={}), "op") == ["⊙ 3", "Σ"]
    assert labels(draw(total, names={"p": product}), "op") == ["⊙ 3 → p", "Σ"]


def test_parameters_of_a_model_in_no_variable_have_their_names():
    for model in (nn.LSTM(3, 4, num_layers=2), nn.GRU(3, 4, bidirectional=True), nn.RNN(3, 4)):
        with record():
            loss = model(tg.randn(3, 2, 3))[0].sum()
        drawing = draw(loss, names={})
        assert {item.name for item in drawing.model.parameters} == {name for name, _ in model.named_parameters()}
        shapes = {item.name: item.shapes[0] for item in drawing.model.parameters}
        assert shapes == {name: p.shape for name, p in model.named_parameters()}


class Strange:
    """Asked for anything, it gives something that cannot be used."""

    def __getattr__(self, name):
        return lambda: [("weight", 3)]


def test_strange_variables_of_the_caller_are_left_alone():
    from tinygrad_rnn import study

    strange, weight = Strange(), tg.ones(2, requires_grad=True)
    with tg.step(0):
        h = weight * 2
    with tg.step(1):
        h = h * weight
    assert "weight" in labels(draw(h))
    assert study.contributions(h.sum(), weight).finding().startswith("∂L/∂weight")
    assert strange is not None


def test_inputs_indices_and_axes_are_said():
    gru, x = nn.GRU(3, 4), tg.randn(4, 2, 3)
    with record():
        output, _ = gru(x)
        loss = tg.cat([output[-1], output[1:3].sum(0)], 1).sum()
    drawing = draw(loss, names={}, view="op")
    assert [f"x[{t}]" for t in range(4)] == [label for label in labels(drawing, "input") if label.startswith("x[")]
    assert labels(drawing).count("split r|z|n") == 2 * 4
    assert {"[-1]", "[1:3]", "cat dim=1", "stack dim=0"} <= set(labels(drawing, "op"))
    assert not [label for label in labels(drawing) if "const" in label]


def test_an_input_that_is_iterated_over_has_its_step():
    W, h = tg.randn(2, 2, requires_grad=True), tg.zeros(2)
    for t, x in enumerate(tg.randn(3, 2)):
        with tg.step(t):
            h = (W @ h + x).tanh()
    assert {"x[0]", "x[1]", "x[2]"} <= set(labels(draw(h)))


def test_an_unbound_input_is_x_of_t_when_rolled():
    x = tg.randn(5, 2, 3, requires_grad=True)
    output, _ = nn.RNN(3, 4)(x)
    drawing = draw(output.sum(), view="rolled")
    assert "x[t]" in labels(drawing, "port")
    assert not [label for label in labels(drawing) if label.startswith("unbind[")]


def test_values_of_other_layers_and_directions_are_told_apart():
    with record():
        output, _ = nn.GRU(3, 4, num_layers=2)(tg.randn(3, 2, 3))
    drawing = drawn(output.sum(), view="rolled")
    assert "layer 0 · h[t]" in labels(drawing, "port")
    with record():
        output, _ = nn.GRU(3, 4, bidirectional=True)(tg.randn(3, 2, 3))
    drawing = drawn(output.sum(), view="op")
    assert {"→ h[0]", "← h[0]"} <= set(labels(drawing, "port"))


def test_nothing_is_counted_in_the_wrong_number():
    w = tg.ones(2, 2, requires_grad=True)
    h = tg.ones(2)
    for t in range(2):
        with tg.step(t):
            h = w @ h
    assert draw(h, compact=True).picture.title.startswith("2 time steps")
    assert "1 parameter ·" in draw(h).picture.title
    assert "parameter" not in draw(tg.ones(1, requires_grad=True).sum()).picture.title


# --- what a layer returns -----------------------------------------------------------------------------------------


def test_whatever_a_layer_returns_is_drawn():
    lstm, x = nn.LSTM(3, 4), tg.randn(3, 2, 3)
    output, (h, c) = returned = lstm(x)
    packed = nn.utils.rnn.pack_sequence([x[:, 0], x[:2, 1]])
    for result, outputs in (
        (returned, 3),
        ({"output": output, "states": {"h": h, "none": None}}, 2),
        ([output, [h, (c, 3, "text")]], 3),
        (lstm(packed), 3),
    ):
        assert len(graphs.boxes(draw(result, view="op"), "output")) == outputs
    named = draw({"score": output * 2}, names={})
    assert labels(named, "output") == ["score"]


def test_a_layer_called_step_by_step_gets_its_steps_from_its_calls():
    gru, x, h, outputs = nn.GRU(3, 4), tg.randn(4, 2, 3), None, []
    for t in range(4):
        output, h = gru(x[t : t + 1], h)
        outputs.append(output)
    drawing = drawn(tg.cat(outputs).sum(), grads=True)
    assert {tile.data["t"] for tile in drawing.picture.tiles if tile.kind == "step"} == {"0", "1", "2", "3"}
    assert drawing.stats["steps"] == 4
    assert sorted(drawing.picture.lanes[0].norms) == [0, 1, 2, 3]
    steps = [tile for tile in drawing.picture.tiles if tile.kind == "step"]
    assert [tile.title for tile in steps] == ["t = 0", "t = 1", "t = 2", "t = 3"]  # one row: no second one of reshapes
    assert {box.lines[0] for box in steps[1].left} == {"h[0]"}


def test_a_cell_in_a_loop_without_tags_has_steps_and_a_loop_by_hand_a_hint():
    cell, W, x = nn.LSTMCell(3, 4), tg.randn(4, 4, requires_grad=True), tg.randn(5, 2, 3)
    state = None
    for t in range(5):
        state = cell(x[t], state)
    assert draw(state).stats["steps"] == 5
    h = tg.ones(2, 4)
    for _ in range(5):
        h = (h @ W).tanh()
    [note] = draw(h).picture.remarks
    assert note == "W is used 5 times: a loop over time is drawn step by step inside `with tinygrad_rnn.step(t):`"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"theme": "blue"}, ValueError, "theme='blue', expected one of auto, light, dark"),
        ({"steps": 3}, TypeError, r"steps=3 must be a range of time steps, for example range\(0, 10\)"),
        ({"names": ["a"]}, TypeError, "names must be a dict of variables such as locals.., got list"),
        ({"wrap": -1}, ValueError, "wrap=-1 must be a width in pixels"),
        ({"wrap": True}, ValueError, "wrap=True must be a width in pixels"),
        ({"scale": 3}, TypeError, "scale=3 must be .smallest norm, largest norm."),
        ({"scale": (2, 1)}, ValueError, r"scale=\(2, 1\) must be 0 < low <= high"),
        ({"titles": "ab"}, TypeError, "titles='ab' must be a list of strings"),
        ({"titles": ["a", "b"]}, ValueError, "2 titles for 1 outputs"),
        ({"view": "round"}, ValueError, "view='round', expected one of auto, op"),
        ({"engine": "neato"}, ValueError, "engine='neato', expected one of auto, dot"),
    ],
)
def test_wrong_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        draw(tg.ones(2, requires_grad=True).sum(), **options)


def test_causes_are_those_of_a_loss():
    gru, x = nn.GRU(3, 4), tg.randn(4, 2, 3)
    with pytest.raises(ValueError, match=r"causes=True asks .* single number; got shape \(4, 2, 4\): reduce it first"):
        draw(gru, inputs=x, grads=True, causes=True)
    (first, _), (second, _) = gru(x), gru(x)
    lines = draw([first.sum(), second[-1].sum()], titles=["a", "b"], grads=True, causes=True).wanted.causes
    assert {label.partition(" · ")[0] for label, _ in lines} == {"a", "b"}


# --- after backward -----------------------------------------------------------------------------------------------


def test_after_backward_what_is_known_is_drawn_and_a_line_says_how_to_get_the_rest():
    lstm, x = nn.LSTM(3, 4), tg.randn(3, 2, 3)
    loss = lstm(x)[0].sum()
    loss.backward()
    drawing = draw(loss, grads=True)
    assert {"x", "h₀", "c₀"} <= set(labels(drawing, "input"))
    assert len(drawing.picture.remarks) == 1
    assert "run forward and backward inside tg.record()" in drawing.picture.remarks[0]
    size = number_text(np.linalg.norm(lstm.weight_ih_l0.grad.numpy()))
    assert drawing.picture.parameters[0][1] == f"weight_ih_l0: 16 × 3 · ‖∂L/∂·‖ {size}"


def test_inside_record_everything_is_there_after_backward():
    with record():
        output, _ = nn.LSTM(3, 4)(tg.randn(3, 2, 3))
        loss = output.sum()
        loss.backward()
    drawing = draw(loss, grads=True)
    assert drawing.picture.remarks == []
    assert drawing.stats["steps"] == 3
    assert len(drawing.picture.lanes) == 2


def test_the_folders_of_a_program_are_in_no_picture():
    with record():
        loss = nn.LSTM(3, 4)(tg.randn(3, 2, 3))[0].sum()
        loss.backward()
    drawing = draw(loss, grads=True)
    for text in (drawing.svg(), drawing.html(), drawing.dot(), drawing.text(), drawing.mermaid()):
        assert os.path.dirname(__file__) not in text
    assert "test_what_is_drawn.py:" in drawing.svg()


def test_a_variable_is_no_gate_because_of_its_name():
    a, b = tg.tensor(2.0, requires_grad=True), tg.tensor(3.0)
    c = a * b
    n = c.tanh()
    plain = draw(n, names={"a": a, "b": b, "c": c, "n": n})
    assert {box.role for box in graphs.boxes(plain, "op")} == {""}
    assert "cell state" not in plain.svg()
    h, c = nn.LSTMCell(3, 4)(tg.randn(2, 3))
    assert {"i", "f", "g", "o", "c", "h"} <= {box.role for box in graphs.boxes(draw(h.sum() + c.sum()), "op")}


# --- scalar graphs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recorded", [True, False])
def test_scalar_graphs_show_data_and_signed_gradients(recorded):
    with record() if recorded else tg.enable_grad():
        output, names = graphs.scalar()
    drawing = draw(output, names=names, grads=True)
    tanh = np.tanh(2.0)
    by_hand = {
        "a": (2, -3 * tanh + 4 * (1 - tanh**2)), "b": (-3, 2 * tanh), "c": (10, tanh), "×": (-6, tanh),
        "+ d": (4, tanh), "tanh": (tanh, 4), "× e": (4 * tanh, 1),
    }  # fmt: skip
    found = {box.lines[0]: box.lines[1:] for box in drawing.picture.boxes() if box.kind != "output"}
    assert found == {k: [f"data {number_text(v)}", f"grad {number_text(g)}"] for k, (v, g) in by_hand.items()}
    for box in drawing.picture.boxes():
        assert box.w >= 5 * max(map(len, box.lines))


# --- hostile names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_outside_are_text_wherever_they_are_new(name):
    drawing = two((name, "b" + name))
    texts = " ".join(graphs.texts(drawing.svg()))
    assert "‖∂L/∂h‖" in texts
    dot = drawing.dot()
    assert "<script>" not in drawing.svg()
    assert dot.count("digraph") == 1
    w = tg.ones(2, requires_grad=True)
    for other in (draw({name: w * 2}), draw(w * 2, names={name: w}, compact=True, grads=True)):
        graphs.parse(other.svg())
        assert "<script>" not in other.svg()


# --- played -------------------------------------------------------------------------------------------------------


def test_backward_plays_in_the_order_of_the_engine(tmp_path):
    from tinygrad_rnn.viz.write.play import Play

    drawing = drawn(chain(3), grads=True)
    path = drawing.save(tmp_path / "backward.svg", play=True)
    svg = path.read_text(encoding="utf-8")
    graphs.parse(svg)
    assert path.stat().st_size < 60_000
    assert "<script" not in svg
    assert "prefers-reduced-motion" in svg
    play = Play(drawing.picture)
    turns = {link.target.node.birth: k for arrow, k in play.of_arrow.items() for link in arrow.links[:1]}
    births = sorted(turns, reverse=True)
    assert [turns[birth] for birth in births] == sorted(turns.values())
    assert {f"tg-p{k}" for k in range(play.turns)} == set(re.findall(r"tg-p\d+(?=\")", svg))
    assert "tg-p0" not in drawing.svg()
