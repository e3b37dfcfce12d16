"""The backward debugger: lecture 004's numbers event by event, back and forth, and never anything changed."""

from __future__ import annotations

import html
import math

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study
from tinygrad_rnn._mode import switch
from tinygrad_rnn.study.history import History

from .graphs import KINDS, WORKED, by_layer, by_loop
from .test_contributions import BY_USE

H = np.array([[0.282135, -0.197375], [0.176876, 0.089287], [-0.189416, 0.022328], [0.091627, -0.127087]])
DH = np.array([[0.118552, -0.117475], [0.462428, -0.670841], [-0.114218, 0.228382], [0.608676, -0.999501]])


def grad_of(walk, weight):
    """The running gradient of a weight at the present event."""
    place = walk.position
    name = walk.to(weight).now.name
    return walk.to(place).grads[name]


# --- lecture 004 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WORKED)
def test_the_gradients_of_the_worked_example(kind):
    graph = WORKED[kind]()
    walk = study.walk(graph.loss)
    for t in (3, 2, 1, 0):
        event = walk.to("Tanh", step=t).now
        np.testing.assert_allclose(event.gradient.reshape(2), DH[t], atol=6e-7)
        [dz] = event.sends
        np.testing.assert_allclose(dz.reshape(2), DH[t] * (1 - H[t] ** 2), atol=2e-6)
        assert event.name == "h"
        assert event.norm == pytest.approx(np.linalg.norm(DH[t]), abs=1e-6)


@pytest.mark.parametrize("kind", WORKED)
def test_the_running_gradient_after_each_step_of_the_worked_example(kind):
    graph = WORKED[kind]()
    walk = study.walk(graph.loss)
    assert grad_of(walk, graph.weight) is None
    last = {event.step: event.number for event in walk if event.step is not None}
    for t in (3, 2, 1, 0):
        np.testing.assert_allclose(grad_of(walk.to(last[t]), graph.weight), sum(map(np.array, BY_USE[t:])), atol=6e-7)


def test_what_the_terminal_shows_of_the_worked_example():
    graph = by_loop()
    text = str(study.walk(graph.loss).to("h", step=2))
    assert "t=2   h = Tanh" in text
    assert "dL/dy = ∂L/∂h at t=2, shape (2,), norm 0.2554: [-0.1142, 0.2284]" in text
    assert "dL/dx = dL/dy · (1 - y²)\n" in text
    assert "dL/dx = [-0.1142, 0.2284] · (1 - [-0.1894, 0.02233]²) = [-0.1101, 0.2283]" in text
    assert "1 of 4 uses, norm 0.2201: [[-0.1143, 0.01348], [0.1863, -0.02196]]" in text


# --- the engine's own run ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["fused", "unrolled", "after backward"])
def test_events_are_what_the_engine_did(kind, mode):
    tg.manual_seed(1)
    with switch() if mode == "fused" else tg.unrolled() if mode == "unrolled" else tg.record():
        graph = KINDS[kind]()
        if mode == "after backward":
            graph.loss.backward()
    seen = []
    with History.of(graph.loss) as past:
        past.backward(lambda *turn: seen.append(turn))
    walk = study.walk(graph.loss)
    assert [event.op for event in walk] == [node.name().removesuffix("0").removesuffix("Backward") for node, *_ in seen]
    for event, (_, gradient, contributions) in zip(walk, seen, strict=True):
        for mine, its in ((event.gradient, gradient), (event.sends, contributions)):
            both = [g if isinstance(g, (tuple, list)) else [g] for g in (mine, its)]
            for a, b in zip(*both, strict=True):
                np.testing.assert_array_equal(a, b)
    if mode != "after backward":
        assert graph.weight.grad is None


@pytest.mark.parametrize("kind", KINDS)
def test_running_gradients_end_at_grad_to_the_last_bit_and_going_back_gives_what_there_was(kind):
    tg.manual_seed(2)
    with tg.unrolled():
        graph = KINDS[kind]()
    walk = study.walk(graph.loss)
    forward = [walk.to(k).grads for k in range(len(walk))]
    for k in (*range(len(walk) - 1, -1, -1), len(walk) // 2, 0, len(walk) - 1):
        for name, array in walk.to(k).grads.items():
            np.testing.assert_array_equal(array, forward[k][name])
    graph.loss.backward()
    np.testing.assert_array_equal(grad_of(walk, graph.weight), graph.weight.grad.numpy())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "packed, both ways"])  # opened, it counts otherwise
def test_fused_and_unrolled_layers_give_the_same_walk(kind):
    walks = []
    for make in (switch, tg.unrolled):
        tg.manual_seed(3)
        with make():
            walks.append(study.walk(KINDS[kind]().loss))
    fused, unrolled = (
        {(e.op, e.step, e.name, e.layer, e.direction): e.norm for e in walk if e.name and e.step is not None}
        for walk in walks
    )
    assert (fused != {}) == (kind != "attention")
    assert unrolled == pytest.approx(fused, rel=1e-9)


