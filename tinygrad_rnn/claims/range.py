"""How far back: three steps show something, silence follows, and at the end it is to be said.

"A number" between -1 and 1 must be kept exactly; "a bit" (Bengio, Simard & Frasconi 1994, here with faint noise) may be
pulled back to one of two values at each step. That is why the two are tried: the ten steps of the lecture hold for the
first. A model bridges a lag where most seeds solve it; where none did, longer lags are not tried.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, headline, new_figure
from ..study.results import Table
from ..tasks import Task, latch
from ..tasks.generators import memory
from ..tasks.sources import Drawn
from .claim import Claim, Effort, Point, Row, Trial, Trials
from .training import restarted, seeded, trained

MODELS = ("rnn", "rnn, orthogonal", "irnn", "gru", "lstm", "lstm, chrono")
LAGS = (5, 10, 20, 50, 100, 300, 1000)
TRIED: dict[str, Any] = {  # what is kept -> model -> lags
    "a number": dict.fromkeys(MODELS, LAGS),
    "a bit": {"rnn": (10, 100, 1000), "lstm, chrono": (10, 100, 1000, 5000)},
}
QUICK: dict[str, Any] = {"a number": {"rnn": (5, 20), "lstm, chrono": (5, 20)}, "a bit": {"rnn": (20,)}}
HIDDEN, BATCH, STEPS = 16, 16, 400
RATES = {"a number": 0.01, "a bit": 0.03, "irnn": 0.001}  # a larger one makes an IRNN diverge from lag 100 on


def shown_number(rng: np.random.Generator, count: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """x (count, 3 + lag, 1): a number y (count, 1), uniform in -1..1, three times, then zeros."""
    y = rng.uniform(-1, 1, (count, 1)).astype(np.float32)
    x = np.zeros((count, 3 + lag, 1), np.float32)
    x[:, :3, 0] = y
    return x, y


def task_of(kept: str, lag: int, seed: int) -> Task:
    """The latch with noise 0.02, or its like for a number: always to say 0 has an error of 1/3, solved is 0.01."""
    task = dataclasses.replace(latch(lag, seed=seed), held_out=100)
    if kept == "a bit":
        return dataclasses.replace(task, data=Drawn(partial(memory.latch, lag=lag, noise=0.02), seed))
    return dataclasses.replace(
        task, data=Drawn(partial(shown_number, lag=lag), seed), outputs=1, loss_kind="squares", metric_kind="error",
        trivial=1 / 3, trivial_is="always 0", optimal=0.0, threshold=0.01,
    )  # fmt: skip


def model_of(name: str, task: Task) -> Any:
    """A model by its name in the table."""
    if name in ("rnn, orthogonal", "irnn"):
        relu = name == "irnn"
        plain = task.model(cell="rnn", hidden=HIDDEN)
        return restarted(plain, 1, HIDDEN, "relu" if relu else "tanh", "identity" if relu else "orthogonal")
    cell, _, start = name.partition(", ")
    return task.model(cell=cell, hidden=HIDDEN, init=start or "default")


class Range(Claim):
    """Which lag each model bridges."""

    name, lecture = "range", "000"
    says = "a standard RNN is usually limited to 10 steps; an LSTM can bridge more than 1,000"
    about = "a number or a bit kept through silence: success against lag, for RNN, IRNN, GRU and LSTM"

    @classmethod
    def trials(cls, effort: Effort) -> Trials:
        """Each model at longer and longer lags, as long as a seed solves it."""
        for kept, models in (QUICK if effort.quick else TRIED).items():
            for model, lags in models.items():
                for lag in lags:
                    runs = []
                    for seed in range(effort.seeds):
                        runs.append((yield Trial(run, {"kept": kept, "model": model, "lag": lag, "seed": seed})))
                    if not any(row is None or row["solved"] for row in runs):
                        break

    def bridged(self, kept: str, model: str) -> int:
        """The longest lag up to which most seeds solve every lag tried; 0: none."""
        longest = 0
        for lag in sorted({row["lag"] for row in self.of(kept=kept, model=model)}):
            if self.share("solved", kept=kept, model=model, lag=lag) <= 0.5:
                break
            longest = lag
        return longest

    def points(self) -> list[Point]:
        """On the plain RNN, the LSTM, and what the ten steps hang on."""
        number = partial(self.bridged, "a number")
        furthest = max(row["lag"] for row in self.of(kept="a number", model="lstm, chrono"))
        plain, chrono = number("rnn"), number("lstm, chrono")
        points = [
            Point(5 <= plain <= 20, f"a plain RNN keeps a number for {plain:,} steps {self._fails('rnn', plain)} (5 to 20 would count as about 10)"),
            Point(chrono == furthest > plain, f"an LSTM with chrono initialisation keeps it for {chrono:,} ({self.count('solved', kept='a number', model='lstm, chrono', lag=furthest)} at {furthest:,})"),
        ]  # fmt: skip
        if "lstm" in self.values("model"):
            common, other, relu = number("lstm"), number("rnn, orthogonal"), number("irnn")
            points += [
                Point(common >= 1000, f"an LSTM as it comes, its forget gates at one half, keeps it for {common:,}"),
                Point(max(other, relu) <= plain, f"the limit is the RNN's own, whatever it starts from: with an orthogonal matrix it keeps the number for {other:,}, with relu and the identity (IRNN) for {relu:,}"),
            ]  # fmt: skip
        bit = self.bridged("a bit", "rnn")
        points.append(Point(bit <= 20, f"the limit is of any memory: a bit, which may be pulled to two values, a plain RNN keeps for {bit:,} steps"))  # fmt: skip
        if far := max((row["lag"] for row in self.of(kept="a bit", model="lstm, chrono")), default=0):
            chrono = self.bridged("a bit", "lstm, chrono")
            points.append(Point(chrono >= 1000, f"and an LSTM with chrono initialisation for {chrono:,} ({self.count('solved', kept='a bit', model='lstm, chrono', lag=far)} at {far:,})"))  # fmt: skip
        return points

    def _fails(self, model: str, bridged: int) -> str:
        beyond = sorted(row["lag"] for row in self.of(kept="a number", model=model) if row["lag"] > bridged)
        return f"and not for {beyond[0]:,} ({self.count('solved', kept='a number', model=model, lag=beyond[0])})" if beyond else "or more"  # fmt: skip

    def table(self) -> Table:
        """Successes of all seeds, a row for each model and a column for each lag; "-" was not tried."""
        lags = sorted(self.values("lag"))
        rows = []
        for kept, model in dict.fromkeys((row["kept"], row["model"]) for row in self.rows):
            longest = self.bridged(kept, model)
            found = [self.numbers("solved", kept=kept, model=model, lag=lag) for lag in lags]
            shares = [f"{int(x.sum())}/{len(x)}" if len(x) else None for x in found]
            rows.append([kept, model, *shares, longest, self.middle("seconds", kept=kept, model=model, lag=longest)])
        return Table(["kept", "model", *[f"lag {lag}" for lag in lags], "bridges", "seconds for it"], rows)

    def plot(self) -> Any:
        """Success rates against the lag."""
        figure, [axes] = new_figure(1, 2, (11.0, 4.4), sharey=True)
        for kept, ax in zip(("a number", "a bit"), axes, strict=True):
            for k, model in enumerate(MODELS):
                lags = sorted({row["lag"] for row in self.of(kept=kept, model=model)})
                shares = [self.share("solved", kept=kept, model=model, lag=lag) + 0.01 * (k - 2.5) for lag in lags]
                if lags:  # lines at the same height stay visible
                    ax.plot(lags, shares, marker="osD^vP"[k], markersize=5, color=COLOURS[k], label=model)
            ax.axvline(10, color=SOFT, linestyle=":", linewidth=1)
            ax.set(xscale="log", xlabel="lag (steps)", ylim=(-0.06, 1.06))
            headline(ax, f"{kept}: a plain RNN bridges {self.bridged(kept, 'rnn'):,}, an LSTM with chrono {self.bridged(kept, 'lstm, chrono'):,}")  # fmt: skip
        axes[0].set_ylabel("share of seeds that solve it")
        axes[1].legend(*axes[0].get_legend_handles_labels(), frameon=False, fontsize="small", loc="center")
        return figure


def run(kept: str, model: str, lag: int, seed: int) -> Row:
    """One training."""
    task = task_of(kept, lag, seeded(seed))
    rate = RATES.get(model, RATES[kept])
    return trained(task, model_of(model, task), steps=STEPS, batch=BATCH, lr=rate, evaluate_every=25)
