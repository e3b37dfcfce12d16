"""A tensor prints as PyTorch prints it, except that types are written without `torch.`."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinygrad_rnn as tg

from .rows_printing import CASES, R

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@pytest.mark.parametrize("text", CASES)
def test_text_is_torchs(text: str):
    ours, theirs = (eval(text, {"t": library, "R": R}) for library in (tg, torch))
    assert repr(ours) == str(ours) == repr(theirs).replace("torch.", "")


@pytest.mark.parametrize(
    "shape", [(), (1,), (7,), (13,), (100,), (1001,), (3, 4), (2, 30), (40, 40), (2, 3, 4), (11, 10, 10), (1, 1, 5)]
)
def test_any_scale_and_length(shape: tuple[int, ...]):
    for scale, whole, grad in itertools.product([1e-7, 1e-2, 1.0, 30.0, 1e4, 1e9], [False, True], [False, True]):
        values = np.random.default_rng(1).standard_normal(shape) * scale
        values = np.asarray(np.round(values) if whole else values).astype(np.float32)
        ours, theirs = (library.from_numpy(values).requires_grad_(grad) for library in (tg, torch))
        assert repr(ours) == repr(theirs)
        if grad:
            assert repr(ours * 1) == repr(theirs * 1)


def test_named_results_and_sizes_print_readably():
    assert repr(tg.tensor([1.0, 3.0]).max(0)) == "return_types.max(\nvalues=tensor(3.),\nindices=tensor(1))"
    assert repr(tg.zeros(2, 3).shape) == "Size([2, 3])"
