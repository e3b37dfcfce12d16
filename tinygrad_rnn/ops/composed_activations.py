"""Nonlinearities made of others: soft and hard thresholds, self-normalising units, and a random choice with a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .. import random
from .._quiet import quiet
from .activations import elu, hardtanh, softplus
from .checks import need_float, need_numbers, need_tensor, wrap_dim
from .choosing import where
from .function import Recorded, is_half
from .inplace import in_place, write
from .widening import narrow, widen, widening

if TYPE_CHECKING:
    from .._tensor import Tensor

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # fixed points of mean 0 and variance 1 (Klambauer et al. 2017)


class Thresholds(Recorded):
    """Tensor's nonlinearities that are made of others."""

    __slots__ = ()

    def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
        """x, and 0 where |x| ≤ lambd."""
        need_float("hardshrink", input)
        return input.masked_fill((input >= -lambd) & (input <= lambd), 0)

    @widening
    def prelu(input: Tensor, weight: Tensor) -> Tensor:
        """x where x > 0, else weight · x: one weight, or one for each channel, axis 1 (He et al. 2015)."""
        need_float("prelu", input)
        need_tensor("prelu", weight, "weight")
        channels = input.array.shape[1] if input.ndim > 1 else 1
        if weight.ndim > 1 or weight.array.size not in (1, channels):
            raise RuntimeError(
                f"prelu(): weight must have one number, or one for each of the {channels} channels, got {list(weight.shape)}"
            )
        each = weight.reshape(-1, *[1] * (input.ndim - 2)) if weight.array.size > 1 else weight.reshape(())
        return where(input > 0, input, each * input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """x held between 0 and 6."""
    need_tensor("relu6", input)
    return hardtanh(input, 0.0, 6.0, inplace)


@widening
def logsigmoid(input: Tensor) -> Tensor:
    """ln σ(x) = -softplus(-x), exact for large |x|."""
    need_float("logsigmoid", input)
    return -softplus(-input, 1.0, float("inf")).contiguous()


@widening
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a σ(b), where a and b are the halves of input along `dim` (Dauphin et al. 2017)."""
    need_float("glu", input)
    dim = wrap_dim("glu", dim, input.ndim)
    if input.ndim == 0 or input.array.shape[dim] % 2:
        raise RuntimeError(f"glu(): dimension {dim} must have an even size to be halved, got shape {list(input.shape)}")
    a, b = input.chunk(2, dim)
    return a * b.sigmoid()


def _changed(input: Tensor, compute: Callable[[Tensor], Tensor], inplace: bool) -> Tensor:
    """What `compute` makes of input, float16 in float32; in place in the memory of input itself."""
    result = narrow(compute(widen(input))) if is_half(input) else compute(input)
    return write(input, result) if inplace else result


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """scale · elu(x, alpha), with constants that keep mean 0 and variance 1 (Klambauer et al. 2017)."""
    need_float("selu", input)
    return _changed(input, lambda x: elu(x, ALPHA) * SCALE, inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (e^(x/alpha) - 1): an elu whose slope has no jump (Barron 2017)."""
    need_float("celu", input)
    if alpha == 0:
        raise RuntimeError("celu(): alpha must not be 0 (ZeroDivisionError)")
    return _changed(input, lambda x: elu(x / alpha) * alpha, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x)) (Misra 2020)."""
    need_float("mish", input)
    return _changed(input, lambda x: x * softplus(x).tanh(), inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """(x + 3) / 6 held between 0 and 1."""
    need_float("hardsigmoid", input)
    return _changed(input, lambda x: hardtanh(x + 3, 0.0, 6.0) / 6, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · hardsigmoid(x) (Howard et al. 2019)."""
    need_float("hardswish", input)
    return _changed(input, lambda x: where(x <= -3, x * 0, where(x < 3, x * (x + 3) / 6, x)), inplace)


@widening
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd, and 0 where |x| ≤ lambd."""
    need_float("softshrink", input)
    if not lambd >= 0:
        raise RuntimeError(f"softshrink(): lambda must be greater or equal to 0, but found to be {lambd}")
    moved = where(input > lambd, input - lambd, input + lambd)
    return where((input > lambd) | (input < -lambd), moved, input * 0)


@widening
def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    need_tensor("tanhshrink", input)
    return input - input.tanh()


@widening
def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    need_tensor("softsign", input)
    return input / (input.abs() + 1)


def softmin(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """softmax(-x)."""
    need_tensor("softmin", input)
    return (-input).softmax(dim, dtype)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, else value."""
    need_numbers("threshold", input)
    return _changed(input, lambda x: x.masked_fill(x <= threshold, value), inplace)


@quiet
def rrelu(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False) -> Tensor:  # fmt: skip
    """x where x > 0, else a · x: a uniform in lower..upper while training, else their mean (Xu et al. 2015)."""
    need_float("rrelu", input)
    if not lower <= upper:
        raise RuntimeError(f"rrelu(): lower must not be larger than upper, got {lower} and {upper}")
    drawn = random.source(None).uniform(lower, upper, input.array.shape) if training else (lower + upper) / 2
    slopes = np.where(input.array > 0, 1.0, drawn)
    return _changed(input, lambda x: x * x._of(slopes.astype(x.dtype)), inplace)


@quiet
@widening
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A random class for each row, as probabilities that the gradient passes through (Jang et al. 2017).

    softmax((logits + noise) / tau); hard: the class as ones and zeros, with the gradient of the probabilities.
    """
    need_float("gumbel_softmax", logits)
    noise = -np.log(random.source(None).exponential(size=logits.array.shape))
    soft = ((logits + logits._of(noise.astype(logits.dtype))) / tau).softmax(dim)
    if not hard:
        return soft
    chosen = soft.detach().argmax(dim, keepdim=True)
    return soft.detach().new_zeros(soft.array.shape).scatter(dim, chosen, 1.0) - soft.detach() + soft


threshold_: Final = in_place(threshold)
selu_: Final = in_place(selu)
celu_: Final = in_place(celu)
rrelu_: Final = in_place(rrelu)
