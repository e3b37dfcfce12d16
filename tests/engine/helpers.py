"""What several engine tests need: the same program in two libraries, and counting what is alive."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd
from tinygrad_rnn.graph import Node


def agree(program: Callable[..., Any], *arrays: Any) -> None:
    """`program(library, *leaves)` gives the same numbers, and the same gradients of the leaves, as in PyTorch."""
    torch = pytest.importorskip("torch")
    results = []
    for library, differentiate in ((tg, autograd.grad), (torch, torch.autograd.grad)):
        leaves = [library.tensor(a, dtype=library.float64, requires_grad=True) for a in arrays]
        outputs = program(library, *leaves)
        outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
        total = sum((y * y).sum() + y.sum() for y in outputs)
        found = differentiate(total, leaves, allow_unused=True)
        results.append([*(y.detach().numpy() for y in outputs), *(None if g is None else g.numpy() for g in found)])
    for ours, theirs in zip(*results, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def both_refuse(program: Callable[..., Any], *arrays: Any) -> None:
    """`program(library, *leaves)` raises RuntimeError here and in PyTorch."""
    torch = pytest.importorskip("torch")
    for library in (tg, torch):
        leaves = [library.tensor(a, dtype=library.float64, requires_grad=True) for a in arrays]
        with pytest.raises(RuntimeError):
            program(library, *leaves)


def alive() -> int:
    """How many tensors and nodes exist."""
    # by type: isinstance would ask every object in the process for its __class__, and some objects answer with warnings
    return sum(issubclass(type(thing), (tg.Tensor, Node)) for thing in gc.get_objects())


class collector_off:
    """Inside, the garbage collector is off: only reference counting frees. Starts from a clean slate."""

    def __enter__(self) -> None:
        for _ in range(10):  # finalizers of other libraries' objects may leave more garbage behind
            if gc.collect() == 0:
                break
        gc.disable()

    def __exit__(self, *exception: object) -> None:
        gc.enable()


def in_small_thread(work: Callable[[], Any], stack: int = 1 << 20) -> Any:
    """Run `work` in a thread with a small stack; return its result or raise what it raised."""
    outcome: dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["result"] = work()
        except BaseException as error:
            outcome["error"] = error

    before = threading.stack_size(stack)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]


def no_grad_kept(x) -> bool:
    """Did backward leave nothing at this computed tensor? To ask for it warns."""
    with pytest.warns(UserWarning, match="retain_grad"):
        return x.grad is None
