"""Tasks from sequence to sequence: reverse, sort, sums, dates. The score counts what the model writes by itself.

It jumps from evaluation to evaluation while the learning rate is high, so that the first one above a threshold may be luck.
Therefore all steps are gone through, with a learning rate that falls; but for dates, which are soon learnt.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .generators import rewriting as generators
from .sources import Drawn, count_of
from .task import Task

SYMBOLS = "abcdefghijklmnopqrstuvwxyz"


def reverse(length: int = 10, kinds: int = 8, seed: int = 0, samples: int | None = None) -> Task:
    """Half to `length` symbols of `kinds` kinds, to be written backwards."""
    return _rearranging("reverse", "write a sequence backwards", generators.reverse, length, kinds, seed, samples)


def sort(length: int = 10, kinds: int = 8, seed: int = 0, samples: int | None = None) -> Task:
    """Half to `length` symbols of `kinds` kinds, to be written in order."""
    return _rearranging("sort", "write a sequence in order", generators.sort, length, kinds, seed, samples)


def _rearranging(name: str, about: str, draw: Any, length: int, kinds: int, seed: int, samples: int | None) -> Task:
    count_of("length", length, 4)
    count_of("kinds", kinds, 2, len(SYMBOLS))
    return _task(
        name, about, "Graves et al. 2014; Vinyals et al. 2016", {"length": length, "kinds": kinds, "seen": 2 * length},
        Drawn(partial(draw, length=length, kinds=kinds), seed, samples), SYMBOLS[:kinds], "any fixed answer",
        steps=1000, schedule="cosine", target="none",
    )  # fmt: skip


def sums(length: int = 2, seed: int = 0, samples: int | None = None) -> Task:
    """ "57+8" to "65": two numbers of up to `length` digits."""
    count_of("length", length, 2, 9)
    return _task(
        "sums", "add two numbers written as text", "Zaremba & Sutskever 2014",
        {"length": length, "seen": 3 * length + 3}, Drawn(partial(generators.sums, digits=length), seed, samples),
        generators.SUM_LETTERS, "any fixed answer", threshold=0.95, hidden=96, steps=2000,
        schedule="cosine", target="none", dropout=0.1,
    )  # fmt: skip


def dates(seed: int = 0, samples: int | None = None) -> Task:
    """ "monday, march 3, 1997" to "1997-03-03": six ways of writing a date, whose parts stand in different orders."""
    return _task(
        "dates", "translate dates into the one form", "after the examples of attention's early tutorials",
        {"seen": 40}, Drawn(generators.dates, seed, samples), generators.DATE_LETTERS, "any fixed answer", steps=1500,
    )  # fmt: skip


def _task(
    name: str, about: str, origin: str, options: dict[str, Any], data: Drawn, letters: str, trivial_is: str,
    threshold: float = 0.99, hidden: int = 64, **training: Any,
) -> Task:  # fmt: skip
    size = len(letters) + 2
    return Task(
        name=name, about=about, origin=origin,
        options=options, data=data,
        net="translate", inputs=size, outputs=size,
        loss_kind="classes", metric_kind="exact", trivial=0.0, trivial_is=trivial_is, optimal=1.0, threshold=threshold,
        defaults={"cell": "attention", "hidden": hidden, "batch": 64, "lr": 0.005, "target": (1 + threshold) / 2,
                  **training},
        vocabulary=["<pad>", "<end>", *letters], held_out=200,
    )  # fmt: skip
