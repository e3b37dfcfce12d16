"""One sequence to be written as another: backwards, sorted, added up, a date in its one form.

Sources are filled on the left, targets end with END and are filled with -100. Numbers of tokens: PAD, END, then symbols.
"""

from __future__ import annotations

import datetime

import numpy as np

Arrays = tuple[np.ndarray, ...]
PAD, END = 0, 1
SUM_LETTERS = "0123456789+"
DATE_LETTERS = "0123456789-./, abcdefghijklmnopqrstuvwxyz"
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def reverse(rng: np.random.Generator, count: int, length: int, kinds: int) -> Arrays:
    """Sources of half to `length` symbols 2..kinds+1, and the same backwards: x (count, length), y (count, length + 1)."""
    return _rearranged(rng, count, length, kinds, lambda symbols: symbols[::-1])


def sort(rng: np.random.Generator, count: int, length: int, kinds: int) -> Arrays:
    """As `reverse`, and the same in order, the smallest first."""
    return _rearranged(rng, count, length, kinds, np.sort)


def _rearranged(rng, count, length, kinds, change) -> Arrays:
    x, y = np.full((count, length), PAD), np.full((count, length + 1), -100)
    for row, size in enumerate(rng.integers((length + 1) // 2, length + 1, count)):
        symbols = rng.integers(2, kinds + 2, size)
        x[row, length - size :], y[row, : size + 1] = symbols, [*change(symbols), END]
    return x, y


def pairs_as_numbers(pairs: list[tuple[str, str]], letters: str, source: int, target: int) -> Arrays:
    """Texts as arrays: x (count, source), y (count, target + 1); a letter's number is its index in `letters` + 2."""
    number = {letter: k + 2 for k, letter in enumerate(letters)}
    x, y = np.full((len(pairs), source), PAD), np.full((len(pairs), target + 1), -100)
    for row, (read, written) in enumerate(pairs):
        x[row, source - len(read) :] = [number[letter] for letter in read]
        y[row, : len(written) + 1] = [*(number[letter] for letter in written), END]
    return x, y


def sums(rng: np.random.Generator, count: int, digits: int) -> Arrays:
    """ "57+128" and "185": numbers of 1..digits digits (Zaremba & Sutskever 2014)."""
    sizes = 10 ** rng.integers(1, digits + 1, (count, 2))
    pairs = [(f"{a}+{b}", str(a + b)) for a, b in (rng.random((count, 2)) * sizes).astype(int)]
    return pairs_as_numbers(pairs, SUM_LETTERS, 2 * digits + 1, digits + 1)


def dates(rng: np.random.Generator, count: int) -> Arrays:
    """ "monday, 3 march 1997" and "1997-03-03": days of 1950..2049 in six ways of writing, which order their parts differently."""
    days = rng.integers(datetime.date(1950, 1, 1).toordinal(), datetime.date(2050, 1, 1).toordinal(), count)
    ways = rng.integers(6, size=count)
    found = [datetime.date.fromordinal(int(day)) for day in days]
    return pairs_as_numbers(
        [(written(day, way), day.isoformat()) for day, way in zip(found, ways, strict=True)], DATE_LETTERS, 29, 10
    )


def written(day: datetime.date, way: int) -> str:
    """A date in one of six ways."""
    month = MONTHS[day.month - 1]
    return (
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{day.day}. {month[:3]} {day.year}",
        f"{day.day:02}.{day.month:02}.{day.year}",
        f"{day.month}/{day.day}/{day.year}",
        f"{DAYS[day.weekday()]}, {month} {day.day}, {day.year}",
    )[way]
