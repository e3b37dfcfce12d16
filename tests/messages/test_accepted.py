"""What looks like a mistake and is none, and what is put right instead of refused."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn


def test_a_single_integer_still_repeats_lists_and_texts():
    assert [0] * tg.tensor(2) == [0, 0]
    assert "ab" * tg.tensor([2]) == "abab"


def test_large_integers_beside_floats_are_floats():
    x = tg.tensor([0.1, 10**21])
    assert x.dtype == tg.float32
    np.testing.assert_allclose(x.tolist(), [0.1, 1e21], rtol=1e-7)
    assert tg.tensor([10**21], dtype=tg.float64).item() == 1e21


class Theirs:
    """A tensor of another library that requires grad: NumPy may read it after detach() only."""

    def __init__(self, values: Any, detached: bool = False):
        self.values, self.detached = values, detached

    def detach(self) -> Theirs:
        return Theirs(self.values, True)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if not self.detached:
            raise RuntimeError("can't call numpy() on a tensor that requires grad")
        return np.asarray(self.values, dtype)


@pytest.mark.parametrize("read", [np.asarray, list, Theirs, lambda x: tg.tensor(x).double()])
@pytest.mark.parametrize("assign", [False, True])
def test_a_state_may_hold_what_numpy_can_read(read, assign):
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": read([[1.5, 2.0]]), "bias": read([0.25])}, assign=assign)
    assert layer(tg.ones(1, 2).to(layer.weight.dtype)).tolist() == [[3.75]]


def test_a_wrong_value_changes_nothing():
    layer = nn.Linear(2, 1)
    before = layer.weight.tolist()
    with pytest.raises(RuntimeError, match="bias"):
        layer.load_state_dict({"weight": [[1.0, 2.0]], "bias": "none"})
    assert layer.weight.tolist() == before


def test_reading_the_gradient_of_a_computed_tensor_warns():
    x = tg.ones(2, requires_grad=True)
    y = x * 2
    with pytest.warns(UserWarning, match=r"shape \[2\].*retain_grad\(\)") as caught:
        assert y.grad is None
    assert caught[0].filename == __file__
    y.retain_grad()
    assert y.grad is None  # kept from now on, so no warning
    y.sum().backward()
    assert y.grad is not None
    assert y.grad.tolist() == [1.0, 1.0]
    assert x.grad is not None
    assert tg.ones(2).grad is None
    assert y.detach().grad is None


def test_a_gradient_that_fits_is_taken_and_deleted():
    p = nn.Parameter(tg.ones(2))
    p.grad = g = tg.ones(2)
    assert p.grad is g
    del p.grad
    assert p.grad is None


def test_a_module_under_weight_norm_is_copied_after_a_forward():
    layer = nn.utils.weight_norm(nn.Linear(2, 3))
    y = layer(tg.ones(1, 2))
    twin = copy.deepcopy(layer)
    assert twin(tg.ones(1, 2)).tolist() == y.tolist()
    with tg.no_grad():
        twin.weight_g.mul_(2)
    assert twin(tg.ones(1, 2)).tolist() != y.tolist()
    assert layer(tg.ones(1, 2)).tolist() == y.tolist()
