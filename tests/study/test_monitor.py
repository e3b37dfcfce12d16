"""The monitor of a training loop: what it sees is what the graph says, and it stops where the loss is no number."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study
from tinygrad_rnn.study import monitoring

from .graphs import KINDS

RECURRENT = [
    kind for kind in KINDS if kind not in ("attention", "tied", "transposed before the loop", "LSTM input weight")
]


class Model(nn.Module):
    def __init__(self, kind="LSTM", **options):
        super().__init__()
        self.rnn, self.head = (
            getattr(nn, kind)(3, 8, **options),
            nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 1)),
        )

    def forward(self, x):
        return self.head(self.rnn(x)[0][-1])


def train(model, steps, every=200, lr=0.01, x=None, limit=math.inf, before=lambda k: None, **options):
    tg.manual_seed(0)
    x = tg.randn(7, 4, 3) if x is None else x
    optimizer = tg.optim.Adam(model.parameters(), lr=lr)
    with study.Monitor(model, every, limit, **options) as monitor:
        for k in range(steps):
            before(k)
            optimizer.zero_grad()
            loss = (model(x) - 1).square().mean()
            monitor.step(loss)
            loss.backward()
            optimizer.step()
    return monitor


@pytest.mark.parametrize("mode", ["fused", "unrolled"])
@pytest.mark.parametrize("kind", RECURRENT)
def test_gradients_through_time_are_those_of_the_opened_graph(kind, mode):
    tg.manual_seed(0)
    if mode == "fused":
        graph = KINDS[kind]()
    else:
        with tg.unrolled():
            graph = KINDS[kind]()
    seen = study.Monitor(graph.others["module"])
    seen.step(graph.loss)
    lines = study.decay(graph.loss, at="all").lines
    found = seen.looks[0].in_time
    by_norms = {tuple(at): np.array(list(at.values())) for at in found.values()}
    assert len(found) == len(lines)
    for line in lines.values():
        assert any(
            tuple(line.steps) == steps and norms == pytest.approx(line.norms, rel=1e-9)
            for steps, norms in ((tuple(sorted(at)), np.array([at[t] for t in sorted(at)])) for at in found.values())
        ), (line.label, line.norms, by_norms)
    gradients = seen.looks[0].gradients
    graph.loss.backward()
    for name, p in graph.others["module"].named_parameters():
        assert gradients[name] == pytest.approx(float(np.linalg.norm(p.grad.numpy())), rel=1e-9)


def test_a_long_sequence_is_seen_at_32_steps_at_most():
    tg.manual_seed(0)
    rnn = nn.GRU(3, 4).double()
    loss = rnn(tg.randn(200, 2, 3, dtype=tg.float64))[0].square().sum()
    seen = study.Monitor(rnn)
    seen.step(loss)
    at = seen.looks[0].in_time["h"]
    line = study.decay(loss, at="all").lines["h"]
    assert len(at) == 29  # stretches of 7, the last shorter
    assert [at[t] for t in at] == pytest.approx([line.norms[line.steps.index(t)] for t in at], rel=1e-9)


def test_nothing_is_changed_and_training_is_the_same():
    models = [Model(), Model()]
    models[1].load_state_dict(models[0].state_dict())
    train(models[0], 12, every=3)
    tg.manual_seed(0)
    x, optimizer = tg.randn(7, 4, 3), tg.optim.Adam(models[1].parameters(), lr=0.01)
    for _ in range(12):
        optimizer.zero_grad()
        (models[1](x) - 1).square().mean().backward()
        optimizer.step()
    for p, q in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert p.detach().numpy().tolist() == q.detach().numpy().tolist()


def test_updates_saturation_and_dead_units_by_hand():
    model = Model("RNN", nonlinearity="relu")
    with tg.no_grad():
        model.head[0].bias.copy_(tg.tensor([-100.0, -100, 0, 0, 0, 100]))  # two units of the head are off for ever
        model.rnn.weight_ih_l0.zero_()
        model.rnn.bias_ih_l0.copy_(tg.tensor([-50.0] * 3 + [1.0] * 5))
        model.rnn.bias_hh_l0.zero_()
        model.rnn.weight_hh_l0.zero_()
    weights = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
    monitor = train(model, 1)
    [look] = monitor.looks
    assert look.dead["h"] == (3, 8)
    assert look.saturated["h"] == pytest.approx(3 / 8)
    assert look.dead["ReLU"][0] >= 2
    name = "head.0.bias"
    change = np.linalg.norm(model.head[0].bias.detach().numpy() - weights[name])
    assert look.updates[name] == pytest.approx(change / np.linalg.norm(weights[name]))
    assert "rnn.weight_hh_l0" not in look.updates  # a weight of norm 0 has no ratio
    assert "3 of 8 units of h are dead" in monitor.finding()


def test_gates_of_a_fused_layer_are_those_of_states():
    tg.manual_seed(0)
    lstm, x = nn.LSTM(3, 5), tg.randn(6, 2, 3) * 20
    seen = study.Monitor(lstm)
    seen.step(lstm(x)[0].sum())
    gates = study.states(lstm, x)
    for name in "ifo":
        values = gates.gates[name]
        assert seen.looks[0].saturated[name] == pytest.approx(((values < 0.01) | (values > 0.99)).mean())
    assert seen.looks[0].saturated["g"] == pytest.approx((np.abs(gates.gates["g"]) > 0.999).mean())


def test_cells_in_a_loop_without_tags_count_their_calls():
    cell = nn.LSTMCell(3, 4)
    state, x = None, tg.randn(5, 2, 3)
    for x_t in x:
        state = cell(x_t, state)
    assert state is not None
    seen = study.Monitor(cell)
    seen.step(state[0].sum())
    assert list(seen.looks[0].in_time["h"]) == [0, 1, 2, 3, 4]


def test_after_backward_it_is_too_late():
    model = Model()
    loss = model(tg.ones(7, 4, 3)).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match=r"call step\(loss\) before loss.backward\(\)"):
        study.Monitor(model).step(loss)


def test_a_nan_that_a_weight_brought_in():
    model = Model()

    def spoil(k):
        if k == 5:
            with tg.no_grad():
                model.rnn.weight_hh_l0[0, 0] = math.nan

    with pytest.raises(RuntimeError, match="the loss is nan at training step 5") as caught:
        train(model, 20, every=2, before=spoil)
    words = str(caught.value)
    assert "The weight rnn.weight_hh_l0 is no longer finite: an update before this step made it so" in words
    assert "At step 4 the norm of the gradient was" in words


def test_a_nan_that_was_born_in_the_forward_pass():
    model = nn.Linear(3, 1)
    with study.Monitor(model) as monitor:
        monitor.step(model(tg.ones(2, 3)).square().sum())
        bad = (model(tg.ones(2, 3)) * 0 - 1).log().sum()
        with pytest.raises(RuntimeError, match="All weights are finite: it began in this forward pass") as caught:
            monitor.step(bad)
    assert "Log" in str(caught.value)
    assert "the logarithm of a number that is not above 0; the smallest input is -1" in str(caught.value)
    assert "The last finite one was" in str(caught.value)
    with pytest.raises(RuntimeError, match="the loss is inf at training step 0"):
        study.Monitor(model).step((model(tg.ones(2, 3)) * 0).log().sum() * -1)


@pytest.mark.parametrize(
    ("every", "limit", "looks"), [(1, math.inf, 1000), (200, math.inf, 5), (200, 0.05, 4), (1, 0.05, 6)]
)
def test_looks_become_rare_where_they_are_dear(monkeypatch, every, limit, looks):
    """By this clock a training step takes a second and a look eight: with a limit all looks stay under a twentieth."""
    now = 0.0

    class Dear:
        def __init__(self, step, loss, parameters):
            nonlocal now
            now += 8.0
            self.step, self.updates = step, {}

    monkeypatch.setattr(monitoring, "Look", Dear)
    loss = tg.ones(())
    with study.Monitor(nn.Linear(2, 1), every, limit, clock=lambda: now) as monitor:
        for _ in range(1000):
            monitor.step(loss)
            now += 1.0
    assert len(monitor.looks) == looks
    assert monitor.spent == 8 * looks
    assert monitor.cost == pytest.approx(1 + 8 * looks / 1000)
    if (every, limit) == (1, 0.05):
        assert [look.step for look in monitor.looks] == [0, 320, 480, 640, 800, 960]  # the first whatever it costs


def test_the_dashboard_and_the_table():
    monitor = train(Model(), 9, every=4)
    assert [look.step for look in monitor.looks] == [0, 4, 8]
    assert [row["step"] for row in monitor.table()] == [0, 4, 8]
    assert set(next(iter(monitor.table()))) >= {
        "loss",
        "‖gradient‖",
        "update/weight",
        "∂L/∂h, last t",
        "∂L/∂c, first t",
    }
    assert monitor.cost >= 1
    assert "in 9 steps" in repr(monitor)
    assert monitor.plot()._repr_png_().startswith(b"\x89PNG")
    empty = study.Monitor(Model())
    assert "call monitor.step(loss)" in empty.finding()
    assert empty.plot()._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="at least 1 training step, got 0"):
        study.Monitor(Model(), every=0)
    with pytest.raises(TypeError, match="expected a module, got float"):
        study.Monitor(0.5)  # type: ignore[arg-type]
