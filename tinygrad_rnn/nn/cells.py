"""The recurrent cells: one time step each, as the equations say it. Everything recurrent is defined here.

A `..._step` function is the mathematics: it takes an input x_t, the state and the weights, and returns the
new state, whose first part is the output h_t. A `...Cell` module owns weights and calls its step once.
`rnn.py` applies the same steps through time.

Shapes: x (B, I) or (I,), h and c (B, H) or (H,). Gate order and parameter names are PyTorch's: the rows of
weight_ih (gates · H, I) and weight_hh (gates · H, H) are stacked in the order i, f, g, o for the LSTM and
r, z, n for the GRU. The lectures write W · [h_{t-1}, x_t] + b: that W is [weight_hh, weight_ih], b their sum.
"""

from __future__ import annotations

import math
from typing import Any

from ..create import empty, zeros
from ..functions.arguments import need_tensor
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

State = tuple[Tensor, ...]
Weights = tuple[Any, ...]  # weight_ih, weight_hh, bias_ih, bias_hh; the biases may be None


def rnn_step(x: Tensor, state: State, weights: Weights, nonlinearity: str = "tanh") -> State:
    """Elman's cell (1990): h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), or relu instead of tanh."""
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    (h,) = state
    z = F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)
    return (z.tanh() if nonlinearity == "tanh" else z.relu(),)


def lstm_step(x: Tensor, state: State, weights: Weights) -> State:
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    i = σ(W_ii x + b_ii + W_hi h + b_hi)        how much of the candidate to store
    f = σ(W_if x + b_if + W_hf h + b_hf)        how much of the old memory to keep
    g = tanh(W_ig x + b_ig + W_hg h + b_hg)     the candidate
    o = σ(W_io x + b_io + W_ho h + b_ho)        how much of the memory to show
    c = f ⊙ c + i ⊙ g                           no matrix between c_{t-1} and c_t: the gradient passes
    h = o ⊙ tanh(c)

    A fifth weight, if given, projects h to fewer numbers: h = W_hr (o ⊙ tanh(c)) (Sak et al. 2014).
    """
    weight_ih, weight_hh, bias_ih, bias_hh, *projection = weights
    h, c = state
    i, f, g, o = (F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)).chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    if projection:
        h = F.linear(h, projection[0])
    return h, c


def gru_step(x: Tensor, state: State, weights: Weights, reset: str = "after", update: str = "keep") -> State:
    """Gated recurrent unit (Cho et al. 2014).

    r = σ(W_ir x + b_ir + W_hr h + b_hr)        how much of the old state the candidate sees
    z = σ(W_iz x + b_iz + W_hz h + b_hz)
    n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))     reset="after" the matrix: PyTorch, cuDNN
    n = tanh(W_in x + b_in + W_hn (r ⊙ h) + b_hn)     reset="before" it: the paper and the lectures
    h = z ⊙ h + (1 - z) ⊙ n                     update="keep": z keeps the old state (PyTorch)
    h = (1 - z) ⊙ h + z ⊙ n                     update="write": z writes the new one

    The two resets are different functions: no weights turn one into the other. The two updates are the same
    up to the sign of W_z and b_z, since 1 - σ(a) = σ(-a).
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    (h,) = state
    x_r, x_z, x_n = F.linear(x, weight_ih, bias_ih).chunk(3, -1)
    if reset == "after":
        h_r, h_z, h_n = F.linear(h, weight_hh, bias_hh).chunk(3, -1)
        n = (x_n + (x_r + h_r).sigmoid() * h_n).tanh()
    else:
        size = weight_hh.array.shape[1]
        bias_rz, bias_n = (None, None) if bias_hh is None else bias_hh.split([2 * size, size])
        weight_rz, weight_n = weight_hh.split([2 * size, size])
        h_r, h_z = F.linear(h, weight_rz, bias_rz).chunk(2, -1)
        n = (x_n + F.linear((x_r + h_r).sigmoid() * h, weight_n, bias_n)).tanh()
    z = (x_z + h_z).sigmoid()
    if update == "keep":
        return (z * h + (1 - z) * n,)
    return ((1 - z) * h + z * n,)


