"""Graphs to ask: the worked example of lecture 004 through a layer and through a loop, and one of each kind of layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import nn

X = np.array([[0.5, 0.1, -0.3], [-0.2, 0.4, 0.3], [0.1, -0.5, 0.2], [0.4, 0.2, -0.1]])
Y = np.array([[1.0, 0], [0, 1], [1, 0], [0, 1]])
W_XH = np.array([[0.2, -0.3], [0.4, 0.1], [-0.5, 0.2]])
W_HH = np.array([[0.6, -0.2], [0.1, 0.5]])
W_HY = np.array([[0.3, -0.7], [-0.5, 0.8]])


class Graph:
    """A loss, and what to ask it about."""

    def __init__(self, loss: Any, weight: Any, **others: Any):
        self.loss = loss
        self.weight = weight  # W_hh, or another shared weight
        self.others = others


def by_layer(fused: bool = True) -> Graph:
    rnn = nn.RNN(3, 2, bias=False, fused=fused).double()
    with tg.no_grad():
        rnn.weight_ih_l0.copy_(tg.tensor(W_XH.T))
        rnn.weight_hh_l0.copy_(tg.tensor(W_HH))
    readout = tg.tensor(W_HY, requires_grad=True)
    h, _ = rnn(tg.tensor(X))
    loss = (0.5 * (h @ readout.T - tg.tensor(Y)) ** 2).sum()
    return Graph(loss, rnn.weight_hh_l0, W_xh=rnn.weight_ih_l0, W_hy=readout)


def by_loop() -> Graph:
    W, U, V = (tg.tensor(a, requires_grad=True) for a in (W_HH, W_XH, W_HY))
    h, loss = tg.zeros(2, dtype=tg.float64), 0
    for t in range(4):
        with tg.step(t):
            h = (tg.tensor(X[t]) @ U + W @ h).tanh()
            loss = loss + 0.5 * ((V @ h - tg.tensor(Y[t])) ** 2).sum()
    return Graph(loss, W, W_xh=U, W_hy=V)


def by_cells() -> Graph:
    """nn.RNNCell in a loop without tags: its calls are the steps."""
    cell = nn.RNNCell(3, 2, bias=False).double()
    with tg.no_grad():
        cell.weight_ih.copy_(tg.tensor(W_XH.T))
        cell.weight_hh.copy_(tg.tensor(W_HH))
    readout = tg.tensor(W_HY, requires_grad=True)
    h, loss = tg.zeros(2, dtype=tg.float64), 0
    for t in range(4):
        h = cell(tg.tensor(X[t]), h)
        loss = loss + 0.5 * ((readout @ h - tg.tensor(Y[t])) ** 2).sum()
    return Graph(loss, cell.weight_hh, W_xh=cell.weight_ih, W_hy=readout)


def recorded() -> Graph:
    """After backward, which has released everything: `record()` kept it."""
    with tg.record():
        graph = by_layer()
        graph.loss.backward()
    return graph


WORKED: dict[str, Callable[[], Graph]] = {
    "fused": by_layer,
    "unrolled": lambda: by_layer(fused=False),
    "loop": by_loop,
    "cells": by_cells,
    "recorded, after backward": recorded,
}


# --- one of each kind ---------------------------------------------------------------------------------------


def _layer(layer: Any, weight: str, steps: int = 6, batch: int = 3) -> Graph:
    layer = layer.double()
    x = tg.randn(steps, batch, 3, dtype=tg.float64)
    output = layer(x)[0]
    readout = tg.randn(output.shape[-1], 2, dtype=tg.float64, requires_grad=True)
    return Graph(((output @ readout) ** 2).sum(), layer.get_parameter(weight), module=layer)


def _packed(layer: Any) -> Graph:
    from tinygrad_rnn.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    layer = layer.double()
    packed = pack_padded_sequence(tg.randn(5, 3, 3, dtype=tg.float64), [5, 2, 4], enforce_sorted=False)
    output, _ = pad_packed_sequence(layer(packed)[0])
    return Graph((output**2).sum(), layer.weight_hh_l0, module=layer)


def _attention() -> Graph:
    attention = nn.MultiheadAttention(4, 2, bias=False).double()
    x = tg.randn(5, 2, 4, dtype=tg.float64)
    return Graph((attention(x, x, x)[0] ** 2).sum(), attention.in_proj_weight, module=attention)


def _tied() -> Graph:
    """One matrix embeds the inputs, in one operation before all steps, and reads the outputs."""
    embedding, gru = nn.Embedding(7, 4).double(), nn.GRU(4, 4).double()
    output, _ = gru(embedding(tg.randint(0, 7, (6, 2))))
    return Graph(((output @ embedding.weight.T) ** 2).sum(), embedding.weight)


def _transposed() -> Graph:
    """The steps use what was made of the weight once, before the loop."""
    W = tg.randn(4, 4, dtype=tg.float64, requires_grad=True)
    used, h, loss = (W * 0.5).T, tg.ones(2, 4, dtype=tg.float64), 0
    for t in range(5):
        with tg.step(t):
            h = (h @ used).tanh()
        loss = loss + (h**2).sum()
    return Graph(loss, W)


KINDS: dict[str, Callable[[], Graph]] = {
    "RNN": lambda: _layer(nn.RNN(3, 4), "weight_hh_l0"),
    "RNN relu": lambda: _layer(nn.RNN(3, 4, nonlinearity="relu"), "weight_hh_l0"),
    "LSTM": lambda: _layer(nn.LSTM(3, 4), "weight_hh_l0"),
    "LSTM input weight": lambda: _layer(nn.LSTM(3, 4), "weight_ih_l0"),
    "LSTM projected": lambda: _layer(nn.LSTM(3, 4, proj_size=2), "weight_hh_l0"),
    "GRU": lambda: _layer(nn.GRU(3, 4), "weight_hh_l0"),
    "GRU reset before": lambda: _layer(nn.GRU(3, 4, reset="before"), "bias_hh_l0"),
    "two layers": lambda: _layer(nn.LSTM(3, 4, 2), "weight_hh_l0"),
    "bidirectional": lambda: _layer(nn.GRU(3, 4, 2, bidirectional=True), "weight_hh_l0"),
    "packed": lambda: _packed(nn.LSTM(3, 4)),
    "packed, both ways": lambda: _packed(nn.GRU(3, 4, bidirectional=True)),
    "peephole": lambda: _layer(nn.Recurrent(nn.PeepholeLSTMCell(3, 4)), "cells.0.weight_cf"),
    "attention": _attention,
    "tied": _tied,
    "transposed before the loop": _transposed,
}
