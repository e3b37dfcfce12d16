"""The ops, one row each: how to reach the op from the public functions, and what it computes, in NumPy.

Shapes always include a 0-d, an empty or a size-1 one where the op has them. Names follow the op classes;
`elsewhere` lists the files of `ops/` whose rows are in tests/nn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn.ops import choosing, elementwise, indexing, products, reduce, rounding, shape
from tinygrad_rnn.recording import record

FILES = (choosing, elementwise, indexing, products, reduce, rounding, shape)


class Row(NamedTuple):
    """One way to reach one op."""

    op: type
    call: Callable[..., Any]  # on tensors
    expected: Callable[..., Any]  # on arrays
    shapes: list[Any]  # for each sample the shape of every input
    domain: tuple[float, float] = (-2.0, 2.0)

    def __repr__(self) -> str:
        return self.op.__name__


ONE = [((3,),), ((2, 3),), ((),), ((0, 3),), ((1, 1),)]
MATRIX = [((2, 3),), ((1, 4),), ((3, 1, 2),), ((2, 1),)]
TWO = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((), (2,)),
    ((2,), ()),
    ((), ()),
    ((0, 3), (3,)),
    ((4, 1, 2), (3, 1)),
]
POSITIVE = (0.3, 2.0)
MASK = np.array([True, False, True])
AT = np.array([1, 0, 1])
erf = np.vectorize(math.erf, otypes=[float])


def softened(x: Any) -> Any:
    """Σ e^x up to each place, for logcumsumexp."""
    return np.log(np.cumsum(np.exp(x), -1))


def put(x, v, index):
    """A copy of x with x[index] = v."""
    y = x.copy()
    y[index] = v
    return y


def stored(x, v, index):
    """The same by __setitem__ on a clone."""
    y = x.clone()
    y[index] = v
    return y


def summed_to(x, v, index):
    """A copy of x with v added at the index, repeats adding up."""
    y = x.copy()
    np.add.at(y, index, v)
    return y


ROWS = [
    # elementwise
    Row(elementwise.Add, lambda x, y: x + y, np.add, TWO),
    Row(elementwise.Sub, lambda x, y: x - y, np.subtract, TWO),
    Row(elementwise.Mul, lambda x, y: x * y, np.multiply, TWO),
    Row(elementwise.Div, lambda x, y: x / y, np.divide, TWO, POSITIVE),
    Row(elementwise.Pow, lambda x, y: x**y, np.power, TWO, POSITIVE),
    Row(elementwise.Pow, lambda x: x**3, lambda x: x**3, ONE),
    Row(elementwise.Pow, lambda x: x**-0.5, lambda x: x**-0.5, ONE, POSITIVE),
    Row(elementwise.Neg, lambda x: -x, np.negative, ONE),
    Row(elementwise.Abs, lambda x: x.abs(), np.abs, ONE),
    Row(elementwise.Exp, lambda x: x.exp(), np.exp, ONE),
    Row(elementwise.Expm1, lambda x: x.expm1(), np.expm1, ONE),
    Row(elementwise.Log, lambda x: x.log(), np.log, ONE, POSITIVE),
    Row(elementwise.Log2, lambda x: x.log2(), np.log2, ONE, POSITIVE),
    Row(elementwise.Log10, lambda x: x.log10(), np.log10, ONE, POSITIVE),
    Row(elementwise.Log1p, lambda x: x.log1p(), np.log1p, ONE, POSITIVE),
    Row(elementwise.Sqrt, lambda x: x.sqrt(), np.sqrt, ONE, POSITIVE),
    Row(elementwise.Sin, lambda x: x.sin(), np.sin, ONE),
    Row(elementwise.Cos, lambda x: x.cos(), np.cos, ONE),
    Row(elementwise.Erf, lambda x: x.erf(), erf, ONE),
    Row(elementwise.LogAddExp, tg.logaddexp, np.logaddexp, TWO),
    Row(elementwise.XLogY, tg.xlogy, lambda x, y: x * np.log(y), TWO, POSITIVE),
    # choosing and rounding
    Row(choosing.Where, lambda x, y: tg.where(tg.tensor(MASK), x, y), lambda x, y: np.where(MASK, x, y),
        [((3,), (3,)), ((2, 3), (3,)), ((), (2, 3)), ((2, 1), (1,)), ((0, 3), (3,))]),
    Row(choosing.Tie, lambda d, x: record(choosing.Tie, d, x), lambda d, x: d, [((3,), (3,)), ((2, 3), (3,)), ((), ()), ((0, 3), (0, 3))]),
    Row(choosing.Maximum, tg.maximum, np.maximum, TWO),
    Row(choosing.Minimum, tg.minimum, np.minimum, TWO),
    Row(choosing.Clamp, lambda x: x.clamp(-1, 0.7), lambda x: np.clip(x, -1, 0.7), ONE),
    Row(rounding.Sign, lambda x: x.sign(), np.sign, ONE),
    Row(rounding.Floor, lambda x: x.floor(), np.floor, ONE),
    Row(rounding.Ceil, lambda x: x.ceil(), np.ceil, ONE),
    Row(rounding.Trunc, lambda x: x.trunc(), np.trunc, ONE),
    Row(rounding.Round, lambda x: x.round(), np.round, ONE),
    Row(rounding.FloorDivide, lambda x, y: x // y, np.floor_divide, TWO, POSITIVE),
    Row(rounding.Remainder, lambda x, y: x % y, np.remainder, TWO, POSITIVE),
    # reduce
    Row(reduce.Sum, lambda x: x.sum(), np.sum, ONE),
    Row(reduce.Sum, lambda x: x.sum(-1, keepdim=True), lambda x: x.sum(-1, keepdims=True), MATRIX),
    Row(reduce.Mean, lambda x: x.mean(0), lambda x: x.mean(0), MATRIX),
    Row(reduce.Mean, lambda x: x.mean((0, -1)), lambda x: x.mean((0, -1)), MATRIX),
    Row(reduce.Variance, lambda x: x.var(-1), lambda x: x.var(-1, ddof=1), [((2, 3),), ((4,),), ((3, 1, 2),)]),
    Row(reduce.Variance, lambda x: x.var((0, -1), correction=0, keepdim=True), lambda x: x.var((0, -1), keepdims=True), MATRIX),
    Row(reduce.Extreme, lambda x: x.amax(-1), lambda x: x.max(-1), MATRIX),
    Row(reduce.Extreme, lambda x: x.min(), np.min, MATRIX),
    Row(reduce.Prod, lambda x: x.prod(-1), lambda x: x.prod(-1), MATRIX),
    Row(reduce.ProductBefore, lambda x: x.cumprod(-1), lambda x: x.cumprod(-1), [*MATRIX, ((0,),), ((2, 0),)]),
    Row(reduce.Cumsum, lambda x: x.cumsum(-1), lambda x: x.cumsum(-1), [*MATRIX, ((0,),)]),
    Row(reduce.LogCumsumExp, lambda x: x.logcumsumexp(-1), softened, [*MATRIX, ((0,),)]),
    # products
    Row(products.MatMul, lambda x, y: x @ y, np.matmul,
        [((2, 3), (3, 4)), ((5, 2, 3), (3, 1)), ((2, 1, 1, 3), (2, 3, 2)), ((0, 3), (3, 2)), ((1, 1), (1, 1))]),
    Row(products.Linear, lambda x, w, b: record(products.Linear, x, w, b), lambda x, w, b: x @ w.T + b,
        [((2, 3), (4, 3), (4,)), ((3,), (2, 3), (2,)), ((2, 2, 3), (1, 3), (1,)), ((0, 3), (2, 3), (2,))]),
    # shape
    Row(shape.SumTo, lambda x: record(shape.SumTo, x, shape=(3,)), lambda x: x.reshape(-1, 3).sum(0), [((2, 3),), ((2, 2, 3),), ((3,),)]),
    Row(shape.Cast, lambda x: record(shape.Cast, x, dtype=tg.float64).to(x.dtype), lambda x: x, ONE),
    Row(shape.Clone, lambda x: x.clone(), np.copy, ONE),
    Row(shape.Reshape, lambda x: x.reshape(-1), np.ravel, ONE),
    Row(shape.Transpose, lambda x: x.transpose(0, -1), lambda x: x.swapaxes(0, -1), MATRIX),
    Row(shape.Transpose, lambda x: x.permute(2, 0, 1), lambda x: x.transpose(2, 0, 1), [((2, 3, 4),), ((1, 2, 0),)]),
    Row(shape.Expand, lambda x: x.expand(2, 2, 3), lambda x: np.broadcast_to(x, (2, 2, 3)), [((2, 3),), ((3,),), ((2, 1),), ((),)]),
    Row(shape.Cat, lambda x, y: tg.cat([x, y, x], -1), lambda x, y: np.concatenate([x, y, x], -1), [((2, 3), (2, 1)), ((1,), (4,)), ((2, 0), (2, 1))]),
    Row(shape.Stack, lambda x, y: tg.stack([x, y], 1), lambda x, y: np.stack([x, y], 1), [((2, 3), (2, 3)), ((1,), (1,)), ((0, 2), (0, 2))]),
    Row(shape.Split, lambda x: x.split([1, 2], -1), lambda x: (x[..., :1], x[..., 1:]), [((2, 3),), ((3,),), ((0, 3),)]),
    Row(shape.Unbind, lambda x: x.unbind(1), lambda x: tuple(x[:, k] for k in range(x.shape[1])), [((2, 3),), ((1, 1),), ((0, 2),)]),
    Row(shape.Flip, lambda x: x.flip(0), lambda x: np.flip(x, 0), MATRIX),
    Row(shape.Roll, lambda x: x.roll(2, -1), lambda x: np.roll(x, 2, -1), MATRIX),
    Row(shape.Triangle, lambda x: x.tril(), np.tril, MATRIX),
    Row(shape.Diagonal, lambda x: x.diagonal(1, -2, -1), lambda x: np.diagonal(x, 1, -2, -1), MATRIX),
    Row(shape.OnDiagonal, lambda x: tg.diag(x, -1), lambda x: np.diag(x, -1), [((3,),), ((1,),), ((0,),)]),
    # indexing
    Row(indexing.Index, lambda x: x[[1, 0, 1]], lambda x: x[[1, 0, 1]], [((2, 3),), ((2,),), ((3, 0),)]),
    Row(indexing.Index, lambda x: x[x > 0] * 1, lambda x: x[x > 0], MATRIX),
    Row(indexing.BasicIndex, lambda x: x[1:, ..., None, ::2], lambda x: x[1:, ..., None, ::2], [((2, 3),), ((3, 1, 2),), ((1, 4),)]),
    Row(indexing.AddAt, lambda x, v: x.index_add(0, tg.tensor(AT), v), lambda x, v: summed_to(x, v, AT), [((2, 3), (3, 3)), ((2,), (3,)), ((4, 1), (3, 1))]),
    Row(indexing.SetItem, lambda x, v: stored(x, v, AT[:2]), lambda x, v: put(x, v, AT[:2]), [((2, 3), (3,)), ((2,), ()), ((4, 1), (2, 1))]),
    Row(indexing.SetItem, lambda x, v: stored(x, v, (slice(None), 0)), lambda x, v: put(x, v, (slice(None), 0)), [((2, 3), (2,)), ((1, 1), ()), ((0, 1), (1,))]),
    Row(indexing.Overwrite, lambda x, v: x.clone().copy_(v), lambda x, v: np.broadcast_to(v, x.shape), [((3,), (3,)), ((2, 3), (3,)), ((), ()), ((0, 3), (3,))]),
    Row(indexing.Gather, lambda x: x.gather(-1, tg.tensor([[1], [0]])), lambda x: np.take_along_axis(x, np.array([[1], [0]]), -1), [((2, 3),), ((2, 2),)]),
    Row(indexing.Embedding, lambda w: record(indexing.Embedding, w, index=AT, padding_idx=None), lambda w: w[AT], [((2, 3),), ((5, 1),)]),
    Row(indexing.AddRows, lambda v: record(indexing.AddRows, v, index=AT, n_rows=2, skip=None),
        lambda v: summed_to(np.zeros((2, v.shape[1])), v, AT), [((3, 2),), ((3, 1),)]),
]  # fmt: skip
