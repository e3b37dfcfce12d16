"""The runs of a claim that have ended, kept until all have: the same command goes on where a stopped one was.

A file with one row for each run, replaced as a whole after each. It counts for the same effort, versions and machine only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..runs import environment

Row = dict[str, Any]


class Finished:
    """The rows in the file at `path`, and what failed; without a path nothing is kept, and a failure is raised."""

    def __init__(self, path: Path | None = None, quick: bool = False):
        self.path: Path | None = path
        self.failed: list[str] = []
        self._head = {"quick": quick, **environment()}
        self.rows: list[Row] = [] if path is None else self._read(path)

    def once(self, run: Callable[..., Row], key: Row) -> Row | None:
        """The row of `run(**key)`: a kept one or a new one; None if it fails, so that the others are not lost."""
        for row in self.rows:
            if key.items() <= row.items():
                return row
        try:
            self.rows.append({**key, **run(**key)})
        except Exception as error:
            if self.path is None:
                raise
            self.failed.append(f"{', '.join(f'{k} {v}' for k, v in key.items())}: {type(error).__name__}: {error}")
            return None
        if self.path is not None:
            write_atomically(self.path, json.dumps({**self._head, "rows": self.rows}, default=lambda value: value.item()))  # fmt: skip
        return self.rows[-1]

    def _read(self, path: Path) -> list[Row]:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            rows = found.pop("rows")
            return rows if found == self._head else []
        except (FileNotFoundError, ValueError, AttributeError, KeyError, TypeError):  # none, or not one of ours
            return []
