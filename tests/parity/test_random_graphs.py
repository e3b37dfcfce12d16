"""Fifty random expression graphs give PyTorch's loss and gradients; `random_graphs.py` runs more by hand."""

from __future__ import annotations

import pytest

from .random_graphs import check

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@pytest.mark.parametrize("seed", range(50))
def test_random_graph_agrees_with_torch(seed: int):
    found = check(torch, seed)
    if found == "refused":
        pytest.skip("PyTorch refuses this program: a value that backward needs was changed in place")
    assert not found, found
