"""What a graph keeps: against tracemalloc, and what truncation and recomputation would free."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study
from tinygrad_rnn.kernels import workspace
from tinygrad_rnn.nn import functional as F

T, B, I, H = 24, 24, 24, 32


def _loop(x):
    W, U = tg.randn(H, H, requires_grad=True), tg.randn(I, H, requires_grad=True)
    h = tg.zeros(B, H)
    for t, x_t in enumerate(x.unbind(0)):
        with tg.step(t):
            h = (x_t @ U + h @ W).tanh()
    return (h**2).sum(), (W, U)


def _layers(layer):
    def run(x):
        return (layer(x)[0] ** 2).sum(), None

    return run


def _attention(x):
    attention = nn.MultiheadAttention(I, 4)
    return (attention(x, x, x)[0] ** 2).sum(), attention


def _dropout(x):
    readout = nn.Linear(I, H)
    return F.dropout(readout(x).relu(), 0.5).exp().sum(), readout


MODELS = {
    "loop": lambda: _loop,
    "RNN": lambda: _layers(nn.RNN(I, H)),
    "LSTM": lambda: _layers(nn.LSTM(I, H)),
    "LSTM, two layers": lambda: _layers(nn.LSTM(I, H, 2)),
    "GRU both ways": lambda: _layers(nn.GRU(I, H, bidirectional=True)),
    "peephole": lambda: _layers(nn.Recurrent(nn.PeepholeLSTMCell(I, H))),
    "attention": lambda: _attention,
    "dropout": lambda: _dropout,
}


MODES: dict[str, Any] = {"fused": nullcontext, "unrolled": tg.unrolled, "recorded": tg.record}


def measured() -> dict[str, tuple[int, int, int, int, int]]:
    """By kind and mode: what `tracemalloc` says without the weights; `total` and `values`; their sums by entry and step."""
    gc.freeze()  # what was imported need not be visited by each collection
    return {f"{kind}, {mode}": _measured(kind, mode) for kind in MODELS for mode in MODES}


def _measured(kind: str, mode: str) -> tuple[int, int, int, int, int]:
    tg.manual_seed(0)
    run, x = MODELS[kind](), tg.randn(T, B, I)
    with MODES[mode]():
        run(x)  # first calls fill caches
    gc.collect()
    grown, kept = [], []
    tracemalloc.start()
    try:
        for _ in range(3):  # a table that grows does so in one of them
            workspace._waiting.clear()  # a workspace that waits is memory that is there already
            before = tracemalloc.get_traced_memory()[0]
            with MODES[mode]():
                kept.append(run(x))
            gc.collect()
            grown.append(tracemalloc.get_traced_memory()[0] - before)
    finally:
        tracemalloc.stop()
    loss, alive = kept[0]
    own = sum(p.array.nbytes for p in (alive if isinstance(alive, tuple) else alive.parameters() if alive else ()))
    found = study.ledger(loss)
    by_entry = sum(size for _, size in found.operations.values())
    return sorted(grown)[1] - own, found.total, found.values, by_entry, sum(found.steps.values())


@pytest.fixture(scope="module")
def alone() -> dict[str, list[int]]:
    """The same from a process of its own: in this one other tests have left threads, tables and free lists."""
    code = "import json; from tests.study.test_ledger import measured; print(json.dumps(measured()))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", MODELS)
def test_the_total_is_what_tracemalloc_says(alone, kind, mode):
    traced, total, values, by_entry, by_step = alone[f"{kind}, {mode}"]
    assert total == pytest.approx(traced, rel=0.05)
    assert by_entry == values == by_step


def test_each_rule_is_an_entry_and_each_step_a_sum():
    """Tanh keeps h; Add nothing; each product its inputs: in bytes of float64, by hand. Weights and x are not counted."""
    W, U, x = tg.randn(4, 4, dtype=tg.float64, requires_grad=True), tg.ones(1), tg.randn(3, 2, 4, dtype=tg.float64)
    h = tg.zeros(2, 4, dtype=tg.float64)
    for t in range(3):
        with tg.step(t):
            h = (x[t] + h @ W).tanh()
    loss = (h * U).sum()
    found = study.ledger(loss)
    assert {name: entry for name, entry in found.operations.items() if entry[1]} == {"Tanh": (3, 3 * 64)}
    assert found.steps == {0: 64, 1: 64, 2: 64, None: 0}
    assert found.state == 64
    assert found.given > 0
    assert found.freed_by_truncation(1) == 128
    assert found.freed_by_truncation(3) == 0
    assert found.kept_by_recomputation(1) == 64 + 3 * 64
    assert found.kept_by_recomputation(3) == 3 * 64 + 64
    with pytest.raises(ValueError, match="at least 1 step, got 0"):
        found.freed_by_truncation(0)
    loss.backward()
    assert study.ledger(loss).values == 0
    assert "backward has released its values" in repr(study.ledger(loss))


def test_asking_leaves_nothing_behind():
    tg.manual_seed(0)
    study.ledger(_loop(tg.randn(3, B, I))[0])  # first calls fill caches
    loss = _loop(tg.randn(T, B, I))[0]
    gc.collect()
    tracemalloc.start()
    try:
        study.ledger(loss)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < T * 20  # not a dict for each of 4 T nodes
    finally:
        tracemalloc.stop()


def test_a_long_fused_layer_has_its_bytes_by_step():
    tg.manual_seed(0)
    output, _ = nn.LSTM(8, 16)(tg.randn(100, 4, 8))
    found = study.ledger((output**2).sum())
    assert len([t for t in found.steps if t is not None]) == 100
    assert found.state == 2 * 4 * 16 * 4
    assert found.kept_by_recomputation() < found.values / 3
    assert found.freed_by_truncation(50) == pytest.approx((found.values - found.steps[None]) / 2, rel=0.01)
    assert "for 1 FusedLSTM" in repr(found)
    assert "Truncation to 50 of 100 steps would free" in repr(found)
    assert found.plot()._repr_png_().startswith(b"\x89PNG")
    assert sum(row["bytes"] for row in found.table() if not row["operation"].startswith("constants")) == found.total
