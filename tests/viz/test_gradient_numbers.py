"""The gradient can be read: norms and factors at the steps' borders, in the strip, on the scale; three marks for little."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz.model.gradients import lanes
from tinygrad_rnn.viz.model.labels import number_text
from tinygrad_rnn.viz.place.strip import _numbered, factor_text

from . import graphs
from .test_numbers import GRADIENTS, T, carried, chain, drawn, layer, loop, norm


def marks_of(drawing, *kinds):
    """The pieces of the strip of these kinds, once it is laid out."""
    drawing.svg()
    return [mark for mark in drawing.picture.marks if mark.kind in kinds]


def texts_of(drawing, kind):
    return [mark.text for mark in marks_of(drawing, kind)]


def line_of(state):
    """‖∂L/∂state‖ at each step, by hand."""
    return [norm(step[state]) for step in GRADIENTS]


@pytest.mark.parametrize("made", [loop, layer])
def test_norms_and_factors_are_those_by_hand_in_the_model_at_the_borders_and_in_the_strip(made):
    drawing = drawn(made(), view="op", grads=True)
    assert [lane.label for lane in lanes(drawing.model)] == ["h", "c"]
    for lane, state in zip(drawing.picture.lanes, "hc", strict=True):
        size = line_of(state)
        np.testing.assert_allclose(list(lane.norms.values()), size, rtol=1e-9)
        factors = [size[t - 1] / size[t] for t in range(1, T)]
        np.testing.assert_allclose([lane.factors[t] for t in range(1, T)], factors, rtol=1e-9)
        ports = {box.lines[0]: box.lines[1:] for box in graphs.boxes(drawing, "port") if len(box.lines) > 1}
        assert [ports[f"{state}[{t}]"] for t in range(T)] == [[f"∂ {number_text(n)}"] for n in size]
        labels = [
            hop.arrow.label
            for hop in drawing.picture.hops
            if hop.arrow.kind == "state" and hop.arrow.head.lines[0].startswith(state)
        ]
        assert labels == [factor_text(factor) for factor in factors]
        assert set(map(number_text, size)) <= set(texts_of(drawing, "number"))
        assert set(map(factor_text, factors)) <= set(texts_of(drawing, "factor"))


@pytest.mark.parametrize(("view", "tiles"), [("op", 14), ("folded", 4), ("module", 6), ("rolled", 1)])
def test_the_strip_has_every_step_folded_ones_too(view, tiles):
    drawing = drawn(chain(14), view=view, grads=True)
    assert sum(tile.kind == "step" for tile in drawing.picture.tiles) == tiles
    [lane] = drawing.picture.lanes
    assert lane.norms == pytest.approx({t: carried(t, 14) for t in range(14)})
    bars = marks_of(drawing, "bar")
    assert len(bars) == 14
    assert [bar.x for bar in bars] == sorted(bar.x for bar in bars)
    heights = np.diff([bar.h for bar in bars])
    np.testing.assert_allclose(heights, heights[0])  # the same factor in each step: equal steps on a log scale
    if view == "folded":
        for t in (0, 1, 2, 11, 12, 13):  # the ends of the fold are t = 2 and t = 11
            assert number_text(carried(t, 14)) in texts_of(drawing, "number")
        assert "×0.5 a step" in texts_of(drawing, "factor")
        assert {f"t = {t}" for t in (0, 1, 2, 11, 12, 13)} <= set(texts_of(drawing, "time"))


def test_bars_stand_under_their_steps():
    drawing = drawn(loop(), view="op", grads=True)
    tiles = {tile.data["t"]: tile for tile in drawing.picture.tiles if tile.kind == "step"}
    times = marks_of(drawing, "time")
    for mark in times:
        tile = tiles[mark.text.removeprefix("t = ")]
        assert tile.x < mark.x < tile.x + tile.w
        assert mark.y > tile.y + tile.h
    assert all(mark.y < drawing.picture.h for mark in drawing.picture.marks)


def test_a_number_has_room_and_both_ends_have_one():
    for count in (1, 2, 3, 8, 12, 50, 1000):
        for width in (40.0, 130.0, 620.0, 1200.0):
            steps = list(range(count))
            chosen = _numbered(width, steps)
            assert chosen[-1] == count - 1
            assert len(chosen) == 1 or (chosen[0] == 0 and min(np.diff(chosen)) * width / count >= 45)


def test_a_cut_has_no_factor():
    drawing = drawn(chain(4, cut=(2,)), view="op", grads=True)
    [lane] = drawing.picture.lanes
    assert lane.cuts == {2}
    assert [math.isnan(lane.norms[t]) for t in range(4)] == [True, True, False, False]
    assert math.isnan(lane.factors[2])
    assert lane.factors[3] == pytest.approx(0.5)
    assert "✕" in texts_of(drawing, "factor")


def test_a_state_before_a_cut_has_its_norm_when_a_loss_looks_at_it():
    output, names = graphs.rnn(2)
    with record():
        h, W = tg.zeros(2, 4), names["W"]
        for t in range(4):
            with tg.step(t):
                if t == 2:
                    h = h.detach()
                h = (names["x"][0] @ W + h @ names["U"]).tanh()
            if t == 1:
                first = h.sum()
        loss = first + h.sum()
    [lane] = drawn(loss, view="op", grads=True).picture.lanes
    assert lane.norms[1] == pytest.approx(8**0.5)  # ∂L/∂h of a sum is 1 in each of its 2 × 4 places


def test_dot_and_text_have_the_numbers_too():
    drawing = drawn(chain(14), view="folded", grads=True)
    sizes = [number_text(carried(t, 14)) for t in range(14)]
    assert all(f'label="{n}"' in drawing.dot() for n in sizes[:3] + sizes[-3:])
    line = next(line for line in drawing.text().splitlines() if line.startswith("‖∂L/∂h‖"))
    assert line == f"‖∂L/∂h‖ at t = 0 … 13: {', '.join([*sizes[:3], '…', *sizes[-3:]])}"


# --- three marks --------------------------------------------------------------------------------------------------


def three_kinds():
    """At t = 0, 1 not connected, by a detach; at t = 2 exactly zero; at t = 3 tiny; at t = 4 there."""
    a = tg.tensor([1.0, 2.0], requires_grad=True)
    h = tg.ones(2) * a
    with record():
        for t, factor in enumerate((1.0, 1.0, 1.0, 0.0, 1e-8)):
            with tg.step(t):
                h = (h.detach() if t == 2 else h) * factor + a
        loss = h.sum()
        loss.backward()
    return loss


def test_tiny_exactly_zero_and_not_connected_are_three_marks():
    drawing = drawn(three_kinds(), view="op", grads=True)
    [lane] = drawing.picture.lanes
    assert [str(n)[:5] for n in lane.norms.values()] == ["nan", "nan", "0.0", "1.414", "1.414"]
    tiles = {t: tile for t in range(5) for tile in drawing.picture.tiles if tile.data.get("t") == str(t)}
    assert [tiles[t].title for t in range(5)] == [
        *(f"t = {t} · no gradient here" for t in (0, 1)), "t = 2", "t = 3", "t = 4",
    ]  # fmt: skip
    ports = {box.lines[0]: box.lines[-1] for box in graphs.boxes(drawing, "port") if len(box.lines) > 1}
    assert [ports[f"h[{t}]"] for t in range(4)] == ["no gradient", "no gradient", "∂ 0", "∂ 1.41e−8"]
    assert texts_of(drawing, "note") == ["no gradient here"] * 2
    assert len(marks_of(drawing, "ring")) == 1
    svg = drawing.svg()
    assert svg.count('class="tg-zero"') >= 2  # the arrow, and its sample in the legend
    assert "tg-unreached" in svg.split("</style>")[1]
    assert {"gradient exactly zero", "no gradient here: not connected"} <= set(graphs.texts(svg))


def test_what_is_reached_everywhere_has_no_such_marks():
    svg = drawn(loop(), grads=True).svg()
    assert "no gradient" not in svg
    assert "tg-unreached" not in svg.split("</style>")[1]


# --- the scale ----------------------------------------------------------------------------------------------------


def test_the_legend_has_four_numbered_ticks_at_equal_distances():
    drawing = drawn(loop(), grads=True)
    ticks = drawing.picture.scale.ticks()
    assert ticks[0] == pytest.approx(drawing.picture.scale.low)
    assert ticks[-1] == pytest.approx(drawing.picture.scale.high)
    np.testing.assert_allclose(np.diff(np.log(ticks)), np.log(ticks[1] / ticks[0]))
    texts = graphs.texts(drawing.svg())
    assert all(number_text(float(f"{tick:.2g}")) in texts for tick in ticks)


def test_a_scale_can_be_given_and_shared():
    small, large = chain(4), chain(12)
    other = drawn(large, grads=True)
    for scale in (other, (other.picture.scale.low, other.picture.scale.high)):
        drawing = drawn(small, grads=True, scale=scale)
        assert drawing.picture.scale.ticks() == pytest.approx(other.picture.scale.ticks())
        assert drawing.picture.scale.at(0.5) == pytest.approx(other.picture.scale.at(0.5))


def test_lines_that_meet_do_not_add_up_their_ink():
    svg = drawn(layer(), grads=True).svg()
    assert "opacity" not in svg
    assert re.search(r'class="tg-grad tg-g\d"', svg)


@pytest.mark.parametrize("view", ["op", "rolled"])
def test_the_gradient_runs_below_the_value_in_both_directions(view):
    lstm = nn.LSTM(3, 4, bidirectional=True)
    drawing = drawn(lstm(tg.randn(3, 2, 3))[0].sum(), view=view, grads=True)
    svg = graphs.parse(drawing.svg())
    paths = {}
    for path in svg.getElementsByTagName("path"):
        key = path.getAttribute("data-from"), path.getAttribute("data-to")
        paths.setdefault(key, {})["grad" if "tg-grad" in path.getAttribute("class") else "value"] = path
    flat = 0
    for (tail, _), pair in paths.items():
        if tail and {"grad", "value"} <= set(pair):
            ys = [numbers(pair[kind].getAttribute("d").split("M")[1]) for kind in ("value", "grad")]
            (value, gradient) = (points[:, 1] for points in ys)
            if len(set(value)) == 1 and len(value) == 4:
                assert (gradient > value[0]).all()
                flat += 1
    assert flat > 3


def numbers(d):
    return np.array(re.findall(r"-?[\d.]+", d), dtype=float).reshape(-1, 2)


def test_inputs_have_a_band_when_a_gradient_goes_there():
    x = tg.randn(4, 2, 3, requires_grad=True)
    with record():
        output, _ = nn.RNN(3, 4)(x)
        loss = output.square().sum()
        loss.backward()
    drawing = drawn(loss, grads=True)
    assert [lane.label for lane in drawing.picture.lanes] == ["h", "x"]
    assert drawing.picture.lanes[1].norms == pytest.approx({t: norm(x.grad.numpy()[t]) for t in range(4)})
    assert "‖∂L/∂x‖" in texts_of(drawing, "head")


def test_causes_are_those_of_the_study():
    loss = layer()
    drawing = drawn(loss, grads=True, causes=True)
    from tinygrad_rnn import study

    kept = study.decay(loss, "c", at="all").lines["c"].causes["kept"]
    [(_, values)] = [
        cause
        for cause in drawing.picture.causes
        if cause[0] == "c: mean of the gate that keeps it (f of an LSTM, z of a GRU)"
    ]
    np.testing.assert_allclose(list(values.values()), kept)
    assert "c: mean of the gate that keeps it (f of an LSTM, z of a GRU)" in texts_of(drawing, "head")
    assert number_text(float(f"{kept[1]:.2g}")) in texts_of(drawing, "number")


def test_the_strip_of_a_long_run_stays_small():
    kinds = "bar", "ring", "line", "head", "number", "factor", "time"
    counts = {T: len(marks_of(drawn(chain(T), view="folded", grads=True), *kinds)) for T in (100, 400, 1600)}
    assert max(counts.values()) < 170  # no bar is narrower than a pixel, and the fold has 128
