"""Tasks of pictures and sound: captions (one to many), video (many to one), speech (labels without timing: CTC)."""

from __future__ import annotations

from functools import partial

from .generators import senses as generators
from .sources import Drawn, count_of
from .task import Task


def captions(seed: int = 0, samples: int | None = None) -> Task:
    """A noisy picture of a shape: "a small ring at the top left". 72 captions; place and noise differ."""
    words = generators.CAPTION_WORDS
    return Task(
        "captions", "describe a small picture", "Vinyals et al. 2015; the lectures: one to many",
        {"seen": 8, "pictures": True}, Drawn(generators.captioned, seed, samples), "caption", 256, len(words), "classes",
        "exact", 1 / 72, "a guess", 1.0, 0.97, {"cell": "gru", "hidden": 64, "batch": 64, "lr": 0.003, "steps": 1500},
        tokens=False, vocabulary=words, held_out=200,
    )  # fmt: skip


def video(length: int = 6, seed: int = 0, samples: int | None = None) -> Task:
    """A shape moves through `length` frames: right, down, left or up?"""
    count_of("length", length, 2, 14)
    return Task(
        "video", "say where a shape moves", "the lectures: many to one over frames",
        {"length": length, "seen": length, "pictures": True}, Drawn(partial(generators.moving, frames=length), seed, samples),
        "at the end", 256, 4, "classes", "right", 0.25, "a guess", 1.0, 0.97,
        {"cell": "gru", "hidden": 64, "batch": 32, "lr": 0.003, "steps": 1500}, tokens=False,
        vocabulary=["right", "down", "left", "up"], held_out=200,
    )  # fmt: skip


def speech(length: int = 40, labels: int = 6, bands: int = 8, seed: int = 0, samples: int | None = None) -> Task:
    """Chords in `length` frames of noise: which, in which order? Nothing says when; CTC sums over all timings."""
    count_of("length", length, 10)
    count_of("labels", labels, 2, 20)
    count_of("bands", bands, 6)
    draw = partial(generators.spoken, frames=length, labels=labels, bands=bands)
    return Task(
        "speech", "write down synthetic speech (CTC)", "Graves et al. 2006",
        {"length": length, "labels": labels, "bands": bands, "seen": length}, Drawn(draw, seed, samples), "each step",
        bands, labels + 1, "ctc", "label errors", 1.0, "silence", 0.0, 0.03,
        {"cell": "lstm", "hidden": 32, "bidirectional": True, "batch": 32, "lr": 0.01, "steps": 1000}, tokens=False,
        vocabulary=["<pad>", *map(str, range(1, labels + 1))],
    )  # fmt: skip