def test_running_norms_and_uses():
    graph = by_loop()
    walk = study.walk(graph.loss)
    leaf = walk.to(graph.weight).now
    uses = walk.uses(leaf)
    assert [norm for _, norm in uses] == pytest.approx(
        [np.linalg.norm(sum(map(np.array, BY_USE[t:]))) for t in (3, 2, 1, 0)], abs=2e-6
    )
    assert [walk[number].step for number, _ in uses] == [3, 2, 1, 0]


def test_hooks_run_once_and_are_part_of_the_walk():
    calls = []
    x = tg.tensor([2.0], requires_grad=True)
    y = x * 3
    y.register_hook(lambda g: calls.append("y") or g * 10)
    x.register_hook(lambda g: calls.append("x") or g + 1)
    walk = study.walk((y * y).sum())
    assert walk.to("end").grads["x"] == 2 * 6 * 10 * 3 + 1
    assert walk.back().grads["x"] == 2 * 6 * 10 * 3
    assert walk[1].sends[0].item() == 6
    assert calls == ["y", "x"]


def test_functions_that_users_write():
    class Cube(tg.autograd.Function):
        """y = x³          dL/dx = 3 x² dL/dy"""

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x * x * g

    x = tg.tensor([2.0], requires_grad=True)
    walk = study.walk(Cube.apply(x).sum()).to("Cube")
    assert walk.now.sends[0].tolist() == [12.0]
    assert "as Cube.backward computes it" in str(walk)


def test_losses_of_one_operation_and_of_none():
    a = tg.tensor(2.0, requires_grad=True)
    alone = study.walk(a)
    assert "norm 1: 1" in str(alone)
    assert "nothing yet" not in str(alone)
    both = study.walk([a * 2, a * a]).to("end").grads["a"]
    assert isinstance(both, np.ndarray)
    assert both == 2 + 4


# --- going about --------------------------------------------------------------------------------------------------


def test_going_to_steps_layers_directions_tensors_and_names():
    tg.manual_seed(4)
    model = nn.LSTM(2, 3, num_layers=2, bidirectional=True)
    x = tg.randn(4, 2, 2, requires_grad=True)
    out, (_h, c) = model(x)
    loss = out.square().mean() + c.sum()
    walk = study.walk(loss)
    event = walk.to(step=2, layer=0, direction="reverse").now
    assert (event.step, event.layer, event.direction, event.module) == (2, 0, "reverse", "LSTM")
    assert "t=2" in str(walk)
    assert "LSTM, layer 0, reverse" in str(walk)
    assert walk.to("start").now is walk[0]
    assert walk.to(model.weight_hh_l1_reverse).now.name == "weight_hh_l1_reverse"
    assert walk.to(x).now.name == "x"
    assert walk.to("end").position == len(walk) - 1
    assert walk.to("weight_ih_l0").now.name == "weight_ih_l0"
    first, second = walk.to("start").to("c").position, walk.to("c").position
    assert 0 < first < second
    assert walk.to(loss).position == 0
    assert walk.to(out).now.op in ("Stack", "Cat")  # the layer's own node is open


def test_next_and_back_stop_at_the_ends():
    graph = by_layer()
    walk = study.walk(graph.loss)
    assert walk.next(3).position == 3
    assert walk.back().now.number == 2
    with pytest.raises(IndexError, match=f"no event -1; they are 0 .the loss. to {len(walk) - 1}"):
        walk.back(3)
    assert walk.position == 2
    with pytest.raises(IndexError, match=f"no event {len(walk)};"):
        walk.to("end").next()


@pytest.mark.parametrize(
    ("where", "error", "words"),
    [
        ({"step": 9}, ValueError, "no event of step=9; the steps are 0 to 3"),
        ({"step": 1, "layer": 7}, ValueError, "step=1 and layer=7"),
        ({"place": "hh"}, ValueError, "no event of 'hh'; the names are .*h"),
        ({"place": 99}, IndexError, "no event 99"),
        ({"place": tg.ones(2)}, ValueError, r"no gradient arrived at the tensor of shape \(2,\)"),
        ({"place": 1.5}, TypeError, "got 1.5"),
        ({}, TypeError, "needs a number, a name, a tensor"),
    ],
)
def test_places_that_are_not_there(where, error, words):
    walk = study.walk(by_loop().loss)
    with pytest.raises(error, match=words):
        walk.to(**where)
    assert walk.position == 0


def test_values_that_were_changed_since_are_told():
    W = tg.tensor([[0.5, 0.1], [0.2, 0.3]], requires_grad=True)
    walk = study.walk((W @ tg.ones(2, 1) @ tg.ones(1, 2) * W).sum())
    with tg.no_grad():
        W.add_(1.0)
    with pytest.raises(RuntimeError, match=r"event 1 .Mul. .* shape \(2, 2\) was changed in place since"):
        walk.next().now.sends
    with pytest.raises(RuntimeError, match=r"changed in place since, as optimizer.step"):
        walk.grads
    assert "cannot be computed any more" in str(walk)


