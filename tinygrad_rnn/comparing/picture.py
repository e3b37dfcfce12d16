"""The figure of a comparison: scores and successes by length, or, of one length, by cell."""

from __future__ import annotations

from typing import Any

from .._figure import COLOURS, SOFT, new_figure

MARKERS = "osD^vP*X"


def figure_of(found: Any) -> Any:
    """See `Comparison.plot`."""
    figure, [[left, right]] = new_figure(1, 2, (11.0, 4.4))
    task = found.task
    figure.suptitle(f"{task.name}: {task.about}")
    lengths = list(dict.fromkeys(row.length for row in found.rows))
    cells = list(dict.fromkeys(row.cell for row in found.rows))
    (_by_length if len(lengths) > 1 else _by_cell)(found, left, right, cells)
    scores = [score for row in found.rows for score in (row.best, row.worst, row.score) if score is not None]
    if not task.metric.higher and scores and min(scores) > 0 and max(scores) > 10 * min(scores):
        left.set_yscale("log")
        shown = [*scores, *(row.trivial for row in found.rows), *(row.threshold for row in found.rows)]
        left.set_ylim(min(shown) / 2, max(shown) * 2)  # a best possible 0 has no place on this scale
    _levels(found, left)
    unit = f" ({task.metric.unit})" if task.metric.unit else ""
    seeds = max(row.seeds for row in found.rows)
    left.set(
        ylabel=f"{task.metric.name}{unit}, test part", title=f"median and range of {seeds} seed{'s' * (seeds > 1)}"
    )
    right.set(ylabel="share of seeds", ylim=(-0.05, 1.05), title="solved")
    left.legend(frameon=False, fontsize="small")
    return figure


def _by_length(found: Any, left: Any, right: Any, cells: list[str]) -> None:
    """A line for each cell; beside each other, so that ranges do not hide one another."""
    lengths = [row.length for row in found.rows]
    wide = max(lengths) >= 5 * min(lengths)
    for k, cell in enumerate(cells):
        rows = sorted((row for row in found.rows if row.cell == cell), key=lambda row: row.length)
        place = (k - (len(cells) - 1) / 2) * 0.02
        look = {"color": COLOURS[k % len(COLOURS)], "marker": MARKERS[k % len(MARKERS)], "markersize": 5}
        x = [row.length * (1 + place) if wide else row.length + place * max(lengths) for row in rows]
        there = [(at, row) for at, row in zip(x, rows, strict=True) if row.score is not None]
        left.plot([at for at, _ in there], [row.score for _, row in there], label=cell, **look)
        for at, row in there:
            _range(left, at, row, found.task, look["color"])
        right.plot(x, [row.solved / row.seeds for row in rows], label=cell, **look)
    for ax in (left, right):
        ax.set_xlabel("length of a sequence (time steps)")
        if wide:
            ax.set_xscale("log")
        ax.set_xticks(sorted(set(lengths)), [f"{length:,}" for length in sorted(set(lengths))])
        ax.minorticks_off()


def _by_cell(found: Any, left: Any, right: Any, cells: list[str]) -> None:
    """A place for each cell; every seed is a point."""
    for k, (cell, row) in enumerate(zip(cells, found.rows, strict=True)):
        colour = COLOURS[k % len(COLOURS)]
        scores = [run.score for run in found.runs if (run.cell, run.lr) == (cell, row.lr) and run.score is not None]
        left.plot([k] * len(scores), scores, ".", color=colour, alpha=0.5)
        if row.score is not None:
            left.plot([k], [row.score], color=colour, marker=MARKERS[k % len(MARKERS)], linestyle="none")
            _range(left, k, row, found.task, colour)
        right.bar([k], [row.solved / row.seeds], color=colour, width=0.6)
    for ax in (left, right):
        ax.set_xticks(range(len(cells)), cells)
        ax.set_xlim(-0.7, len(cells) - 0.3)


def _range(ax: Any, x: float, row: Any, task: Any, colour: str) -> None:
    """From the best seed to the worst; where one failed, to the last that did not."""
    worst = row.score if row.worst is None else row.worst
    ax.plot([x, x], [row.best, worst], color=colour, linewidth=1.2, alpha=0.6)


def _levels(found: Any, ax: Any) -> None:
    """Trivial and best possible score, and what counts as solved; where they change with the length, a line that does."""
    for name, field, style in (("trivial", "trivial", ":"), ("solved", "threshold", "--"), ("best possible", "optimal", "-")):  # fmt: skip
        levels = {row.length: getattr(row, field) for row in found.rows}
        if None in levels.values():
            continue
        if len(set(levels.values())) == 1:
            level = next(iter(levels.values()))
            ax.axhline(level, color=SOFT, linestyle=style, linewidth=1, label=f"{name}, {level:.3g}", zorder=0)
        else:
            ax.plot(list(levels), list(levels.values()), color=SOFT, linestyle=style, linewidth=1, label=name, zorder=0)
