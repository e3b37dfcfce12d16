"""Each view shows what it promises."""

from __future__ import annotations

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import DrawError, draw

from . import graphs


def tiles(drawing, kind="step"):
    return [tile for tile in drawing.picture.tiles if tile.kind == kind]


def hops(drawing, kind):
    return [hop for hop in drawing.picture.hops if hop.arrow.kind == kind]


@pytest.mark.parametrize(("steps", "view"), [(3, "op"), (8, "op"), (9, "folded"), (50, "folded")])
def test_the_default_folds_beyond_eight_steps(steps, view):
    assert draw(graphs.rnn(steps)[0]).view == view


def test_the_op_view_has_a_tile_for_each_step_and_arrows_from_each_to_the_next():
    drawing = draw(graphs.rnn(5)[0], view="op")
    assert [tile.data["t"] for tile in tiles(drawing)] == list("01234")
    assert len(hops(drawing, "state")) == 4


def test_a_folded_picture_says_what_it_hides():
    drawing = draw(graphs.rnn(50)[0])
    assert [tile.data["t"] for tile in tiles(drawing)] == ["0", "1", "48", "49"]
    (fold,) = tiles(drawing, "fold")
    assert fold.boxes[0].lines == ["…", "46 steps", "t = 2 … 47"]
    assert drawing.stats["folded_steps"] == 46
    assert "46 of 50" in drawing.picture.remarks[0]


def test_the_steps_that_are_wanted_are_shown():
    drawing = draw(graphs.rnn(50)[0], steps=range(10, 13))
    assert [tile.data["t"] for tile in tiles(drawing)] == ["10", "11", "12"]
    assert [t.boxes[0].lines[1] for t in tiles(drawing, "fold")] == ["10 steps", "37 steps"]


def test_the_first_cut_is_never_folded_away():
    with record():
        output, _ = graphs.rnn(60, cut_every=20)
    drawing = draw(output)
    assert {"19", "20"} <= {tile.data["t"] for tile in tiles(drawing)}
    assert len(hops(drawing, "cut")) == 1
    assert any("✕ 1 cut" in tile.boxes[0].lines for tile in tiles(drawing, "fold"))


def test_rolled_is_one_step_with_a_delay_for_each_state():
    drawing = draw(graphs.lstm(6)[0], view="rolled")
    (tile,) = tiles(drawing)
    assert "× 6" in tile.title
    assert sorted(hop.arrow.label.split(",")[0] for hop in hops(drawing, "delay")) == ["c", "h"]
    assert not drawing.picture.remarks


def test_rolled_says_which_step_is_first_unlike_the_others_and_why():
    W, h = tg.ones(4, 4, requires_grad=True), tg.ones(2, 4)
    for t in range(6):
        with tg.step(t):
            h = h @ W
            h = h.sigmoid() if t == 4 else h.tanh()
    (note,) = draw(h.sum(), view="rolled").picture.remarks
    assert note == "steps are not all alike: t = 4 has Sigmoid as operation 2, the others Tanh"


def test_modules_are_one_box_per_call_and_step():
    with tg.unrolled():
        y, _ = nn.LSTM(3, 4)(tg.randn(4, 2, 3))
    drawing = draw(y.sum(), view="module")
    assert [len([b for b in tile.boxes if b.kind == "module"]) for tile in tiles(drawing)] == [1, 1, 1, 1]


def test_modules_around_modules_make_no_circle():
    drawing = draw(graphs.block()[0], view="module")
    (tile,) = drawing.picture.tiles
    ahead = {}
    for arrow in tile.arrows:
        ahead.setdefault(arrow.tail, []).append(arrow.head)

    def depth(box, path):
        assert box not in path
        for head in ahead.get(box, []):
            depth(head, [*path, box])

    for box in tile.boxes:
        depth(box, [])
    assert [cluster.title for cluster in tile.clusters] == ["Block"]


def test_the_backward_view_turns_the_arrows_and_leaves_constants_out():
    output, names = graphs.rnn(3)
    drawing = draw(output, names=names, view="backward")
    labels = [box.lines[0] for box in graphs.boxes(drawing)]
    assert "TanhBackward" in labels
    assert "W.grad" in labels
    assert not any(label.startswith("x[") for label in labels)
    assert drawing.picture.reverse


