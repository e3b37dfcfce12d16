"""What came of a comparison: each cell at its own best learning rate, as a table, as CSV, in words and as a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..atomic import write_atomically
from ..tasks import Task
from .grid import Outcome
from .picture import figure_of

TABLE, ROWS, RUNS, FIGURE = "comparison.txt", "comparison.csv", "runs.csv", "comparison.png"


class Row(NamedTuple):
    """A cell at a length, at the learning rate `lr` that was best for it by validation.

    solved              of so many `seeds`
    score, best, worst  median and range over the seeds, on the test part, where a run that failed is worse than any
                        score; None: such a run
    steps               the median of the training steps
    trivial, optimal, threshold   scores of the task, of the first seed's data
    parameters          of the model
    """

    cell: str
    length: int | None
    lr: float
    seeds: int
    solved: int
    score: float | None
    best: float | None
    worst: float | None
    steps: float
    trivial: float
    optimal: float | None
    threshold: float
    parameters: int


class Comparison:
    """The result of `compare`.

    rows    a `Row` for each length and cell
    runs    an `Outcome` for each run, whatever its rate
    task    that of the first length     folder   where the runs are
    """

    def __init__(self, task: Task, runs: Sequence[Outcome], folder: Path):
        self.task: Task = task
        self.runs: list[Outcome] = list(runs)
        self.folder: Path = folder
        places = dict.fromkeys((run.length, run.cell) for run in runs)
        self.rows: list[Row] = [self._row([run for run in runs if (run.length, run.cell) == place]) for place in places]

    def row(self, cell: str, length: int | None = None) -> Row:
        """The row of a cell, at a length where there are several. Raises KeyError."""
        for row in self.rows:
            if row.cell == cell and length in (None, row.length):
                return row
        raise KeyError(f"no {cell!r} at length {length} in this comparison")

    def failed(self) -> list[str]:
        """A line for each run that has no score, with the reason."""
        return [f"{run.cell}{'' if run.length is None else f', length {run.length}'}, lr {run.lr:g}, seed {run.seed}: {run.failed}" for run in self.runs if run.failed]  # fmt: skip

    def _row(self, runs: Sequence[Outcome]) -> Row:
        """Of all runs of a cell at a length those with the best rate: more seeds solved; then, where all are, fewer steps;
        then the better median score; then the smaller rate. All by validation.
        """
        rates = [[run for run in runs if run.lr == lr] for lr in sorted({run.lr for run in runs})]
        chosen = min(rates, key=self._worth)
        scores = self._ordered([run.score for run in chosen])
        first = chosen[0]
        return Row(
            first.cell, first.length, first.lr, len(chosen), sum(run.solved for run in chosen), _median(scores), scores[0],
            scores[-1], _middle([float(run.step) for run in chosen]), first.trivial, first.optimal, first.threshold,
            max(run.parameters for run in chosen),
        )  # fmt: skip

    def _worth(self, runs: Sequence[Outcome]) -> tuple[float, float, float]:
        """Smaller is better."""
        solved = sum(run.solved for run in runs)
        median = _median(self._ordered([run.validation for run in runs]))
        steps = _middle([float(run.step) for run in runs]) if solved == len(runs) else math.inf
        return -solved, steps, math.inf if median is None else -median if self.task.metric.higher else median

    def _ordered(self, scores: Sequence[float | None]) -> list[float | None]:
        """The best first, failures last."""
        there = sorted((score for score in scores if score is not None), reverse=self.task.metric.higher)
        return [*there, *[None] * (len(scores) - len(there))]

    def table(self) -> str:
        """As text: a line for each length and cell, then what failed, and which rates are at the edge of those tried."""
        said = partial(_said, metric=self.task.metric)
        lines = [("length", "cell", "best lr", "solved", "median", "range over seeds", "steps", "parameters", "trivial", "best possible")]  # fmt: skip
        for row in self.rows:
            lines.append((
                "-" if row.length is None else f"{row.length:,}", row.cell, f"{row.lr:g}", f"{row.solved} of {row.seeds}", said(row.score),
                f"{said(row.best)} .. {said(row.worst)}", f"{row.steps:,.0f}", f"{row.parameters:,}", said(row.trivial),
                "not known" if row.optimal is None else said(row.optimal),
            ))  # fmt: skip
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        return "\n".join([self._heading(), "", *text, "", self.finding(), *self._edges(), *(f"failed: {line}" for line in self.failed())]) + "\n"  # fmt: skip

    def _heading(self) -> str:
        task, row = self.task, self.rows[0]
        return (
            f"{task.name}: {task.about} ({task.origin}). Each cell at its own best learning rate, chosen by validation from "
            f"{', '.join(f'{lr:g}' for lr in self._rates())}. Score: {task.metric.name} on the test part, at the best "
            f"validation. Solved: {task.metric.shown(row.threshold)} on the validation part. Trivial: {task.trivial_is}."
        )

    def _rates(self) -> list[float]:
        return sorted({run.lr for run in self.runs})

    def _edges(self) -> list[str]:
        rates = self._rates()
        at = [f"{row.cell}{'' if row.length is None else f' at {row.length:,}'} ({row.lr:g})" for row in self.rows if row.lr in (rates[0], rates[-1]) and row.solved < row.seeds]  # fmt: skip
        return [f"Best at the edge of the rates tried, and perhaps better beyond: {', '.join(at)}."] if at and len(rates) > 1 else []  # fmt: skip

    def finding(self) -> str:
        """In words: which cells solved the task, at which length."""
        lengths = dict.fromkeys(row.length for row in self.rows)
        parts = [self._solved_at(length, [row for row in self.rows if row.length == length]) for length in lengths]
        return f"Solved {'; '.join(parts)}."

    def _solved_at(self, length: int | None, rows: Sequence[Row]) -> str:
        able = [f"{row.cell} ({row.solved} of {row.seeds} seeds)" for row in sorted(rows, key=lambda row: -row.solved) if row.solved]  # fmt: skip
        unable = [row.cell for row in rows if not row.solved]
        where = "" if length is None else f"at length {length:,} "
        if not able:
            best = min(
                rows,
                key=lambda row: math.inf if row.score is None else -row.score if self.task.metric.higher else row.score,
            )
            return f"{where}with none of them, of which {best.cell} has the best median, {_said(best.score, self.task.metric)}"
        return f"{where}with {', '.join(able)}{', not with ' + ', '.join(unable) if unable else ''}"

    def csv(self) -> str:
        """The rows; numbers in full, failures and unknown scores empty."""
        return _csv(Row._fields, self.rows)

    def runs_csv(self) -> str:
        """All runs, one a line."""
        return _csv(Outcome._fields, self.runs)

    def plot(self) -> Any:
        """Median score and range over the seeds, and the share of seeds that solved it, by length: a matplotlib Figure."""
        return figure_of(self)

    def save(self, folder: str | Path | None = None) -> list[Path]:
        """Write table, both CSV files and the figure (PNG) into a folder, by default that of the runs."""
        from ..viz.plots import save_figure

        place = Path(folder or self.folder)
        place.mkdir(parents=True, exist_ok=True)
        for name, text in ((TABLE, self.table()), (ROWS, self.csv()), (RUNS, self.runs_csv())):
            write_atomically(place / name, text)
        save_figure(self.plot(), place / FIGURE)
        return [place / name for name in (TABLE, ROWS, RUNS, FIGURE)]

    def __repr__(self) -> str:
        return f"Comparison({self.task.name}, {len(self.runs)} runs: {self.finding()})"


def _said(score: float | None, metric: Any) -> str:
    return "failed" if score is None else metric.shown(score)


def _median(ordered: Sequence[float | None]) -> float | None:
    """Of scores in order; None where the middle is a failure."""
    middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
    there = [score for score in middle if score is not None]
    return None if len(there) < len(middle) else sum(there) / len(there)


def _middle(values: Sequence[float]) -> float:
    return _median(sorted(values)) or 0.0


def _csv(names: Sequence[str], rows: Sequence[Any]) -> str:
    import csv
    import io

    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([names, *rows])
    return file.getvalue()
