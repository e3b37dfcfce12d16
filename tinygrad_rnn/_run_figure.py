"""The figure of a training: losses on the left, scores on the right, beside what is trivial and what is possible."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._figure import COLOURS, SOFT, new_figure


def figure_of(run: Any) -> Any:
    """A matplotlib Figure; see `Run.plot`."""
    task = run.task
    figure, [[left, right]] = new_figure(1, 2, (10.0, 4.0))
    losses = np.array(run.losses)
    if len(losses):
        steps, width = np.arange(1, len(losses) + 1), max(1, len(losses) // 50)
        left.plot(steps, losses, color=COLOURS[0], alpha=0.35, linewidth=0.7)
        mean = np.convolve(losses, np.ones(width) / width, mode="valid")
        left.plot(steps[width - 1 :], mean, color=COLOURS[0], label=f"mean of {width} steps")
        left.set_yscale("log")
    left.set(xlabel="training step", ylabel=f"loss ({task.loss_kind})", title="training")
    right.plot([row["step"] for row in run.rows], [row["score"] for row in run.rows], "o-", color=COLOURS[1], markersize=3, label="held out")  # fmt: skip
    levels = {f"trivial: {task.trivial_is}": task.trivial, "solved": task.threshold}
    if task.optimal is not None:
        levels["best possible"] = task.optimal
    for (name, level), style in zip(levels.items(), (":", "--", "-"), strict=False):
        right.axhline(level, color=SOFT, linestyle=style, linewidth=1, label=f"{name}, {level:.3g}")
    right.set(xlabel="training step", ylabel=task.metric.name, title=f"{task.name}: {task.about}")
    for ax in (left, right):
        if ax.get_legend_handles_labels()[0]:
            ax.legend(frameon=False, fontsize="small")
    return figure
