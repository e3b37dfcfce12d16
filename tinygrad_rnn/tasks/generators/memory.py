"""Sequences that ask for memory: what came long before decides what must be said now."""

from __future__ import annotations

import numpy as np

Arrays = tuple[np.ndarray, ...]


def adding(rng: np.random.Generator, count: int, length: int) -> Arrays:
    """x (count, length, 2): numbers in 0..1, and two marks, one in each half. y (count, 1): the sum of the marked numbers.

    The answer 1 has an error of 2 Var(U) = 1/6 (Hochreiter & Schmidhuber 1997).
    """
    x = np.zeros((count, length, 2), np.float32)
    x[:, :, 0] = rng.random((count, length), np.float32)
    rows, half = np.arange(count), length // 2
    first, second = rng.integers(0, half, count), rng.integers(half, length, count)
    x[rows, first, 1] = x[rows, second, 1] = 1
    return x, (x[rows, first, 0] + x[rows, second, 0])[:, None]


def copy_memory(rng: np.random.Generator, count: int, delay: int, symbols: int, kinds: int) -> Arrays:
    """`symbols` symbols 1..kinds, blanks (0) over the delay, a signal (kinds + 1); then the symbols are to be said again.

    x, y (count, delay + 2 symbols) ints; y is blank until the signal (Arjovsky, Shah & Bengio 2016). At the signal the
    first symbol is due.
    """
    said = rng.integers(1, kinds + 1, (count, symbols))
    x = np.zeros((count, delay + 2 * symbols), np.int64)
    y = np.zeros_like(x)
    x[:, :symbols], x[:, symbols + delay] = said, kinds + 1
    y[:, symbols + delay :] = said
    return x, y


def echo(rng: np.random.Generator, count: int, length: int, delay: int) -> Arrays:
    """Bits x (count, length), and what they were `delay` steps before; nothing counts before there is something."""
    x = rng.integers(0, 2, (count, length))
    y = np.full_like(x, -100)
    y[:, delay:] = x[:, : length - delay]
    return x, y


def parity(rng: np.random.Generator, count: int, length: int) -> Arrays:
    """Bits x (count, length); y_t = 1 where an odd number of x_1 .. x_t are 1."""
    x = rng.integers(0, 2, (count, length))
    return x, x.cumsum(1) % 2


def latch(rng: np.random.Generator, count: int, lag: int, signal: int = 3, noise: float = 0.2) -> Arrays:
    """`signal` steps near +1 or -1, then `lag` steps of noise: which was it? (Bengio, Simard & Frasconi 1994)

    x (count, signal + lag, 1) floats, y (count,) 0 or 1
    """
    y = rng.integers(0, 2, count)
    x = rng.normal(0, noise, (count, signal + lag, 1)).astype(np.float32)
    x[:, :signal, 0] += 2 * y[:, None] - 1
    return x, y
