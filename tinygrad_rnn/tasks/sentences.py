"""Tasks over sentences: sentiment (one answer for all words) and tagging (one for each, which hangs on words to come)."""

from __future__ import annotations

from functools import partial

import numpy as np

from .generators import sentences as generators
from .sources import Drawn, count_of
from .task import Task


def sentiment(length: int = 3, seed: int = 0, samples: int | None = 4000) -> Task:
    """Reviews of up to `length` clauses, some negated: is most of it kind? A fixed training set, as real ones are.

    Words alone say nothing: each good word stands as often in a bad clause. `head` "last" asks the last state,
    "max" each score at its best step.
    """
    count_of("length", length)
    draw = partial(generators.reviews, clauses=length)
    return Task(
        name="sentiment", about="is a review kind? with negations",
        origin="the lectures: many to one, last state and max over time",
        options={"length": length, "seen": 7 * length}, data=Drawn(draw, seed, samples),
        net="at the end", inputs=len(generators.REVIEW_WORDS), outputs=2,
        loss_kind="classes", metric_kind="right", trivial=0.5, trivial_is="a guess", optimal=1.0, threshold=0.97,
        defaults={"cell": "lstm", "hidden": 32, "batch": 64, "lr": 0.005, "steps": 2000},
        vocabulary=generators.REVIEW_WORDS,
    )  # fmt: skip


def tagging(length: int = 3, seed: int = 0, samples: int | None = 4000) -> Task:
    """Sentences of `length` phrases: is each word a determiner, adjective, noun, verb or adverb?

    Some words are adjectives before a noun, and nouns else: reading in both directions is needed. The trivial predictor
    gives each word its most frequent tag.
    """
    count_of("length", length)
    data = Drawn(partial(generators.tagged, phrases=length), seed, samples)
    return Task(
        name="tagging", about="say of each word which kind it is",
        origin="the lectures: bidirectional networks, many to many",
        options={"length": length, "seen": 6 * length}, data=data,
        net="each step", inputs=len(generators.TAG_WORDS), outputs=len(generators.TAGS),
        loss_kind="classes", metric_kind="right", trivial=frequent_tags(data),
        trivial_is="the most frequent tag of each word", optimal=1.0, threshold=0.99,
        defaults={"cell": "lstm", "hidden": 24, "bidirectional": True, "batch": 32, "lr": 0.01, "steps": 1000},
        vocabulary=generators.TAG_WORDS,
    )  # fmt: skip


def frequent_tags(data: Drawn) -> float:
    """The share of right answers of one who gives each word the tag that it has most often."""
    counts = np.zeros((len(generators.TAG_WORDS), len(generators.TAGS)))
    x, y = data.batch(0, 500)
    np.add.at(counts, (x[y >= 0], y[y >= 0]), 1)
    x, y = data.batch(0, 100, "validation")
    return float((counts.argmax(1)[x] == y)[y >= 0].mean())
