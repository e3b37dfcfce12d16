"""What a full report adds to the page: step Jacobians, ways through gated cells, a weight by use, truncation."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, folded
from ..graph import Leaf
from .history import History
from .jacobians import StepJacobians, step_jacobians
from .pathways import Paths, paths
from .results import Result
from .truncating import Truncation, truncation
from .weights import Contributions, contributions

JACOBIANS = 21  # steps, the last ones, of which a full report takes them


def more_of(past: History, weights: list[Leaf]) -> dict[str, Result]:
    """The further answers, by what they are about; `weights` have a part in several steps, the largest gradient first."""
    found: dict[str, Result] = {}
    cells = {(track.group, track.run): track.label for track in reversed(past.steps.tracks)}
    for track in past.steps.tracks:
        if cells[track.group, track.run] == track.label and len(track.edges) > 1:
            found[f"steps of {track.label}"] = step_jacobians(
                past, track.label, steps=list(track.edges)[-JACOBIANS:][1:]
            )
        with contextlib.suppress(ValueError):  # no gate carries this state along
            found[f"ways of {track.label}"] = paths(past, track.label)
    for leaf in sorted(weights, key=lambda leaf: len(leaf.shape) < 2)[:1]:  # a matrix rather than a bias
        if leaf.variable is not None:
            name, T = past.name_of(leaf), max(len(track.edges) for track in past.steps.tracks)
            found[f"uses of {name}"] = contributions(past, leaf.variable)
            with contextlib.suppress(ValueError, RuntimeError):  # no recurrence that could be cut
                windows = sorted({1, min(5, T), max(1, T // 2)})
                found[f"truncation, {name}"] = truncation(past, leaf.variable, windows)
    return found


def draw_more(axes: Any, more: dict[str, Result]) -> None:
    """Four panels: products of step Jacobians, shares along the cell, shares of the uses of a weight, truncation."""
    steps, ways, uses, cut = axes
    for k, (title, result) in enumerate(more.items()):
        style = {"color": COLOURS[k % len(COLOURS)], "linestyle": ("-", "--", "-.", ":")[k % 4]}
        if isinstance(result, StepJacobians):
            largest = np.array([np.nanmax(row) if np.isfinite(row).any() else np.nan for row in result.product_norms])
            steps.plot(result.steps, np.where(largest > 0, largest, np.nan), marker=".", label=title[9:], **style)
            steps.set_yscale("log")
        elif isinstance(result, Paths):
            ways.plot(result.steps, result.shares, marker=".", label=result.label, **style)
        elif isinstance(result, Contributions):
            at = [k if step is None else step for k, step in enumerate(result.steps)]
            uses.bar(at, result.shares, color=[COLOURS[0] if share >= 0 else COLOURS[1] for share in result.shares])
            uses.set_title(folded(f"signed share of each use in ∂L/∂{result.name}", 60), fontsize="small")
        elif isinstance(result, Truncation):
            windows = [k2 for _, k2 in result.windows]
            cut.set_xticks(windows)
            cut.plot(windows, result.cosines, "o-", color=COLOURS[0], label="cosine")
            cut.plot(windows, result.ratios, "s--", color=COLOURS[1], label="norm ratio")
            cut.axhline(1, color=SOFT, linewidth=0.8, linestyle=":")
            cut.set_title(folded(f"truncated ∂L/∂{result.name} beside the full one", 60), fontsize="small")
    for ax, title, label in (
        (steps, "‖J_T ⋯ J_t‖: what passes all last steps back to t", "largest of the batch"),
        (ways, "share of ∂L/∂state that came along the cell", "signed share"),
        (uses, "", "signed share"),
        (cut, "", "cosine, ratio"),
    ):
        ax.set(xlabel="window, steps" if ax is cut else "time step t", ylabel=label)
        if ax is not cut:
            ax.xaxis.get_major_locator().set_params(integer=True)
        if title:
            ax.set_title(title, fontsize="small")
        if ax.get_legend_handles_labels()[0]:
            ax.legend(framealpha=0.7, edgecolor="none", fontsize="small")
        elif not ax.patches:
            ax.text(0.5, 0.5, "none here", color=SOFT, ha="center", transform=ax.transAxes)
