"""Every function on tensors of no dimensions, of one element and of no elements does what PyTorch does.

What PyTorch does is in record.json, so that this runs without it; with it, the record itself is checked.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import tinygrad_rnn as tg

from .outcomes import agree, outcome
from .record import FILE, fingerprint, recorded
from .rows import OWN_WAYS, ROWS

RECORD = json.loads(FILE.read_text())


def differences(library: Any, name: str, step: int = 1) -> list[str]:
    """The calls of the rows, every `step`-th of them, that do not do what the record says."""
    wrong = []
    for (call, specs), expected in list(zip(ROWS[name], RECORD[name], strict=True))[::step]:
        found = outcome(library, call, specs)
        if not agree(found, expected):
            wrong.append(f"{call} on {specs}: {recorded(found)} ({found}), expected {expected}")
    return wrong


def test_the_record_is_of_these_rows():
    assert RECORD["rows"] == fingerprint(), "the rows have changed: python -m tests.edges.record"


@pytest.mark.parametrize("name", ROWS)
def test_values_types_shapes_gradients_and_errors_are_pytorchs(name):
    wrong = differences(tg, name)
    assert not wrong, f"{len(wrong)} calls:\n" + "\n".join(wrong)


@pytest.mark.parametrize("error", OWN_WAYS)
def test_where_pytorchs_answer_cannot_be_meant(error):
    for call, specs in OWN_WAYS[error]:
        found = outcome(tg, call, specs)
        assert isinstance(found, list) if error is None else agree(found, error), f"{call} on {specs}: {found}"


@pytest.mark.torch
@pytest.mark.parametrize("name", ROWS)
def test_the_record_is_what_pytorch_does(name):
    torch = pytest.importorskip("torch")
    assert differences(torch, name, step=8) == []


def test_a_wrong_outcome_is_seen():
    assert not agree([[["float64", [], [1.0]]], []], [[["float64", [], [1.1]]], []])
    assert not agree([[["float32", [], [1.0]]], []], [[["float64", [], [1.0]]], []])
    assert not agree([[["float64", [1], [1.0]]], []], [[["float64", [], [1.0]]], []])
    assert not agree([[], [["float64", [], [1.0]]]], [[], [None]])
    assert not agree([[], []], "RuntimeError")
    assert not agree(ValueError(), "RuntimeError")
    assert agree(NotImplementedError(), "RuntimeError")
