"""Optimizers and schedules give PyTorch's numbers, also where it is not installed."""

from __future__ import annotations

import pytest

from ..reference.stored import differences, differences_now
from .programs import PROGRAMS


@pytest.mark.parametrize("case", PROGRAMS)
def test_numbers_are_pytorchs(case: str):
    assert differences("optim", case, PROGRAMS[case]) == []


@pytest.mark.torch
def test_the_numbers_kept_are_what_pytorch_gives():
    torch = pytest.importorskip("torch")
    assert differences_now("optim", PROGRAMS, torch) == []
