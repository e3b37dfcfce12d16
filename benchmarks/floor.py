"""What an LSTM in NumPy cannot do without, timed part by part: the floor under nn.LSTM, beside PyTorch's whole time.

The parts are those of `tinygrad_rnn/kernels/lstm.py`, forward and backward, with all data in the cache:

products    two matrix products per step (W z and W_hᵀ dz), and one each for dW and dx over all steps
functions   exp over the four gates and tanh over the cell, per step
calls       the other 12 calls of a NumPy function per step, on 16 numbers each: what a call costs when it does nothing
passes      what those calls, the blocks of backward and the changes of layout read and write: 41 numbers per unit,
            sequence and step, at the speed of a multiplication in the cache
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_rnn as tg

from .layers import SIZES, layer_job, named
from .peers import peer
from .table import Table
from .timing import Job, compare

CALLS = 12
PASSES = 41
CHUNK = 4096  # numbers: three arrays of this size fit into the first-level cache


def floor(quick: bool) -> Table:
    """nn.LSTM against each part of its floor and against PyTorch; the notes give the sum of the parts."""
    table = Table("The floor under nn.LSTM, forward and backward")
    for size in SIZES[:1] if quick else SIZES:
        parts = floor_jobs(*size)
        jobs = {"ours": layer_job(tg, "LSTM", *size), **parts}
        if peer("torch"):
            jobs["PyTorch"] = layer_job(peer("torch"), "LSTM", *size)
        times = compare(jobs, 7, quick)
        table.add(named(size), times)
        least = sum(times.seconds(part) for part in parts)
        note = f"{named(size)}: the parts add up to {least * 1e3:.3f} ms, {least / times.seconds('ours'):.2f} of ours"
        if "PyTorch" in times:
            note += f", {least / times.seconds('PyTorch'):.2f} of PyTorch's time"
        table.notes.append(note)
    return table


def floor_jobs(T: int, B: int, I: int, H: int) -> dict[str, Job]:
    """The parts, each as a job of its own."""
    random = np.random.default_rng(0)

    def numbers(*shape: int) -> Any:
        return random.normal(0, 0.1, shape).astype("float32")

    W, z, a = numbers(4 * H, I + H + 1), numbers(I + H + 1, B), numbers(4 * H, B)
    W_back, dh, c = numbers(H, 4 * H), numbers(H, B), numbers(H, B)
    dz, zs, W_x = numbers(4 * H, T * B), numbers(I + H + 1, T * B), numbers(I, 4 * H)
    out, few, chunk = np.empty_like(a), np.ones(16, "float32"), np.ones(CHUNK, "float32")

    def products() -> None:
        for _ in range(T):
            W.dot(z, out)
            W_back.dot(a, dh)
        np.dot(dz, zs.T)
        np.dot(W_x, dz)

    def functions() -> None:
        for _ in range(T):
            np.exp(a, out)
            np.tanh(c, dh)

    def calls() -> None:
        multiply = np.multiply
        for _ in range(CALLS * T):
            multiply(few, few, few)

    def passes() -> None:
        for _ in range(PASSES * T * H * B // CHUNK + 1):
            np.multiply(chunk, chunk, chunk)

    return {"products": products, "functions": functions, "calls": calls, "passes": passes}
