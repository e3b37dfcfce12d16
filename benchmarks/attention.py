"""Attention, forward and backward: the layer and the function."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_rnn as tg

from .layers import KERNELS, on_kernels
from .peers import peer
from .table import Table
from .timing import Job, compare

SIZES = [(16, 32, 64, 4), (32, 64, 128, 4)]  # (B, T, D, heads)


def attention(quick: bool) -> Table:
    """nn.MultiheadAttention and scaled_dot_product_attention against PyTorch's."""
    table = Table("Self-attention, forward and backward")
    for name, make in JOBS.items():
        for size in SIZES[:1] if quick else SIZES:
            jobs = on_kernels(make(tg, *size))
            if peer("torch"):
                jobs["PyTorch"] = make(peer("torch"), *size)
            times = compare(jobs, 7, quick)
            for kernels in KERNELS:
                table.add(f"{name} {named(size)}", times, kernels, without=KERNELS)
    return table


def layer_job(library: Any, B: int, T: int, D: int, heads: int) -> Job:
    """A layer whose input is query, key and value."""
    layer = library.nn.MultiheadAttention(D, heads, batch_first=True)
    x = library.tensor(_numbers(B, T, D), requires_grad=True)
    tensors = [x, *layer.parameters()]

    def job() -> None:
        for t in tensors:
            t.grad = None
        layer(x, x, x, need_weights=False)[0].sum().backward()

    return job


def function_job(library: Any, B: int, T: int, D: int, heads: int) -> Job:
    """The function alone, on (B, heads, T, D / heads)."""
    tensors = [library.tensor(_numbers(B, heads, T, D // heads), requires_grad=True) for _ in range(3)]

    def job() -> None:
        for t in tensors:
            t.grad = None
        library.nn.functional.scaled_dot_product_attention(*tensors).sum().backward()

    return job


JOBS = {"MultiheadAttention": layer_job, "scaled_dot_product_attention": function_job}


def named(size: tuple[int, ...]) -> str:
    """(16, 32, 64, 4) -> "B=16 T=32 D=64 heads=4"."""
    return " ".join(f"{axis}={n}" for axis, n in zip(("B", "T", "D", "heads"), size, strict=True))


def _numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype("float32")
