"""Names of constants that no graph keeps: from the lines that made what is drawn, and only where those say the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.viz import draw


@pytest.fixture
def W():
    return tg.tensor([[0.5, -1.0], [0.3, 0.2]], requires_grad=True)


x, goal = tg.tensor([[1.0, 2.0]]), tg.tensor([[0.0, 1.0]])
criterion = nn.MSELoss()


def constants(drawing):
    return [item.name for item in drawing.model.items if item.kind == "constant"]


def test_a_target_has_its_name_before_and_after_backward(W):
    y = (x @ W).tanh()
    loss = ((y - goal) ** 2).sum()
    assert constants(draw(loss)) == ["x", "goal"]
    loss.backward()
    drawing = draw(loss)
    assert constants(drawing) == ["x", "goal", "2"]
    assert not drawing.picture.remarks


def test_losses_of_a_difference(W):
    y = (x @ W).tanh()
    mse = F.mse_loss(y, goal)
    own = criterion(y, goal)
    l1 = tg.nn.functional.l1_loss(y, goal, reduction="sum")
    for drawing in (draw(mse), draw(own), draw(l1)):
        assert constants(drawing) == ["x", "goal"]


def test_what_a_loop_sets_has_its_time_step(W):
    h, total = tg.zeros(1, 2), 0
    for t, x_t in enumerate(tg.ones(3, 1, 2).unbind(0)):
        with tg.step(t):
            h = (x_t + h @ W).tanh()
            total = total + (h - goal).abs().sum()
    total.backward()
    found = constants(draw(total))
    assert [name for name in found if name.startswith("x_t")] == ["x_t[0]", "x_t[1]", "x_t[2]"]
    assert found.count("goal") == 3


def test_no_name_where_the_lines_may_mean_another(W):
    other = tg.ones(1, 2)
    if W.sum().item() > 100:
        loss = (x @ W - other).sum()
    else:
        loss = (x @ W - goal).sum()
    drawing = draw(loss)
    assert constants(drawing) == ["x", ""]
    assert drawing.picture.remarks == [
        "·: a constant of which the graph keeps nothing; made inside tg.record() it has its name and value"
    ]

    def made(a):
        return a - other

    loss = goal - goal
    loss = made(x @ W)
    assert constants(draw(loss)) == ["x", ""]
    loss = (x @ W - goal).sum()
    assert constants(draw(loss, names={})) == ["", ""]


def test_a_program_without_a_file_is_drawn():
    code = "import tinygrad_rnn as tg; a = tg.ones(2, requires_grad=True); b = tg.ones(2); c = a - b; print(tg.draw(c).text())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "c = −(a, n2)" in done.stdout, done.stderr


def test_graphs_that_are_compared_have_each_their_x():
    losses = []
    for kind in (nn.RNN, nn.GRU):
        with tg.record():
            losses.append(kind(3, 4)(tg.randn(4, 2, 3))[0].sum())
    found = constants(draw(losses, titles=["RNN", "GRU"], names={}))
    assert [found.count(f"x[{t}]") for t in range(4)] == [2] * 4


def test_what_a_decoder_reads_again_is_not_another_h():
    cell, readout = nn.RNNCell(1, 4), nn.Linear(4, 1)
    h, y = tg.zeros(2, 4), tg.zeros(2, 1)
    for t in range(3):
        with tg.step(t):
            h = cell(y, h)
            y = readout(h)
    model = draw(y.sum(), names={}).model
    for items in model.tiles.values():
        assert [item.op for item in items if item.name == "h"] == ["Tanh"]
