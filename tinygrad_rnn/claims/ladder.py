"""The ladder of sequence models, each mending the one before, on a series whose best prediction is known.

A level that one cannot see wanders, and is measured with noise:

    s_t = φ s_{t-1} + w_t         x_t = s_t + v_t         φ = 0.99, Var w = 0.02, Var v = 1

The best prediction of x_{t+1} from all of the past has a known error (Kalman 1960), and so has the best linear one from
the last τ values, which for such a series is the best of all. So each rung has a provable optimum of its own, and the
question is what is learnt of it from few sequences.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import models, nn, optim
from .._figure import COLOURS, SOFT, headline, new_figure
from .._mode import no_grad
from .._tensor import Tensor
from ..nn import functional as F
from ..study.results import Table
from .claim import Claim, Effort, Point, Row
from .training import seeded

PHI, LEVEL, NOISE = 0.99, 0.02, 1.0
STEPS, KNOWN = 40, 100  # of a sequence; sequences to learn from
WINDOWS = {"Markov": 1, "autoregressive, 4": 4, "autoregressive, 8": 8, "naive": STEPS}
RUNGS = ("naive", "Markov", "autoregressive, 4", "autoregressive, 8", "linear state space", "latent (RNN)")


def wandering(rng: np.random.Generator, count: int, steps: int = STEPS) -> np.ndarray:
    """x (steps + 1, count, 1), the level being in its stationary state from the start."""
    s = rng.normal(0, (LEVEL / (1 - PHI**2)) ** 0.5, count)
    x = np.empty((steps + 1, count))
    for t in range(steps + 1):
        x[t] = s + rng.normal(0, NOISE**0.5, count)
        s = PHI * s + rng.normal(0, LEVEL**0.5, count)
    return x[:, :, None].astype(np.float32)


def optimum(window: int | None = None, steps: int = STEPS) -> float:
    """The least possible squared error of x_{t+1}, mean over t = 0 .. steps - 1, from the last `window` values or all.

    The best linear prediction from k values has the error γ(0) - cᵀ C⁻¹ c: C their covariances, c those with x_{t+1}.
    """
    level = LEVEL / (1 - PHI**2)
    errors = []
    for t in range(steps):
        k = min(t + 1, window or t + 1)
        apart = abs(np.subtract.outer(np.arange(k), np.arange(k)))
        covariance = level * PHI**apart + NOISE * np.eye(k)
        with_next = level * PHI ** np.arange(1, k + 1)
        errors.append(level + NOISE - with_next @ np.linalg.solve(covariance, with_next))
    return float(np.mean(errors))


def rung(name: str) -> Any:
    """The model of that name."""
    if name == "naive":
        return models.NaiveModel(1, STEPS)
    if name in WINDOWS:
        return models.AutoregressiveModel(1, WINDOWS[name])
    if name == "linear state space":
        return models.LinearStateSpace(1, 4)
    return models.LatentAutoregressiveModel(1, 8)


class Ladder(Claim):
    """The error of each rung beside the least possible one."""

    name, lecture = "ladder", "001"
    says = "naive, autoregressive, Markov and latent models of a sequence: a state that sums up the past is the way out"
    about = "six models of a series whose best prediction is known: which come near it"

    @classmethod
    def measure(cls, effort: Effort) -> Iterator[Row]:
        """Each model on the same sequences."""
        for seed in range(effort.seeds):
            rng = np.random.default_rng(seed)
            known, fresh = wandering(rng, KNOWN), wandering(rng, 400 if effort.quick else 4000)
            for name in RUNGS:
                seeded(seed)
                started = time.process_time()
                model = rung(name)
                learnt = _learn(model, known, 40 if effort.quick else 500)
                seconds = time.process_time() - started
                weights = sum(p.numel() for p in model.parameters())
                yield {"model": name, "seed": seed, "weights": weights, "known": learnt, "fresh": _error(model, fresh), "seconds": seconds}  # fmt: skip

    def points(self) -> list[Point]:
        """Each rung beside the one before, and the last beside the optimum."""
        fresh = {name: self.middle("fresh", model=name) for name in RUNGS}
        weights = {name: int(self.middle("weights", model=name)) for name in RUNGS}
        best = optimum()
        short, long = (fresh[name] for name in ("autoregressive, 4", "autoregressive, 8"))
        state = min(("linear state space", "latent (RNN)"), key=lambda name: fresh[name])
        over = {name: 100 * (fresh[name] / best - 1) for name in RUNGS}
        gap = fresh["naive"] - self.middle("known", model="naive")
        return [
            Point(over["naive"] > 10 and gap > 0.1, f"the naive model learns its {weights['naive']:,} weights by heart: it is {gap:.2f} worse on fresh sequences than on known ones, {over['naive']:.0f}% above the optimum"),
            Point(fresh["Markov"] > short > long, f"a longer window is better: {over['Markov']:.0f}% above the optimum for τ = 1, {over['autoregressive, 4']:.0f}% for 4, {over['autoregressive, 8']:.0f}% for 8; the best possible are {100 * (optimum(1) / best - 1):.0f}%, {100 * (optimum(4) / best - 1):.0f}% and {100 * (optimum(8) / best - 1):.1f}%"),
            Point(over[state] < 5 and fresh[state] < short, f"a state comes near the optimum: {state} {over[state]:.1f}% above it, with {weights[state]} weights"),
            Point(fresh[state] <= long, f"and nearer than every window tried ({over['autoregressive, 8']:.1f}% for τ = 8)"),
        ]  # fmt: skip

    def table(self) -> Table:
        """Errors, medians with lowest and highest over seeds, and the least possible for each kind of model."""
        rows = []
        for name in RUNGS:
            fresh = self.numbers("fresh", model=name)
            least = optimum(WINDOWS.get(name))
            rows.append([name, int(self.middle("weights", model=name)), self.middle("known", model=name), float(np.median(fresh)), fresh.min(), fresh.max(), least, self.middle("seconds", model=name)])  # fmt: skip
        return Table(["model", "weights", "error, known", "fresh", "lowest", "highest", "least possible", "seconds"], rows)  # fmt: skip

    def plot(self) -> Any:
        """A bar for each rung, a mark for its own optimum, a line for the optimum of all."""
        figure, [[ax]] = new_figure(1, 1, (8.5, 4.4))
        places = np.arange(len(RUNGS))
        fresh = [self.numbers("fresh", model=name) for name in RUNGS]
        middles = np.array([np.median(runs) for runs in fresh])
        reach = [middles - [runs.min() for runs in fresh], [runs.max() for runs in fresh] - middles]
        ax.bar(places, middles, 0.6, yerr=reach, color=COLOURS[5], ecolor=SOFT, label="learnt, on fresh sequences")
        ax.plot(
            places, [self.middle("known", model=name) for name in RUNGS], "o", color=COLOURS[0], label="on known ones"
        )
        ax.plot(places, [optimum(WINDOWS.get(name)) for name in RUNGS], "_", markersize=30, markeredgewidth=2, color=COLOURS[1], label="least possible for this kind")  # fmt: skip
        ax.axhline(optimum(), color=COLOURS[1], linewidth=1, linestyle=":")
        ax.set_xticks(places, [name.replace(", ", ",\n").replace(" ", "\n", 1) for name in RUNGS])
        low = min(optimum(), *(self.middle("known", model=name) for name in RUNGS))
        ax.set(ylabel="squared error of the next value", ylim=(0.9 * low, 1.1 * max(map(max, fresh))))
        headline(ax, self.points()[2].text)
        ax.legend(frameon=False, fontsize="small", markerscale=0.6)
        return figure


def _learn(model: Any, known: np.ndarray, steps: int) -> float:
    """Adam on all sequences at once; the error at the end."""
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    x, y = Tensor._of(known[:-1]), Tensor._of(known[1:])
    for _ in range(steps):
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return _error(model, known)


@no_grad()
def _error(model: Any, x: np.ndarray) -> float:
    return float(((model(Tensor._of(x[:-1])).array - x[1:]) ** 2).mean())
