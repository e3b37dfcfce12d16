"""Output that any terminal takes, and whose loss stops nothing.

A character that the terminal cannot show becomes a plain one, such as d for ∂, or "?". When the reader of a pipe has gone, the disk under a log file is full
or the terminal is closed, the program goes on without output: what it computes matters more than what it prints.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import unicodedata
from typing import Any

PLAIN = {
    "“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-",
    "∂": "d", "·": "*", "×": "x", "⊙": "*", "÷": "/", "−": "-", "→": "->", "…": "...", "⋮": ":", "‖": "|", "Σ": "sum ",
    "Π": "prod ", "√": "sqrt ", "∫": "int ", "∞": "inf", "π": "pi", "σ": "sigma", "Φ": "Phi", "α": "alpha", "β": "beta",
    "ε": "eps", "δ": "delta", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "⌊": "floor(", "⌋": ")", "′": "'",
    "²": "^2", "³": "^3", "ᵀ": ".T", "⁻": "^-", "ˣ": "^x", "ʸ": "^y", "½": "1/2",
}  # fmt: skip


class Output:
    """A text stream around another that never raises because of it.

    lost  the error after which nothing more is written, None while all is well
    """

    def __init__(self, stream: Any):
        self.stream: Any = stream  # None where the program was started with the stream closed
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        if self.stream is not None and self.lost is None:
            try:
                self._write(text)
                if "\n" in text:
                    self.stream.flush()
            except OSError as error:
                self._lose(error)
        return len(text)

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
        except UnicodeEncodeError:
            self.stream.write("".join(_plain(letter, self.stream.encoding) for letter in text))

    def flush(self) -> None:
        if self.stream is not None and self.lost is None:
            try:
                self.stream.flush()
            except OSError as error:
                self._lose(error)

    def _lose(self, error: OSError) -> None:
        """Send what is still buffered, and what Python writes at its end, to nowhere."""
        self.lost = error
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Terminal:
    """Inside, sys.stdout and sys.stderr are `Output`s."""

    def __enter__(self) -> Terminal:
        self._before = sys.stdout, sys.stderr
        self.out: Any = Output(sys.stdout)
        self.err: Any = Output(sys.stderr)
        sys.stdout, sys.stderr = self.out, self.err
        return self

    def __exit__(self, *exception: object) -> None:
        self.out.flush()
        sys.stdout, sys.stderr = self._before

    @property
    def why(self) -> str:
        """Why standard output was lost; empty if it was not."""
        self.out.flush()
        return self.out.lost.strerror if self.out.lost else ""

    @property
    def status(self) -> int:
        """The exit status of a program that did all but print: 0, 1, or 141 as for programs that a closed pipe ends."""
        if not self.why:
            return 0
        return 128 + getattr(signal, "SIGPIPE", 13) if self.out.lost.errno == errno.EPIPE else 1


def _plain(letter: str, encoding: str) -> str:
    try:
        letter.encode(encoding)
        return letter
    except UnicodeEncodeError:
        simple = PLAIN.get(letter, unicodedata.normalize("NFKD", letter))
        return simple.encode(encoding, "ignore").decode(encoding) or "?"
