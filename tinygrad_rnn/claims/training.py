"""What the experiments share: one training by `fit`, with a loss that diverges as a result and not as an end."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from .. import random
from ..fitting import Diverged, fit
from ..nn import RNN, init
from ..tasks import Task


def trained(task: Task, model: Any, **options: Any) -> dict[str, Any]:
    """Train; what came of it as columns: solved, diverged, score (the best; NaN before the first), steps, seconds.

    seconds  of this process, not of the wall
    """
    started = time.process_time()
    last: list[Any] = []
    diverged = False
    try:
        fit(model, task, callbacks=[lambda run: last.__setitem__(slice(None), [run])], **options)
    except Diverged:
        diverged = True
    why, best, steps = (last[0].why, last[0].best, last[0].step) if last else ("", None, 0)
    return {
        "solved": why == "solved", "diverged": diverged, "score": float("nan") if best is None else float(best),
        "steps": steps, "seconds": time.process_time() - started,
    }  # fmt: skip


def held_out(task: Task, count: int) -> Task:
    """The task with fewer sequences to evaluate on."""
    return dataclasses.replace(task, held_out=count)


def seeded(seed: int) -> int:
    """Seed the weights; the same seed is then handed to the task."""
    random.manual_seed(seed)
    return seed


def restarted(model: Any, inputs: int, hidden: int, nonlinearity: str = "tanh", start: str = "identity", inward: float | None = None) -> Any:  # fmt: skip
    """The model with an RNN for a body whose W_hh starts as the identity or orthogonal, and biases at 0.

    inward  the standard deviation of W_ih; None: as usual
    """
    body = RNN(inputs, hidden, nonlinearity=nonlinearity, batch_first=True)
    if start != "usual":
        (init.eye_ if start == "identity" else init.orthogonal_)(body.weight_hh_l0)
        init.zeros_(body.bias_ih_l0)
        init.zeros_(body.bias_hh_l0)
    if inward is not None:
        init.normal_(body.weight_ih_l0, std=inward)
    model.body = body
    return model
