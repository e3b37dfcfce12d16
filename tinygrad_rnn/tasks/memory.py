"""Tasks that ask for memory: adding, copy_memory, echo, parity, latch."""

from __future__ import annotations

from functools import partial

from .generators import memory as generators
from .sources import Drawn, count_of
from .task import Task


def adding(length: int = 50, seed: int = 0, samples: int | None = None) -> Task:
    """Two of `length` numbers are marked, one in each half: say their sum. Always to say 1 has an error of 1/6."""
    count_of("length", length, 2)
    return Task(
        name="adding", about="two numbers in a sequence are marked: say their sum",
        origin="Hochreiter & Schmidhuber 1997",
        options={"length": length, "seen": length},
        data=Drawn(partial(generators.adding, length=length), seed, samples),
        net="at the end", inputs=2, outputs=1, tokens=False,
        loss_kind="squares", metric_kind="error", trivial=1 / 6, trivial_is="always 1", optimal=0.0, threshold=0.01,
        defaults={"cell": "gru", "hidden": 32, "init": "chrono", "batch": 64, "lr": 0.01, "steps": 2000},
    )  # fmt: skip


def copy_memory(length: int = 20, symbols: int = 5, kinds: int = 4, seed: int = 0, samples: int | None = None) -> Task:
    """`symbols` symbols of `kinds` kinds are to be said again `length` blanks later."""
    count_of("length", length)
    count_of("symbols", symbols)
    count_of("kinds", kinds, 2)
    draw = partial(generators.copy_memory, delay=length, symbols=symbols, kinds=kinds)
    return Task(
        name="copy_memory", about="say symbols again after a long pause",
        origin="Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016",
        options={"length": length, "symbols": symbols, "kinds": kinds, "seen": length + 2 * symbols},
        data=Drawn(draw, seed, samples),
        net="each step", inputs=kinds + 2, outputs=kinds + 1,
        loss_kind="classes", metric_kind="recalled", trivial=1 / kinds, trivial_is="a guess", optimal=1.0,
        threshold=0.99,
        defaults={"cell": "gru", "hidden": 64, "batch": 64, "lr": 0.005, "steps": 2000},
        vocabulary=["-", *map(str, range(1, kinds + 1)), "!"],
    )  # fmt: skip


def echo(length: int = 30, delay: int = 5, seed: int = 0, samples: int | None = None) -> Task:
    """Say at each step which bit came `delay` steps before."""
    count_of("delay", delay)
    count_of("length", length, delay + 1)
    draw = partial(generators.echo, length=length, delay=delay)
    return Task(
        name="echo", about="say each bit some steps after it came",
        origin="as in introductions to truncated backpropagation",
        options={"length": length, "delay": delay, "seen": delay + 1}, data=Drawn(draw, seed, samples),
        net="each step", inputs=2, outputs=2,
        loss_kind="classes", metric_kind="right", trivial=0.5, trivial_is="a guess", optimal=1.0, threshold=0.99,
        defaults={"cell": "rnn", "hidden": 32, "batch": 32, "lr": 0.01, "steps": 2000}, vocabulary="01",
    )  # fmt: skip


def parity(length: int = 20, seed: int = 0, samples: int | None = None) -> Task:
    """Say at each step whether an odd number of ones has come: one state that turns over, for ever."""
    count_of("length", length, 2)
    return Task(
        name="parity", about="say at each step whether an odd number of ones has come",
        origin="Minsky & Papert 1969; Graves 2016",
        options={"length": length, "seen": length},
        data=Drawn(partial(generators.parity, length=length), seed, samples),
        net="each step", inputs=2, outputs=2,
        loss_kind="classes", metric_kind="right", trivial=0.5, trivial_is="a guess", optimal=1.0, threshold=0.99,
        defaults={"cell": "lstm", "hidden": 32, "batch": 64, "lr": 0.01, "steps": 2000}, vocabulary="01",
    )  # fmt: skip


def latch(length: int = 50, seed: int = 0, samples: int | None = None) -> Task:
    """Three steps say yes or no, `length` steps of noise follow: which was it?"""
    count_of("length", length)
    return Task(
        name="latch", about="keep one bit through noise", origin="Bengio, Simard & Frasconi 1994",
        options={"length": length, "seen": length + 3},
        data=Drawn(partial(generators.latch, lag=length), seed, samples),
        net="at the end", inputs=1, outputs=2, tokens=False,
        loss_kind="classes", metric_kind="right", trivial=0.5, trivial_is="a guess", optimal=1.0, threshold=0.99,
        defaults={"cell": "lstm", "hidden": 16, "init": "chrono", "batch": 32, "lr": 0.01, "steps": 1000},
    )  # fmt: skip
