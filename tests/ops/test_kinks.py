"""At kinks and bounds, at ±inf and NaN, at ties and zeros: PyTorch's values and derivatives, kept in kinks.json."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.autograd import grad
from tinygrad_rnn.graph import ancestors
from tinygrad_rnn.nn import functional as F

from . import kinks
from .table import ROWS as ROWS_OF_OPS

KEPT = json.loads(kinks.FILE.read_text())
ROWS = [pytest.param(call, texts, id=" | ".join([call, *texts])) for call, texts in kinks.rows()]


def test_each_call_has_its_numbers():
    assert {"torch", *(" | ".join([call, *texts]) for call, texts in kinks.rows())} == KEPT.keys()


@pytest.mark.parametrize(("call", "texts"), ROWS)
def test_kinks_and_bounds_are_those_of_torch(call: str, texts: list[str]):
    found, kept = kinks.compute(tg, F, grad, call, texts), KEPT[" | ".join([call, *texts])]
    for what in kept:
        for ours, theirs in zip(*([x[what]] if what == "value" else x[what] for x in (found, kept)), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=f"{what} of {call}")


@pytest.mark.parametrize(("call", "texts"), ROWS)
def test_a_gradient_is_the_same_whether_recorded_or_not(call: str, texts: list[str]):
    kept = KEPT[" | ".join([call, *texts])]["gradient"]
    found = kinks.compute(tg, F, lambda *a, **o: grad(*a, **{**o, "create_graph": False}), call, texts)["gradient"]
    for ours, theirs in zip(found, kept, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=call)


def test_every_op_of_the_table_has_a_kink_here_or_none():
    smooth = {
        "Add",
        "Cast",
        "Clone",
        "Linear",
        "OnDiagonal",
        "Expand",
        "Stack",
        "Split",
        "Unbind",
        "Flip",
        "Roll",
        "Sub",
    }
    smooth |= {
        "Transpose",
        "Diagonal",
        "BasicIndex",
        "Embedding",
        "AddRows",
        "Tie",
        "Overwrite",
        "SumTo",
        "Reshape",
        "Cat",
        "Lgamma",
        "Polygamma",
    }  # order alone, or smooth between the poles
    reached = set()
    for call, texts in kinks.rows():
        names = {"t": tg, "F": F, "inf": np.inf, "x": None, "y": None, "z": None}
        numbers = [np.array(eval(text, {"inf": np.inf, "nan": np.nan})) for text in texts]
        names.update(zip("xyz", [tg.tensor(x, requires_grad=True) for x in numbers], strict=False))
        with np.errstate(all="ignore"):
            y = eval(call, names)
        reached |= {type(node) for node in ancestors([y.grad_fn])} if y.requires_grad else set()
    assert {row.op.__name__ for row in ROWS_OF_OPS if row.op not in reached} <= smooth
