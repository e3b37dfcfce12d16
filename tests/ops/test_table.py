"""What every op promises, tested over the table: numbers, both derivatives, types, and memory."""

from __future__ import annotations

import gc
import inspect
import weakref
import zlib

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.autograd import grad, gradcheck, gradgradcheck
from tinygrad_rnn.graph import ancestors
from tinygrad_rnn.ops.function import Function

from ..layouts import LAYOUTS, agree
from .table import FILES, ROWS, Row

SAMPLES = [pytest.param(row, shapes, id=f"{row!r} {k} {shapes}") for k, row in enumerate(ROWS) for shapes in row.shapes]


def arrays_for(row: Row, shapes, dtype="float64") -> list[np.ndarray]:
    """Random numbers, the same in every run, and apart from each other: no ties, and no kinks to land on."""
    rng = np.random.default_rng(zlib.crc32(f"{row!r} {shapes}".encode()))
    return [np.asarray(rng.uniform(*row.domain, shape)).astype(dtype) for shape in shapes]


def leaves(row: Row, shapes, dtype="float64") -> list[tg.Tensor]:
    return [tg.tensor(array, requires_grad=True) for array in arrays_for(row, shapes, dtype)]


def parts(result) -> tuple:
    return result if isinstance(result, tuple) else (result,)


def test_every_op_has_a_row():
    ops = {
        found
        for file in FILES
        for found in vars(file).values()
        if inspect.isclass(found) and issubclass(found, Function) and found.__module__ == file.__name__
    }
    assert {op.__name__ for op in ops - {row.op for row in ROWS}} == {"Flat"}  # a base class


@pytest.mark.parametrize(("row", "shapes"), SAMPLES)
def test_value_is_numpys(row: Row, shapes):
    arrays = arrays_for(row, shapes)
    found, expected = parts(row.call(*leaves(row, shapes))), parts(row.expected(*arrays))
    assert len(found) == len(expected)
    for y, z in zip(found, expected, strict=True):
        assert tuple(y.shape) == np.shape(z)
        np.testing.assert_allclose(y.detach().numpy(), z, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_the_row_reaches_its_op(row: Row):
    ends = parts(row.call(*leaves(row, row.shapes[0])))
    nodes = ancestors([y._edge[0] for y in ends if y._edge is not None])
    assert row.op in {type(node) for node in nodes}


@pytest.mark.parametrize(("row", "shapes"), SAMPLES)
def test_gradient_and_gradient_of_gradient_agree_with_differences(row: Row, shapes):
    inputs = leaves(row, shapes)
    assert gradcheck(row.call, inputs)
    assert gradgradcheck(row.call, inputs)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_numbers_may_lie_in_memory_in_any_way(row: Row, layout: str):
    full = [shapes for shapes in row.shapes if all(0 not in shape for shape in shapes)]
    for shapes in sorted(full, key=lambda shapes: -sum(map(len, shapes)))[:2]:  # the more axes, the more ways
        agree(row.call, arrays_for(row, shapes), LAYOUTS[layout])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_type_is_kept_forward_and_backward(row: Row, dtype: str):
    inputs = leaves(row, row.shapes[0], dtype)
    outputs = parts(row.call(*inputs))
    assert {str(y.dtype) for y in outputs} == {dtype}
    found = grad(outputs, inputs, [tg.ones_like(y) for y in outputs], create_graph=True)
    assert {str(g.dtype) for g in found} == {dtype}
    assert [g.shape for g in found] == [x.shape for x in inputs]


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_memory_is_released_without_the_collector(row: Row):
    gc.disable()
    try:
        inputs = leaves(row, row.shapes[0])
        outputs = parts(row.call(*inputs))
        kept = [weakref.ref(y) for y in outputs] + [weakref.ref(x) for x in inputs]
        sum((y * y).sum() for y in outputs).backward()
        del inputs, outputs
        assert [ref() for ref in kept] == [None] * len(kept)
    finally:
        gc.enable()
