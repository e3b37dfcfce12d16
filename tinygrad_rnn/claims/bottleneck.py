"""The bottleneck: an encoder that hands over one state, and one whose outputs the decoder may look back at.

Both write sequences backwards, trained anew for each length and seed. The one without attention is made wider, so that
it has about as many weights; the one with attention reads in both directions. Written symbols are counted, each fed with
what was written before, as in use.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

from .._figure import COLOURS, SOFT, headline, new_figure
from .._tensor import Tensor
from ..study.results import Table
from ..tasks import Task, reverse
from .claim import Claim, Effort, Point, Row, Trial, Trials, spread
from .training import seeded, trained

MODELS = {"state alone": ("gru", 64), "attention": ("attention", 48)}  # cell, features
LENGTHS, QUICK = (6, 16), (4, 8)


class Bottleneck(Claim):
    """Accuracy against length, with and without attention."""

    name, lecture = "bottleneck", "004"
    says = "an RNN that must encode a sequence in one state loses information (encoding bottleneck); attention removes this"
    about = "sequences written backwards: accuracy against length, with and without attention"

    @classmethod
    def trials(cls, effort: Effort) -> Trials:
        """A training for each length, model and seed."""
        for length in QUICK if effort.quick else LENGTHS:
            for name in MODELS:
                for seed in range(effort.seeds):
                    yield Trial(partial(run, effort.quick), {"model": name, "length": length, "seed": seed})

    def points(self) -> list[Point]:
        """What length costs without attention, and with it."""
        short, long = min(self.values("length")), max(self.values("length"))
        right = {(name, n): self.middle("right", model=name, length=n) for name in MODELS for n in (short, long)}
        alone, attention = ([right[name, n] for n in (short, long)] for name in MODELS)
        guess = 1 / 8
        return [
            Point(alone[0] - alone[1] > 0.2, f"from one state the decoder writes {_percent(alone[0])} of the symbols right at length {short}, {_percent(alone[1])} at length {long}"),
            Point(attention[1] > 0.9, f"with attention {_percent(attention[0])} and {_percent(attention[1])}, with about as many weights ({self._weights()})"),
            Point(attention[1] - alone[1] > 0.2 and attention[1] - alone[1] > attention[0] - alone[0], f"so the longer the sequence, the more attention brings: {100 * (attention[0] - alone[0]):+.0f} points at {short}, {100 * (attention[1] - alone[1]):+.0f} at {long}"),
            Point(alone[1] > guess + 0.1, f"the state is narrow, not empty: a guess would be right for {_percent(guess)}"),
        ]  # fmt: skip

    def _weights(self) -> str:
        return " and ".join(f"{int(self.middle('weights', model=name)):,}" for name in MODELS)

    def table(self) -> Table:
        """Medians over seeds, with the lowest and highest of the symbols."""
        rows = []
        for name in MODELS:
            for length in self.values("length"):
                right = self.numbers("right", model=name, length=length)
                middles = [self.middle(column, model=name, length=length) for column in ("right", "whole", "seconds")]
                rows.append([name, f"{(length + 1) // 2} to {length}", int(self.middle("weights", model=name)), middles[0], right.min(), right.max(), middles[1], middles[2]])  # fmt: skip
        return Table(["model", "length", "weights", "symbols right", "lowest", "highest", "sequences right", "seconds"], rows)  # fmt: skip

    def plot(self) -> Any:
        """Accuracy against length."""
        figure, [[ax]] = new_figure(1, 1, (7.5, 4.2))
        lengths = self.values("length")
        for (name, (_, hidden)), colour in zip(MODELS.items(), (COLOURS[1], COLOURS[0]), strict=True):
            runs = [self.numbers("right", model=name, length=n) for n in lengths]
            spread(ax, lengths, runs, f"{name} ({hidden} features)", colour)
        ax.axhline(1 / 8, color=SOFT, linestyle=":", label="a guess")
        ax.set(xlabel="longest sequence", ylabel="share of symbols written right", ylim=(0, 1.03), xticks=lengths)
        headline(ax, self.points()[2].text)
        ax.legend(frameon=False, fontsize="small", loc="lower left", bbox_to_anchor=(0, 0.14))
        return figure


def run(quick: bool, model: str, length: int, seed: int) -> Row:
    """One training."""
    task = dataclasses.replace(reverse(length, seed=seeded(seed)), held_out=100)
    cell, hidden = MODELS[model]
    net = task.model(cell=cell, hidden=hidden)
    weights, steps = sum(p.numel() for p in net.parameters()), 25 if quick else 300
    result = trained(task, net, steps=steps, batch=32, lr=0.01, schedule="cosine", evaluate_every=steps)
    return {"weights": weights, "right": symbols_right(task, net), "whole": result["score"], "steps": result["steps"], "seconds": result["seconds"]}  # fmt: skip


def symbols_right(task: Task, model: Any) -> float:
    """The share of symbols of the held-out sequences that the model writes right, the end included."""
    x, y = task.data.batch(0, 100, "validation")
    written = model.write(Tensor._of(x), y.shape[1]).array
    return float((written == y)[y >= 0].mean())


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
