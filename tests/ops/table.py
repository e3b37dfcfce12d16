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
from tinygrad_rnn.ops import (
    arithmetic,
    basic,
    choosing,
    cumulative,
    extremes,
    gathering,
    indexing,
    joining,
    logsums,
    moving,
    powers,
    products,
    reducing,
    rounding,
    rows,
    shaping,
    special,
    trigonometry,
)
from tinygrad_rnn.recording import record_op

FILES = (
    arithmetic,
    basic,
    choosing,
    cumulative,
    extremes,
    gathering,
    indexing,
    joining,
    logsums,
    moving,
    powers,
    products,
    reducing,
    rounding,
    rows,
    shaping,
    special,
    trigonometry,
)


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


def psi(x: Any) -> Any:
    """Moved up by 40, where the series in 1 / x is exact."""
    y = np.asarray(x, np.float64) + 40
    below = sum(1 / (y - k) for k in range(1, 41))
    return np.log(y) - 1 / (2 * y) - 1 / (12 * y**2) + 1 / (120 * y**4) - 1 / (252 * y**6) - below


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
    Row(arithmetic.Add, lambda x, y: x + y, np.add, TWO),
    Row(arithmetic.Sub, lambda x, y: x - y, np.subtract, TWO),
    Row(arithmetic.Mul, lambda x, y: x * y, np.multiply, TWO),
    Row(arithmetic.Div, lambda x, y: x / y, np.divide, TWO, POSITIVE),
    Row(powers.Pow, lambda x, y: x**y, np.power, TWO, POSITIVE),
    Row(powers.Pow, lambda x: x**3, lambda x: x**3, ONE),
    Row(powers.Pow, lambda x: x**-0.5, lambda x: x**-0.5, ONE, POSITIVE),
    Row(arithmetic.Neg, lambda x: -x, np.negative, ONE),
    Row(arithmetic.Abs, lambda x: x.abs(), np.abs, ONE),
    Row(powers.Exp, lambda x: x.exp(), np.exp, ONE),
    Row(powers.Expm1, lambda x: x.expm1(), np.expm1, ONE),
    Row(powers.Log, lambda x: x.log(), np.log, ONE, POSITIVE),
    Row(powers.Log2, lambda x: x.log2(), np.log2, ONE, POSITIVE),
    Row(powers.Log10, lambda x: x.log10(), np.log10, ONE, POSITIVE),
    Row(powers.Log1p, lambda x: x.log1p(), np.log1p, ONE, POSITIVE),
    Row(powers.Sqrt, lambda x: x.sqrt(), np.sqrt, ONE, POSITIVE),
    Row(trigonometry.Sin, lambda x: x.sin(), np.sin, ONE),
    Row(trigonometry.Cos, lambda x: x.cos(), np.cos, ONE),
    Row(special.Erf, lambda x: x.erf(), erf, ONE),
    Row(special.Erfc, lambda x: x.erfc(), np.vectorize(math.erfc, otypes=[float]), ONE),
    Row(special.Lgamma, lambda x: x.lgamma(), np.vectorize(math.lgamma, otypes=[float]), ONE, POSITIVE),
    Row(special.Polygamma, lambda x: x.digamma(), psi, ONE, POSITIVE),
    Row(trigonometry.Tan, lambda x: x.tan(), np.tan, ONE, (-1.0, 1.0)),
    Row(trigonometry.Sinh, lambda x: x.sinh(), np.sinh, ONE),
    Row(trigonometry.Cosh, lambda x: x.cosh(), np.cosh, ONE),
    Row(trigonometry.Asin, lambda x: x.asin(), np.arcsin, ONE, (-0.8, 0.8)),
    Row(trigonometry.Acos, lambda x: x.acos(), np.arccos, ONE, (-0.8, 0.8)),
    Row(trigonometry.Atan, lambda x: x.atan(), np.arctan, ONE),
    Row(trigonometry.Asinh, lambda x: x.asinh(), np.arcsinh, ONE),
    Row(trigonometry.Acosh, lambda x: x.acosh(), np.arccosh, ONE, (1.3, 3.0)),
    Row(trigonometry.Atanh, lambda x: x.atanh(), np.arctanh, ONE, (-0.8, 0.8)),
    Row(trigonometry.Atan2, lambda x, y: x.atan2(y), np.arctan2, TWO, POSITIVE),
    Row(logsums.LogAddExp, tg.logaddexp, np.logaddexp, TWO),
    Row(powers.XLogY, tg.xlogy, lambda x, y: x * np.log(y), TWO, POSITIVE),
    # choosing and rounding
    Row(choosing.Where, lambda x, y: tg.where(tg.tensor(MASK), x, y), lambda x, y: np.where(MASK, x, y),
        [((3,), (3,)), ((2, 3), (3,)), ((), (2, 3)), ((2, 1), (1,)), ((0, 3), (3,))]),
    Row(choosing.Tie, lambda d, x: record_op(choosing.Tie, d, x), lambda d, x: d, [((3,), (3,)), ((2, 3), (3,)), ((), ()), ((0, 3), (0, 3))]),
    Row(choosing.Maximum, tg.maximum, np.maximum, TWO),
    Row(choosing.Minimum, tg.minimum, np.minimum, TWO),
    Row(choosing.Clamp, lambda x: x.clamp(-1, 0.7), lambda x: np.clip(x, -1, 0.7), ONE),
    Row(rounding.Sign, lambda x: x.sign(), np.sign, ONE),
    Row(rounding.Floor, lambda x: x.floor(), np.floor, ONE),
    Row(rounding.Ceil, lambda x: x.ceil(), np.ceil, ONE),
    Row(rounding.Fmod, lambda x, y: x.fmod(y), np.fmod, TWO, POSITIVE),
    Row(rounding.Trunc, lambda x: x.trunc(), np.trunc, ONE),
    Row(rounding.Round, lambda x: x.round(), np.round, ONE),
    Row(arithmetic.FloorDivide, lambda x, y: x // y, np.floor_divide, TWO, POSITIVE),
    Row(arithmetic.Remainder, lambda x, y: x % y, np.remainder, TWO, POSITIVE),
    # reduce
    Row(reducing.Sum, lambda x: x.sum(), np.sum, ONE),
    Row(reducing.Sum, lambda x: x.sum(-1, keepdim=True), lambda x: x.sum(-1, keepdims=True), MATRIX),
    Row(reducing.Mean, lambda x: x.mean(0), lambda x: x.mean(0), MATRIX),
    Row(reducing.Mean, lambda x: x.mean((0, -1)), lambda x: x.mean((0, -1)), MATRIX),
    Row(reducing.Variance, lambda x: x.var(-1), lambda x: x.var(-1, ddof=1), [((2, 3),), ((4,),), ((3, 1, 2),)]),
    Row(reducing.Variance, lambda x: x.var((0, -1), correction=0, keepdim=True), lambda x: x.var((0, -1), keepdims=True), MATRIX),
    Row(extremes.Extreme, lambda x: x.amax(-1), lambda x: x.max(-1), MATRIX),
    Row(extremes.Extreme, lambda x: x.min(), np.min, MATRIX),
    Row(cumulative.Prod, lambda x: x.prod(-1), lambda x: x.prod(-1), MATRIX),
    Row(cumulative.ProductBefore, lambda x: x.cumprod(-1), lambda x: x.cumprod(-1), [*MATRIX, ((0,),), ((2, 0),)]),
    Row(cumulative.Cumsum, lambda x: x.cumsum(-1), lambda x: x.cumsum(-1), [*MATRIX, ((0,),)]),
    Row(logsums.LogCumsumExp, lambda x: x.logcumsumexp(-1), softened, [*MATRIX, ((0,),)]),
    # products
    Row(products.MatMul, lambda x, y: x @ y, np.matmul,
        [((2, 3), (3, 4)), ((5, 2, 3), (3, 1)), ((2, 1, 1, 3), (2, 3, 2)), ((0, 3), (3, 2)), ((1, 1), (1, 1))]),
    Row(products.Linear, lambda x, w, b: record_op(products.Linear, x, w, b), lambda x, w, b: x @ w.T + b,
        [((2, 3), (4, 3), (4,)), ((3,), (2, 3), (2,)), ((2, 2, 3), (1, 3), (1,)), ((0, 3), (2, 3), (2,))]),
    # shape
    Row(basic.SumTo, lambda x: record_op(basic.SumTo, x, shape=(3,)), lambda x: x.reshape(-1, 3).sum(0), [((2, 3),), ((2, 2, 3),), ((3,),)]),
    Row(basic.Cast, lambda x: record_op(basic.Cast, x, dtype=tg.float64).to(x.dtype), lambda x: x, ONE),
    Row(shaping.Clone, lambda x: x.clone(), np.copy, ONE),
    Row(basic.Reshape, lambda x: x.reshape(-1), np.ravel, ONE),
    Row(shaping.Transpose, lambda x: x.transpose(0, -1), lambda x: x.swapaxes(0, -1), MATRIX),
    Row(shaping.Transpose, lambda x: x.permute(2, 0, 1), lambda x: x.transpose(2, 0, 1), [((2, 3, 4),), ((1, 2, 0),)]),
    Row(basic.Expand, lambda x: x.expand(2, 2, 3), lambda x: np.broadcast_to(x, (2, 2, 3)), [((2, 3),), ((3,),), ((2, 1),), ((),)]),
    Row(joining.Cat, lambda x, y: tg.cat([x, y, x], -1), lambda x, y: np.concatenate([x, y, x], -1), [((2, 3), (2, 1)), ((1,), (4,)), ((2, 0), (2, 1))]),
    Row(joining.Stack, lambda x, y: tg.stack([x, y], 1), lambda x, y: np.stack([x, y], 1), [((2, 3), (2, 3)), ((1,), (1,)), ((0, 2), (0, 2))]),
    Row(joining.Split, lambda x: x.split([1, 2], -1), lambda x: (x[..., :1], x[..., 1:]), [((2, 3),), ((3,),), ((0, 3),)]),
    Row(joining.Unbind, lambda x: x.unbind(1), lambda x: tuple(x[:, k] for k in range(x.shape[1])), [((2, 3),), ((1, 1),), ((0, 2),)]),
    Row(moving.Flip, lambda x: x.flip(0), lambda x: np.flip(x, 0), MATRIX),
    Row(moving.Roll, lambda x: x.roll(2, -1), lambda x: np.roll(x, 2, -1), MATRIX),
    Row(moving.Triangle, lambda x: x.tril(), np.tril, MATRIX),
    Row(moving.Diagonal, lambda x: x.diagonal(1, -2, -1), lambda x: np.diagonal(x, 1, -2, -1), MATRIX),
    Row(moving.OnDiagonal, lambda x: tg.diag(x, -1), lambda x: np.diag(x, -1), [((3,),), ((1,),), ((0,),)]),
    # indexing
    Row(basic.Index, lambda x: x[[1, 0, 1]], lambda x: x[[1, 0, 1]], [((2, 3),), ((2,),), ((3, 0),)]),
    Row(basic.Index, lambda x: x[x > 0] * 1, lambda x: x[x > 0], MATRIX),
    Row(indexing.BasicIndex, lambda x: x[1:, ..., None, ::2], lambda x: x[1:, ..., None, ::2], [((2, 3),), ((3, 1, 2),), ((1, 4),)]),
    Row(basic.AddAt, lambda x, v: x.index_add(0, tg.tensor(AT), v), lambda x, v: summed_to(x, v, AT), [((2, 3), (3, 3)), ((2,), (3,)), ((4, 1), (3, 1))]),
    Row(basic.SetItem, lambda x, v: stored(x, v, AT[:2]), lambda x, v: put(x, v, AT[:2]), [((2, 3), (3,)), ((2,), ()), ((4, 1), (2, 1))]),
    Row(basic.SetItem, lambda x, v: stored(x, v, (slice(None), 0)), lambda x, v: put(x, v, (slice(None), 0)), [((2, 3), (2,)), ((1, 1), ()), ((0, 1), (1,))]),
    Row(basic.Overwrite, lambda x, v: x.clone().copy_(v), lambda x, v: np.broadcast_to(v, x.shape), [((3,), (3,)), ((2, 3), (3,)), ((), ()), ((0, 3), (3,))]),
    Row(gathering.Gather, lambda x: x.gather(-1, tg.tensor([[1], [0]])), lambda x: np.take_along_axis(x, np.array([[1], [0]]), -1), [((2, 3),), ((2, 2),)]),
    Row(rows.Embedding, lambda w: record_op(rows.Embedding, w, index=AT, padding_idx=None), lambda w: w[AT], [((2, 3),), ((5, 1),)]),
    Row(rows.AddRows, lambda v: record_op(rows.AddRows, v, index=AT, n_rows=2, skip=None),
        lambda v: summed_to(np.zeros((2, v.shape[1])), v, AT), [((3, 2),), ((3, 1),)]),
]  # fmt: skip
