"""Truncated backpropagation: what the slide's formula, which is window 1, learns and what it cannot.

An RNN says at each step which bit came d steps before. The loss of each step sends a gradient w steps back, all of a
sequence are added up, and then there is one update: with w = 1 that is the formula of lecture 004, with w the length of
the sequence the whole gradient.
"""

from __future__ import annotations

import dataclasses
import time
from functools import partial
from typing import Any

import numpy as np

from .. import nn, optim
from .._figure import COLOURS, SOFT, headline, new_figure
from .._mode import no_grad
from .._tensor import Tensor
from ..ops.joining import cat
from ..study.results import Table
from ..tasks import Task, echo
from .claim import Claim, Effort, Point, Row, Trial, Trials
from .training import seeded

LENGTH = 20
DELAYS, WINDOWS = (1, 8), (1, 2, 5, 9, LENGTH)
QUICK = ((1, 4), (1, 5, LENGTH))
UPDATES, BATCH, HIDDEN, RATE = 400, 32, 32, 0.005


def windowed_loss(task: Task, model: Any, x: Tensor, y: Tensor, window: int) -> Tensor:
    """The loss of all steps, whose gradient reaches `window` steps back from each: `models.truncated_bptt(k1=1, k2=window)`.

    The states are computed once, and all windows then run beside each other, as one batch, from the states before them.
    """
    batch, steps = x.array.shape
    scores = model.run(x[:, :window])[0]  # these reach the beginning
    if window < steps:
        with no_grad():
            before = model.body(model.reader(x))[0][:, : steps - window]
        windows = np.lib.stride_tricks.sliding_window_view(x.array, window, 1)[:, 1:].reshape(-1, window)
        later = model.run(Tensor._of(windows), before.reshape(1, len(windows), -1))[0][:, -1]
        scores = cat([scores, later.reshape(batch, steps - window, -1)], 1)
    return task.loss(scores, y)


class Truncation(Claim):
    """Accuracy by delay and window."""

    name, lecture = "truncation", "003, 004"
    says = "only backprop for a few steps; the formula of lecture 004 leaves out the recurrent term, it is window 1"
    about = "a bit said again d steps later, with gradients that reach w steps back"

    @classmethod
    def trials(cls, effort: Effort) -> Trials:
        """A training for each delay, window and seed."""
        delays, windows = QUICK if effort.quick else (DELAYS, WINDOWS)
        for delay in delays:
            for window in windows:
                for seed in range(effort.seeds):
                    yield Trial(partial(_train, 100 if effort.quick else UPDATES), {"delay": delay, "window": window, "seed": seed})  # fmt: skip

    def points(self) -> list[Point]:
        """Window 1, windows that reach, and shorter ones."""
        delays, windows = self.values("delay"), self.values("window")
        near, far = min(delays), max(delays)
        right = {(d, w): self.middle("right", delay=d, window=w) for d in delays for w in windows}
        reaching = {d: min(w for w in windows if w > d) for d in delays}
        short = {d: max((w for w in windows if 1 < w <= d), default=None) for d in delays}
        said = ", ".join(
            f"delay {d} with window {w}: {self.count('solved', delay=d, window=w)}" for d, w in reaching.items()
        )
        points = [
            Point(right[near, 1] > 0.95, f"window 1 learns delay {near}, which the state holds anyway: {_percent(right[near, 1])} right"),
            Point(right[far, 1] < 0.95 * right[far, max(windows)], f"it cannot learn to keep what it will need: at delay {far} {_percent(right[far, 1])}, the whole gradient has {_percent(right[far, max(windows)])} (a guess: 50%)"),
            Point(all(self.share("solved", delay=d, window=w) > 0.5 for d, w in reaching.items()), f"a window just longer than the delay is enough: {said}"),
        ]  # fmt: skip
        if short[far]:
            shorter = short[far]
            points.append(Point(right[far, shorter] < 0.99, f"a shorter one is not: delay {far} with window {shorter}, {_percent(right[far, shorter])}"))  # fmt: skip
        return points

    def table(self) -> Table:
        """The share of bits said right, medians over seeds, a row for each delay and a column for each window."""
        windows = self.values("window")
        names = [f"window {w}" if w < LENGTH else "all" for w in windows]
        rows = []
        for delay in self.values("delay"):
            for what, column in (("right", "right"), ("solved", "solved"), ("updates", "updates")):
                found = [self.numbers(column, delay=delay, window=w) for w in windows]
                shown = [f"{int(x.sum())}/{len(x)}" if what == "solved" else float(np.median(x)) for x in found]
                rows.append([delay, what, *shown])
        return Table(["delay", "", *names], rows, most=40)

    def plot(self) -> Any:
        """The share of bits said right against the window, a line for each delay."""
        figure, [[ax]] = new_figure(1, 1, (7.5, 4.2))
        windows = self.values("window")
        for k, delay in enumerate(self.values("delay")):
            runs = [self.numbers("right", delay=delay, window=w) for w in windows]
            ax.plot(windows, [np.median(run) for run in runs], "o-", color=COLOURS[k], label=f"delay {delay}")
            ax.fill_between(windows, [run.min() for run in runs], [run.max() for run in runs], color=COLOURS[k], alpha=0.15)  # fmt: skip
            ax.axvline(delay + 1, color=COLOURS[k], linestyle=":", linewidth=1)
        ax.axhline(0.5, color=SOFT, linewidth=1)
        ax.set(xscale="log", xlabel="window (steps that a gradient goes back)", ylabel="bits said right", ylim=(0.45, 1.02))  # fmt: skip
        ax.set_xticks(windows, [str(w) for w in windows])
        ax.minorticks_off()
        headline(ax, self.points()[1].text)
        ax.legend(
            frameon=False,
            fontsize="small",
            title="dotted: delay + 1",
            title_fontsize="small",
            loc="upper left",
            bbox_to_anchor=(0, 0.9),
        )
        return figure


def _train(updates: int, delay: int, window: int, seed: int) -> Row:
    started = time.process_time()
    task = dataclasses.replace(echo(LENGTH, delay, seed=seeded(seed)), held_out=200)
    model = task.model(cell="rnn", hidden=HIDDEN)
    optimizer = optim.Adam(model.parameters(), lr=RATE)
    right, done = 0.0, 0
    for done, batch in task.batches(BATCH, steps=updates):
        loss = windowed_loss(task, model, batch.x, batch.y, window)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if done % 50 == 0:
            right = max(right, task.score(model))
            if task.solved(right):
                break
    return {"right": right, "solved": task.solved(right), "updates": done, "seconds": time.process_time() - started}


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