def test_the_graph_of_a_gradient_is_drawn_too():
    x = tg.tensor(2.0, requires_grad=True)
    y = x * x * x
    (g,) = tg.autograd.grad(y, [x], create_graph=True)
    drawing = draw(g, names={"x": x})
    assert drawing.stats["nodes"] > 2
    graphs.well_formed(drawing.svg())


def test_a_parameter_is_a_chip_in_each_step_and_one_entry_of_the_legend():
    output, names = graphs.rnn(5)
    drawing = draw(output, names=names, view="op")
    chips = [box for box in graphs.boxes(drawing, "parameter") if box.lines[0] == "W"]
    assert len(chips) == 5
    assert len({box.data["param"] for box in chips}) == 1
    assert [(label, uses) for _, label, uses in drawing.picture.parameters] == [("W: 3 × 4", 5), ("U: 4 × 4", 5)]
    uses = [sum(a.tail is chip for a in drawing.picture.arrows()) for chip in chips]
    assert uses == [1, 1, 1, 1, 1]


def test_what_a_step_uses_twice_is_one_box_in_it():
    w, x = tg.ones(2, requires_grad=True), tg.full((2,), 3.0)
    w.name = "w"
    with record():
        for t in range(3):
            with tg.step(t):
                h = w * x + (x * w).tanh()
    (tile,) = [tile for tile in tiles(draw(h.sum(), names={"x": x})) if tile.data["t"] == "2"]
    assert sorted(box.lines[0] for box in tile.boxes if box.kind in ("input", "parameter")) == ["w", "x"]


@pytest.mark.parametrize("view", ["op", "folded", "rolled", "module", "backward"])
@pytest.mark.parametrize("when", ["before", "first", "each"])
def test_a_transposed_parameter_is_a_chip_wherever_it_was_transposed(view, when):
    W, h = tg.ones(4, 4, requires_grad=True), tg.ones(2, 4)
    W.name = "W"
    turned = W.T if when == "before" else None
    for t in range(9):
        with tg.step(t):
            if when == "each" or turned is None:
                turned = W.T
            h = (h @ turned).tanh()
    drawing = draw(h.sum(), view=view, engine="builtin")
    graphs.well_formed(drawing.svg())
    assert "transpose" not in [box.lines[0] for box in graphs.boxes(drawing)]
    if view == "op":
        assert [box.lines for box in graphs.boxes(drawing, "parameter")] == [["Wᵀ"]] * 9


def test_rolled_keeps_the_states_apart_that_leave_one_operation():
    w, a, b = tg.ones(4, requires_grad=True), tg.ones(2), tg.ones(2)
    for t in range(5):
        with tg.step(t):
            a, b = (tg.cat([b, a]) * w).chunk(2)
    drawing = draw((a + b).sum(), view="rolled", engine="builtin")
    assert len({hop.arrow.tail for hop in hops(drawing, "delay")}) == 2


def test_equal_steps_share_one_layout():
    drawing = draw(graphs.lstm(6)[0], view="op", engine="builtin")
    drawing.svg()
    places = {tuple((box.x, box.y) for box in tile.boxes) for tile in tiles(drawing)}
    assert len(places) == 1


def test_layers_stack_and_a_decoder_follows_its_encoder():
    with tg.unrolled():
        y, _ = nn.RNN(3, 4, num_layers=2)(tg.randn(3, 2, 3))
    drawing = draw(y.sum())
    assert {(tile.row, tile.column) for tile in tiles(drawing)} >= {(r, c) for r in (0, 1) for c in (0, 1, 2)}
    encoder, decoder = nn.RNNCell(3, 4), nn.RNNCell(3, 4)
    h = tg.zeros(2, 4)
    for cell, steps in ((encoder, 3), (decoder, 2)):
        for t in range(steps):
            with tg.step(t):
                h = cell(tg.ones(2, 3), h)
    drawing = draw(h.sum())
    assert [(tile.row, tile.column) for tile in tiles(drawing)] == [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4)]


