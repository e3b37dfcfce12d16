"""Operators give PyTorch's numbers, and tensors print as PyTorch prints them, also where it is not installed."""

from __future__ import annotations

import pytest

from ..reference.stored import differences, differences_now
from . import programs, programs_printing


@pytest.mark.parametrize("case", programs_printing.PROGRAMS)
def test_text_is_pytorchs(case: str):
    assert differences("printing", case, programs_printing.PROGRAMS[case]) == []


@pytest.mark.parametrize("case", programs.PROGRAMS)
def test_numbers_are_pytorchs(case: str):
    assert differences("parity", case, programs.PROGRAMS[case]) == []


@pytest.mark.torch
def test_what_is_kept_is_what_pytorch_gives():
    torch = pytest.importorskip("torch")
    assert differences_now("parity", programs.PROGRAMS, torch) == []
    assert differences_now("printing", programs_printing.PROGRAMS, torch) == []
