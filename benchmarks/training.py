"""A whole training step of a character model, the same lines for both libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_rnn as tg

from .layers import KERNELS, on_kernels
from .peers import peer
from .table import Table
from .timing import Job, compare

SMALL, LARGE = (16, 4, 16, 32, 24), (64, 32, 64, 128, 96)  # (T, B, I, H, V)


def training(quick: bool) -> Table:
    """Embedding, LSTM, linear, cross-entropy, clipping, Adam."""
    size = SMALL if quick else LARGE
    table = Table("A training step: embedding, LSTM, linear, cross-entropy, clipping, Adam; V is the vocabulary")
    jobs = on_kernels(step_job(tg, *size))
    if peer("torch"):
        jobs["PyTorch"] = step_job(peer("torch"), *size)
    times = compare(jobs, 7, quick)
    for kernels in KERNELS:
        table.add(named(size), times, kernels, without=KERNELS)
    return table


def named(size: tuple[int, ...]) -> str:
    """(64, 32, 64, 128, 96) -> "T=64 B=32 I=64 H=128 V=96"."""
    return " ".join(f"{name}={n}" for name, n in zip("TBIHV", size, strict=True))


def step_job(library: Any, T: int, B: int, I: int, H: int, V: int) -> Job:
    """One step on text (T, B) with a vocabulary of V."""
    nn = library.nn
    embedding, layer, head = nn.Embedding(V, I), nn.LSTM(I, H), nn.Linear(H, V)
    parameters = [*embedding.parameters(), *layer.parameters(), *head.parameters()]
    optimizer = library.optim.Adam(parameters, lr=1e-3)
    text = np.random.default_rng(0).integers(0, V, (T + 1, B))
    now, then = library.tensor(text[:-1]), library.tensor(text[1:])

    def job() -> None:
        optimizer.zero_grad()
        logits = head(layer(embedding(now))[0])  # (T, B, V)
        loss = nn.functional.cross_entropy(logits.reshape(-1, V), then.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return job
