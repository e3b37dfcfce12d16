"""The loss of a run's model over a few time steps, as a graph that can be drawn and studied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .._mode import unrolled
from .._tensor import Tensor
from ..tasks import Task
from ..tasks.scoring import NOTHING


def short_batch(task: Task, steps: int) -> tuple[tuple[Tensor, ...], Tensor]:
    """One held-out sequence, `steps` time steps of it that count: the inputs of the model and the target."""
    *_, y = task.data.batch(0, 1, "validation")
    batch = task.batch(0, 1, "validation")
    x = batch.x
    if task.net in ("translate", "caption"):
        y = y[:, :steps]
        x = x[:, -steps:] if task.net == "translate" else x
        return (x, Tensor._of(y)), Tensor._of(y)
    if task.net == "at the end":
        return (x[:, :steps],), batch.y
    if task.loss_kind == "ctc":
        return (x[:, : max(steps, 8)],), Tensor._of(y[:, :1])
    counting = np.flatnonzero((y != NOTHING).reshape(y.shape[1], -1).any(1))
    start = max(0, int(counting[0]) - steps + 1) if len(counting) else 0
    return (x[:, start : start + steps],), batch.y[:, start : start + steps]


def short_loss(task: Task, model: Any, steps: int) -> Tensor:
    """The loss over `steps` time steps of one held-out sequence."""
    inputs, y = short_batch(task, steps)
    return task.loss(_scores(task, model, inputs), y)


def words_read(task: Task, steps: int) -> list[str] | None:
    """What stands at each of these steps, if that is a token of the task's vocabulary."""
    if not task.tokens or task.net not in ("each step", "at the end"):
        return None
    names = list(map(str, task.vocabulary))
    return [names[k] for k in short_batch(task, steps)[0][0].array[0]]


def _scores(task: Task, model: Any, inputs: tuple[Tensor, ...]) -> Tensor:
    scores = model(*inputs)
    return scores[0] if task.carries else scores


def draw_run(task: Task, model: Any, path: Path, steps: int = 4, **options: Any) -> Any:
    """Draw the graph of the loss over a few time steps, each as its operations; returns the drawing."""
    from ..viz import draw

    training = model.training
    model.eval()
    inputs, y = short_batch(task, steps)
    try:
        with unrolled():
            scores = _scores(task, model, inputs)
            loss = task.loss(scores, y)
    finally:
        model.train(training)
    drawing = draw(loss, names={"model": model, "loss": loss}, grads=True)
    if path.suffix.lower() == ".html":
        options |= what_was_read(task, inputs[0], scores, y)
    drawing.save(path, **options)
    return drawing


def what_was_read(task: Task, x: Tensor, scores: Tensor, y: Tensor) -> dict[str, Any]:
    """For a page: the tokens of a sequence and, where the answers are such tokens too, guesses and right answers."""
    if not task.tokens or task.net not in ("each step", "at the end"):
        return {}
    names = list(map(str, task.vocabulary))
    read: dict[str, Any] = {"text": [names[k] for k in x.array[0]]}
    if task.net == "at the end" or task.loss_kind != "classes" or task.outputs != len(names):
        return read
    right = [names[k] if k != NOTHING else "" for k in y.array[0]]
    return read | {"scores": scores.transpose(0, 1), "targets": right, "vocabulary": names}
