"""What is left of a training: its figure, its numbers as CSV, and a few sentences about what was learnt."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, new_figure

COLUMNS = ("step", "loss", "score", "lr", "norm", "seconds")


def metrics_csv(run: Any) -> str:
    """One line for each evaluation; numbers in full."""
    lines = [",".join(repr(row[name]) for name in COLUMNS) for row in run.rows]
    return "\n".join([",".join(COLUMNS), *lines]) + "\n"


def report(run: Any) -> str:
    """In words: how well the task was learnt, beside the trivial and the best possible score."""
    task, metric = run.task, run.task.metric
    parts = [f"{task.name}: {task.about} ({task.origin})."]
    asked = run.best is not None and not task.solved(run.best)
    how = {
        "solved": "up to the score that was asked for" if asked else "and the task counts as solved",
        "steps": "all that it was given",
        "stopped": "where it was stopped",
    }
    parts.append(f"Training took {run.step:,} steps and {run.seconds:,.1f} s of processor time, {how.get(run.why, 'so far')}.")  # fmt: skip
    if run.best is None:
        return "\n".join([*parts, "It was not evaluated: nothing can be said about what was learnt."]) + "\n"
    last = run.rows[-1]["score"]
    said = f"The {metric.name} on sequences held out from training is {metric.shown(run.best)}"
    said += "" if last == run.best else f" at best, and {metric.shown(last)} at the end"
    parts.append(f"{said}. A predictor that has learnt nothing ({task.trivial_is}) has {metric.shown(task.trivial)}.")
    if "seasonal" in task.options:
        parts.append(
            f"As one period ago ({task.options['period']} steps) has {metric.shown(task.options['seasonal'])}."
        )
    parts.append(_verdict(task, run.best))
    test = task.score(run.model, "test")
    there = task.options.get("test")
    beside = "" if there is None else f" ({task.trivial_is} has {metric.shown(there)} there)"
    parts.append(f"On the test part, which nothing was chosen by, the last weights have {metric.shown(test)}{beside}.")
    return "\n".join(parts) + "\n"


def _verdict(task: Any, score: float) -> str:
    way = task.distance(score)
    if way is None:
        end = "How far one can get is not known."
    elif way <= 0:
        end = f"The best possible is {task.metric.shown(task.optimal)}: nothing of the way there was gone."
    else:
        end = f"The best possible is {task.metric.shown(task.optimal)}: {100 * min(way, 1):.1f}% of the way there."
    if not task.better(score, task.trivial):
        return f"Nothing was learnt that this score shows. {end}"
    threshold = task.metric.shown(task.threshold)
    return f"{'Solved' if task.solved(score) else 'Not solved'}: the threshold is {threshold}. {end}"


def figure_of(run: Any) -> Any:
    """A matplotlib Figure; see `Run.plot`."""
    task = run.task
    figure, [[left, right]] = new_figure(1, 2, (10.0, 4.0))
    figure.suptitle(f"{task.name}: {task.about}")
    losses = np.array(run.losses)
    if len(losses):
        steps, width = np.arange(1, len(losses) + 1), max(1, len(losses) // 50)
        left.plot(steps, losses, color=COLOURS[0], alpha=0.35, linewidth=0.7)
        mean = np.convolve(losses, np.ones(width) / width, mode="valid")
        left.plot(
            steps[width - 1 :], mean, color=COLOURS[0], label=f"mean of {width} steps" if width > 1 else "each step"
        )
        left.set_yscale("log")
    left.set(xlabel="training step", ylabel=f"loss ({task.loss_kind})", title="training")
    right.plot([row["step"] for row in run.rows], [row["score"] for row in run.rows], "o-", color=COLOURS[1], markersize=3, label="at each evaluation")  # fmt: skip
    levels = [(f"trivial: {task.trivial_is}", task.trivial, ":"), ("solved", task.threshold, "--")]
    if "seasonal" in task.options:
        levels.append((f"as {task.options['period']} steps ago", task.options["seasonal"], "-."))
    if task.optimal is not None:
        levels.append(("best possible", task.optimal, "-"))
    for name, level, style in levels:
        right.axhline(level, color=SOFT, linestyle=style, linewidth=1, label=f"{name}, {level:.3g}")
    right.set(
        xlim=(0, 1.05 * max(1, run.step)),
        xlabel="training step",
        ylabel=task.metric.name + (f" ({task.metric.unit})" if task.metric.unit else ""),
        title="held out",
    )
    for ax in (left, right):
        if ax.get_legend_handles_labels()[0]:
            ax.legend(frameon=False, fontsize="small")
    return figure
