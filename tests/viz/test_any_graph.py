"""No graph, however it is tagged, makes a view fail: random graphs with random scopes, steps, layers and cuts."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import draw
from tinygrad_rnn.viz.place.views import VIEWS

from . import graphs

OPERATIONS = {
    "add": lambda x, y: x + y,
    "mul": lambda x, y: x * y,
    "tanh": lambda x, y: x.tanh(),
    "split": lambda x, y: tg.cat(tuple(reversed(x.chunk(2)))),
    "detach": lambda x, y: x.detach(),
    "no_grad": lambda x, y: x * 0.5,
    "number": lambda x, y: 1 - x,
    "cat": lambda x, y: tg.cat([x, y])[:4],
}
operation = st.tuples(
    st.sampled_from(sorted(OPERATIONS)),
    st.integers(0, 30),
    st.integers(0, 30),
    st.one_of(st.none(), st.integers(-2, 14)),  # step
    st.sampled_from(["", "a", "a.b", "c"]),  # scope
    st.sampled_from([None, 0, 1]),
    st.sampled_from([None, "forward", "reverse"]),
)


def build(program):
    """Run a random program; every value has shape (4,)."""
    values = [tg.full((4,), 0.5, requires_grad=True), tg.full((4,), 0.25, requires_grad=True), tg.ones(4)]
    for what, i, j, t, path, layer, direction in program:
        x, y = values[-1 - i % len(values)], values[-1 - j % len(values)]
        scope = tg.scope(path) if path else contextlib.nullcontext()
        step = tg.step(t, layer, direction) if t is not None else contextlib.nullcontext()
        with scope, step, tg.no_grad() if what == "no_grad" else contextlib.nullcontext():
            made = OPERATIONS[what](x, y)
        values.append(made)
    return sum(values[1:], values[0]).sum()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(operation, max_size=40), st.booleans())
def test_every_view_of_any_graph_can_be_drawn(program, recorded):
    with record() if recorded else contextlib.nullcontext():
        output = build(program)
    for view in VIEWS:
        drawing = draw(output, view=view, engine="builtin", grads=view == "op")
        graphs.well_formed(drawing.svg())
        drawing.dot()
        drawing.mermaid()
        assert drawing.text()
        for arrow in drawing.picture.arrows():
            assert arrow.points
            assert np.isfinite(arrow.points).all()


@graphs.needs_dot
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(operation, max_size=40))
def test_graphviz_lays_out_any_graph(program):
    with record():
        output = build(program)
    for view in ("op", "rolled", "module"):
        drawing = draw(output, view=view, engine="dot")
        graphs.well_formed(drawing.svg())
        assert drawing.engine == "dot"


@pytest.mark.parametrize("view", VIEWS)
def test_odd_graphs(view):
    x = tg.ones(3, requires_grad=True)
    leaf_alone = draw(x, view=view)
    assert leaf_alone.stats["nodes"] == 0
    graphs.well_formed(leaf_alone.svg())
    y = x * float("nan")
    graphs.well_formed(draw([y, y * 2, y], view=view, grads=True, values=True).svg())
    empty = tg.ones((0, 3), requires_grad=True) * 2
    graphs.well_formed(draw(empty, view=view, grads=True, values=True).svg())
    with tg.step(7):
        lonely = x.tanh()
    graphs.well_formed(draw(lonely, view=view).svg())
    unbound = sum(x.unbind(0))
    graphs.well_formed(draw(unbound, view=view).svg())


def test_packed_sequences_and_attention_can_be_drawn():
    sequences = [tg.randn(n, 3) for n in (4, 2, 1)]
    packed = nn.utils.rnn.pack_sequence(sequences)
    output, _ = nn.LSTM(3, 4)(packed)
    drawing = draw(output.data.sum(), grads=True)
    assert drawing.stats["steps"] == 4
    graphs.well_formed(drawing.svg())
    y, _ = nn.MultiheadAttention(4, 2)(tg.randn(3, 1, 4), tg.randn(3, 1, 4), tg.randn(3, 1, 4))
    graphs.well_formed(draw(y.sum(), view="module").svg())


def test_rules_that_users_write_can_be_drawn():
    class Double(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    with record():
        y = Double.apply(tg.ones(3, requires_grad=True)).sum()
    assert "double" in draw(y, grads=True).text()
