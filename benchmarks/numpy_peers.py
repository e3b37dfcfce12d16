"""The other autograd libraries on NumPy: one LSTM, written with operators that all of them have."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_rnn as tg

from .layers import layer_job
from .peers import peer
from .table import Table
from .timing import Job, compare

SIZES = [(20, 1, 8, 16), (32, 16, 32, 32), (100, 32, 32, 64)]


def numpy_peers(quick: bool) -> Table:
    """Op by op, and our whole layer, against HIPS autograd and MyGrad."""
    table = Table("LSTM against other libraries on NumPy, forward and backward")
    for size in SIZES[:1] if quick else SIZES:
        theirs = {}
        if peer("autograd"):
            theirs["HIPS autograd"] = hips_job(peer("autograd"), *size)
        if peer("mygrad"):
            theirs["MyGrad"] = mygrad_job(peer("mygrad"), *size)
        what = " ".join(f"{name}={n}" for name, n in zip("TBIH", size, strict=True))
        table.add(f"op by op {what}", compare({"ours": our_job(tg, *size), **theirs}, 7, quick))
        table.add(f"nn.LSTM {what}", compare({"ours": layer_job(tg, "LSTM", *size), **theirs}, 7, quick))
    return table


def lstm_loss(weights: Any, x: np.ndarray, H: int, tanh: Callable[[Any], Any]) -> Any:
    """The sum of the last state of an LSTM over x (T, B, I)."""

    def sigmoid(a: Any) -> Any:
        return tanh(a * 0.5) * 0.5 + 0.5

    W_x, W_h, b = weights
    h = c = np.zeros((x.shape[1], H), "float32")
    for x_t in x:
        z = x_t @ W_x + h @ W_h + b  # (B, 4H)
        i, f, g, o = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H], z[:, 3 * H :]
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)
    return h.sum()


def our_job(library: Any, T: int, B: int, I: int, H: int) -> Job:
    """With our tensors."""
    arrays, x = _inputs(T, B, I, H)
    weights = [library.tensor(w, requires_grad=True) for w in arrays]

    def job() -> None:
        for w in weights:
            w.grad = None
        lstm_loss(weights, x, H, library.tanh).backward()

    return job


def hips_job(autograd: Any, T: int, B: int, I: int, H: int) -> Job:
    """With HIPS autograd's boxes."""
    boxed: Any = importlib.import_module("autograd.numpy")
    weights, x = _inputs(T, B, I, H)
    gradient = autograd.grad(lambda w: lstm_loss(w, x, H, boxed.tanh))
    return lambda: gradient(weights)


def mygrad_job(mygrad: Any, T: int, B: int, I: int, H: int) -> Job:
    """With MyGrad's tensors."""
    arrays, x = _inputs(T, B, I, H)
    weights = [mygrad.tensor(w) for w in arrays]

    def job() -> None:
        lstm_loss(weights, x, H, mygrad.tanh).backward()

    return job


def _inputs(T: int, B: int, I: int, H: int) -> tuple[list[np.ndarray], np.ndarray]:
    random = np.random.default_rng(0)
    weights = [random.normal(0, 0.1, shape).astype("float32") for shape in ((I, 4 * H), (H, 4 * H), (4 * H,))]
    return weights, random.normal(size=(T, B, I)).astype("float32")
