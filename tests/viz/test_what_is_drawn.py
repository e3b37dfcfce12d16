"""What `draw` takes, how things are called, in how many lines and beside what they are drawn, and backward played."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import draw
from tinygrad_rnn.viz.model.labels import number_text

from . import graphs
from .test_numbers import chain, drawn, layer

HOSTILE = ['"></title><script>alert(1)</script>', "a\\", "& <b>", "\x00\ud800", "x" * 500]


def labels(drawing, kind=None):
    return [box.lines[0] for box in graphs.boxes(drawing, kind)]


# --- names --------------------------------------------------------------------------------------------------------


def test_names_are_the_callers_variables_unless_given():
    weight = tg.ones(2, requires_grad=True)
    product = weight * 3.0
    total = product.sum()
    assert labels(draw(total), "input") + labels(draw(total), "op") == ["weight", "⊙ 3 → product", "Σ total"]
    assert labels(draw(total, names={}), "op") == ["⊙ 3", "Σ"]
    assert labels(draw(total, names={"p": product}), "op") == ["⊙ 3 → p", "Σ"]


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


def test_a_cell_in_a_loop_without_tags_has_steps_and_a_loop_by_hand_a_hint():
    cell, W, x = nn.LSTMCell(3, 4), tg.randn(4, 4, requires_grad=True), tg.randn(5, 2, 3)
    state = None
    for t in range(5):
        state = cell(x[t], state)
    assert draw(state).stats["steps"] == 5
    h = tg.ones(2, 4)
    for _ in range(5):
        h = (h @ W).tanh()
    [note] = draw(h).picture.notes
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


# --- after backward -----------------------------------------------------------------------------------------------


def test_after_backward_what_is_known_is_drawn_and_a_line_says_how_to_get_the_rest():
    lstm, x = nn.LSTM(3, 4), tg.randn(3, 2, 3)
    loss = lstm(x)[0].sum()
    loss.backward()
    drawing = draw(loss, grads=True)
    assert {"x", "h₀", "c₀"} <= set(labels(drawing, "input"))
    assert len(drawing.picture.notes) == 1
    assert "run forward and backward inside tg.record()" in drawing.picture.notes[0]
    size = number_text(np.linalg.norm(lstm.weight_ih_l0.grad.numpy()))
    assert drawing.picture.parameters[0][1] == f"weight_ih_l0: 16 × 3 · ‖∂L/∂·‖ {size}"


def test_inside_record_everything_is_there_after_backward():
    with record():
        output, _ = nn.LSTM(3, 4)(tg.randn(3, 2, 3))
        loss = output.sum()
        loss.backward()
    drawing = draw(loss, grads=True)
    assert drawing.picture.notes == []
    assert drawing.stats["steps"] == 3
    assert len(drawing.picture.lanes) == 2


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


# --- lines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["dot", "builtin"])
@pytest.mark.parametrize("compact", [False, True])
def test_wrapped_steps_fit_the_width_and_do_not_overlap(engine, compact):
    if engine == "dot":
        shutil.which("dot") or pytest.skip("Graphviz's dot is not on PATH")
    loss = nn.LSTM(3, 4)(tg.randn(4, 2, 3))[0].sum()
    drawing = draw(loss, grads=True, shapes=True, view="op", wrap=1200, compact=compact, engine=engine)
    width = float(re.search(r'viewBox="0 0 (\d+)', drawing.svg())[1])
    assert width <= 1200
    tiles = drawing.picture.tiles
    assert [t.data["t"] for t in sorted(tiles, key=lambda t: (t.y, t.x)) if t.data] == ["0", "1", "2", "3"]
    for k, a in enumerate(tiles):
        assert a.x >= 0
        assert a.x + a.w <= drawing.picture.w
        for b in tiles[:k]:
            apart = a.x + a.w < b.x or b.x + b.w < a.x or a.y + a.h < b.y or b.y + b.h < a.y
            assert apart, (a.title, b.title)
    for hop in drawing.picture.hops:
        xs = [x for x, _ in hop.arrow.points]
        assert min(xs) >= 0
        assert max(xs) <= drawing.picture.w


def test_a_notebook_gets_lines():
    loss = nn.LSTM(3, 4)(tg.randn(4, 2, 3))[0].sum()
    drawing = draw(loss, view="op")
    shown = drawing._repr_mimebundle_()["image/svg+xml"]
    assert float(re.search(r'viewBox="0 0 (\d+)', shown)[1]) <= 1000 < drawing.picture.w


def test_compact_is_one_box_for_a_linear_map_with_its_weights():
    loss = layer()
    drawing = drawn(loss, grads=True, view="op", compact=True)
    assert labels(drawing).count("linear → i|f|g|o") == 4
    assert not graphs.boxes(drawing, "parameter")
    assert not {"+", "split i|f|g|o"} & set(labels(drawing))
    [first, *_] = [box for box in drawing.picture.boxes() if box.lines[0].startswith("linear")]
    assert first.lines[1] == "4 parameters"
    incoming = [arrow.tail.lines[0] for arrow in drawing.picture.tiles[1].arrows if arrow.head is first]
    assert incoming in (["x[0]", "h = 0"], ["h = 0", "x[0]"], [])


def test_compact_does_not_close_a_circle():
    W, V, x = tg.randn(3, 3, requires_grad=True), tg.randn(3, 3, requires_grad=True), tg.randn(2, 3)
    for p in (W, V):
        p.name = "p"
    first = x @ W
    total = first.tanh() @ V + first
    drawing = drawn(total.sum(), compact=True)
    tile = drawing.picture.tiles[0]
    assert len([arrow for arrow in tile.arrows if arrow.tail is arrow.head]) == 0
    drawing.svg()


def test_the_output_of_layer_0_stays_clear_of_the_loops_when_rolled():
    with record():
        output, _ = nn.GRU(3, 4, num_layers=2)(tg.randn(5, 2, 3))
    drawing = drawn(output[-1].sum(), view="rolled")
    drawing.svg()
    loops = [hop for hop in drawing.picture.hops if hop.arrow.kind == "delay"]
    between = [
        h for h in drawing.picture.hops if h.tail.data == {} and h.tail.row != h.head.row and h.head.kind == "step"
    ]
    assert len(loops) == 2
    assert between
    outer = max(x for loop in loops for x, _ in loop.arrow.points)
    inner = min(x for loop in loops for x, _ in loop.arrow.points)
    for hop in between:
        xs = [x for x, _ in hop.arrow.points]
        assert max(xs) > outer + 5
        assert min(xs) < inner - 5


def test_the_legend_explains_what_occurs_and_nothing_else():
    texts = graphs.texts(drawn(layer(), grads=True).svg())
    assert {"forget gate", "cell state", "parameter", "input or constant", "enters or leaves a step"} <= set(texts)
    assert not {"reset gate", "module", "comes back in the next step"} & set(texts)
    texts = graphs.texts(drawn(chain(3)).svg())
    assert not {"forget gate", "gradient exactly zero"} & set(texts)


def test_a_frame_is_drawn_once():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head = nn.RNN(3, 4), nn.Sequential(nn.Linear(4, 4), nn.Tanh())

        def forward(self, x):
            return self.head(self.rnn(x)[0][-1])

    drawing = drawn(Net()(tg.randn(3, 2, 3)).sum(), view="op")
    drawing.svg()
    for tile in drawing.picture.tiles:
        inside = {box for box in tile.boxes if box.kind == "op"}
        assert not [c for c in tile.clusters if c.frame and tile.title and inside <= set(c.boxes)]


# --- compared -----------------------------------------------------------------------------------------------------


def two(titles=("RNN", "LSTM"), **options):
    x, losses = tg.randn(4, 2, 3), []
    for model in (nn.RNN(3, 4), nn.LSTM(3, 4)):
        with record():
            losses.append(model(x)[0][-1].sum())
            losses[-1].backward()
    return drawn(losses, titles=list(titles), grads=True, **options)


def test_compared_graphs_stand_under_each_other_on_one_time_axis_and_one_scale():
    drawing = two()
    drawing.svg()
    tiles = {tile.title: tile for tile in drawing.picture.tiles if tile.kind == "step"}
    assert set(tiles) == {f"{name} · t = {t}" for name in ("RNN", "LSTM") for t in range(4)}
    for t in range(4):
        above, below = tiles[f"RNN · t = {t}"], tiles[f"LSTM · t = {t}"]
        assert above.x == below.x
        assert above.y + above.h < below.y
    assert drawing.stats["steps"] == 4
    assert labels(drawing, "output") == ["RNN", "LSTM"]
    heads = [mark.text for mark in drawing.picture.marks if mark.kind == "head"]
    assert heads == ["RNN · ‖∂L/∂h‖", "LSTM · ‖∂L/∂h‖", "LSTM · ‖∂L/∂c‖"]


def test_what_only_one_of_two_compared_cells_does_is_marked():
    drawing = two(view="rolled", compact=True)
    marked = {box.lines[0] for box in drawing.picture.boxes() if box.differs}
    assert {"tanh h", "σ i", "σ f", "σ o", "tanh g", "+ c", "⊙ h"} <= marked
    assert "linear" not in marked
    assert "the other graph has no such operation" in graphs.texts(drawing.svg())
    assert not [box for box in two(("a", "a")).picture.boxes() if box.differs]


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
