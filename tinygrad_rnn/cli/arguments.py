"""What commands share: errors in one line, and values that are checked before anything starts."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """Errors in one line, without the usage text, and with the nearest name where one is misspelt."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Nothing is left over for a parser above, which would not know what is meant."""
        parsed, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"there is no {rest[0]}{nearest(rest[0], self._option_string_actions)}")
        return parsed, rest

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = ", ".join(map(str, action.choices))
            raise argparse.ArgumentError(action, f"there is no {value!r}{nearest(str(value), action.choices)}; choose from {choices}")  # fmt: skip


def nearest(name: str, names: Iterable[Any]) -> str:
    """A question, if one of the names is nearly this one."""
    near = difflib.get_close_matches(name, map(str, names), 1)
    return f"; did you mean {near[0]}?" if near else ""


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
