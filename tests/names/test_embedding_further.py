"""Embedding's further arguments and bags of embeddings: PyTorch's values and gradients."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
TABLE = np.random.default_rng(0).normal(size=(6, 3))
IDS, FLAT, OFFSETS = np.array([[0, 2, 2], [5, 1, 2]]), np.array([0, 2, 2, 5, 1]), np.array([0, 2, 2])
CASES = {
    "by frequency": lambda m, F, w: F.embedding(m.tensor(IDS), w, None, None, 2.0, True),
    **{f"bags {mode}": lambda m, F, w, mode=mode: F.embedding_bag(m.tensor(IDS), w, mode=mode) for mode in ("sum", "mean", "max")},
    **{f"offsets {mode}": lambda m, F, w, mode=mode: F.embedding_bag(m.tensor(FLAT), w, m.tensor(OFFSETS), mode=mode) for mode in ("sum", "mean", "max")},
    "last offset": lambda m, F, w: F.embedding_bag(m.tensor(FLAT), w, m.tensor(np.array([0, 3, 5])), include_last_offset=True),
    "padding": lambda m, F, w: F.embedding_bag(m.tensor(IDS), w, padding_idx=2),
    "weighted": lambda m, F, w: F.embedding_bag(m.tensor(IDS), w, mode="sum", per_sample_weights=m.tensor(IDS * 0.5)),
    "module": lambda m, F, w: m.nn.EmbeddingBag(6, 3, mode="sum", _weight=w)(m.tensor(FLAT), m.tensor(OFFSETS)) + 0 * w.sum(),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name):
    results = []
    for m in (tg, torch):
        w = m.tensor(TABLE, requires_grad=True)
        y = CASES[name](m, m.nn.functional, w)
        (y * m.tensor(np.cos(np.arange(y.numel())).reshape(tuple(y.shape)))).sum().backward()
        results.append((y.detach().numpy(), w.grad.numpy()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
