"""Strings of formal languages, of which the next symbol is to be said: by counting, by a stack, by memory over a distance."""

from __future__ import annotations

import numpy as np

Arrays = tuple[np.ndarray, ...]
REBER = "BTPSXVE"
EDGES = {  # state -> what may come, and the state after it (Reber 1967)
    0: [("B", 1)], 1: [("T", 2), ("P", 3)], 2: [("S", 2), ("X", 4)], 3: [("T", 3), ("V", 5)],
    4: [("X", 3), ("S", 6)], 5: [("P", 4), ("V", 6)], 6: [("E", 7)],
}  # fmt: skip


def reber_string(rng: np.random.Generator) -> tuple[str, list[set[str]]]:
    """One string of the embedded grammar, and after each of its symbols but the last the set of symbols that may follow.

    B (T or P) [a string of the inner grammar] (the same T or P) E: the second letter comes back before the last.
    """
    outer = "TP"[int(rng.integers(2))]
    string, legal, state = "B" + outer, [{"T", "P"}, {"B"}], 0
    while state != 7:
        options = EDGES[state]
        symbol, state = options[int(rng.integers(len(options)))]
        string += symbol
        legal.append({s for s, _ in EDGES[state]} if state != 7 else {outer})
    return string + outer + "E", [*legal, {"E"}]


def reber(rng: np.random.Generator, count: int, longest: int) -> Arrays:
    """x, y (count, longest) ints: symbols of embedded Reber strings (index in "BTPSXVE" + 1, 0 after the end), and the next ones.

    legal (count, longest, 8) bools: which symbols may follow. Strings with more than `longest` + 1 symbols are drawn anew.
    Returns (x, legal, y).
    """
    x = np.zeros((count, longest), np.int64)
    y, legal = np.full_like(x, -100), np.zeros((count, longest, 8), bool)
    for row in range(count):
        string, options = reber_string(rng)
        while len(string) > longest + 1:
            string, options = reber_string(rng)
        numbers = [REBER.index(symbol) + 1 for symbol in string]
        x[row, : len(string) - 1], y[row, : len(string) - 1] = numbers[:-1], numbers[1:]
        for t, symbols in enumerate(options):
            legal[row, t, [REBER.index(symbol) + 1 for symbol in symbols]] = True
    return x, legal, y


def counting(rng: np.random.Generator, count: int, shortest: int, longest: int, room: int) -> Arrays:
    """aⁿbⁿ with n in shortest..longest: x, y (count, 2 room) ints, a = 1, b = 2, the end 0 (Gers & Schmidhuber 2001).

    From the first b on the next symbol is certain, for who has counted; before it nothing counts.
    """
    n = rng.integers(shortest, longest + 1, (count, 1))
    t = np.arange(2 * room)
    x = np.where(t < n, 1, np.where(t < 2 * n, 2, 0))
    y = np.where(t < n, -100, np.where(t < 2 * n - 1, 2, np.where(t < 2 * n, 0, -100)))
    return x, y


def brackets(rng: np.random.Generator, count: int, length: int, kinds: int, deepest: int) -> Arrays:
    """Balanced brackets of several kinds: x, y (count, length) ints. Opening brackets are 1..kinds, closing ones follow them.

    y_t: the kind 0..kinds-1 that a closing bracket must have, where one comes next. A bracket opens or closes at
    random while both are possible; `length` must be even.
    """
    x = np.zeros((count, length), np.int64)
    y = np.full_like(x, -100)
    rows, depth = np.arange(count), np.zeros(count, np.int64)
    stack = np.zeros((count, deepest + 1), np.int64)
    for t in range(length):
        closes = (rng.random(count) < 0.5) & (depth > 0) | (depth == deepest) | (depth >= length - t)
        kind, last = rng.integers(0, kinds, count), stack[rows, depth - 1]
        x[:, t] = np.where(closes, last + kinds + 1, kind + 1)
        if t:
            y[closes, t - 1] = last[closes]
        stack[rows[~closes], depth[~closes]] = kind[~closes]
        depth += np.where(closes, -1, 1)
    return x, y
