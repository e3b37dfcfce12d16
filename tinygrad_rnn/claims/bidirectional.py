"""Both directions: a win where the future matters, and no use where it is not there.

Tagging: the kind of a word may hang on words that follow. Prediction: the next value of a random series, whose best
possible error is known; the target is the next input, so a layer that reads the whole series backwards too reads the
answer. In use the future is not there: "so far" asks each step with no more than what has come.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, headline, new_figure
from .._mode import no_grad
from .._tensor import Tensor
from ..study.results import Table
from ..tasks import Task, autoregression, tagging
from .claim import Claim, Effort, Point, Row, Trial, Trials
from .training import seeded, trained

DIRECTIONS = {"forward": False, "both ways": True}
TASKS = {"tagging": "share of tags right", "prediction": "squared error"}
STEPS, QUICK = 400, 30


class Bidirectional(Claim):
    """Tagging and prediction, with and without a second direction, with the whole sequence and with its beginning."""

    name, lecture = "bidirectional", "003"
    says = "where Y_t depends on the entire input, a bidirectional RNN"
    about = "tagging and prediction with a second direction, where the future is there and where it is not"

    @classmethod
    def trials(cls, effort: Effort) -> Trials:
        """Both tasks, both directions."""
        for seed in range(effort.seeds):
            for name in TASKS:
                for direction in DIRECTIONS:
                    yield Trial(partial(run, QUICK if effort.quick else STEPS), {"task": name, "model": direction, "seed": seed})  # fmt: skip

    def points(self) -> list[Point]:
        """Where it wins, where its score is a lie, and what is left of it in use."""
        tags, errors = ({(d, how): self.middle(how, task=task, model=d) for d in DIRECTIONS for how in ("whole", "so far")} for task in TASKS)  # fmt: skip
        best = self.middle("optimal", task="prediction")
        forward, both = tags["forward", "whole"], tags["both ways", "whole"]
        alone, cheated, used = errors["forward", "whole"], errors["both ways", "whole"], errors["both ways", "so far"]
        return [
            Point(both - forward > 0.05 and both > 0.95, f"where the future matters both directions win: {100 * both:.1f}% of the tags right, forward alone {100 * forward:.1f}% (each word's most frequent tag: {100 * self.middle('trivial', task='tagging'):.1f}%)"),
            Point(tags["both ways", "so far"] < both - 0.05, f"and need the future to be there: asked with the words so far the same model has {100 * tags['both ways', 'so far']:.1f}%"),
            Point(cheated < 0.5 * best, f"where the future is the answer its score is a lie: an error of {cheated:.2g} in predicting a series that nobody predicts better than {best:.2f} (forward: {alone:.2f})"),
            Point(used > 1.2 * alone, f"and in use, with the values so far, it is worse than the forward one: {used:.2f}"),
        ]  # fmt: skip

    def table(self) -> Table:
        """Medians with lowest and highest, with the whole sequence and with its beginning."""
        rows = []
        for task, unit in TASKS.items():
            for direction in DIRECTIONS:
                found = []
                for how in ("whole", "so far"):
                    runs = self.numbers(how, task=task, model=direction)
                    found += [float(np.median(runs)), f"{runs.min():.4g} to {runs.max():.4g}"]
                rows.append([task, unit, direction, *found])
        return Table(["task", "score", "direction", "whole sequence", "seeds", "so far", "seeds "], rows)

    def plot(self) -> Any:
        """Both scores of both models, a panel for each task."""
        figure, [axes] = new_figure(1, 2, (10.0, 4.2))
        points = self.points()
        for ax, (task, unit), point in zip(axes, TASKS.items(), (points[0], points[3]), strict=True):
            for k, (how, colour) in enumerate((("whole", COLOURS[5]), ("so far", COLOURS[0]))):
                runs = [self.numbers(how, task=task, model=d) for d in DIRECTIONS]
                middles = np.array([np.median(run) for run in runs])
                reach = [middles - [run.min() for run in runs], [run.max() for run in runs] - middles]
                label = "the whole sequence is there" if how == "whole" else "only what came so far"
                ax.bar(np.arange(2) + 0.36 * k - 0.18, middles, 0.34, yerr=reach, color=colour, ecolor=SOFT, label=label)  # fmt: skip
            ax.set_xticks(range(2), list(DIRECTIONS))
            level = "trivial" if task == "tagging" else "optimal"
            ax.axhline(self.middle(level, task=task), color=COLOURS[1], linestyle=":", label="most frequent tags" if task == "tagging" else "best possible")  # fmt: skip
            ax.set_ylabel(unit)
            headline(ax, f"{task}: {point.text.split(':')[0].removeprefix('and ')}")
            ax.legend(frameon=False, fontsize="small", loc="upper left")
        axes[0].set_ylim(0.6, 1.01)
        return figure


def run(steps: int, task: str, model: str, seed: int) -> Row:
    """One training."""
    make, cell = (tagging, "lstm") if task == "tagging" else (autoregression, "gru")
    asked = dataclasses.replace(make(seed=seeded(seed)), held_out=200)
    net = asked.model(cell=cell, hidden=24, bidirectional=DIRECTIONS[model])
    trained(asked, net, steps=steps, batch=32, schedule="cosine", target="none", evaluate_every=steps)
    whole, so_far = scores_of(asked, net)
    return {"whole": whole, "so far": so_far, "optimal": float(asked.optimal or 0), "trivial": asked.trivial}


@no_grad()
def scores_of(task: Task, model: Any) -> tuple[float, float]:
    """The score on held-out sequences, and that of the same model when it is asked at each step, with what came so far."""
    x, y = task.data.batch(0, 100, "validation")
    whole = model(Tensor._of(x)).array
    so_far = np.stack([model(Tensor._of(x[:, : t + 1])).array[:, t] for t in range(x.shape[1])], 1)
    sums = [task.metric.add_up(scores, [x], y) for scores in (whole, so_far)]
    return sums[0][0] / sums[0][1], sums[1][0] / sums[1][1]
