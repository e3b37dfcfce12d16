"""Tasks over any text: its next character, its next word. The state is carried through the text.

Without a file the text is Python's own documentation, half a million characters of English.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.text import read_text, standard_library_text
from .sources import Stream, count_of
from .task import Task

UNKNOWN = "<unk>"


def text(file: str | Path | None = None, length: int = 64, seed: int = 0) -> Task:
    """Say the next character of the text in a UTF-8 file, in windows of `length`. TextError for a text that cannot be used.

    The first 80 % are for training, a tenth for validation, the last tenth for the test. A character that training
    does not have counts as <unk>.
    """
    content = standard_library_text() if file is None else read_text(file)
    return _next_one("text", "say the next character of a text", "Elman 1990; Graves 2013", content, length, 1, file, 0.5,
        {"cell": "lstm", "hidden": 128, "batch": 32, "lr": 0.003, "steps": 1000, "target": "none"})  # fmt: skip


def words(file: str | Path | None = None, length: int = 32, least: int = 4, seed: int = 0) -> Task:
    """Say the next word of the text in a UTF-8 file, in windows of `length` words.

    least   a word that training has less often counts as <unk>
    """
    content = standard_library_text() if file is None else read_text(file)
    tokens = re.findall(r"\w+|[^\w\s]", content.lower())
    return _next_one("words", "say the next word of a text", "Mikolov et al. 2010; the lectures", tokens, length, least, file, 0.8,
        {"cell": "lstm", "hidden": 96, "batch": 32, "lr": 0.005, "steps": 400, "target": "none", "dropout": 0.2})  # fmt: skip


def _next_one(
    name: str, about: str, origin: str, tokens: Sequence[str], length: int, least: int, file: Any, share: float,
    defaults: dict[str, Any],
) -> Task:  # fmt: skip
    count_of("length", length)
    count_of("least", least)
    counts = Counter(tokens[: round(0.8 * len(tokens))])
    vocabulary = [UNKNOWN, *sorted(token for token, n in counts.items() if n >= least)]
    number = {token: k for k, token in enumerate(vocabulary)}
    stream = Stream(np.array([number.get(token, 0) for token in tokens], np.int64), length)
    trivial = unigram(stream, len(vocabulary))
    return Task(
        name=name, about=about, origin=origin,
        options={"length": length, "seen": length, **({"file": str(file)} if file else {})}, data=stream,
        net="each step", inputs=len(vocabulary), outputs=len(vocabulary),
        loss_kind="classes", metric_kind="nats", trivial=trivial, trivial_is="how often each occurs", optimal=None,
        threshold=share * trivial,
        defaults=defaults, vocabulary=vocabulary,
    )  # fmt: skip


def unigram(stream: Stream, size: int) -> float:
    """The loss in nats over the validation part of one who knows only how often each token occurs in training."""
    counts = np.bincount(stream.parts["training"], minlength=size) + 1  # one more, for what training lacks
    return float(-np.log(counts / counts.sum())[stream.parts["validation"]].mean()) if size > 1 else -math.log(1)
