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
        "sentiment", "is a review kind? with negations", "the lectures: many to one, last state and max over time",
        {"length": length, "seen": 7 * length}, Drawn(draw, seed, samples), "at the end",
        len(generators.REVIEW_WORDS), 2, "classes", "right", 0.5, "a guess", 1.0, 0.97,
        {"cell": "lstm", "hidden": 32, "batch": 64, "lr": 0.005, "steps": 2000},
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
        "tagging", "say of each word which kind it is", "the lectures: bidirectional networks, many to many",
        {"length": length, "seen": 6 * length}, data, "each step", len(generators.TAG_WORDS), len(generators.TAGS),
        "classes", "right", frequent_tags(data), "the most frequent tag of each word", 1.0, 0.99,
        {"cell": "lstm", "hidden": 24, "bidirectional": True, "batch": 32, "lr": 0.01, "steps": 1000},
        vocabulary=generators.TAG_WORDS,
    )  # fmt: skip


def frequent_tags(data: Drawn) -> float:
    """The share of right answers of one who gives each word the tag that it has most often."""
    counts = np.zeros((len(generators.TAG_WORDS), len(generators.TAGS)))
    x, y = data.batch(0, 500)
    np.add.at(counts, (x[y >= 0], y[y >= 0]), 1)
    x, y = data.batch(0, 100, "validation")
    return float((counts.argmax(1)[x] == y)[y >= 0].mean())
