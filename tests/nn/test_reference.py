"""Layers and functions give PyTorch's numbers, also where it is not installed."""

from __future__ import annotations

import pytest

import tinygrad_rnn as tg

from ..reference.stored import differences, differences_now
from . import programs, programs_functional, programs_recurrent


@pytest.mark.parametrize("case", programs.PROGRAMS)
def test_numbers_of_layers_are_pytorchs(case: str):
    assert differences("nn", case, programs.PROGRAMS[case]) == []


@pytest.mark.parametrize("case", programs_functional.PROGRAMS)
def test_numbers_of_functions_are_pytorchs(case: str):
    assert differences("functional", case, programs_functional.PROGRAMS[case]) == []


@pytest.mark.parametrize("case", programs_recurrent.PROGRAMS)
def test_recorded_steps_give_the_same_numbers(case: str):
    with tg.unrolled():
        assert differences("nn", case, programs_recurrent.PROGRAMS[case]) == []


@pytest.mark.torch
def test_the_numbers_kept_are_what_pytorch_gives():
    torch = pytest.importorskip("torch")
    assert differences_now("nn", programs.PROGRAMS, torch) == []
    assert differences_now("functional", programs_functional.PROGRAMS, torch) == []