def gru_other_update(state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same GRU with the update gate in the other direction (z ↔ 1 - z): negate W_z and b_z. Exact."""
    converted = {}
    for key, value in state_dict.items():
        if key.rpartition(".")[2].startswith(("weight_ih", "weight_hh", "bias_ih", "bias_hh")):
            size = value.shape[0] // 3
            value = value.detach().clone()
            value[size : 2 * size] = -value[size : 2 * size]
        converted[key] = value
    return converted


class RNNCellBase(Module):
    """What the cells share: weights for `gates` gates, starting uniform in ±1/√hidden_size, and checks."""

    gates: int
    state_names: tuple[str, ...] = ("hidden",)

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None):
        super().__init__()
        check_sizes(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = self.gates * hidden_size
        self.weight_ih = Parameter(empty(rows, input_size, dtype=dtype, device=device))
        self.weight_hh = Parameter(empty(rows, hidden_size, dtype=dtype))
        self.register_parameter("bias_ih", Parameter(empty(rows, dtype=dtype)) if bias else None)
        self.register_parameter("bias_hh", Parameter(empty(rows, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new starting values."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    @property
    def weights(self) -> Weights:
        """The weights in the order in which the step takes them."""
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def start(self, x: Tensor) -> State:
        """The state before the first step: zeros."""
        shape = (*x.array.shape[:-1], self.hidden_size)
        return tuple(zeros(shape, dtype=x.dtype) for _ in self.state_names)

    def check(self, x: Tensor, state: State) -> None:
        """Raise unless x is (B, I) or (I,) and each part of the state matches it."""
        name = type(self).__name__
        need_tensor(name, x)
        if x.ndim not in (1, 2):
            raise ValueError(f"{name}: expected input to be 1D or 2D, got {x.ndim}D instead (shape {list(x.shape)})")
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{name}: input has {x.shape[-1]} features, expected input_size={self.input_size} (shape {list(x.shape)})"
            )
        expected = (*x.array.shape[:-1], self.hidden_size)
        if len(state) != len(self.state_names):
            raise RuntimeError(f"{name}: expected {len(self.state_names)} states {self.state_names}, got {len(state)}")
        for part, h in zip(self.state_names, state, strict=True):
            if h.array.shape != expected:
                raise RuntimeError(f"{name}: expected {part} state of shape {list(expected)}, got {list(h.shape)}")

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RNNCellBase):
    """One step of Elman's RNN: see `rnn_step`. Called with (input, h), returns h."""

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias, device, dtype)
        check_choice("RNNCell", "nonlinearity", nonlinearity, ("tanh", "relu"))
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """input (B, I) or (I,), hx (B, H) or (H,), zeros if left out; returns h of that shape."""
        state = self.start(input) if hx is None else (hx,)
        self.check(input, state)
        return rnn_step(input, state, self.weights, self.nonlinearity)[0]


class LSTMCell(RNNCellBase):
    """One step of an LSTM: see `lstm_step`. Called with (input, (h, c)), returns (h, c)."""

    gates = 4
    state_names = ("hidden", "cell")

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Tensor]:
        """input (B, I) or (I,), hx a pair (h, c) of (B, H) or (H,), zeros if left out; returns the new pair."""
        state = self.start(input) if hx is None else tuple(hx)
        self.check(input, state)
        h, c = lstm_step(input, state, self.weights)
        return h, c


class GRUCell(RNNCellBase):
    """One step of a GRU: see `gru_step` for `reset` and `update`. Called with (input, h), returns h."""

    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        reset: str = "after",
        update: str = "keep",
    ):
        super().__init__(input_size, hidden_size, bias, device, dtype)
        check_choice("GRUCell", "reset", reset, ("after", "before"))
        check_choice("GRUCell", "update", update, ("keep", "write"))
        self.reset, self.update = reset, update

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """input (B, I) or (I,), hx (B, H) or (H,), zeros if left out; returns h of that shape."""
        state = self.start(input) if hx is None else (hx,)
        self.check(input, state)
        return gru_step(input, state, self.weights, self.reset, self.update)[0]


def check_sizes(name: str, **sizes: Any) -> None:
    """Raise unless every size is a positive int."""
    for argument, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name}: {argument} should be of type int, got {type(value).__name__}")
        if value <= 0:
            raise ValueError(f"{name}: {argument} must be greater than zero, got {value}")


def check_choice(name: str, argument: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raise unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name}: {argument} must be one of {', '.join(map(repr, choices))}, got {value!r}")
