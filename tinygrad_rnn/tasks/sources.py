"""Where batches come from: drawn anew each time, from a fixed set, or read from a long stream. From NumPy alone.

Batch number k is a function of the seed, the part and k. So a program that stopped after batch k needs no more than
that number to go on as if it had not.

Parts never leak. Of drawn sequences a hash of what the model reads says to which part each belongs: one in ten is for
validation, one in ten for the test, and no training draws them. Streams are cut into a beginning, a middle and an end.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

Arrays = tuple[np.ndarray, ...]
Draw = Callable[[np.random.Generator, int], Arrays]
PARTS = ("training", "validation", "test")


class Source(Protocol):
    """Gives batch number k of a part, `size` sequences if it has them."""

    def batch(self, k: int, size: int, part: str = "training") -> Arrays: ...


def check_part(part: str) -> None:
    """Raise a ValueError unless there is such a part."""
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(map(repr, PARTS))}, got {part!r}")


def parts_of(x: np.ndarray) -> np.ndarray:
    """For each row of x the part it belongs to: 0 training, 1 validation, 2 test."""
    tenths = np.array([zlib.crc32(row.tobytes()) % 10 for row in x])
    return np.where(tenths < 2, tenths + 1, 0)


class Drawn:
    """Sequences drawn at random.

    draw     (random numbers, count) -> arrays; or a dict of one for each part, if they differ by construction
    seed     of the random numbers
    samples  draw so many training sequences once and shuffle them in each epoch; None: fresh ones for every batch
    """

    def __init__(self, draw: Draw | dict[str, Draw], seed: int = 0, samples: int | None = None):
        if seed < 0:
            raise ValueError(f"seed must be at least 0, got {seed}")
        if samples is not None and samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        self.draw = draw
        self.seed: int = seed
        self.samples: int | None = samples
        self._pool: Arrays | None = None
        self._held_out: dict[tuple[str, int, int], Arrays] = {}  # as drawn the first time
        self._order: tuple[int, np.ndarray] = (-1, np.empty(0, np.int64))

    def batch(self, k: int, size: int, part: str = "training") -> Arrays:
        """Batch number k = 0, 1, …: the same arrays for the same numbers, in any order and process."""
        check_part(part)
        if part != "training":
            if (part, k, size) not in self._held_out:
                self._held_out[part, k, size] = self._fresh(k, size, part)
            return self._held_out[part, k, size]
        if self.samples is None:
            return self._fresh(k, size, part)
        if self._pool is None:
            self._pool = self._fresh(0, self.samples, part)
        rows = [self._row(n) for n in range(k * size, (k + 1) * size)]
        return tuple(array[rows] for array in self._pool)

    def _row(self, n: int) -> int:
        """The n-th row that training meets: each epoch has an order of its own."""
        samples = self.samples or 1
        epoch, place = divmod(n, samples)
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng([self.seed, 3, epoch]).permutation(samples)
        return int(self._order[1][place])

    def _fresh(self, k: int, size: int, part: str) -> Arrays:
        number = PARTS.index(part)
        rng = np.random.default_rng([self.seed, number, k])
        if isinstance(self.draw, dict):
            return self.draw[part](rng, size)
        kept: list[Arrays] = []
        for _ in range(50):
            arrays = self.draw(rng, size + size // 4 + 4 if part == "training" else 10 * size)
            mine = parts_of(arrays[0]) == number
            kept.append(tuple(array[mine] for array in arrays))
            if sum(len(rows[0]) for rows in kept) >= size:
                return tuple(np.concatenate(column)[:size] for column in zip(*kept, strict=True))
        raise ValueError(
            f"too few different sequences for training, validation and test: {50 * size} draws gave "
            f"{sum(len(rows[0]) for rows in kept)} of {size} for {part}; make them longer"
        )


class Stream:
    """One long row of values, of which batches are windows `length` long; y is x one step later.

    values   (N,) or (N, I)
    shares   of validation and test, at the end
    carried  the windows of one batch go on where those of the batch before ended, so that a state can be carried over;
             else they start at random places
    """

    def __init__(
        self, values: np.ndarray, length: int, seed: int = 0, shares: tuple[float, float] = (0.1, 0.1),
        carried: bool = True,
    ):  # fmt: skip
        ends = np.cumsum([1 - sum(shares), *shares]) * len(values)
        cuts = np.r_[0, ends.round().astype(int)]
        self.parts: Any = {part: values[a:b] for part, a, b in zip(PARTS, cuts, cuts[1:], strict=False)}
        self.length: int = length
        self.seed: int = seed
        self.carried: bool = carried
        short = min(self.parts.values(), key=len)
        if len(short) < length + 1:
            raise ValueError(
                f"too short: {len(values):,} values leave {len(short)} for a part, where a window needs {length + 1}"
            )

    def windows(self, size: int, part: str) -> tuple[int, int]:
        """How many rows a batch has (fewer where the part is short), and how many batches there are side by side."""
        count = (len(self.parts[part]) - 1) // self.length
        rows = min(size, count)
        return rows, count // rows

    def starts_anew(self, k: int, size: int, part: str = "training") -> bool:
        """True where batch k is the first of a pass, so that a carried state ends."""
        return not self.carried or k % self.windows(size, part)[1] == 0

    def batch(self, k: int, size: int, part: str = "training") -> Arrays:
        """(x, y), each (rows, length, …)."""
        check_part(part)
        values = self.parts[part]
        rows, side = self.windows(size, part)
        if self.carried or part != "training":
            starts = (np.arange(rows) * side + k % side) * self.length
        else:
            rng = np.random.default_rng([self.seed, 0, k])
            starts = rng.integers(0, len(values) - self.length, size)
        places = starts[:, None] + np.arange(self.length)
        return values[places], values[places + 1]


def count_of(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """`value`, if it is a whole number in least..most; else a TypeError or ValueError that says so."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {type(value).__name__}")
    if value < least or (most is not None and value > most):
        raise ValueError(
            f"{name} must be at least {least}{'' if most is None else f' and at most {most}'}, got {value}"
        )
    return int(value)
