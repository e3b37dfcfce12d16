"""One op after the other: the same lines run with PyTorch's module and with ours."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np

import tinygrad_rnn as tg

from .peers import peer
from .table import Row, Table
from .timing import Job, compare


def chain(quick: bool) -> Table:
    """100 multiplications of small vectors: almost nothing but the cost of recording and going back."""
    table = Table("100 multiplications of 8 numbers", "µs", 1e6)
    for what, backward in (("forward and backward", True), ("forward only", False)):
        jobs = {name: chain_job(library, backward) for name, library in _libraries().items()}
        table.add(what, compare(jobs, 9, quick))
    return table


def chain_job(library: Any, backward: bool) -> Job:
    """The powers of 8 numbers up to the 101st."""
    start = library.tensor(np.random.default_rng(0).random(8).astype("float32"))

    def job() -> None:
        x = start.clone().requires_grad_()
        y = x
        for _ in range(100):
            y = y * x
        if backward:
            y.sum().backward()

    return job


def lstm(quick: bool) -> Table:
    """An LSTM written out, T=32 B=16 I=32 H=32."""
    table = Table("LSTM op by op, T=32 B=16 I=32 H=32")
    for what, backward in (("forward and backward", True), ("forward only", False)):
        jobs = {name: lstm_job(library, 32, 16, 32, 32, backward) for name, library in _libraries().items()}
        table.add(what, compare(jobs, 9, quick))
    return table


def lstm_job(library: Any, T: int, B: int, I: int, H: int, backward: bool = True) -> Job:
    """An LSTM from the functions of `library`, over x (T, B, I); its loss is the sum of the last state."""
    random = np.random.default_rng(0)
    shapes = [(4 * H, I), (4 * H, H), (4 * H,), (4 * H,)]
    weights = [library.tensor(random.normal(0, 0.1, s).astype("float32"), requires_grad=True) for s in shapes]
    x = library.tensor(random.normal(size=(T, B, I)).astype("float32"))
    W_x, W_h, b_x, b_h = weights
    linear, sigmoid, tanh = library.nn.functional.linear, library.sigmoid, library.tanh

    def job() -> None:
        h = c = library.zeros(B, H)
        for t in range(T):
            i, f, g, o = (linear(x[t], W_x, b_x) + linear(h, W_h, b_h)).chunk(4, 1)  # each (B, H)
            c = sigmoid(f) * c + sigmoid(i) * tanh(g)
            h = sigmoid(o) * tanh(c)
        if backward:
            for w in weights:
                w.grad = None
            h.sum().backward()

    return job


def nodes(quick: bool) -> Table:
    """Cost per node as graphs grow: chains, and one leaf used many times."""
    table = Table("Cost per node of a graph, forward and backward", "µs", 1e6)
    for n in (1_000, 10_000) if quick else (1_000, 10_000, 100_000, 1_000_000):
        table.add(f"chain of {n:,} nodes", compare({"ours": lambda n=n: long_chain(n)}, 3, quick), unit=n)
    for n in (1_000, 10_000) if quick else (10_000, 100_000):
        table.add(f"one leaf used {n:,} times", compare({"ours": lambda n=n: many_uses(n)}, 5, quick), unit=n)
    return table


def long_chain(n: int) -> None:
    """A graph of n nodes in a row."""
    x = tg.ones(8, requires_grad=True)
    y = x
    for _ in range(n):
        y = y * 1.0
    y.sum().backward()


def many_uses(n: int) -> None:
    """A graph with n edges to one leaf."""
    x = tg.ones(8, requires_grad=True)
    y = tg.zeros(8)
    for _ in range(n):
        y = y + x
    y.sum().backward()


def node_memory(quick: bool) -> Table:
    """Bytes that one more node keeps alive: the node, its edges, its output of 8 float32 numbers."""
    table = Table("Memory per node of a chain of multiplications of 8 numbers", "bytes", 1)
    x = tg.ones(8, requires_grad=True)
    n = 2_000 if quick else 20_000
    tracemalloc.start()
    y = x
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(n):
        y = y * x
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    table.rows.append(Row(f"{n:,} nodes", (after - before) / n))
    return table


def _libraries() -> dict[str, Any]:
    libraries = {"ours": tg, "PyTorch": peer("torch")}
    return {name: library for name, library in libraries.items() if library is not None}
