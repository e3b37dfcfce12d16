"""Nonlinearities. softmax and log_softmax are those of `functions/activations.py`."""

from __future__ import annotations

import numpy as np

from ...functions.activations import log_softmax as log_softmax
from ...functions.activations import softmax as softmax
from ...functions.arguments import need_float, need_numbers, need_tensor, wrap_dim
from ...functions.elementwise import sigmoid as sigmoid
from ...functions.elementwise import tanh as tanh
from ...functions.inplace import write
from ...functions.widening import widening
from ...ops import activations as ops
from ...recording import record
from ...tensor import Tensor


def _elementwise(name: str, op: type[ops.Function], input: Tensor, **options: float) -> Tensor:
    need_float(name, input)
    return record(op, input, **options)


def _into(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    return write(input, result) if inplace else result


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    need_tensor("relu", input)
    return input.relu_() if inplace else input.relu()


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, else negative_slope · x."""
    return _into(input, _elementwise("leaky_relu", ops.LeakyReLU, input, slope=negative_slope), inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (eˣ - 1) (Clevert et al. 2016)."""
    return _into(input, _elementwise("elu", ops.ELU, input, alpha=alpha), inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x Φ(x), Φ the distribution function of the normal distribution; approximate "tanh" leaves erf out."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"gelu(): approximate must be 'none' or 'tanh', got {approximate!r}")
    return _elementwise("gelu", ops.GELU if approximate == "none" else ops.TanhGELU, input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x σ(x), also called swish."""
    return _into(input, _elementwise("silu", ops.SiLU, input), inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """ln(1 + e^(beta x)) / beta, a smooth relu; x itself where beta x > threshold."""
    return _elementwise("softplus", ops.Softplus, input, beta=beta, threshold=threshold)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x held between min_val and max_val; no gradient at the bounds."""
    if min_val > max_val:
        raise ValueError(f"hardtanh(): min_val {min_val} is greater than max_val {max_val}")
    need_numbers("hardtanh", input)
    if input.array.dtype.kind != "f":
        min_val, max_val = int(min_val), int(max_val)  # integers stay integers
        if min_val < 0 and input.dtype == np.uint8:
            raise RuntimeError(f"hardtanh(): the bound {min_val} is negative and the input unsigned ({input.dtype})")
    return _into(input, record(ops.Hardtanh, input, low=min_val, high=max_val), inplace)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """x held between 0 and 6."""
    return hardtanh(input, 0.0, 6.0, inplace)


@widening
def logsigmoid(input: Tensor) -> Tensor:
    """ln σ(x) = -softplus(-x), exact for large |x|."""
    need_float("logsigmoid", input)
    return -record(ops.Softplus, -input, beta=1.0, threshold=float("inf")).contiguous()


@widening
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a σ(b), where a and b are the halves of input along `dim` (Dauphin et al. 2017)."""
    need_float("glu", input)
    dim = wrap_dim("glu", dim, input.ndim)
    if input.ndim == 0 or input.array.shape[dim] % 2:
        raise RuntimeError(f"glu(): dimension {dim} must have an even size to be halved, got shape {list(input.shape)}")
    a, b = input.chunk(2, dim)
    return a * b.sigmoid()
