"""The cures for vanishing gradients, each alone: relu, identity initialisation, gates.

The adding task (Hochreiter & Schmidhuber 1997) over 30 steps. A rate that suits one cell ruins another, so each is tried
at two and judged at its better one.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, headline, new_figure
from ..study.results import Table
from ..tasks import Task, adding
from .claim import Claim, Effort, Point, Row, Trial, Trials
from .training import restarted, seeded, trained

LENGTH, HIDDEN, STEPS, QUICK = 30, 32, 700, 20
RATES = (0.003, 0.01)
MODELS = ("tanh", "relu", "tanh, identity", "relu, identity", "lstm", "gru")


def model_of(name: str, task: Task) -> Any:
    """A model by its name in the table; "relu, identity" is the IRNN of Le, Jaitly & Hinton (2015)."""
    if name in ("lstm", "gru"):
        return task.model(cell=name, hidden=HIDDEN, init="default")
    slope, _, start = name.partition(", ")
    return restarted(task.model(cell="rnn", hidden=HIDDEN), 2, HIDDEN, slope, start or "usual")


class Cures(Claim):
    """Who learns to add."""

    name, lecture = "cures", "003, 004"
    says = "against vanishing gradients: relu, the identity as the first weights, gated cells"
    about = "adding two marked numbers with relu, identity initialisation and gates, each alone and together"

    @classmethod
    def trials(cls, effort: Effort) -> Trials:
        """Each model at each rate."""
        for model in MODELS:
            for rate in RATES[:1] if effort.quick else RATES:
                for seed in range(effort.seeds):
                    yield Trial(partial(run, QUICK if effort.quick else STEPS), {"model": model, "rate": rate, "seed": seed})  # fmt: skip

    def better(self, model: str) -> float:
        """The rate at which more seeds solve it; of equal ones that with the lower error."""
        rates = self.values("rate")
        return max(rates, key=lambda rate: (self.share("solved", model=model, rate=rate), -self.error(model, rate)))

    def error(self, model: str, rate: float) -> float:
        """The median of the best errors; a run that diverged before the first has none and counts as 1."""
        return float(np.median(np.nan_to_num(self.numbers("score", model=model, rate=rate), nan=1.0)))

    def points(self) -> list[Point]:
        """Each cure beside the patient."""
        rate = {model: self.better(model) for model in MODELS}
        share = {model: self.share("solved", model=model, rate=rate[model]) for model in MODELS}
        said = {model: f"{self.count('solved', model=model, rate=rate[model])} at {rate[model]:g}" for model in MODELS}
        patient = "tanh"
        lost = {k: self.share("diverged", model="relu, identity", rate=k) for k in self.values("rate")}
        worst = max(lost, key=lambda k: (lost[k], -self.share("solved", model="relu, identity", rate=k)))
        steps, nearest = (
            int(self.numbers("steps").max()),
            np.nan_to_num(self.numbers("score", model="relu"), nan=1).min(),
        )

        def cured(model: str) -> bool:
            return share[model] > 0.5 and share[model] > share[patient]

        return [
            Point(share[patient] <= 0.5, f"a plain tanh RNN does not learn it in {steps} steps: {said[patient]} (error {self.error(patient, rate[patient]):.3f}; always to say 1: 0.167)"),
            Point(cured("relu"), f"relu alone cures: {said['relu']} (lowest error {nearest:.3f}, solved is 0.010)"),
            Point(cured("tanh, identity"), f"the identity alone cures: {said['tanh, identity']}"),
            Point(cured("relu, identity"), f"the two together (IRNN) cure: {said['relu, identity']}; at {worst:g} {self.count('diverged', model='relu, identity', rate=worst)} diverge, {self.count('solved', model='relu, identity', rate=worst)} learn"),
            Point(cured("gru"), f"gates cure: GRU {said['gru']}"),
            Point(cured("lstm"), f"those of an LSTM as it comes: {said['lstm']}"),
        ]  # fmt: skip

    def table(self) -> Table:
        """Successes, divergences and errors at each rate."""
        rows = []
        for model in MODELS:
            for rate in self.values("rate"):
                scores = self.numbers("score", model=model, rate=rate)
                steps = self.middle("steps", model=model, rate=rate, solved=True)
                rows.append([model, rate, self.count("solved", model=model, rate=rate), self.count("diverged", model=model, rate=rate), self.error(model, rate), None if np.isnan(scores).all() else float(np.nanmin(scores)), None if np.isnan(steps) else steps])  # fmt: skip
        return Table(["model", "rate", "solve it", "diverge", "error", "lowest", "steps to solve"], rows)

    def plot(self) -> Any:
        """The error of every run, at each rate."""
        figure, [[ax]] = new_figure(1, 1, (8.5, 4.2))
        rates = self.values("rate")
        for k, rate in enumerate(rates):
            for place, model in enumerate(MODELS):
                scores = np.nan_to_num(self.numbers("score", model=model, rate=rate), nan=1.0)
                x = place + 0.24 * (k - (len(rates) - 1) / 2) + np.linspace(-0.06, 0.06, len(scores))
                ax.plot(x, scores, "o", color=COLOURS[k], markersize=5, label=f"rate {rate:g}" if not place else None)
        for level, label in ((1 / 6, "always 1"), (0.01, "solved")):
            ax.axhline(level, color=SOFT, linestyle=":" if label == "solved" else "-", linewidth=1)
            ax.text(len(MODELS) - 0.45, level, label, va="center", fontsize="small", color=SOFT)
        ax.set(yscale="log", ylabel="best squared error (1: diverged)", ylim=(2e-3, 1.5))
        ax.set_xticks(range(len(MODELS)), [name.replace(", ", ",\n") for name in MODELS])
        headline(ax, self.points()[3].text)
        ax.legend(frameon=False, fontsize="small", loc="lower left")
        return figure


def run(steps: int, model: str, rate: float, seed: int) -> Row:
    """One training."""
    task = dataclasses.replace(adding(LENGTH, seed=seeded(seed)), held_out=100)
    return trained(task, model_of(model, task), steps=steps, batch=32, lr=rate, evaluate_every=50)
