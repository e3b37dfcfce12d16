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
        "adding", "two numbers in a sequence are marked: say their sum", "Hochreiter & Schmidhuber 1997",
        {"length": length, "seen": length}, Drawn(partial(generators.adding, length=length), seed, samples),
        "at the end", 2, 1, "squares", "error", 1 / 6, "always 1", 0.0, 0.01,
        {"cell": "gru", "hidden": 32, "init": "chrono", "batch": 64, "lr": 0.01, "steps": 2000}, tokens=False,
    )  # fmt: skip


def copy_memory(length: int = 20, symbols: int = 5, kinds: int = 4, seed: int = 0, samples: int | None = None) -> Task:
    """`symbols` symbols of `kinds` kinds are to be said again `length` blanks later."""
    count_of("length", length)
    count_of("symbols", symbols)
    count_of("kinds", kinds, 2)
    draw = partial(generators.copy_memory, delay=length, symbols=symbols, kinds=kinds)
    return Task(
        "copy_memory", "say symbols again after a long pause", "Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016",
        {"length": length, "symbols": symbols, "kinds": kinds, "seen": length + 2 * symbols},
        Drawn(draw, seed, samples), "each step", kinds + 2, kinds + 1, "classes", "recalled", 1 / kinds,
        "a guess", 1.0, 0.99, {"cell": "gru", "hidden": 64, "batch": 64, "lr": 0.005, "steps": 2000},
        vocabulary=["-", *map(str, range(1, kinds + 1)), "!"],
    )  # fmt: skip


def echo(length: int = 30, delay: int = 5, seed: int = 0, samples: int | None = None) -> Task:
    """Say at each step which bit came `delay` steps before."""
    count_of("delay", delay)
    count_of("length", length, delay + 1)
    draw = partial(generators.echo, length=length, delay=delay)
    return Task(
        "echo", "say each bit some steps after it came", "as in introductions to truncated backpropagation",
        {"length": length, "delay": delay, "seen": delay + 1}, Drawn(draw, seed, samples), "each step", 2, 2,
        "classes", "right", 0.5, "a guess", 1.0, 0.99,
        {"cell": "rnn", "hidden": 32, "batch": 32, "lr": 0.01, "steps": 2000}, vocabulary="01",
    )  # fmt: skip


def parity(length: int = 20, seed: int = 0, samples: int | None = None) -> Task:
    """Say at each step whether an odd number of ones has come: one state that turns over, for ever."""
    count_of("length", length, 2)
    return Task(
        "parity", "say at each step whether an odd number of ones has come", "Minsky & Papert 1969; Graves 2016",
        {"length": length, "seen": length}, Drawn(partial(generators.parity, length=length), seed, samples),
        "each step", 2, 2, "classes", "right", 0.5, "a guess", 1.0, 0.99,
        {"cell": "lstm", "hidden": 32, "batch": 64, "lr": 0.01, "steps": 2000}, vocabulary="01",
    )  # fmt: skip


def latch(length: int = 50, seed: int = 0, samples: int | None = None) -> Task:
    """Three steps say yes or no, `length` steps of noise follow: which was it?"""
    count_of("length", length)
    return Task(
        "latch", "keep one bit through noise", "Bengio, Simard & Frasconi 1994",
        {"length": length, "seen": length + 3}, Drawn(partial(generators.latch, lag=length), seed, samples),
        "at the end", 1, 2, "classes", "right", 0.5, "a guess", 1.0, 0.99,
        {"cell": "lstm", "hidden": 16, "init": "chrono", "batch": 32, "lr": 0.01, "steps": 1000}, tokens=False,
    )  # fmt: skip
