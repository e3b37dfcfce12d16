"""Tensors that are printed, as programs for either library: see tests/reference."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np

from ..reference.stored import wave
from .rows_printing import CASES

# where the format changes, and what is written behind the numbers
MORE = [
    "t.tensor([1., 1000.])", "t.tensor([1., 1001.])", "t.tensor([0.5, 500.])", "t.tensor([0.5, 500.5])",
    "t.tensor([1.5, 1e-4])", "t.tensor([1.5, 0.9e-4])", "t.tensor([2e-4, 1.1e-4])", "t.tensor([1e8, 1e8])", "t.tensor([1.1e8, 1e8])",
    "t.arange(1000.)", "t.arange(1001)", "t.arange(1001.) / 7", "t.zeros(7, 200)", "t.zeros(6, 200)", "t.zeros(143, 7)",
    "t.zeros(3, 7, 50)", "t.zeros(2, 3, 2, 2)", "t.arange(12).reshape(2, 3, 2)", "t.zeros(2, 2, 0)", "t.zeros(0)",
    "t.zeros(0, dtype=t.float64)", "t.zeros(0, dtype=t.bool)", "t.tensor([1], dtype=t.int8)", "t.tensor([True])",
    "t.zeros(2, dtype=t.float16)", "t.zeros(2, dtype=t.int16)", "t.zeros(2, dtype=t.float64, requires_grad=True)",
    "t.ones(2, dtype=t.float64, requires_grad=True) * 2", "t.ones(2, requires_grad=True).sum()",
    "t.ones(2, 2, requires_grad=True).tanh()", "(t.ones(3, requires_grad=True) * 1).detach()",
    "t.ones(14, requires_grad=True)", "t.ones(15, requires_grad=True)", "t.ones(20, dtype=t.float64, requires_grad=True)",
    "t.arange(20, dtype=t.int32)", "t.arange(27, dtype=t.int16)", "t.tensor([float('inf'), float('-inf'), 1.25])",
    "t.tensor([float('nan'), 1e9])", "t.tensor([[float('nan')], [2.]])", "t.tensor([-1e-9, 1.])", "t.tensor(-0.125)",
    "t.tensor([100, -5]).float()", "t.tensor([-3, 10, 0])", "t.tensor(1e-3)", "t.tensor(123456789.)", "t.tensor(1e5) / 3",
]  # fmt: skip
SHAPES = [(), (1,), (13,), (100,), (1001,), (3, 4), (2, 30), (40, 40), (2, 3, 4), (11, 10, 10)]
SCALES = [1e-7, 1e-2, 30.0, 1e4, 1e9]


def printed(text: str, torch: Any) -> dict[str, Any]:
    return {"text": repr(eval(text, {"t": torch, "R": wave(1200, k=1)})).replace("torch.", "")}


def scaled(shape: tuple[int, ...], torch: Any) -> dict[str, Any]:
    """A shape filled with numbers of many sizes, whole and not, in a graph and not."""
    found = {}
    for scale, whole in itertools.product(SCALES, (False, True)):
        values = wave(*shape, k=2) * scale
        t = torch.from_numpy(np.asarray(np.round(values) if whole else values).astype(np.float32))
        found[f"{scale} {whole}"] = [repr(t), repr(t.requires_grad_() * 1)]
    return found


PROGRAMS: dict[str, Any] = {
    **{text: partial(printed, text) for text in [*CASES, *MORE]},
    **{f"numbers of many sizes {shape}": partial(scaled, shape) for shape in SHAPES},
}
