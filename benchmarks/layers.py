"""Whole recurrent layers, forward and backward, by input and weights."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn.config import can_compile

from . import jax_scan
from .peers import peer
from .table import Table
from .timing import Job, compare

SIZES = [
    (20, 1, 8, 16),
    (32, 16, 32, 32),
    (100, 32, 32, 64),
    (64, 32, 64, 128),
    (100, 64, 128, 256),
    (1000, 16, 16, 32),
]  # (T, B, I, H)


def rnn_layers(quick: bool) -> Table:
    """nn.LSTM, nn.GRU and nn.RNN against the same layers of PyTorch."""
    table = Table("Recurrent layers, forward and backward")
    for kind in ("LSTM", "GRU", "RNN"):
        for size in SIZES[:2] if quick else SIZES:
            jobs = on_kernels(layer_job(tg, kind, *size))
            if peer("torch"):
                jobs["PyTorch"] = layer_job(peer("torch"), kind, *size)
            times = compare(jobs, 5, quick)
            for kernels in KERNELS:
                table.add(f"{kind} {named(size)}", times, kernels, without=KERNELS)
    table.note_means()
    return table


def sampling(quick: bool) -> Table:
    """An LSTM asked for one token after the other, under no_grad with B = 1: what sampling costs."""
    table = Table("nn.LSTM token by token, no_grad, B=1, per token", "µs", 1e6)
    for H in (32,) if quick else (32, 128, 512):
        jobs = on_kernels(sampling_job(tg, H))
        if peer("torch"):
            jobs["PyTorch"] = sampling_job(peer("torch"), H)
        times = compare(jobs, 9, quick)
        for kernels in KERNELS:
            table.add(f"LSTM H={H}", times, kernels, 20, without=KERNELS)
    return table


KERNELS = ("numpy", "compiled") if can_compile() else ("numpy",)


def on_kernels(job: Job) -> dict[str, Job]:
    """The job on each of our kernels."""

    def on(kernels: str) -> Job:
        def run() -> None:
            with tg.use_kernels(kernels):
                job()

        return run

    return {kernels: on(kernels) for kernels in KERNELS}


def other_ways(quick: bool) -> Table:
    """nn.LSTM against other ways to compute an LSTM: PyTorch's cell in a loop, JAX's compiled scan."""
    table = Table("nn.LSTM against other ways to run an LSTM, forward and backward")
    for size in SIZES[:1] if quick else SIZES:
        jobs = {"ours": layer_job(tg, "LSTM", *size)}
        if peer("torch"):
            jobs["PyTorch LSTMCell"] = cell_job(peer("torch"), *size)
        if peer("jax"):
            jobs["JAX jit(scan)"] = jax_scan.lstm_job(peer("jax"), *size)
        table.add(f"LSTM {named(size)}", compare(jobs, 7, quick))
    table.note_means()
    return table


def inference(quick: bool) -> Table:
    """Forward under no_grad, and what recording adds to it."""
    table = Table("nn.LSTM, forward only")
    for size in SIZES[:2] if quick else SIZES[:5]:
        jobs = {"ours": forward_job(tg, *size, recorded=False), "ours, recorded": forward_job(tg, *size, recorded=True)}
        if peer("torch"):
            jobs["PyTorch, no_grad"] = forward_job(peer("torch"), *size, recorded=False)
        table.add(f"no_grad {named(size)}", compare(jobs, 9, quick))
    return table


def layer_job(library: Any, kind: str, T: int, B: int, I: int, H: int) -> Job:
    """Forward and backward through one layer of `library`; x (T, B, I) wants its gradient too."""
    layer = getattr(library.nn, kind)(I, H)
    x = library.tensor(_numbers(T, B, I), requires_grad=True)
    tensors = [x, *layer.parameters()]

    def job() -> None:
        for t in tensors:
            t.grad = None
        layer(x)[0].sum().backward()

    return job


def cell_job(library: Any, T: int, B: int, I: int, H: int) -> Job:
    """The same with the library's cell, called once per step."""
    cell = library.nn.LSTMCell(I, H)
    x = library.tensor(_numbers(T, B, I), requires_grad=True)
    tensors = [x, *cell.parameters()]

    def job() -> None:
        for t in tensors:
            t.grad = None
        h = c = library.zeros(B, H)
        outputs = []
        for x_t in x.unbind(0):
            h, c = cell(x_t, (h, c))
            outputs.append(h)
        library.stack(outputs).sum().backward()

    return job


def sampling_job(library: Any, H: int) -> Job:
    """20 tokens."""
    layer, x = library.nn.LSTM(H, H), library.tensor(_numbers(1, 1, H))

    def job() -> None:
        state = None
        with library.no_grad():
            for _ in range(20):
                _, state = layer(x, state)

    return job


def forward_job(library: Any, T: int, B: int, I: int, H: int, recorded: bool) -> Job:
    """Forward only."""
    layer = library.nn.LSTM(I, H)
    x = library.tensor(_numbers(T, B, I))

    def job() -> None:
        if recorded:
            layer(x)
        else:
            with library.no_grad():
                layer(x)

    return job


def named(size: tuple[int, ...]) -> str:
    """(20, 1, 8, 16) -> "T=20 B=1 I=8 H=16"."""
    return " ".join(f"{name}={n}" for name, n in zip("TBIH", size, strict=True))


def _numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype("float32")
