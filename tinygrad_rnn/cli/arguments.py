"""What commands share: errors in one line, and values that are checked before anything starts."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Errors in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


class UsageError(Exception):
    """The arguments cannot work; the message is the one line to print."""


def complain(arguments: argparse.Namespace, line: str, status: int) -> int:
    """Print one line about what went wrong, and give the status."""
    print(f"{' '.join(['tinygrad-rnn', arguments.command or '']).strip()}: {line}", file=sys.stderr)
    return status


def count(text: str) -> int:
    """A positive int, for argparse."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if value <= 0:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def name(text: str) -> str:
    """The name of a file or folder, for argparse."""
    if not text:
        raise argparse.ArgumentTypeError("the name is empty")
    return text
