"""Training steps of five toy tasks: their default models against the same models and the same loop in PyTorch."""

from __future__ import annotations

import itertools
from typing import Any

import tinygrad_rnn as tg
from tinygrad_rnn.tasks import TASKS

from .layers import KERNELS, on_kernels
from .peers import peer
from .table import Table
from .timing import Job, compare

NAMES = ("adding", "copy_memory", "tagging", "speech", "text")
NOTHING = -100  # targets that do not count


def tasks(quick: bool) -> Table:
    """The loop that `fit` writes out, on batches drawn beforehand."""
    table = Table("A training step of a task's default model, as in `fit`: forward, backward, clipping, Adam")
    for name in NAMES[:2] if quick else NAMES:
        task = TASKS[name]()
        jobs = on_kernels(step_job(tg, task, task.model()))
        if peer("torch"):
            jobs["PyTorch"] = step_job(peer("torch"), task, twin(peer("torch"), task))
        times = compare(jobs, 9, quick)
        for kernels in KERNELS:
            table.add(f"{name} {sizes(task)}", times, kernels, without=KERNELS)
    return table


def sizes(task: Any) -> str:
    """Such as "GRU B=64 T=50 H=32"."""
    batch, steps, *_ = task.batch().x.shape
    cell = ("bi" if task.defaults.get("bidirectional") else "") + task.defaults["cell"].upper()
    return f"{cell} B={batch} T={steps} H={task.defaults['hidden']}"


def step_job(library: Any, task: Any, model: Any) -> Job:
    """One training step after the other, on four batches in turn."""
    arrays = [task.data.batch(k, task.defaults["batch"]) for k in range(4)]
    batches = itertools.cycle([tuple(map(library.tensor, batch)) for batch in arrays])
    optimizer = library.optim.Adam(model.parameters(), lr=1e-3)

    def job() -> None:
        x, y = next(batches)
        scores = model(x)
        loss = loss_of(library, task.loss_kind, scores[0] if isinstance(scores, tuple) else scores, y)
        optimizer.zero_grad()
        loss.backward()
        library.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return job


def loss_of(library: Any, kind: str, scores: Any, y: Any) -> Any:
    """The task's loss in the words of both libraries."""
    F = library.nn.functional
    if kind == "squares":
        return F.mse_loss(scores, y)
    if kind == "classes":
        return F.cross_entropy(scores.reshape(-1, scores.shape[-1]), y.reshape(-1), ignore_index=NOTHING)
    batch, steps, _ = scores.shape
    lengths = library.full((batch,), steps, dtype=library.int64), (y != NOTHING).sum(1)
    return F.ctc_loss(scores.log_softmax(-1).transpose(0, 1), y.clamp(min=0), *lengths)


def twin(torch: Any, task: Any) -> Any:
    """The default model of a task in PyTorch, with the same names for its weights."""
    nn, options = torch.nn, task.defaults
    hidden, both = options["hidden"], options.get("bidirectional", False)

    class Twin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.reader = nn.Embedding(task.inputs, hidden) if task.tokens else nn.Identity()
            layer = getattr(nn, options["cell"].upper())
            self.body = layer(hidden if task.tokens else task.inputs, hidden, batch_first=True, bidirectional=both)
            self.readout = nn.Linear(hidden * (1 + both), task.outputs)

        def forward(self, x: Any) -> Any:
            h, _ = self.body(self.reader(x))
            return self.readout(h[:, -1] if task.net == "at the end" else h)

    return Twin()
