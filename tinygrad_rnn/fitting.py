"""`fit` trains a model on a task, and does nothing that the written-out loop cannot show:

for step, batch in task.batches(steps=steps):
    loss = task.loss(model(*batch.inputs), batch.y)
    optimizer.zero_grad()
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import optim
from .models.bptt import windows
from .runs.loop import Diverged as Diverged, Run as Run
from .tasks import ConfigError, Task

OPTIMIZERS: dict[str, Any] = {
    name.lower(): getattr(optim, name) for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta")
}
SCHEDULES: dict[str, Callable[[Any, int], Any]] = {  # (optimizer, steps) -> scheduler
    "constant": lambda optimizer, steps: optim.lr_scheduler.StepLR(optimizer, max(1, steps), 1.0),
    "cosine": lambda optimizer, steps: optim.lr_scheduler.CosineAnnealingLR(optimizer, steps),
    "linear": lambda optimizer, steps: optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps),
    "step": lambda optimizer, steps: optim.lr_scheduler.StepLR(optimizer, max(1, steps // 3), 0.1),
}


def fit(
    model: Any, task: Task, steps: int | None = None, batch: int | None = None, lr: float | None = None,
    optimizer: str = "adam", schedule: str | None = None, clip: float | None = 1.0, tbptt: tuple[int, int] | None = None,
    evaluate_every: int = 100, target: float | str | None = None,
    callbacks: Sequence[Callable[[Run], Any]] = (), state: dict[str, Any] | None = None,
) -> Run:  # fmt: skip
    """Train `model` on `task` until it is solved or `steps` are done. Returns the `Run`; the model has the last weights.

    steps, batch, lr, schedule  left out: what the task's default model is trained with
    optimizer, schedule  names in OPTIMIZERS and SCHEDULES
    clip              the largest norm of the gradient; None or 0: any
    tbptt             (k1, k2): a gradient every k1 steps that goes back k2 steps, each followed by an update
    evaluate_every    steps between evaluations on the validation part
    target            the score to stop at; left out: the task's threshold, a little more where it writes, and for
                      texts "none": go through all steps
    callbacks         functions of the run, called after each step; one that answers something true ends the training
    state             a `Run.state_dict()`: go on from there

    Raises Diverged, with an explanation, when the loss is no finite number or a hundred times what it was; ConfigError
    for options that do not fit.
    """
    defaults = task.defaults
    steps, batch, lr = steps or int(defaults["steps"]), batch or int(defaults["batch"]), lr or float(defaults["lr"])
    target = defaults.get("target") if target is None else target
    planned: str = schedule or defaults.get("schedule", "constant")
    for name, value, choices in (("optimizer", optimizer, OPTIMIZERS), ("schedule", planned, SCHEDULES)):
        if value not in choices:
            raise ConfigError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
    if tbptt is not None:
        check_truncation(model, task, *tbptt)
    chosen = OPTIMIZERS[optimizer](model.parameters(), lr=lr)
    run = Run(model, task, steps, batch, chosen, SCHEDULES[planned](chosen, steps), clip=clip, tbptt=tbptt, evaluate_every=evaluate_every, target=target)  # fmt: skip
    if state is not None:
        run.load_state_dict(state)
    model.train()
    run.go(callbacks)
    return run


def check_truncation(model: Any, task: Task, k1: int, k2: int) -> None:
    """Raise a ConfigError where truncated backpropagation makes no sense, and say why."""
    windows(1, k1, k2)
    if task.net != "each step" or task.loss_kind == "ctc":
        raise ConfigError(f"tbptt: {task.name} has one loss for a whole sequence; only losses at each step can be cut")
    if getattr(model, "stateless", False) or getattr(model, "two_ways", False):
        raise ConfigError(f"tbptt: the model of {task.name} carries no state from one window to the next")
