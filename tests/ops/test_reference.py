"""The ops of losses, activations, normalisation, attention and convolution give PyTorch's numbers, also where it is not installed.

They are reached through nn.functional; its programs are those of tests/nn.
"""

from __future__ import annotations

import pytest

from ..nn.programs_functional import PROGRAMS
from ..reference.stored import differences


@pytest.mark.parametrize("case", PROGRAMS)
def test_numbers_are_pytorchs(case: str):
    assert differences("functional", case, PROGRAMS[case]) == []
