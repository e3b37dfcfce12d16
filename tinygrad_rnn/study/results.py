"""What every answer is: plain data that reads well in a terminal, in a notebook, as a table and as a figure."""

from __future__ import annotations

import csv
import html
import io
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..atomic import write_atomically

SHOWN = 16  # rows that a terminal or a notebook shows of a longer table


def counted(count: int, what: str) -> str:
    """'1 parameter', '2 parameters'."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")


class Table:
    """Rows under named columns. Iterating gives a dict for each row; `csv()` gives text, or writes a file."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[Any]], most: int = SHOWN):
        self.columns: tuple[str, ...] = tuple(columns)
        self.rows: list[tuple[Any, ...]] = [tuple(row) for row in rows]
        self.most: int = most  # rows that are shown

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """The table as comma-separated values with a header; also written to `path` if given."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(["" if value is None else value for value in row] for row in self.rows)
        if path is not None:
            write_atomically(path, text.getvalue())
        return text.getvalue()

    def __str__(self) -> str:
        rows = [[shown(value) for value in row] for row in self._some()]
        widths = [max(map(len, column)) for column in zip(self.columns, *rows, strict=True)]
        numeric = [any(isinstance(row[k], (int, float)) for row in self.rows) for k in range(len(self.columns))]
        lines = [
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(line, widths, numeric, strict=True)
            ).rstrip()
            for line in [list(self.columns), *rows]
        ]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(shown(value))}</td>" for value in row) + "</tr>" for row in self._some()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _some(self) -> list[tuple[Any, ...]]:
        """All rows, or the first and last of many with a row of dots between them."""
        if len(self.rows) <= self.most:
            return self.rows
        half = self.most // 2
        return [*self.rows[:half], ("⋮",) * len(self.columns), *self.rows[-half:]]


class Result:
    """An answer. `finding()` is it in a sentence, `table()` in numbers, `plot()` in a figure."""

    def finding(self) -> str:
        """What was found, in words."""
        raise NotImplementedError

    def table(self) -> Table:
        """The numbers, a row for each part."""
        raise NotImplementedError

    def plot(self) -> Any:
        """A matplotlib Figure, titled with the finding. A notebook shows it by itself."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{self.finding()}\n{self.table()}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.finding())}</p>{self.table()._repr_html_()}"


def shown(value: Any) -> str:
    """A value of a table as text: four digits, "-" for what is not connected, "0" only for exactly zero."""
    if value is None:
        return "-"
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return "nan"
        return "0" if value == 0 else f"{value:.4g}"
    return str(value)


def norm(array: Any, per_sample: bool = False) -> Any:
    """The Euclidean norm over everything, a float; with `per_sample` over all but the first axis, an array (B,)."""
    values = np.asarray(getattr(array, "array", array), dtype=np.float64)
    if not per_sample:
        values = values.ravel()
        return float(np.sqrt(values @ values))
    return np.sqrt((values * values).sum(tuple(range(1, values.ndim))))


def mean(values: Any) -> float:
    """The mean in float64; nan of nothing, without NumPy's warning."""
    return float(np.mean(values, dtype=np.float64)) if np.size(values) else float("nan")
