"""Fifty random expression graphs give PyTorch's loss and gradients; `random_graphs.py` runs more by hand."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg

from .random_graphs import check

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@pytest.mark.parametrize("number", range(50))
def test_random_graph_agrees_with_torch(number: int):
    # where PyTorch refuses a program (a value that backward needs was changed in place) take the next one
    found = next(text for seed in range(100 * number, 100 * number + 100) if (text := check(torch, seed)) != "refused")
    assert not found, found


# Programs that random graphs once found to go wrong.


def change_a_view_of_repeated_rows(t, x):
    y = (x * 1).repeat(2, 1)
    y[None, ..., ::2][0].mul_(0.5)
    return y.sin().sum()


def change_rows_repeated_from_one(t, x):
    y = (x * 1)[:1].repeat(2, 1)
    y[0, 0] = 5.0
    return y.sin().sum()


def change_a_transposed_copy(t, x):
    y = (x * 1).t().reshape(-1)
    y[:2].mul_(0.5)
    return y.sin().sum()


def split_into_one_piece(t, x):
    return sum(piece.sin().sum() for piece in (x * 1).split(5, 1))


def change_a_diagonal(t, x):
    y = x * 1
    y.diagonal().mul_(3)
    return y.sin().sum()


def write_into_zero_dimensions(t, x):
    y = x.sum().clone()
    y[...] = x[0, 0].sin()
    return y * 2


def change_a_view_of_a_tensor_with_gaps(t, x):
    y = t.from_numpy(np.arange(24.0).reshape(4, 6))[::2, ::3].detach()
    y[0] = x[0, :2]
    y[:, 1].mul_(x[0, 1])
    return y.sin().sum()


PROGRAMS = [
    change_a_view_of_a_tensor_with_gaps,
    change_a_view_of_repeated_rows,
    change_rows_repeated_from_one,
    change_a_transposed_copy,
    split_into_one_piece,
    change_a_diagonal,
    write_into_zero_dimensions,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_program_that_once_went_wrong(program):
    results = []
    for library in (tg, torch):
        x = library.from_numpy(np.arange(6.0).reshape(2, 3)).requires_grad_()
        y = program(library, x)
        y.backward()
        results.append((y.item(), x.grad.numpy()))
    (y, g), (z, h) = results
    np.testing.assert_allclose(y, z, rtol=1e-12)
    np.testing.assert_allclose(g, h, rtol=1e-12, atol=1e-13)
