"""A claim: what a lecture says, an experiment that could show it wrong, and a verdict that its numbers alone decide.

    claim = Range.tried(quick=True)       # the experiment: one row for each run
    print(claim)                          # the verdict in words, and a table
    claim.plot()                          # a matplotlib Figure

A claim made from rows, `Range(rows)`, judges those: so a test can ask what it would have said of other numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..study.results import Result, Table

Row = dict[str, Any]


class Effort(NamedTuple):
    """How much to do: the quick form (seconds, for a look and for tests) or the full one (minutes), and how many seeds."""

    quick: bool
    seeds: int


class Point(NamedTuple):
    """A part of a claim: whether the numbers bear it out, and a sentence with these numbers."""

    holds: bool
    text: str


class Claim(Result):
    """A lecture's claim, judged by rows of runs.

    name, lecture, says   of the claim; `about` says in a line what is tried
    rows                  one dict for each run, as `measure` yields them
    """

    name: ClassVar[str]
    lecture: ClassVar[str]
    says: ClassVar[str]
    about: ClassVar[str]

    def __init__(self, rows: Sequence[Row]):
        if not rows:
            raise ValueError(f"{type(self).__name__}: no runs, nothing to judge")
        self.rows: list[Row] = list(rows)

    @classmethod
    def tried(cls, quick: bool = False, seeds: int | None = None, note: Callable[[str], Any] = str) -> Any:
        """Do the experiment, by default over five seeds (two if quick), and judge it; `note` is told of each run."""
        effort = Effort(quick, seeds or (2 if quick else 5))
        rows = []
        for row in cls.measure(effort):
            rows.append(row)
            note(", ".join(f"{key} {_brief(value)}" for key, value in row.items()))
        return cls(rows)

    @classmethod
    def measure(cls, effort: Effort) -> Iterator[Row]:
        """The runs of the experiment, one after the other."""
        raise NotImplementedError

    def points(self) -> list[Point]:
        """The parts of the claim, each judged."""
        raise NotImplementedError

    @property
    def verdict(self) -> str:
        """ "holds", "holds in part" or "does not hold": by how many of its points do."""
        held = [point.holds for point in self.points()]
        return "holds" if all(held) else "holds in part" if any(held) else "does not hold"

    def finding(self) -> str:
        """The verdict in words, a line for each point."""
        lines = [f"  {'yes' if point.holds else 'no ':3} {point.text}" for point in self.points()]
        return "\n".join([f"{self.name} (lecture {self.lecture}): {self.says}", f"The claim {self.verdict}.", *lines])

    def csv(self) -> str:
        """All runs, as comma-separated values."""
        return Table(list(self.rows[0]), [tuple(row.values()) for row in self.rows]).csv()

    def __repr__(self) -> str:
        return f"{self.finding()}\n\n{self.table()}"

    # --- what the points are made of

    def of(self, **where: Any) -> list[Row]:
        """The rows with these values."""
        return [row for row in self.rows if all(row[key] == value for key, value in where.items())]

    def values(self, column: str) -> list[Any]:
        """The different values of a column, in the order in which they come."""
        return list(dict.fromkeys(row[column] for row in self.rows))

    def numbers(self, column: str, **where: Any) -> np.ndarray:
        """A column of these rows."""
        return np.array([row[column] for row in self.of(**where)], dtype=float)

    def middle(self, column: str, **where: Any) -> float:
        """The median of a column over these rows; NaN of none."""
        found = self.numbers(column, **where)
        return float(np.median(found)) if len(found) else float("nan")

    def share(self, column: str, **where: Any) -> float:
        """The mean of a column over these rows: of a column of truths the share of true ones; NaN of none."""
        found = self.numbers(column, **where)
        return float(found.mean()) if len(found) else float("nan")

    def count(self, column: str, **where: Any) -> str:
        """How many of these rows are true, as "3 of 5 seeds"."""
        found = self.numbers(column, **where)
        return f"{int(found.sum())} of {len(found)} seeds"


def spread(ax: Any, x: Sequence[Any], runs: Sequence[np.ndarray], label: str, colour: str, marker: str = "o") -> None:
    """A line through the medians of `runs`, one array for each x, and a band from the lowest to the highest."""
    ax.plot(x, [np.median(run) for run in runs], marker=marker, markersize=4, color=colour, label=label)
    ax.fill_between(x, [run.min() for run in runs], [run.max() for run in runs], color=colour, alpha=0.15, linewidth=0)


def _brief(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
