"""A table of results: rows of a peer, a size, our cost, the peer's cost and the ratio."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from typing import Any

from .timing import Times


@dataclass
class Row:
    """One comparison, or one measurement of ours alone (then `theirs` is None)."""

    what: str  # "LSTM T=32 B=16 I=32 H=32"
    ours: float
    theirs: float | None = None
    ratio: float | None = None
    peer: str = ""


@dataclass
class Table:
    """`unit` names what the numbers count; `scale` turns seconds (or bytes) into it for printing."""

    title: str
    unit: str = "ms"
    scale: float = 1e3
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self, what: str, times: Times, ours: str = "ours", unit: float = 1.0, without: tuple[str, ...] = ()
    ) -> None:
        """A row per peer in `times`, but for those `without`, which are ours too; `unit` divides the times, for a cost
        per step or per node. A name other than "ours" stands in the row."""
        peers = [name for name in times if name != ours and name not in without]
        what = what if ours == "ours" else f"{what}, {ours}"
        for peer in peers:
            row = Row(what, times.seconds(ours) / unit, times.seconds(peer) / unit, times.ratio(ours, peer), peer)
            self.rows.append(row)
            print(f"  {what}: {row.ratio:.2f} of {peer}", file=sys.stderr, flush=True)  # progress
        if not peers:
            self.rows.append(Row(what, times.seconds(ours) / unit))

    def note_means(self) -> None:
        """Note the geometric mean of the ratios, over all rows of one kind (the first word) and one peer."""
        groups: dict[tuple[str, str], list[float]] = {}
        for row in self.rows:
            if row.ratio is not None:
                kind, _, kernels = row.what.partition(", ")
                groups.setdefault((" ".join([kind.split()[0], kernels]).strip(), row.peer), []).append(row.ratio)
        for (kind, peer), ratios in groups.items():
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            self.notes.append(f"{kind} against {peer}: geometric mean {mean:.2f} over {len(ratios)} sizes")

    def __str__(self) -> str:
        wide = max([len(row.what) for row in self.rows] + [4])
        peer = max([len(row.peer) for row in self.rows] + [4])
        head = f"{'':{wide}}  {'ours ' + self.unit:>12}  {'peer':>{peer}}  {'peer ' + self.unit:>12}  {'ours/peer':>9}"
        lines = [self.title, "-" * len(self.title), head]
        for row in self.rows:
            theirs = "" if row.theirs is None else f"{row.theirs * self.scale:.3f}"
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            lines.append(
                f"{row.what:{wide}}  {row.ours * self.scale:12.3f}  {row.peer:>{peer}}  {theirs:>12}  {ratio:>9}"
            )
        return "\n".join(lines + self.notes) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """For JSON: rows in seconds or bytes."""
        rows = [vars(row) for row in self.rows]
        return {"title": self.title, "unit": self.unit, "scale": self.scale, "rows": rows, "notes": self.notes}
