"""A task: data, a loss, a metric with the trivial and the best possible score, a model that solves it, and its source.

    task = tasks.adding(length=50)
    model = task.model()
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    for step, batch in task.batches(64, steps=500):
        loss = task.loss(model(*batch.inputs), batch.y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(task.score(model), task.trivial, task.optimal)

`fit` does the same with clipping, evaluation and a place to put results.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .._mode import no_grad
from .._tensor import Tensor
from .networks import make
from .scoring import LOSSES, METRICS, Metric
from .sources import Source, Stream


class Batch(NamedTuple):
    """What a model gets, model(*batch.inputs), and what it should say."""

    inputs: tuple[Tensor, ...]
    y: Tensor

    @property
    def x(self) -> Tensor:
        """What is read."""
        return self.inputs[0]


@dataclasses.dataclass(frozen=True)
class Task:
    """One task; `tasks.adding(…)` and its relatives make them.

    name, about, origin   its name, one line, and the paper or the lecture it comes from
    options      what it was made with
    data         gives batches of arrays: what is read, perhaps what goes with it, what is to be said
    net          the shape of its model: "each step", "at the end", "translate" or "caption"; see networks.py
    inputs       features of a step, or (tokens=True) the size of the vocabulary
    outputs      numbers or classes to be said
    loss_kind, metric_kind   rows of scoring.py
    trivial      the score of a predictor that has learnt nothing; `trivial_is` says which
    optimal      the best possible score, None where nobody knows it
    threshold    the score at which the task counts as solved
    defaults     of the model and its training: cell, hidden, layers, batch, lr, steps, …
    vocabulary   what tokens stand for: a string or a list; for a translation one for both sides
    """

    name: str
    about: str
    origin: str
    options: dict[str, Any]
    data: Source
    net: str
    inputs: int
    outputs: int
    loss_kind: str
    metric_kind: str
    trivial: float
    trivial_is: str
    optimal: float | None
    threshold: float
    defaults: dict[str, Any]
    tokens: bool = True
    vocabulary: Any = None
    held_out: int = 500  # sequences to evaluate on

    @property
    def metric(self) -> Metric:
        """The number for people."""
        return METRICS[self.metric_kind]

    @property
    def carries(self) -> bool:
        """Whether a state is carried from one batch to the next: model(x, state) -> scores, state."""
        return isinstance(self.data, Stream) and self.data.carried

    def model(self, **changes: Any) -> Any:
        """A new model with the task's defaults, or with other ones: cell, hidden, layers, dropout, head, bidirectional."""
        return make(self, **changes)

    def batch(self, k: int = 0, size: int | None = None, part: str = "training") -> Batch:
        """Batch number k of a part; the same for the same k."""
        *inputs, y = self.data.batch(k, size or self.defaults["batch"], part)
        if self.metric_kind == "legal":  # the last array is for the metric alone
            inputs = inputs[:1]
        if self.net in ("translate", "caption"):  # a decoder is fed what it should have said before
            inputs = [*inputs, y]
        return Batch(tuple(map(Tensor._of, inputs)), Tensor._of(y))

    def batches(self, size: int | None = None, steps: int | None = None, start: int = 0) -> Iterator[tuple[int, Batch]]:
        """(step, batch) for training, step = start + 1, start + 2, …, up to `steps` or without end."""
        step = start
        while steps is None or step < steps:
            step += 1
            yield step, self.batch(step - 1, size)

    def loss(self, scores: Tensor, y: Tensor) -> Tensor:
        """What training makes small: a single number."""
        return LOSSES[self.loss_kind](scores, y)

    def fresh_state(self, k: int, size: int | None = None, part: str = "training") -> bool:
        """True where batch k does not go on from the batch before."""
        return not isinstance(self.data, Stream) or self.data.starts_anew(k, size or self.defaults["batch"], part)

    def score(self, model: Any, part: str = "validation") -> float:
        """The metric over the held-out part, the same sequences each time; the model is in evaluation mode meanwhile."""
        training = model.training
        model.eval()
        try:
            return self._score(model, part)
        finally:
            model.train(training)

    @no_grad()
    def _score(self, model: Any, part: str) -> float:
        total, count, state = 0.0, 0, None
        size = 100
        batches = self.data.windows(size, part)[1] if isinstance(self.data, Stream) else -(-self.held_out // size)
        for k in range(batches):
            *inputs, y = self.data.batch(k, size, part)
            batch = self.batch(k, size, part)
            if self.metric.written:
                scores = model.write(batch.x, y.shape[1])
            elif self.carries:
                scores, state = model(batch.x, state)
            else:
                scores = model(*batch.inputs)
            more, things = self.metric.add_up(scores.array, inputs, y)
            total, count = total + more, count + things
        return total / count

    def solved(self, score: float, target: float | None = None) -> bool:
        """Whether a score is as good as the threshold, or as `target`."""
        goal = self.threshold if target is None else target
        return score >= goal if self.metric.higher else score <= goal

    def better(self, a: float, b: float | None) -> bool:
        """Whether the score a is better than b; NaN never is."""
        return a == a and (b is None or (a > b if self.metric.higher else a < b))

    def distance(self, score: float) -> float | None:
        """How far from the trivial (0) to the best possible score (1) this one is; None where that is not known."""
        if self.optimal is None or self.optimal == self.trivial:
            return None
        return (score - self.trivial) / (self.optimal - self.trivial)

    def text(self, numbers: np.ndarray) -> str:
        """What tokens stand for, without fillings and the end."""
        names = [self.vocabulary[int(k)] for k in numbers if int(k) >= 0]
        stop = next((k for k, name in enumerate(names) if name in ("<end>",)), len(names))
        joiner = "" if all(len(name) == 1 or name.startswith("<") for name in self.vocabulary) else " "
        return joiner.join(name for name in names[:stop] if name != "<pad>")


Maker = Callable[..., Task]
