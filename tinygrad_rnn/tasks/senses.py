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
        name="captions", about="describe a small picture", origin="Vinyals et al. 2015; the lectures: one to many",
        options={"seen": 8, "pictures": True}, data=Drawn(generators.captioned, seed, samples),
        net="caption", inputs=256, outputs=len(words), tokens=False,
        loss_kind="classes", metric_kind="exact", trivial=1 / 72, trivial_is="a guess", optimal=1.0, threshold=0.97,
        defaults={"cell": "gru", "hidden": 64, "batch": 64, "lr": 0.003, "steps": 1500, "target": 0.995},
        vocabulary=words, held_out=200,
    )  # fmt: skip


def video(length: int = 6, seed: int = 0, samples: int | None = None) -> Task:
    """A shape moves through `length` frames: right, down, left or up?"""
    count_of("length", length, 2, 14)
    return Task(
        name="video", about="say where a shape moves", origin="the lectures: many to one over frames",
        options={"length": length, "seen": length, "pictures": True},
        data=Drawn(partial(generators.moving, frames=length), seed, samples),
        net="at the end", inputs=256, outputs=4, tokens=False,
        loss_kind="classes", metric_kind="right", trivial=0.25, trivial_is="a guess", optimal=1.0, threshold=0.97,
        defaults={"cell": "gru", "hidden": 64, "batch": 32, "lr": 0.003, "steps": 1500},
        vocabulary=["right", "down", "left", "up"], held_out=200,
    )  # fmt: skip


def speech(length: int = 40, labels: int = 6, bands: int = 8, seed: int = 0, samples: int | None = None) -> Task:
    """Chords in `length` frames of noise: which, in which order? Nothing says when; CTC sums over all timings."""
    count_of("length", length, 10)
    count_of("labels", labels, 2, 20)
    count_of("bands", bands, 6)
    draw = partial(generators.spoken, frames=length, labels=labels, bands=bands)
    return Task(
        name="speech", about="write down synthetic speech (CTC)", origin="Graves et al. 2006",
        options={"length": length, "labels": labels, "bands": bands, "seen": length}, data=Drawn(draw, seed, samples),
        net="each step", inputs=bands, outputs=labels + 1, tokens=False,
        loss_kind="ctc", metric_kind="label errors", trivial=1.0, trivial_is="silence", optimal=0.0, threshold=0.03,
        defaults={"cell": "lstm", "hidden": 32, "bidirectional": True, "batch": 32, "lr": 0.01, "steps": 1000},
        vocabulary=["<pad>", *map(str, range(1, labels + 1))],
    )  # fmt: skip
