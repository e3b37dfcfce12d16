"""A training while it runs: one step after the other, what is noted, and all that it takes to go on later."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import random
from .._tensor import Tensor
from ..kernels.choice import kernels_used
from ..models.bptt import detached, windows
from ..nn.utils import clip_grad_norm_
from ..notes import record
from ..ops.joining import cat
from ..tasks import Task
from ..tasks.scoring import NOTHING


class Diverged(RuntimeError):
    """The loss is no finite number, or a hundred times what it was; the message says what is behind it."""


class Run:
    """A training: the model, and what `fit` noted.

    step, steps   done, and at most to do          losses   of each step
    rows          of each evaluation: step, loss (mean since the one before), score, lr, norm (of the gradient), seconds
    best          the best score, None before the first; `best_weights` are those that had it
    why           it ended: "solved", "steps", "stopped" by a callback; "" while it has not
    """

    def __init__(self, model: Any, task: Task, steps: int, batch: int, optimizer: Any, scheduler: Any, **options: Any):
        self.model: Any = model
        self.task: Task = task
        self.steps: int = steps
        self.batch: int = batch
        self.optimizer: Any = optimizer
        self.scheduler: Any = scheduler
        self.options: dict[str, Any] = options
        self.step: int = 0
        self.losses = []
        self.rows: Any = []
        self.why = ""
        self.best: float | None = None
        self.best_weights: dict[str, Tensor] = {}
        self.carried: Any = None
        self.norm, self._seconds, self._started = 0.0, 0.0, time.process_time()

    def __repr__(self) -> str:
        best = "" if self.best is None else f", best {self.task.metric.name} {self.best:.4g}"
        return f"<Run of {self.task.name}: {self.why or 'running'}, {self.step:,} of {self.steps:,} steps{best}>"

    @property
    def seconds(self) -> float:
        """Processor time of the training so far, that before a resume included."""
        return self._seconds + time.process_time() - self._started

    def go(self, callbacks: Sequence[Callable[[Run], Any]]) -> None:
        """Train to the end; each callback is called with the run after each step, and a true answer ends it."""
        while not self.why and self.step < self.steps:
            batch = self.task.batch(self.step, self.batch)
            losses = [self._update(loss, batch) for loss in self._losses_of(batch)]
            self.step += 1
            self.losses.append(sum(losses) / len(losses))
            if self.step % self.options["evaluate_every"] == 0 or self.step == self.steps:
                self._evaluate()
            answers = [callback(self) for callback in callbacks]  # of all of them
            if any(answers) and not self.why:
                self.why = "stopped"
        self.why = self.why or "steps"

    def _losses_of(self, batch: Any) -> Iterator[Tensor]:
        """One loss, or with truncated backpropagation one for each window; each is followed by an update."""
        if self.task.fresh_state(self.step, self.batch):
            self.carried = None
        if self.options["tbptt"]:
            yield from self._windows(batch, *self.options["tbptt"])
        elif self.task.carries:
            scores, state = self.model(batch.x, self.carried)
            self.carried = detached(state)
            yield self.task.loss(scores, batch.y)
        else:
            yield self.task.loss(self.model(*batch.inputs), batch.y)

    def _windows(self, batch: Any, k1: int, k2: int) -> Iterator[Tensor]:
        """A gradient every k1 steps that goes back k2: see models/bptt.py."""
        before = {0: self.carried}
        parts = windows(batch.x.array.shape[1], k1, k2)
        cuts = {part.start for part in parts} | {part.end for part in parts}
        for start, first, end in parts:
            scores, state = [], before[start]
            ends = [cut for cut in sorted(cuts) if start < cut <= end]
            for a, b in zip([start, *ends], ends, strict=False):
                more, state = self.model.run(batch.x[:, a:b], state)
                before.setdefault(b, detached(state))
                scores += [more] if a >= first else []
            if (batch.y.array[:, first:end] != NOTHING).any():
                yield self.task.loss(cat(scores, 1), batch.y[:, first:end])
        if self.task.carries:
            self.carried = before[parts[-1].end]

    def _update(self, loss: Tensor, batch: Any) -> float:
        value = loss.item()
        if not math.isfinite(value) or (self.losses and abs(value) > 100 * (abs(self.losses[0]) + 1)):
            raise Diverged(self._explained(value, batch))
        self.optimizer.zero_grad()
        loss.backward()
        self.norm: float = float(clip_grad_norm_(self.model.parameters(), self.options["clip"] or math.inf).item())
        self.optimizer.step()
        self.scheduler.step()
        return value

    def _evaluate(self) -> None:
        score = self.task.score(self.model)
        since = self.rows[-1]["step"] if self.rows else 0
        lr = self.optimizer.param_groups[0]["lr"]
        row = {"step": self.step, "loss": float(np.mean(self.losses[since:])), "score": score, "lr": lr}
        self.rows.append({**row, "norm": self.norm, "seconds": self.seconds})
        if self.task.better(score, self.best):
            self.best = score
            self.best_weights = {name: w.detach().clone() for name, w in self.model.state_dict().items()}
        if self.options["target"] != "none" and self.task.solved(score, self.options["target"]):
            self.why = "solved"

    def _explained(self, value: float, batch: Any) -> str:
        from ..study import explain

        said = f"step {self.step + 1}: the loss is {value:.4g}" + (f", it was {self.losses[0]:.4g} at first" if self.losses else "")  # fmt: skip
        weights = dict(self.model.named_parameters())
        name = next((name for name in weights if "weight_hh" in name), next(iter(weights)))
        try:
            with record():
                loss = next(self._losses_of(batch))
            return f"{said}; {explain(loss, weights[name]).finding()} A smaller lr or clip may help"
        except (RuntimeError, ValueError, FloatingPointError) as error:
            return f"{said}; no explanation: {error}"

    def state_dict(self) -> dict[str, Any]:
        """All that it takes to go on as if it had not been stopped: the position in the data is the step. Beside it
        which kernels ran last, by cell: `{"lstm": "compiled"}`."""
        parts = {name: getattr(self, name).state_dict() for name in ("model", "optimizer", "scheduler")}
        kept = {name: getattr(self, name) for name in ("step", "rows", "why", "best", "best_weights", "carried", "seconds")}  # fmt: skip
        around = {"random": random.get_rng_state(), "kernels": kernels_used()}
        return {**parts, **kept, **around, "losses": np.array(self.losses)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict()`. The processor time goes on too."""
        for name in ("model", "optimizer", "scheduler"):
            getattr(self, name).load_state_dict(state[name])
        for name in ("step", "rows", "best", "best_weights", "carried"):
            setattr(self, name, state[name])
        self.why: str = "" if state["why"] == "stopped" else state["why"]
        self.losses: Any = state["losses"].tolist()
        self._seconds, self._started = state["seconds"], time.process_time()
        random.set_rng_state(state["random"])

    def plot(self) -> Any:
        """The loss of each step and the score of each evaluation, with the trivial and the best possible score."""
        from .outcome import figure_of

        return figure_of(self)
