"""Vanishing and exploding gradients: what the spectral radius does, what clipping cures, and that an LSTM can explode too.

Three experiments. A gradient is followed back through random RNNs whose W_hh has a given spectral radius ρ, and through
LSTMs with larger and larger weights: the factor per step. And RNNs of small and large ρ learn to keep a bit, with and
without clipping, by plain gradient descent (Adam would hide the size of the gradient).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import study
from .._figure import COLOURS, SOFT, headline, new_figure
from ..create import randn
from ..nn import LSTM, RNN, Recurrent, RNNCell, init
from ..notes import record
from ..study.results import Table
from .claim import Claim, Effort, Point, Row, spread
from .range import task_of
from .training import restarted, seeded, trained

RADII = (0.5, 0.7, 0.9, 1.0, 1.1, 1.3, 1.5, 2.0)
SCALES = (1.0, 2.0, 4.0, 8.0, 16.0)  # of an LSTM's weights
STEPS, HIDDEN = 40, 32
STARTS = {"vanishing": 0.7, "exploding": 1.2}  # W_hh = ρ times the identity, relu
LAG = 30


def with_radius(radius: float, linear: bool) -> Any:
    """An RNN without biases whose random W_hh has this spectral radius."""
    layer: Any = Recurrent(RNNCell(HIDDEN, HIDDEN, False, lambda z: z)) if linear else RNN(HIDDEN, HIDDEN, bias=False)
    weight = next(w for name, w in layer.named_parameters() if "weight_hh" in name)
    init.normal_(weight)
    weight.detach().mul_(radius / float(abs(np.linalg.eigvals(weight.array)).max()))
    return layer


def scaled_lstm(scale: float) -> LSTM:
    """An LSTM with all weights larger."""
    layer = LSTM(HIDDEN, HIDDEN)
    for weight in layer.parameters():
        weight.detach().mul_(scale)
    return layer


def factor(layer: Any, state: str) -> float:
    """By what factor ∂L/∂state changes per step on its way back from the last, as a geometric mean."""
    with record():
        loss = layer(0.1 * randn(STEPS, 4, HIDDEN))[0][-1].sum()
    sizes = [line["norm"] for line in study.decay(loss, state).table()]
    return float((sizes[0] / sizes[-1]) ** (1 / (STEPS - 1)))


class Gradients(Claim):
    """The factor per step, and what clipping does."""

    name, lecture = "gradients", "002, 003, 004"
    says = "gradients vanish where W_hh is small and explode where it is large; clipping cures explosion; an LSTM has no guarantee"
    about = "the factor per step against the spectral radius; clipping; LSTMs with large weights"

    @classmethod
    def measure(cls, effort: Effort) -> Iterator[Row]:
        """Factors of RNNs and LSTMs, then the trainings."""
        for seed in range(effort.seeds):
            for x in RADII:
                for kind in ("linear", "tanh"):
                    seeded(seed)
                    yield {"kind": kind, "x": x, "seed": seed, "factor": factor(with_radius(x, kind == "linear"), "h"), "solved": False, "diverged": False}  # fmt: skip
            for x in SCALES:
                seeded(seed)
                yield {"kind": "lstm", "x": x, "seed": seed, "factor": factor(scaled_lstm(x), "c"), "solved": False, "diverged": False}  # fmt: skip
            for start, x in STARTS.items():
                for clip in (None, 1.0):
                    yield {"kind": f"{start}, {'clipped' if clip else 'not clipped'}", "x": x, "seed": seed, **_training(seed, x, clip, 150 if effort.quick else 400)}  # fmt: skip

    def points(self) -> list[Point]:
        """ρ decides; tanh damps; clipping; the LSTM."""
        low, high = RADII[0], RADII[-1]
        at = {(kind, x): self.middle("factor", kind=kind, x=x) for kind in ("linear", "tanh") for x in RADII}
        wrong = max(abs(at["linear", x] / x - 1) for x in RADII)
        lstm = {x: self.middle("factor", kind="lstm", x=x) for x in SCALES}
        worst = max(lstm, key=lambda x: lstm[x])
        solved = {kind: self.count("solved", kind=kind) for kind in self.values("kind")}
        rate = {kind: self.share("solved", kind=kind) for kind in self.values("kind")}
        lost = {kind: self.share("diverged", kind=kind) for kind in self.values("kind")}
        return [
            Point(wrong < 0.15, f"in a linear RNN the gradient changes per step by the spectral radius ρ, to {100 * wrong:.0f}% (medians over seeds)"),
            Point(at["tanh", low] < 0.9 and at["tanh", high] > 1, f"with tanh by {at['tanh', low]:.2f} at ρ = {low:g} and by {at['tanh', high]:.2f} at ρ = {high:g}"),
            Point(at["tanh", high] < 1, f"the slopes of tanh, at most 1, make gradients vanish whatever W_hh is: {at['tanh', high]:.2f} at ρ = {high:g}, where a linear RNN has {at['linear', high]:.2f}"),
            Point(lost["exploding, not clipped"] > 0.5 and rate["exploding, clipped"] > 0.5, f"clipping cures explosion: at ρ = {STARTS['exploding']} {self.count('diverged', kind='exploding, not clipped')} diverge without it, {solved['exploding, clipped']} learn with it"),
            Point(rate["vanishing, clipped"] <= 0.5, f"and not vanishing: at ρ = {STARTS['vanishing']} {solved['vanishing, not clipped']} learn without it, {solved['vanishing, clipped']} with it"),
            Point(lstm[worst] > 1, f"an LSTM can explode: with weights {worst:g} times the usual ∂L/∂c grows by {lstm[worst]:.2f} per step, with the usual ones it changes by {lstm[1.0]:.2f}"),
        ]  # fmt: skip

    def table(self) -> Table:
        """Factors by ρ or scale, medians with lowest and highest, then the trainings."""
        rows = []
        for kind, x in dict.fromkeys((row["kind"], row["x"]) for row in self.rows):
            runs = self.numbers("factor", kind=kind, x=x)
            if np.isnan(runs).all():
                rows.append([kind, x, None, None, None, self.count("solved", kind=kind), self.count("diverged", kind=kind)])  # fmt: skip
            else:
                rows.append([kind, x, float(np.median(runs)), float(runs.min()), float(runs.max()), None, None])
        return Table(["kind", "ρ or scale", "factor per step", "lowest", "highest", "learn", "diverge"], sorted(rows, key=lambda row: row[0]), most=40)  # fmt: skip

    def plot(self) -> Any:
        """The factor per step against ρ, and against the scale of an LSTM's weights."""
        figure, [[left, middle, right]] = new_figure(1, 3, (12.0, 4.0))
        for kind, colour in (("linear", COLOURS[0]), ("tanh", COLOURS[1])):
            spread(left, RADII, [self.numbers("factor", kind=kind, x=x) for x in RADII], kind, colour)
        left.plot(RADII, RADII, color=SOFT, linestyle=":", label="ρ itself")
        left.set(xlabel="spectral radius ρ of W_hh", ylabel="factor of ∂L/∂h per step back")
        left.legend(frameon=False, fontsize="small")
        headline(left, "RNN: below the line it vanishes")
        spread(middle, SCALES, [self.numbers("factor", kind="lstm", x=x) for x in SCALES], "lstm", COLOURS[2])
        middle.set(xscale="log", xlabel="weights, times the usual", ylabel="factor of ∂L/∂c per step back")
        middle.set_xticks(SCALES, [f"{scale:g}" for scale in SCALES])
        middle.minorticks_off()
        headline(middle, "LSTM: above the line it explodes")
        for ax in (left, middle):
            ax.axhline(1, color=SOFT, linewidth=1)
        kinds = [kind for kind in self.values("kind") if ", " in kind]
        right.barh(kinds, [self.share("solved", kind=kind) for kind in kinds], color=COLOURS[2], label="learn")
        right.barh(kinds, [-self.share("diverged", kind=kind) for kind in kinds], color=COLOURS[1], label="diverge")
        right.set(xlim=(-1.05, 1.05), xlabel="share of seeds")
        right.set_xticks([-1, -0.5, 0, 0.5, 1], ["1", "0.5", "0", "0.5", "1"])
        right.legend(frameon=False, fontsize="small")
        headline(right, "clipping cures one of the two")
        return figure


def _training(seed: int, radius: float, clip: float | None, steps: int) -> Row:
    """A relu RNN that starts as ρ times the identity learns to keep a bit."""
    task = task_of("a bit", LAG, seeded(seed))
    model = restarted(task.model(cell="rnn", hidden=16), 1, 16, "relu")
    model.body.weight_hh_l0.detach().mul_(radius)
    result = trained(task, model, steps=steps, batch=16, lr=0.1, optimizer="sgd", clip=clip, evaluate_every=50)
    return {"factor": float("nan"), "solved": result["solved"], "diverged": result["diverged"]}
