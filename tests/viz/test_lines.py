"""Pictures that fit: steps in lines, a linear map as one box, the legend; and two graphs beside each other."""

from __future__ import annotations

import re
import shutil

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import draw
from tinygrad_rnn.viz.write.shapes import middle

from . import graphs
from .test_numbers import chain, drawn, layer


def labels(drawing, kind=None):
    return [box.lines[0] for box in graphs.boxes(drawing, kind)]


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


@pytest.mark.parametrize("make", [lambda: nn.GRU(3, 4, num_layers=2, bidirectional=True), lambda: nn.Recurrent(nn.RHNCell(3, 4, depth=3))])  # fmt: skip
def test_what_is_wider_than_a_line_is_shown_smaller(make):
    loss = make()(tg.randn(4, 2, 3))[0].sum()
    svg = draw(loss, grads=True, shapes=True, wrap=1000, engine="builtin").svg()
    (whole, high), (width, height) = (map(float, re.search(rf'{name}="(?:0 0 )?(\d+)(?: |" height=")(\d+)', svg).groups()) for name in ("viewBox", " width"))  # fmt: skip
    assert width == 1000 < whole
    assert height == pytest.approx(high * width / whole, abs=1)


def test_factors_stand_at_their_arrows_whatever_was_tried_before():
    with tg.record():
        loss = nn.LSTM(3, 4)(tg.randn(50, 2, 3))[0][-1].sum()
        loss.backward()
    drawing = draw(loss, grads=True, view="module", wrap=900, engine="builtin")
    drawing.svg()
    labelled = [hop.arrow for hop in drawing.picture.hops if hop.arrow.label.startswith("×")]
    assert len(labelled) > 8
    for arrow in labelled:
        x, y = arrow.at or middle(arrow.points)
        assert min(abs(x - a) + abs(y - b) for a, b in arrow.points) < 60, arrow.label


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
