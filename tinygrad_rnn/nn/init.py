"""Filling parameters with starting values, in place and outside the graph: PyTorch's `torch.nn.init`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import random
from .._mode import no_grad
from .._tensor import Tensor
from ..ops.checks import need_tensor


@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform numbers from [a, b)."""
    need_tensor("uniform_", tensor, "tensor")
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Normal numbers with the given mean and standard deviation."""
    need_tensor("normal_", tensor, "tensor")
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Normal numbers, drawn again until they lie in [a, b]."""
    need_tensor("trunc_normal_", tensor, "tensor")
    source, numbers = random.source(generator), np.full(tensor.array.shape, np.inf)
    while (outside := (numbers < a) | (numbers > b)).any():
        numbers[outside] = source.normal(mean, std, int(outside.sum()))
    return tensor.copy_(Tensor._of(numbers.astype(tensor.dtype)))


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """The same number everywhere."""
    need_tensor("constant_", tensor, "tensor")
    return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return constant_(tensor, 0.0)


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix: h_t = h_{t-1} + ... at the start (identity initialisation, Le et al. 2015)."""
    need_tensor("eye_", tensor, "tensor")
    if tensor.ndim != 2:
        raise ValueError(f"eye_(): only 2-d tensors, got shape {list(tensor.shape)}")
    return tensor.copy_(Tensor._of(np.eye(*tensor.array.shape, dtype=tensor.dtype)))


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """A matrix with orthonormal rows or columns, times `gain` (Saxe et al. 2013). Further axes count as columns."""
    need_tensor("orthogonal_", tensor, "tensor")
    if tensor.ndim < 2:
        raise ValueError(f"orthogonal_(): only tensors with 2 or more dimensions, got shape {list(tensor.shape)}")
    rows, columns = tensor.array.shape[0], math.prod(tensor.array.shape[1:])
    numbers = random.source(generator).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(numbers)
    q = q * np.sign(np.diag(r))  # makes the result uniform over all such matrices
    q = q if rows >= columns else q.T
    return tensor.copy_(Tensor._of((gain * q).reshape(tensor.array.shape).astype(tensor.dtype)))


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """(inputs, outputs) that one number of the result depends on, or goes to."""
    need_tensor("xavier_ and kaiming_", tensor, "tensor")
    if tensor.ndim < 2:
        raise ValueError(f"fan in and fan out need at least 2 dimensions, got shape {list(tensor.shape)}")
    window = math.prod(tensor.array.shape[2:])
    return tensor.array.shape[1] * window, tensor.array.shape[0] * window


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity."""
    if nonlinearity in ("linear", "sigmoid") or nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity == "selu":
        return 0.75
    raise ValueError(f"calculate_gain(): unsupported nonlinearity {nonlinearity!r}")


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform from ±gain √(6 / (fan_in + fan_out)) (Glorot & Bengio 2010)."""
    bound = gain * math.sqrt(6.0 / sum(_calculate_fan_in_and_fan_out(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal with standard deviation gain √(2 / (fan_in + fan_out)) (Glorot & Bengio 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode must be 'fan_in' or 'fan_out', got {mode!r}")
    fan = _calculate_fan_in_and_fan_out(tensor)[0 if mode == "fan_in" else 1]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Uniform from ±gain √(3 / fan) (He et al. 2015)."""
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Normal with standard deviation gain / √fan (He et al. 2015)."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


@no_grad()
def forget_bias_(lstm: Any, val: float = 1.0) -> Any:
    """Start the forget gates of an LSTM at σ(val): b_f = val, so that early gradients reach far (Jozefowicz et al. 2015).

    lstm  an nn.LSTM, an LSTM cell, or a module that contains some; bias_ih takes the value, bias_hh becomes 0
    """
    for bias in _gate_biases(lstm):
        bias["f"][0].fill_(val)
        bias["f"][1].zero_()
    return lstm


@no_grad()
def chrono_(lstm: Any, longest: int, generator: Any = None) -> Any:
    """Start the gates of an LSTM so that it remembers from 1 to `longest` steps (Tallec & Ollivier 2018).

    b_f = log u, u uniform in [1, longest - 1], and b_i = -b_f where there is an input gate: a forget gate at σ(log u)
    keeps a memory for about u steps. As `forget_bias_` otherwise.
    """
    if not longest > 2:
        raise ValueError(f"chrono_(): longest must be greater than 2 steps, got {longest}")
    for bias in _gate_biases(lstm):
        first = bias["f"][0]
        steps = random.source(generator).uniform(1, longest - 1, first.array.shape)
        first.copy_(Tensor._of(np.log(steps).astype(first.dtype)))
        bias["f"][1].zero_()
        if "i" in bias:
            bias["i"][0].copy_(-first)
            bias["i"][1].zero_()
    return lstm


def _gate_biases(lstm: Any) -> list[dict[str, tuple[Tensor, Tensor]]]:
    """(bias_ih, bias_hh) of each gate by name, for each LSTM in a module: its `gate_order` tells the rows."""
    found = []
    for module in lstm.modules():
        order = getattr(module, "gate_order", "")
        for name, bias in module._parameters.items():
            if order and bias is not None and name.startswith("bias_ih"):
                other = module._parameters[name.replace("bias_ih", "bias_hh")]
                pairs = zip(bias.detach().chunk(len(order)), other.detach().chunk(len(order)), strict=True)
                found.append(dict(zip(order, pairs, strict=True)))
    if not found:
        raise ValueError(f"there is no LSTM with biases in {type(lstm).__name__}")
    return found


def _old(function: Any, name: str) -> Any:
    """PyTorch's older name of a function, which it still has, with its warning."""

    def renamed(*args: Any, **options: Any) -> Any:
        import warnings

        text = f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`."
        warnings.warn(text, FutureWarning, stacklevel=2)
        return function(*args, **options)

    return renamed


uniform: Any = _old(uniform_, "uniform")
normal: Any = _old(normal_, "normal")
constant: Any = _old(constant_, "constant")
eye: Any = _old(eye_, "eye")
orthogonal: Any = _old(orthogonal_, "orthogonal")
xavier_uniform: Any = _old(xavier_uniform_, "xavier_uniform")
xavier_normal: Any = _old(xavier_normal_, "xavier_normal")
kaiming_uniform: Any = _old(kaiming_uniform_, "kaiming_uniform")
kaiming_normal: Any = _old(kaiming_normal_, "kaiming_normal")
