"""How far a sweep is: a bar in a terminal; elsewhere a plain line for each run that ends. Of one training: runs/progress.py."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .grid import Asked


class Progress:
    """Counts the runs, and says how long the rest will take. Silent unless `shown`.

    A run that has not ended is thought to take as long as those of its cell and length that have, or else as long for each
    time step as all that have.
    """

    def __init__(self, shown: bool = False, file: Any = None):
        self.shown: bool = shown
        self.file: Any = file
        self._bar: Any = None
        self._seconds: dict[tuple[str, int | None], list[float]] = {}

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def begin(self, results: Sequence[tuple[Asked, dict[str, Any]]], waiting: Iterable[Asked], at_once: int) -> None:
        """So many were finished before, and so many are still to be trained, `at_once` at a time."""
        self._left = list(waiting)
        self._all, self._at_once = len(results) + len(self._left), max(1, min(at_once, len(self._left)))
        self._since = time.perf_counter()
        for run, result in results:
            self._note(run, result)
        if not self.shown:
            return
        file = self.file or sys.stderr
        if results:
            print(f"{len(results):,} of {self._all:,} runs were finished before", file=file)
        if file.isatty() and self._left:
            from tqdm import tqdm

            self._bar = tqdm(total=self._all, initial=len(results), unit="run", file=file, bar_format="{desc}|{bar}| {n_fmt} of {total_fmt} runs, {elapsed}{postfix}")  # fmt: skip

    def finished(self, run: Asked, result: Mapping[str, Any]) -> None:
        """One run has ended."""
        self._left.remove(run)
        self._note(run, result)
        self._since = time.perf_counter()
        if not self.shown:
            return
        said = f"{run.folder.name}: {result['failed'] or ('solved' if result['solved'] else 'not solved')}"
        if self._bar is not None:
            if result["failed"]:
                self._bar.write(said, file=self.file or sys.stderr)
            self._bar.update()
        else:
            done = self._all - len(self._left)
            print(f"{done:,} of {self._all:,} runs, {self._time()}; {said}", file=self.file or sys.stderr)

    def tick(self) -> None:
        """Called now and then."""
        if self._bar is not None:
            self._bar.set_postfix_str(self._time())

    def _note(self, run: Asked, result: Mapping[str, Any]) -> None:
        if not result["failed"]:
            self._seconds.setdefault((run.cell, run.length), []).append(result["elapsed"])

    def _time(self) -> str:
        if not self._left:
            return "done"
        if not self._seconds:
            return "time left not known yet"
        seconds = max(0.0, sum(map(self._expected, self._left)) / self._at_once - (time.perf_counter() - self._since))
        return f"about {seconds / 60:.0f} min left" if seconds > 120 else f"about {seconds:.0f} s left"

    def _expected(self, run: Asked) -> float:
        """Seconds that a run will take."""
        if alike := self._seconds.get((run.cell, run.length)):
            return sum(alike) / len(alike)
        rates = [second / (length or 1) for (_, length), seconds in self._seconds.items() for second in seconds]
        return sum(rates) / len(rates) * (run.length or 1)
