"""How far a training is: a bar in a terminal; elsewhere (a file, a pipe, a notebook) a plain line for each evaluation."""

from __future__ import annotations

import sys
import time
from typing import Any


class Progress:
    """A callback for `fit`: loss, metric, speed and time left. Use it as `with Progress() as progress:`.

    note   a function that gives a few words more, such as why the last checkpoint could not be written
    """

    def __init__(self, note: Any = None, file: Any = None):
        self.note: Any = note
        self.file: Any = file
        self._bar: Any = None
        self._start: tuple[int, float] | None = None
        self._per_step, self._rows = 0, 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, run: Any) -> None:
        """Say where `run` is; never ends it."""
        file = self.file or sys.stderr
        if self._start is None:
            self._start = run.step - 1, time.perf_counter()
            x = run.task.batch(0, run.batch).x.array
            self._per_step = x.shape[0] * (1 if run.task.net == "caption" else x.shape[1])
            self._rows = len(run.rows) - (bool(run.rows) and run.rows[-1]["step"] == run.step)
            if getattr(file, "isatty", bool)():
                from tqdm import tqdm

                self._bar = tqdm(total=run.steps, initial=run.step - 1, unit="step", mininterval=0.2, file=file)
        evaluated = len(run.rows) > self._rows
        self._rows = len(run.rows)
        if self._bar is not None:
            self._bar.set_postfix_str(self._words(run), refresh=False)
            self._bar.update()
        elif evaluated:
            print(f"step {run.step:,} of {run.steps:,}: {self._words(run)}, {self._left(run)}", file=file)

    def _rate(self, run: Any) -> float:
        start, since = self._start or (0, 0.0)
        return (run.step - start) / max(1e-9, time.perf_counter() - since)

    def _words(self, run: Any) -> str:

        score = f", {run.task.metric.name} {run.task.metric.shown(run.rows[-1]['score'])}" if run.rows else ""
        unit = "tokens" if run.task.tokens else "time steps"
        more = self.note() if self.note else ""
        return f"loss {run.losses[-1]:.4g}{score}, {self._rate(run) * self._per_step:,.0f} {unit}/s{more}"

    def _left(self, run: Any) -> str:
        seconds = (run.steps - run.step) / self._rate(run)
        return f"at most {seconds / 60:.0f} min left" if seconds > 120 else f"at most {seconds:.0f} s left"
