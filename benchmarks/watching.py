"""What `study.Monitor` costs: loops of 200 training steps with it and without it; at most 1.05 is promised."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study

from .table import Table
from .timing import Times
from .training import SMALL, named

MIDDLE = (40, 16, 32, 64, 96)  # (T, B, I, H, V)
LONG = (64, 4, 16, 32, 24)  # a look costs most, by a step, where many steps are small
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
    sizes = [("LSTM", SMALL)] if quick else [("LSTM", SMALL), ("GRU", SMALL), ("RNN", LONG), ("LSTM", MIDDLE)]
    rounds, steps = (1, 2) if quick else (5, STEPS)
    for kind, size in sizes:
        table.add(f"{kind} {named(size)}", step_by_step(kind, size, rounds, steps), unit=steps)
    return table


def step_by_step(kind: str, size: tuple[int, ...], rounds: int, steps: int) -> Times:
    """Seconds of loops of so many steps, with a monitor and without. Both loops run at once, one step each in turns: what
    slows the machine down for a moment slows both."""
    times = Times({"ours": [], "the loop alone": []})
    model, watched = model_and_step(kind, size)
    _, alone = model_and_step(kind, size)
    watched()
    alone()
    for _ in range(rounds):
        spent = {"ours": 0.0, "the loop alone": 0.0}
        with study.Monitor(model, limit=math.inf) as monitor:
            jobs = [("ours", partial(watched, monitor)), ("the loop alone", alone)]
            for _ in range(steps):
                for name, job in jobs:
                    start = time.process_time()
                    job()
                    spent[name] += time.process_time() - start
                jobs.reverse()
        for name, seconds in spent.items():
            times[name].append(seconds)
    return times


def model_and_step(kind: str, size: tuple[int, ...]) -> tuple[Text, Callable[..., None]]:
    """A model, and a function that takes one training step of it on text (T, B), seen by a monitor if one is given."""
    T, B, I, H, V = size
    model = Text(kind, I, H, V)
    optimizer = tg.optim.Adam(model.parameters(), lr=1e-3)
    text = np.random.default_rng(0).integers(0, V, (T + 1, B))
    now, then = tg.tensor(text[:-1]), tg.tensor(text[1:])

    def step(monitor: study.Monitor | None = None) -> None:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(now).reshape(-1, V), then.reshape(-1))
        if monitor is not None:
            monitor.step(loss)
        loss.backward()
        optimizer.step()

    return model, step
