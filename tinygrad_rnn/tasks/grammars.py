"""Tasks of formal languages: reber, counting, brackets. What comes next is to be said at each step."""

from __future__ import annotations

from functools import partial

from .generators import grammars as generators
from .sources import Drawn, count_of
from .task import Task


def reber(length: int = 25, seed: int = 0, samples: int | None = None) -> Task:
    """Strings of the embedded Reber grammar, at most `length` symbols to read: say at each step a symbol that may follow.

    Who knows the grammar but not the second letter gets half of the strings right.
    """
    count_of("length", length, 9)
    return Task(
        name="reber", about="say what may follow in strings of the embedded Reber grammar",
        origin="Hochreiter & Schmidhuber 1997",
        options={"length": length, "seen": length},
        data=Drawn(partial(generators.reber, longest=length), seed, samples),
        net="each step", inputs=8, outputs=8,
        loss_kind="classes", metric_kind="legal", trivial=0.5, trivial_is="the grammar without the second letter",
        optimal=1.0, threshold=0.99,
        defaults={"cell": "lstm", "hidden": 32, "batch": 32, "lr": 0.01, "steps": 2000},
        vocabulary=["<pad>", *generators.REBER], held_out=200,
    )  # fmt: skip


def counting(length: int = 20, seed: int = 0) -> Task:
    """aⁿbⁿ with n up to `length`; held out are longer ones, up to 1.25 and 1.5 times the length.

    From the first b on each symbol is certain for who has counted. Training never meets these n, so that a score
    says whether the rule was learnt.
    """
    count_of("length", length, 4)
    longer, longest = length + length // 4, length + length // 2
    draws = {
        part: partial(generators.counting, shortest=a, longest=b, room=b)
        for part, a, b in (("training", 1, length), ("validation", length + 1, longer), ("test", longer + 1, longest))
    }
    return Task(
        name="counting", about="aⁿbⁿ: say when the string ends, for n longer than any seen",
        origin="Gers & Schmidhuber 2001",
        options={"length": length, "seen": 2 * longest}, data=Drawn(draws, seed),
        net="each step", inputs=3, outputs=3,
        loss_kind="classes", metric_kind="strings", trivial=0.0, trivial_is="always b", optimal=1.0, threshold=0.99,
        defaults={"cell": "lstm", "hidden": 16, "batch": 32, "lr": 0.01, "steps": 3000}, vocabulary=["<end>", "a", "b"],
        held_out=100,
    )  # fmt: skip


def brackets(length: int = 24, kinds: int = 3, deepest: int = 4, seed: int = 0, samples: int | None = None) -> Task:
    """Balanced brackets of `kinds` kinds, up to `deepest` open at once: say of which kind the one that closes must be."""
    if count_of("length", length, 2) % 2:
        raise ValueError(f"length must be even, for each bracket has its partner; got {length}")
    count_of("kinds", kinds, 2, 4)
    count_of("deepest", deepest)
    draw = partial(generators.brackets, length=length, kinds=kinds, deepest=deepest)
    return Task(
        name="brackets", about="say which bracket must close: a stack", origin="Dyck languages; Joulin & Mikolov 2015",
        options={"length": length, "kinds": kinds, "deepest": deepest, "seen": length}, data=Drawn(draw, seed, samples),
        net="each step", inputs=2 * kinds + 1, outputs=kinds,
        loss_kind="classes", metric_kind="right", trivial=1 / kinds, trivial_is="a guess", optimal=1.0, threshold=0.98,
        defaults={"cell": "lstm", "hidden": 64, "batch": 64, "lr": 0.01, "steps": 2000},
        vocabulary=["<pad>", *"([{<"[:kinds], *")]}>"[:kinds]],
    )  # fmt: skip