def test_segments_that_count_anew_run_on_in_one_line():
    W, h, losses = tg.ones(4, 4, requires_grad=True), tg.ones(2, 4), []
    with record():
        for _ in range(2):
            h, loss = h.detach(), 0.0
            for t in range(3):
                with tg.step(t):
                    h = (h @ W).tanh()
                loss = loss + h.sum()
            losses.append(loss)
    drawing = draw(losses, view="op")
    assert drawing.stats["steps"] == 6
    assert sorted((tile.row, tile.column) for tile in tiles(drawing)) == [(r, c) for r in (0, 1) for c in range(6)]
    assert not any(item.name == "h" for item in drawing.model.items if item.scope.step is None)


def test_reverse_layers_run_right_to_left():
    with tg.unrolled():
        y, _ = nn.RNN(3, 4, bidirectional=True)(tg.randn(3, 2, 3))
    drawing = draw(y.sum(), engine="builtin")
    drawing.svg()
    mirrored = [tile for tile in tiles(drawing) if tile.mirrored]
    assert len(mirrored) == 3
    assert all(min(b.x for b in tile.left) > max(b.x for b in tile.right) for tile in mirrored)


def test_values_are_shown_for_small_graphs_of_numbers():
    output, names = graphs.scalar()
    drawing = draw(output, names=names, grads=True)
    assert ["a", "data 2", "grad −2.61"] in [
        box.lines for box in graphs.boxes(drawing, "input")
    ]  # b tanh a + (ab + c) tanh' a


def test_shapes_and_statistics_on_request():
    with record():
        output, names = graphs.rnn(3)
    labels = [box.lines for box in graphs.boxes(draw(output, names=names, shapes=True, values=True), "op")]
    assert any(lines[0] == "tanh h" and lines[1] == "(2, 4)" and "±" in lines[2] for lines in labels)


def test_too_large_a_picture_is_refused_with_advice():
    with pytest.raises(DrawError, match=r"boxes \(limit 100\).*view='folded'"):
        draw(graphs.rnn(40)[0], view="op", max_nodes=100)


def test_a_long_graph_without_steps_is_folded():
    y = tg.ones(2, requires_grad=True)
    for _ in range(30_000):
        y = y * 1.0
    drawing = draw(y)
    assert drawing.view == "folded"
    assert drawing.stats == {**drawing.stats, "nodes": 30_000}
    assert drawing.stats["drawn"] < 100
    graphs.well_formed(drawing.svg())


def test_drawn_boxes_grow_linearly_with_steps():
    counts = [draw(graphs.lstm(T)[0], view="op").stats["drawn"] for T in (10, 20, 30)]
    assert counts[2] - counts[1] == counts[1] - counts[0]
    arrows = [sum(1 for _ in draw(graphs.lstm(T)[0], view="op").picture.arrows()) for T in (10, 20, 30)]
    assert arrows[2] - arrows[1] == arrows[1] - arrows[0]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (lambda: nn.Linear(2, 2), "a graph belongs to one call"),
        (lambda: tg.ones(2), "no graph"),
        (lambda: tg.ones(2, requires_grad=True).detach(), "no graph"),
    ],
)
def test_what_cannot_be_drawn_says_what_to_do(output, message):
    with pytest.raises(DrawError, match=message):
        draw(output())


def test_wrong_arguments_name_the_choices():
    with pytest.raises(ValueError, match="view='ops', expected one of auto, op"):
        draw(graphs.scalar()[0], view="ops")
    with pytest.raises(ValueError, match="engine='fdp'"):
        draw(graphs.scalar()[0], engine="fdp")
    with pytest.raises(TypeError, match=r"expected a Tensor.*got str"):
        draw("loss")


def test_a_module_is_drawn_with_its_inputs():
    layer = nn.LSTM(3, 4)
    drawing = draw(layer, inputs=(tg.randn(5, 2, 3),))
    assert drawing.stats["steps"] == 5
    assert draw(nn.Linear(3, 2), inputs=tg.randn(1, 3)).stats["nodes"] == 1
    with pytest.raises(DrawError, match=r"inputs=\(x,\)"):
        draw(layer)
    with pytest.raises(TypeError, match="goes with a module"):
        draw(layer(tg.randn(5, 2, 3))[0], inputs=(1,))
