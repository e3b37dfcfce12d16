"""What a reader who sees nothing but a picture can answer: four pictures, 24 questions, the answers computed elsewhere.

Each answer must stand in the picture as text, at the place where the question looks for it.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import draw
from tinygrad_rnn.viz.model.labels import number_text

from . import graphs


class Reader:
    """A picture, and ways to look at it; `norms` are ‖∂L/∂state‖ from a backward that asks for nothing else."""

    def __init__(self, loss, states, **options):
        found = tg.autograd.grad(loss, list(states.values()), retain_graph=True)
        self.norms = {name: float(np.linalg.norm(g.numpy())) for name, g in zip(states, found, strict=True)}
        self.drawing = draw(loss, grads=True, engine="builtin", **options)
        self.texts = graphs.texts(self.drawing.svg())
        self.picture = self.drawing.picture

    def port(self, name, title=""):
        """The lines below the name on a border, in the steps with this title."""
        tiles = [tile for tile in self.picture.tiles if title in tile.title]
        return [box.lines[1:] for tile in tiles for box in tile.right if box.lines[0] == name and box.lines[1:]]

    def into(self, line):
        """What goes into the boxes with this first line."""
        return {a.tail.lines[0] for tile in self.picture.tiles for a in tile.arrows if a.head.lines[0] == line}

    def strip(self, kind):
        return [mark.text for mark in self.picture.marks if mark.kind == kind]


@functools.cache
def lstm():
    """An LSTM over 12 steps with the loss at the last; shapes and gradients on."""
    tg.manual_seed(1)
    model, x = nn.LSTM(3, 4), tg.randn(12, 2, 3)
    with record():
        output, (_, last_c) = model(x)
        loss = output[-1].square().sum()
    c = {f"c[{t}]": s for t, s in states_of(loss, "c").items()}
    h = {f"h[{t}]": s for t, s in states_of(loss, "h").items()}
    return Reader(loss, h | c, shapes=True, names={"model": model, "loss": loss})


def states_of(loss, name):
    """The tensors of a state, by step."""
    from tinygrad_rnn.study.history import History

    with History.of(loss) as past:
        [track] = past.steps.chosen(name)
        return {t: tg.Tensor._of(past.value(edge), edge) for t, edge in track.edges.items()}


@functools.cache
def by_hand():
    """A tanh RNN by hand with a detach before t = 3 and two losses, at t = 2 and t = 5."""
    tg.manual_seed(2)
    W, U = tg.randn(3, 4, requires_grad=True), tg.randn(4, 4, requires_grad=True)
    x, h, losses, states = tg.randn(6, 2, 3), tg.zeros(2, 4), [], {}
    with record():
        for t in range(6):
            with tg.step(t):
                h = (x[t] @ W + (h.detach() if t == 3 else h) @ U).tanh()
            states[f"h[{t}]"] = h
            if t in (2, 5):
                losses.append(h.square().mean())
        loss = losses[0] + losses[1]
    names = {"W": W, "U": U, "x": x, "losses": losses, "loss": loss}
    return Reader(loss, {"W": W, **states}, names=names)


@functools.cache
def gru():
    """A two-layer GRU, rolled."""
    tg.manual_seed(3)
    with record():
        loss = nn.GRU(3, 4, num_layers=2)(tg.randn(10, 2, 3))[0][-1].sum()
    return Reader(loss, {f"h[{t}]": s for t, s in states_of(loss, "h (layer 1)").items()}, view="rolled", names={})


@functools.cache
def both_ways():
    """A bidirectional LSTM."""
    tg.manual_seed(4)
    with record():
        loss = nn.LSTM(3, 4, bidirectional=True)(tg.randn(4, 2, 3))[0].sum()
    return Reader(loss, {f"c[{t}]": s for t, s in states_of(loss, "c (reverse)").items()}, names={})


def size(reader, name):
    return number_text(reader.norms[name])


def factor(reader, state, t):
    """Of the step from t back to t - 1, as the picture writes it."""
    before, here = (reader.norms[f"{state}[{step}]"] for step in (t - 1, t))
    return f"×{number_text(float(f'{before / here:.2g}'))}"


QUESTIONS = {
    "LSTM: how many steps": lambda: lstm().texts[0].startswith("12 time steps"),
    "LSTM: which are not shown": lambda: {"8 steps", "t = 2 … 9"} <= set(lstm().texts),
    "LSTM: batch and hidden size": lambda: "(2, 4)" in lstm().texts,
    "LSTM: how often is the recurrent weight used": lambda: any(
        text.startswith("weight_hh_l0: 16 × 4 ·") and text.endswith("used 12×") for text in lstm().texts
    ),
    "LSTM: what does the loss look at": lambda: "[-1]" in lstm().into("⊙"),
    "LSTM: how large is ∂L/∂h at the first step": lambda: [f"∂ {size(lstm(), 'h[0]')}"] in lstm().port("h[0]"),
    "LSTM: and ∂L/∂c": lambda: [f"∂ {size(lstm(), 'c[0]')}"] in lstm().port("c[0]"),
    "LSTM: by what factor from t = 11 to t = 10": lambda: factor(lstm(), "c", 11) in lstm().strip("factor"),
    "LSTM: what is left where the fold begins and ends": lambda: {size(lstm(), "h[2]"), size(lstm(), "h[9]")}
    <= set(lstm().strip("number")),
    "LSTM: by what factor in a folded step": lambda: "×"
    + number_text(float(f"{(lstm().norms['c[2]'] / lstm().norms['c[9]']) ** (1 / 7):.2g}"))
    + " a step"
    in lstm().strip("factor"),
    "LSTM: which part of the weights is which gate": lambda: "split i|f|g|o" in lstm().texts,
    "LSTM: what is the cell's equation": lambda: lstm().into("⊙ h") == {"σ o", "tanh"} and lstm().into("+ c") == {"⊙"},
    "by hand: where does the gradient end": lambda: [
        hop.tail.title + " | " + hop.head.title for hop in by_hand().picture.hops if hop.arrow.kind == "cut"
    ]
    == ["t = 2 | t = 3"],
    "by hand: what are the inputs": lambda: {f"x[{t}]" for t in range(6)} <= set(by_hand().texts),
    "by hand: at which steps are the losses": lambda: {"mean losses[0]", "mean losses[1]"} <= set(by_hand().texts)
    and {"h[2]", "h[5]"} == by_hand().into("⊙"),
    "by hand: how much gradient is at each step": lambda: by_hand().strip("number")
    == [size(by_hand(), f"h[{t}]") for t in range(6)],
    "by hand: by what factors": lambda: by_hand().strip("factor")
    == [factor(by_hand(), "h", t) if t != 3 else "✕" for t in range(1, 6)],
    "by hand: how large is the gradient of W": lambda: f"W: 3 × 4 · ‖∂L/∂·‖ {size(by_hand(), 'W')} · used 6×"
    in by_hand().texts,
    "GRU: how many layers and steps": lambda: {
        f"layer {k} · one step, × 10 · t = 0 … 9" for k in (0, 1)
    } <= set(gru().texts),
    "GRU: what goes into layer 1": lambda: {"layer 0 · h[t]", "h[t−1]"} <= gru().into("linear"),
    "GRU: how does the gradient of layer 1 fall": lambda: {factor(gru(), "h", t) for t in range(1, 10)}
    <= set(gru().strip("factor")),
    "both ways: in which order does the second direction read": lambda: any(
        tile.mirrored and tile.title == "← reverse · t = 0" and "h[1]" in [box.lines[0] for box in tile.left]
        for tile in both_ways().picture.tiles
    ),
    "both ways: where do they meet": lambda: both_ways().into("cat dim=1") == {
        f"{arrow} h[{t}]" for arrow in "→←" for t in range(4)
    },
    "both ways: how much is at c of the second direction": lambda: [
        both_ways().port(f"c[{t}]", "reverse") for t in range(4)
    ]
    == [[[f"∂ {size(both_ways(), f'c[{t}]')}"]] for t in range(4)],
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_picture_answers(question):
    assert QUESTIONS[question]()


def test_there_are_as_many_questions_as_were_asked():
    assert len(QUESTIONS) == 24
