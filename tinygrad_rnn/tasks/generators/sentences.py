"""Sentences from small grammars: reviews whose mood hangs on negation, words whose kind hangs on what follows."""

from __future__ import annotations

import numpy as np

Arrays = tuple[np.ndarray, ...]

THINGS = ["film", "plot", "music", "acting", "ending", "story", "camera", "cast", "dialogue", "pace"]
GOOD = ["good", "great", "charming", "clever", "moving", "funny"]
BAD = ["bad", "dull", "boring", "awful", "clumsy", "silly"]
DEGREES = ["very", "really", "quite", "rather", "truly"]
NEGATIONS = ["not", "never", "hardly"]
REVIEW_WORDS = ["<pad>", "the", "was", *NEGATIONS, "and", "but", ".", *DEGREES, *THINGS, *GOOD, *BAD]

TAGS = ["determiner", "adjective", "noun", "verb", "adverb"]
ALWAYS = {
    "determiner": ["the", "a", "this", "every"],
    "adjective": ["old", "small", "quiet", "green"],
    "noun": ["dog", "child", "river", "door"],
    "verb": ["finds", "sees", "needs", "likes"],
    "adverb": ["today", "often", "again", "slowly"],
}
EITHER = ["light", "cold", "dark", "sound", "plain", "calm"]  # adjective before a noun, else noun
TAG_WORDS = ["<pad>", *[word for words in ALWAYS.values() for word in words], *EITHER]


def reviews(rng: np.random.Generator, count: int, clauses: int) -> Arrays:
    """x (count, longest) ints, index in REVIEW_WORDS, filled on the left; y (count,) 1 if most clauses are kind.

    A clause is "the plot was (not | never | hardly) (very) dull"; a negation turns its mood around. The number of
    clauses is odd, `clauses` at most.
    """
    number = {word: k for k, word in enumerate(REVIEW_WORDS)}
    x, y = np.zeros((count, 7 * clauses), np.int64), np.zeros(count, np.int64)
    for row in range(count):
        size = 2 * int(rng.integers((clauses + 1) // 2)) + 1
        moods = [clause(rng) for _ in range(size)]
        words: list[str] = []
        for k, (said, _) in enumerate(moods):
            words += [*said, "." if k == size - 1 else one_of(rng, ["and", "but"])]
        x[row, 7 * clauses - len(words) :] = [number[word] for word in words]
        y[row] = sum(mood for _, mood in moods) > 0
    return x, y


def clause(rng: np.random.Generator) -> tuple[list[str], int]:
    """The words of one clause, and its mood, +1 or -1."""
    kind, negated, degree = rng.random(3) < (0.5, 0.5, 0.4)
    words = ["the", one_of(rng, THINGS), "was"]
    words += [one_of(rng, NEGATIONS)] if negated else []
    words += [one_of(rng, DEGREES)] if degree else []
    return [*words, one_of(rng, GOOD if kind else BAD)], 1 if kind != negated else -1


def one_of(rng: np.random.Generator, words: list[str]) -> str:
    """One of the words, each as likely (`rng.choice` takes ten times as long)."""
    return words[int(rng.random() * len(words))]


def tagged(rng: np.random.Generator, count: int, phrases: int) -> Arrays:
    """x, y (count, longest) ints: words (index in TAG_WORDS) and their tags (index in TAGS), filled at the end with 0 and -100.

    "the light finds this cold dark door": `light` is a noun, `cold` and `dark` are adjectives; who has read only
    as far as the word cannot know.
    """
    number = {word: k for k, word in enumerate(TAG_WORDS)}
    x, y = np.zeros((count, 6 * phrases), np.int64), np.full((count, 6 * phrases), -100)
    for row in range(count):
        pairs = [pair for k in range(phrases) for pair in phrase(rng, last=k == phrases - 1)]
        x[row, : len(pairs)] = [number[word] for word, _ in pairs]
        y[row, : len(pairs)] = [TAGS.index(tag) for _, tag in pairs]
    return x, y


def phrase(rng: np.random.Generator, last: bool) -> list[tuple[str, str]]:
    """Determiner, up to two adjectives, noun, perhaps an adverb, and a verb if another phrase follows."""
    kinds = ["determiner", *["adjective"] * int(rng.integers(3)), "noun", *["adverb"] * int(rng.integers(2))]
    return [(word_of(rng, kind), kind) for kind in (kinds if last else [*kinds, "verb"])]


def word_of(rng: np.random.Generator, kind: str) -> str:
    """A word that can be of the kind."""
    either = kind in ("adjective", "noun") and rng.random() < 0.7
    return one_of(rng, EITHER if either else ALWAYS[kind])
