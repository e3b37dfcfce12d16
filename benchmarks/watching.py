"""What `study.Monitor` costs: loops of 200 training steps with it and without it; at most 1.05 is promised."""

from __future__ import annotations

import contextlib
import math

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study

from .table import Table
from .timing import Job, compare
from .training import SMALL, named

MIDDLE = (40, 16, 32, 64, 96)  # (T, B, I, H, V)
STEPS = 200  # the monitor looks at one of them


class Text(nn.Module):
    """Embedding, a recurrent layer, linear."""

    def __init__(self, kind: str, I: int, H: int, V: int):
        super().__init__()
        self.embedding, self.layer, self.head = nn.Embedding(V, I), getattr(nn, kind)(I, H), nn.Linear(H, V)

    def forward(self, text: tg.Tensor) -> tg.Tensor:
        """(T, B) -> (T, B, V)."""
        return self.head(self.layer(self.embedding(text))[0])


def watching(quick: bool) -> Table:
    """One look in 200 steps, whatever it costs (limit=inf), against the loop alone."""
    table = Table(f"study.Monitor around {STEPS} training steps, one look, against the loop alone, per step")
    sizes = [("LSTM", SMALL)] if quick else [("LSTM", SMALL), ("GRU", SMALL), ("RNN", SMALL), ("LSTM", MIDDLE)]
    steps = 2 if quick else STEPS
    for kind, size in sizes:
        jobs = {"ours": loop_job(kind, size, steps, True), "the loop alone": loop_job(kind, size, steps, False)}
        table.add(f"{kind} {named(size)}", compare(jobs, 3, quick), unit=steps)
    return table


def loop_job(kind: str, size: tuple[int, ...], steps: int, watched: bool) -> Job:
    """A loop of so many steps on text (T, B)."""
    T, B, I, H, V = size
    model = Text(kind, I, H, V)
    optimizer = tg.optim.Adam(model.parameters(), lr=1e-3)
    text = np.random.default_rng(0).integers(0, V, (T + 1, B))
    now, then = tg.tensor(text[:-1]), tg.tensor(text[1:])

    def job() -> None:
        with study.Monitor(model, limit=math.inf) if watched else contextlib.nullcontext() as monitor:
            for _ in range(steps):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(now).reshape(-1, V), then.reshape(-1))
                if monitor is not None:
                    monitor.step(loss)
                loss.backward()
                optimizer.step()

    return job