def test_a_freed_graph_says_what_to_do():
    loss = by_loop().loss
    loss.backward()
    with pytest.raises(RuntimeError, match=r"record\(\)"):
        study.walk(loss)


def test_a_walk_outlives_backward():
    graph = by_layer()
    walk = study.walk(graph.loss)
    graph.loss.backward()
    np.testing.assert_allclose(grad_of(walk.to("end"), graph.weight), graph.weight.grad.numpy(), atol=1e-12)


# --- what is shown -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_fits_into_25_lines_of_100_columns(kind):
    tg.manual_seed(5)
    walk = study.walk(KINDS[kind]().loss)
    for k in range(len(walk)):
        lines = str(walk.to(k)).split("\n")
        assert len(lines) <= 25
        assert max(map(len, lines)) <= 100
    assert len(walk.table()) == len(walk)


def test_an_operation_with_many_inputs_and_a_model_with_many_weights():
    tg.manual_seed(6)
    model = nn.LSTM(2, 3, num_layers=4, bidirectional=True)
    walk = study.walk(model(tg.randn(40, 1, 2))[0].sum())
    text = str(walk.to("Stack"))
    assert "… and 33 more" in text  # of 40 inputs
    assert "… and 25 more" in text  # of 32 weights
    assert len(text.split("\n")) <= 25
    assert "36 more" in walk.table().csv()


@pytest.mark.parametrize(
    "name", ["a\nb\x1b[31m", "<script>alert(1)</script>", "\ud800", "\u202egnp", "w" * 500, "$x^$", "%s{0}"]
)
def test_names_stay_text(name):
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    w.name = name
    box = [w]
    del w
    walk = study.walk((box[0] * 2).sum())
    shown = str(walk.to("end"))
    assert all(letter == "\n" or letter.isprintable() for letter in shown)
    assert len(shown.split("\n")) <= 25
    assert "<script>" not in walk._repr_html_()
    assert walk._repr_html_() == f"<pre>{html.escape(shown)}</pre>"
    assert len(walk.table().csv().splitlines()) == len(walk) + 1
    assert len(str(walk.table()).splitlines()) == len(walk) + 1
    walk.plot().canvas.draw()


def test_numbers_are_put_into_the_rule():
    x = tg.tensor([2.0, -3.0], requires_grad=True)
    a = tg.tensor(-0.5, requires_grad=True)
    walk = study.walk((x * a - x.relu()).sum())
    assert "dL/dx = [1, 1] · (-0.5) = [-0.5, -0.5]" in str(walk.to("Mul"))
    assert "dL/dy = [1, 1] · [2, -3] = [2, -3]" not in str(walk)  # a is stretched: its gradient is the sum
    assert "dL/dy = [1, 1] · [2, -3] = (-1)" in str(walk)
    assert "dL/dx = [1, 1]\n" in str(walk.to("Sub"))
    assert "dL/dy = -[1, 1] = [-1, -1]" in str(walk)
    assert "dL/dx = [-1, -1] where [2, 0] > 0, else 0   (0 at 0) = [-1, 0]" in str(walk.to("ReLU"))


def test_what_gets_nothing_says_why():
    with tg.record():
        x = tg.tensor([1.0, 2.0], requires_grad=True)
        y = x * 3
        loss = (y * y.detach() * tg.tensor([1.0, -1.0])).sum()
    walk = study.walk(loss)
    assert "nothing, it is a constant [1, -1]" in str(walk.to(1))
    assert "nothing, the way is cut by detach" in str(walk.next())


def test_the_first_gradient_that_is_not_finite_is_named_and_drawn():
    x = tg.tensor([0.0, 4.0], requires_grad=True)
    walk = study.walk((x.sqrt() * tg.tensor([1.0, 0.0])).sum())
    assert walk.finding().endswith("the first gradient that is not finite arrives at event 3, AccumulateGrad")
    assert not math.isfinite(walk[3].norm)
    walk.plot().canvas.draw()


def test_a_gradient_of_zero_is_drawn_as_such():
    x = tg.tensor([-1.0, -4.0], requires_grad=True)
    figure = study.walk(x.relu().sum()).plot()
    figure.canvas.draw()
    assert "exactly zero" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_memory_is_linear_in_the_graph():
    """Of the sums that are kept for going back there are about √n."""
    tg.manual_seed(7)
    rnn = nn.RNN(2, 3)
    walk = study.walk(rnn(tg.randn(300, 1, 2))[0].sum())
    assert all(array is not None for array in walk.to("end").grads.values())
    assert len(walk._running.milestones) <= math.isqrt(len(walk._running.events)) + 2
    assert sum(len(event.sent) for event in walk) < 3 * len(walk)
