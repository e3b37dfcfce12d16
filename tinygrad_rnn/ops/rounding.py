"""Functions made of steps: their derivative is 0 everywhere, as PyTorch has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..dtypes import result_type
from ..recording import record_op
from .arithmetic import sign
from .checks import array, need_float, need_numbers
from .choosing import plain, tied
from .function import Array, Function, Recorded, Saves, Value
from .inplace import in_place
from .widening import widening
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Flat(Function):
    """Base of functions made of steps (sign, floor, round): dL/dx = 0 everywhere, as PyTorch has it."""

    compute: Any = staticmethod(sign)

    def forward(ctx, x: Array) -> Array:
        return ctx.compute(x)

    def backward(ctx, g: Value) -> Value:
        return np.zeros(ctx.shape, ctx.dtype)  # not g · 0, which is NaN where g is infinite


class Sign(Flat):
    """y = -1, 0 or 1          dL/dx = 0"""


class Floor(Flat):
    """y = x rounded down          dL/dx = 0"""

    compute: Any = np.floor


class Ceil(Flat):
    """y = x rounded up          dL/dx = 0"""

    compute: Any = np.ceil


class Trunc(Flat):
    """y = x rounded towards 0          dL/dx = 0"""

    compute: Any = np.trunc


class Round(Flat):
    """y = x rounded to the nearest integer, halves to even          dL/dx = 0"""

    compute: Any = np.rint


class Fmod(Function):
    """z = x - y · trunc(x/y), with the sign of x          dL/dx = dL/dz,   dL/dy = -dL/dz · trunc(x/y)"""

    promotes = "common"
    bools = "mixed"
    widens = "number"
    saves: Saves = ("x", "y")

    forward: Any = np.fmod

    def backward(ctx, g: Value) -> Value:
        x, y = ctx.saved_tensors
        return g, tied(-g * np.trunc(plain(x) / plain(y)), y) if ctx.edges[1] else None


class Rounding(Recorded):
    """Tensor's rounding."""

    __slots__ = ()

    @worded
    def sign(input: Tensor) -> Tensor:
        """-1, 0 or 1."""
        return record_op(Sign, input)

    sign_: Final = in_place(sign)

    @worded
    def floor(input: Tensor) -> Tensor:
        """Round down."""
        return _whole(Floor, input)

    floor_: Final = in_place(floor)

    @worded
    def ceil(input: Tensor) -> Tensor:
        """Round up."""
        return _whole(Ceil, input)

    ceil_: Final = in_place(ceil)

    @worded
    def trunc(input: Tensor) -> Tensor:
        """Round towards 0."""
        return _whole(Trunc, input)

    trunc_: Final = in_place(trunc)

    @widening
    def round(input: Tensor, *, decimals: int = 0) -> Tensor:
        """Round to the nearest integer (or to `decimals` digits), halves to even."""
        if decimals == 0:
            return _whole(Round, input)
        need_float("round", input)
        scale = 10.0**decimals
        return record_op(Round, input * scale) / scale

    round_: Final = in_place(round)

    def fmod(input: Tensor, other: Any) -> Tensor:
        """What is left of input after division by other, with the sign of input."""
        x, y = array(input, "fmod"), array(other, "fmod")
        if result_type(x, y).kind in "iu" and not np.all(y):
            raise RuntimeError("ZeroDivisionError: integer remainder by zero")
        return record_op(Fmod, input, other)

    fmod_: Final = in_place(fmod)
    fix: Final = trunc
    fix_: Final = trunc_


def _whole(op, input):
    need_numbers(op.__name__.lower(), input)
    return input.clone() if input.dtype.kind in "iub" else record_op(op, input)
