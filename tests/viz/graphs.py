"""Small graphs to draw, and ways to look at what was drawn."""

from __future__ import annotations

import shutil
import xml.dom.minidom
from xml.etree import ElementTree

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's dot is not on PATH")


def scalar():
    """e = (a b + c) tanh(a): a diamond over a."""
    a, b, c = (tg.tensor(v, requires_grad=True) for v in (2.0, -3.0, 10.0))
    d = a * b + c
    e = d * a.tanh()
    return e, {"a": a, "b": b, "c": c, "d": d, "e": e}


def rnn(steps, cut_every=None):
    """A loop of the user's own: h = tanh(x W + h U), summed at the end."""
    tg.manual_seed(0)
    W, U = tg.randn(3, 4, requires_grad=True), tg.randn(4, 4, requires_grad=True)
    W.name, U.name = "W", "U"
    x, h = tg.randn(steps, 2, 3), tg.zeros(2, 4)
    for t in range(steps):
        with tg.step(t):
            if cut_every and t and t % cut_every == 0:
                h = h.detach()
            h = (x[t] @ W + h @ U).tanh()
    return h.sum(), {"W": W, "U": U, "x": x, "h": h}


def lstm(steps, batch=2, hidden=4):
    """An LSTM written out, without modules."""
    tg.manual_seed(0)
    W, U = tg.randn(3, 4 * hidden, requires_grad=True), tg.randn(hidden, 4 * hidden, requires_grad=True)
    x, h, c = tg.randn(steps, batch, 3), tg.zeros(batch, hidden), tg.zeros(batch, hidden)
    for t in range(steps):
        with tg.step(t):
            i, f, g, o = (x[t] @ W + h @ U).chunk(4, -1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
    return h.sum(), {"W": W, "U": U, "x": x}


class Block(nn.Module):
    """Attention and a residual: no time in it."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.out = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return x + self.out((self.q(x) @ self.k(x).mT).softmax(-1) @ x)


def block():
    tg.manual_seed(0)
    model, x = Block(), tg.randn(5, 4)
    return model(x).sum(), {"model": model, "x": x}


def parse(svg):
    """The SVG as a document; fails if it is not XML."""
    return xml.dom.minidom.parseString(svg)


def well_formed(svg):
    """Fails, as `parse` does, if it is not XML, but builds no document."""
    ElementTree.fromstring(svg)


def texts(svg):
    """All text in an SVG document."""
    return [
        "".join(n.data for n in e.childNodes if n.nodeType == n.TEXT_NODE)
        for e in parse(svg).getElementsByTagName("text")
    ]


def boxes(drawing, kind=None):
    return [box for box in drawing.picture.boxes() if kind is None or box.kind == kind]
