"""Weight sharing: an RNN against a network of the same depth whose steps have weights of their own.

Both are the same module: cells in a row. The RNN has one cell for all steps, the untied network one for each. They learn
to add two marked numbers from a fixed set of sequences, so that what each can conclude from little is seen.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import numpy as np

from .. import nn
from .._figure import COLOURS, SOFT, headline, new_figure
from .._mode import no_grad
from .._tensor import Tensor
from ..nn import init
from ..study.results import Table
from ..tasks import adding
from .claim import Claim, Effort, Point, Row, Trial, Trials, spread
from .training import seeded, trained

LENGTH, HIDDEN, STEPS, QUICK = 10, 24, 600, 60
SAMPLES = (100, 300, 1000)
LAYERS = ("shared", "untied")


class InARow(nn.Module):
    """h_t = tanh(W_t x_t + U_t h_{t-1} + b_t), then a readout of the last; `tied`: W, U, b are the same at all steps."""

    def __init__(self, tied: bool):
        super().__init__()
        self.tied = tied
        self.cells: nn.ModuleList = nn.ModuleList([nn.RNNCell(2, HIDDEN) for _ in range(1 if tied else LENGTH)])
        for cell in self.cells:
            init.orthogonal_(cell.weight_hh)
        self.readout: nn.Linear = nn.Linear(HIDDEN, 1)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, 2) -> (B, 1). Raises ValueError for steps that have no weights."""
        steps = x.array.shape[1]
        if not self.tied and steps > LENGTH:
            raise ValueError(f"untied: weights for {LENGTH} steps, a sequence of {steps}")
        h: Any = None
        for t in range(steps):
            h = self.cells[0 if self.tied else t](x[:, t], h)
        return self.readout(h)


class Sharing(Claim):
    """Errors of the shared and the untied network by the number of sequences."""

    name, lecture = "sharing", "002, 004"
    says = "weight sharing is what sets an RNN apart from a feed-forward network; without it the two are the same"
    about = "an RNN against an untied network of the same depth, from few sequences and many"

    @classmethod
    def trials(cls, effort: Effort) -> Trials:
        """Both networks from each number of sequences."""
        for samples in SAMPLES[:1] if effort.quick else SAMPLES:
            for layers in LAYERS:
                for seed in range(effort.seeds):
                    yield Trial(partial(run, QUICK if effort.quick else STEPS), {"layers": layers, "samples": samples, "seed": seed})  # fmt: skip

    def points(self) -> list[Point]:
        """The same function; what sharing saves, and where it wins."""
        few, many = min(self.values("samples")), max(self.values("samples"))
        fresh = {(n, k): self.middle("fresh", layers=n, samples=k) for n in LAYERS for k in (few, many)}
        known = {n: self.middle("known", layers=n, samples=few) for n in LAYERS}
        weights = [int(self.middle("weights", layers=n)) for n in LAYERS]
        apart = max(self.numbers("apart"))
        wins = [k for k in self.values("samples") if self.middle("fresh", layers="shared", samples=k) < 0.8 * self.middle("fresh", layers="untied", samples=k)]  # fmt: skip
        longer = self.middle("longer", layers="shared", samples=many)
        return [
            Point(apart < 1e-5, f"with equal weights at each step the untied network is the RNN: outputs differ by {apart:.1g} at most"),
            Point(weights[0] < weights[1] / 2, f"sharing saves weights: {weights[0]:,} instead of {weights[1]:,} for {LENGTH} steps"),
            Point(bool(wins), f"and learns more from as much: from {few} sequences the error on fresh ones is {fresh['shared', few]:.3f} shared, {fresh['untied', few]:.3f} untied (known ones {known['shared']:.3f}, {known['untied']:.3f}); from {many:,} {fresh['shared', many]:.3f} and {fresh['untied', many]:.3f}; always to say 1: 0.167"),
            Point(len(wins) == len(self.values("samples")), "this at every number of sequences tried" if len(wins) == len(self.values("samples")) else f"this at every number of sequences tried: at {', '.join(f'{k:,}' for k in wins) or 'none'} of {', '.join(f'{k:,}' for k in self.values('samples'))}"),
            Point(longer < 1 / 6, f"it takes sequences twice as long (error {longer:.3f}), for which the untied one has no weights"),
        ]  # fmt: skip

    def table(self) -> Table:
        """Errors, medians with lowest and highest."""
        rows = []
        for samples in self.values("samples"):
            for layers in LAYERS:
                fresh = self.numbers("fresh", layers=layers, samples=samples)
                longer = self.middle("longer", layers=layers, samples=samples)
                rows.append([samples, layers, int(self.middle("weights", layers=layers)), self.middle("known", layers=layers, samples=samples), float(np.median(fresh)), fresh.min(), fresh.max(), None if np.isnan(longer) else longer])  # fmt: skip
        return Table(["sequences", "weights are", "weights", "error, known", "fresh", "lowest", "highest", "twice as long"], rows)  # fmt: skip

    def plot(self) -> Any:
        """Error on fresh sequences against the number of known ones."""
        figure, [[ax]] = new_figure(1, 1, (7.5, 4.2))
        samples = self.values("samples")
        for layers, colour in zip(LAYERS, COLOURS, strict=False):
            spread(ax, samples, [self.numbers("fresh", layers=layers, samples=k) for k in samples], f"{layers}, fresh sequences", colour)  # fmt: skip
            ax.plot(samples, [self.middle("known", layers=layers, samples=k) for k in samples], "x:", color=colour, label=f"{layers}, known ones")  # fmt: skip
        ax.axhline(1 / 6, color=SOFT, linewidth=1, label="always 1")
        ax.set(xscale="log", yscale="log", xlabel="sequences to learn from", ylabel="squared error of the sum")
        ax.set_xticks(samples, [f"{k:,}" for k in samples])
        ax.minorticks_off()
        headline(ax, self.points()[2].text.split(" (")[0])
        ax.legend(frameon=False, fontsize="small")
        return figure


def run(steps: int, layers: str, samples: int, seed: int) -> Row:
    """One training."""
    task = dataclasses.replace(adding(LENGTH, seed=seeded(seed), samples=samples), held_out=500)
    model = InARow(tied=layers == "shared")
    trained(task, model, steps=steps, batch=32, lr=0.005, schedule="cosine", target="none", evaluate_every=steps)
    weights, longer = sum(p.numel() for p in model.parameters()), adding(2 * LENGTH, seed=seed)
    return {"weights": weights, "known": _known(task, model, samples), "fresh": task.score(model), "longer": longer.score(model) if model.tied else float("nan"), "apart": apart(seed)}  # fmt: skip


@no_grad()
def apart(seed: int) -> float:
    """How far the outputs of an RNN and of an untied network with the same weights at each step lie apart."""
    seeded(seed)
    shared, untied = InARow(True), InARow(False)
    untied.readout.load_state_dict(shared.readout.state_dict())
    for cell in untied.cells:
        cell.load_state_dict(shared.cells[0].state_dict())
    x = adding(LENGTH, seed=seed).batch(0, 16).x
    return float(abs(shared(x).array - untied(x).array).max())


@no_grad()
def _known(task: Any, model: Any, samples: int) -> float:
    x, y = task.data.batch(0, samples)
    return float(((model(Tensor._of(x)).array - y) ** 2).mean())
