"""Text as a sequence of characters, for language models.

The text at hand on every machine is Python's own: the language reference that `help()` shows
(`pydoc_data.topics`), about half a million characters of English.
"""

from __future__ import annotations

import codecs
import math
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .._tensor import Tensor


class TextError(ValueError):
    """A text cannot be used; the message says which and why, in one line."""


def standard_library_text() -> str:
    """The documentation topics that come with Python, one after the other."""
    from pydoc_data.topics import topics

    return "\n\n".join(topics[name] for name in sorted(topics))


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file, without a byte-order mark; TextError if it is missing, a folder, empty, or not UTF-8."""
    path = Path(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise TextError(f"text file {str(path)!r} does not exist") from None
    except OSError as error:
        raise TextError(f"text file {str(path)!r} cannot be read: {error.strerror}") from None
    content = content.removeprefix(codecs.BOM_UTF8)  # a mark at the start of some files, not a character of the text
    if not content:
        raise TextError(f"text file {str(path)!r} is empty")
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise TextError(
            f"text file {str(path)!r} is not UTF-8: byte {content[error.start]:#04x} at position {error.start}. "
            f"Convert it: {_conversion(path, content)}"
        ) from None


def _conversion(path: Path, content: bytes) -> str:
    """The command that makes UTF-8 of a text: Unicode files start with a mark, others are most often Western European."""
    marks = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}  # fmt: skip
    found = next((name for mark, name in marks.items() if content.startswith(mark)), None)
    hint = "" if found else " (CP1252 if it is Western European, else the name of its encoding)"
    return f"iconv -f {found or 'CP1252'} -t UTF-8 {shlex.quote(str(path))} > utf8.txt{hint}"


def _split(length: int, validation: float) -> int:
    """Where the validation part starts."""
    return int(length * (1 - validation))


def _shortest(sequence: int, validation: float) -> int:
    """The smallest length that leaves `sequence` characters to each part."""
    length = int((sequence - 1) / min(validation, 1 - validation))
    while min(_split(length, validation), length - _split(length, validation)) < sequence:
        length += 1
    return length


class CharText:
    """A text split into a training and a validation part, with each character as a number.

    text            the characters
    batch_size, steps   B and T of the batches; each part is cut into B streams that are read side by side,
                    T characters at a time, so that a state can be carried from one batch to the next
    validation      the share of the text, at its end, that is kept for validation

    Raises TextError for a text that is too short for one sequence in each part, and says how long it must be.

    >>> text = CharText("hello world, hello again", batch_size=2, steps=3, validation=0.4)
    >>> text.vocabulary
    ' ,adeghilnorw'
    """

    def __init__(self, text: str, batch_size: int = 32, steps: int = 64, validation: float = 0.1):
        if not 0 < validation < 1:
            raise ValueError(f"CharText: validation={validation} is the share of the text, expected between 0 and 1")
        self.batch_size: int = batch_size
        self.steps: int = steps
        self.vocabulary: Any = "".join(sorted(set(text)))
        self._number = {character: k for k, character in enumerate(self.vocabulary)}
        split = _split(len(text), validation)
        self.training: Any = self.encode(text[:split])
        self.validation: Any = self.encode(text[split:])
        for part, name in ((self.training, "training"), (self.validation, "validation")):
            if len(part) < steps + 1:
                raise TextError(
                    f"the text is too short: {len(text):,} characters leave {len(part)} for {name}, where one sequence "
                    f"needs {steps + 1}: at least {_shortest(steps + 1, validation):,} characters are needed"
                )
        counts = Counter(text)
        self.unigram_entropy: Any = -sum(n / len(text) * math.log(n / len(text)) for n in counts.values())  # nats

    def __len__(self) -> int:
        """The number of characters."""
        return len(self.training) + len(self.validation)

    def encode(self, text: str) -> np.ndarray:
        """The numbers of characters, int64; TextError for one that the vocabulary lacks."""
        try:
            return np.array([self._number[character] for character in text], dtype=np.int64)
        except KeyError as error:
            raise TextError(f"the character {error.args[0]!r} does not occur in the text") from None

    def decode(self, numbers: np.ndarray) -> str:
        """The text of numbers."""
        return "".join(self.vocabulary[k] for k in numbers)

    def batches(self, part: str = "training") -> Iterator[tuple[Tensor, Tensor]]:
        """(input, target) pairs (T, B): the target is the input one character later. One pass over the part.

        Where the part is too short for B streams there are fewer.
        """
        numbers = self.training if part == "training" else self.validation
        streams = min(self.batch_size, (len(numbers) - 1) // self.steps)
        length = (len(numbers) - 1) // streams
        inputs = numbers[: streams * length].reshape(streams, length).T
        targets = numbers[1 : streams * length + 1].reshape(streams, length).T
        for start in range(0, length - self.steps + 1, self.steps):
            here = slice(start, start + self.steps)
            yield Tensor._of(np.ascontiguousarray(inputs[here])), Tensor._of(np.ascontiguousarray(targets[here]))
