"""Every operator gives PyTorch's values, types, shapes, and first and second derivatives."""

from __future__ import annotations

from collections import Counter

import pytest

from . import (
    rows_creation,
    rows_elementwise,
    rows_further,
    rows_indexing,
    rows_products,
    rows_reduce,
    rows_shape,
    rows_updates,
)
from .samples import Row, compare_call

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

FILES = (
    rows_elementwise,
    rows_reduce,
    rows_products,
    rows_shape,
    rows_indexing,
    rows_creation,
    rows_updates,
    rows_further,
)
ROWS: list[Row] = [row for file in FILES for row in file.ROWS]


def test_each_operator_has_ten_sample_calls():
    counts = Counter()
    for row in ROWS:
        counts[row.name] += len(row.calls) * len(row.inputs)
    assert {name: n for name, n in counts.items() if n < 10} == {}


@pytest.mark.parametrize(("row", "call"), [pytest.param(r, c, id=f"{r.name}: {c}") for r in ROWS for c in r.calls])
def test_call_agrees_with_torch(row: Row, call: str):
    failures = []
    for specs in row.inputs:
        try:
            compare_call(torch, row, call, specs)
        except Exception as error:
            failures.append(f"{specs}: {type(error).__name__}: {error}")
    assert not failures, f"{len(failures)} of {len(row.inputs)} samples differ:\n" + "\n".join(failures)
