"""Variants of the LSTM: what each costs in weights and time, and what it buys in error.

A number comes at each step, now and then with a mark; at all times the last marked number is to be said. So an old
number must be kept and, when a new mark comes, given up: the second is what the forget gate is for, which the LSTM of
1997 did not have (Gers, Schmidhuber & Cummins 2000).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import nn, optim
from .._figure import COLOURS, SOFT, headline, new_figure
from .._mode import no_grad
from .._tensor import Tensor
from ..nn import functional as F
from ..nn.recurrent.cells import Gates, State
from ..study.results import Table
from .claim import Claim, Effort, Point, Row
from .training import seeded

LENGTH, HIDDEN, BATCH, UPDATES, QUICK = 20, 12, 32, 200, 10
MARKED = 0.12  # how often


class WithoutForgetting(nn.CoupledLSTMCell):
    """The LSTM of 1997: c = c + i ⊙ g, with an input and an output gate. Rows in the order i, g, o."""

    gate_order = "igo"

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """As `LSTMCell`, with f = 1."""
        weight_ih, weight_hh, bias_ih, bias_hh = self.weights
        h, c = state
        h = h if masked_h is None else masked_h
        i, g, o = (F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)).chunk(3, -1)
        i, g, o = i.sigmoid(), g.tanh(), o.sigmoid()
        c = c + i * g
        return (o * c.tanh(), c), {"i": i, "g": g, "o": o}


CELLS: dict[str, Callable[[], Any]] = {
    "lstm": lambda: nn.LSTMCell(2, HIDDEN),
    "no forget gate": lambda: WithoutForgetting(2, HIDDEN),
    "coupled, i = 1 - f": lambda: nn.CoupledLSTMCell(2, HIDDEN),
    "no biases": lambda: nn.LSTMCell(2, HIDDEN, bias=False),
    "peephole, diagonal": lambda: nn.PeepholeLSTMCell(2, HIDDEN),
    "peephole, dense": lambda: nn.PeepholeLSTMCell(2, HIDDEN, peephole="dense"),
    "gru": lambda: nn.GRUCell(2, HIDDEN),
}


def marked(rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
    """x (T, count, 2): a number in -1..1 and a mark; y (T, count, 1): the last marked number. The first is marked."""
    values, marks = rng.uniform(-1, 1, (LENGTH, count)), rng.random((LENGTH, count)) < MARKED
    marks[0] = True
    last = np.maximum.accumulate(np.where(marks, np.arange(LENGTH)[:, None], 0))
    y = np.take_along_axis(values, last, 0)[..., None]
    return Tensor._of(np.stack([values, marks], -1).astype(np.float32)), Tensor._of(y.astype(np.float32))


class Variants(Claim):
    """Weights, time and error of each variant."""

    name, lecture = "variants", "000, 002, 003"
    says = "peephole connections, coupled gates (two gates are enough, fewer weights), no biases, GRU"
    about = "LSTM variants on one task: what each costs in weights and time, and buys in error"

    @classmethod
    def measure(cls, effort: Effort) -> Iterator[Row]:
        """Each cell through time as operations, so that times can be compared."""
        for seed in range(effort.seeds):
            for name, make in CELLS.items():
                seeded(seed)
                yield {"cell": name, "seed": seed, **_train(make(), seed, QUICK if effort.quick else UPDATES)}

    def points(self) -> list[Point]:
        """What is lost without a forget gate, and bought by the rest."""
        error = {name: self.middle("error", cell=name) for name in CELLS}
        weights = {name: int(self.middle("weights", cell=name)) for name in CELLS}
        usual = "lstm"

        def beside(name: str) -> str:
            return (
                f"{weights[name]:,} weights, error {error[name]:.3f} (LSTM {weights[usual]:,} and {error[usual]:.3f})"
            )

        looking = min(("peephole, diagonal", "peephole, dense"), key=lambda name: error[name])
        return [
            Point(error["no forget gate"] > 1.5 * error[usual], f"the forget gate is worth its weights: without it {beside('no forget gate')}"),
            Point(error["coupled, i = 1 - f"] < 1.1 * error[usual], f"coupled gates do with fewer: {beside('coupled, i = 1 - f')}"),
            Point(error["no biases"] < 1.1 * error[usual], f"biases can be spared: {beside('no biases')}"),
            Point(error[looking] < 0.9 * error[usual], f"peepholes buy something here: {looking} has {beside(looking)}"),
            Point(error["gru"] < 1.1 * error[usual], f"a GRU does with fewer: {beside('gru')}"),
        ]  # fmt: skip

    def table(self) -> Table:
        """Medians over seeds, with lowest and highest errors."""
        rows = []
        for name in CELLS:
            errors = self.numbers("error", cell=name)
            rows.append([name, int(self.middle("weights", cell=name)), self.middle("ms", cell=name), float(np.median(errors)), errors.min(), errors.max()])  # fmt: skip
        return Table(["cell", "weights", "ms per update", "error", "lowest", "highest"], rows)

    def plot(self) -> Any:
        """Error against weights, a mark for each run."""
        figure, [[ax]] = new_figure(1, 1, (8.5, 4.4))
        for place, name in enumerate(CELLS):
            errors = self.numbers("error", cell=name)
            ax.plot(np.full(len(errors), place), errors, "o", color=COLOURS[0], alpha=0.5, markersize=5)
            ax.plot([place - 0.25, place + 0.25], [np.median(errors)] * 2, color=COLOURS[1], linewidth=2)
        ax.axhline(self.middle("error", cell="lstm"), color=SOFT, linestyle=":", linewidth=1)
        labels = [f"{name}\n{int(self.middle('weights', cell=name)):,}".replace(", ", ",\n", 1) for name in CELLS]
        ax.set_xticks(range(len(CELLS)), labels, fontsize="small")
        ax.set(yscale="log", ylabel="squared error of the last marked number", xlabel="cell, and its weights")
        headline(ax, self.points()[0].text)
        return figure


def _train(cell: Any, seed: int, updates: int) -> Row:
    """Adam; the error on fresh sequences, and the time of an update."""
    body, readout = nn.Recurrent(cell), nn.Linear(HIDDEN, 1)
    parameters = [*body.parameters(), *readout.parameters()]
    rng, optimizer = np.random.default_rng(seed), optim.Adam(parameters, lr=0.01)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
    started = time.process_time()
    for _ in range(updates):
        x, y = marked(rng, BATCH)
        loss = F.mse_loss(readout(body(x)[0]), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
    ms = 1000 * (time.process_time() - started) / updates
    with no_grad():
        x, y = marked(np.random.default_rng(1000), 500)
        error = F.mse_loss(readout(body(x)[0]), y).item()
    return {"weights": sum(p.numel() for p in cell.parameters()), "ms": ms, "error": error}
