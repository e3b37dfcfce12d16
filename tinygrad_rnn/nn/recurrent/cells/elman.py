"""Elman's RNN: one matrix for the input, one for the state, one nonlinearity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...._tensor import Tensor
from ... import functional as F, init
from .base import Gates, OneStep, RNNCellBase, State, Weights, check_choice, from_input


def rnn_transition(
    x: Tensor, state: State, weights: Weights, nonlinearity: str | Callable[[Tensor], Tensor] = "tanh",
    masked_h: Tensor | None = None,
) -> tuple[State, Gates]:  # fmt: skip
    """Elman's cell (1990): h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), f = tanh, relu or a function given."""
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    h = state[0] if masked_h is None else masked_h
    z = from_input(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)
    h = z.tanh() if nonlinearity == "tanh" else z.relu() if nonlinearity == "relu" else nonlinearity(z)  # type: ignore
    return (h,), {}


class RNNCell(RNNCellBase):
    """One step of Elman's RNN: see `rnn_transition`. Called with (input, h), returns h.

    nonlinearity  "tanh", "relu", or any function on tensors (the lectures also use the sigmoid; the identity
                  gives a linear state-space model)
    """

    __call__: OneStep[Tensor]
    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True,
        nonlinearity: str | Callable[[Tensor], Tensor] = "tanh", device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__(input_size, hidden_size, bias, device, dtype)
        if not callable(nonlinearity):
            check_choice(type(self).__name__, "nonlinearity", nonlinearity, ("tanh", "relu"))
        self.nonlinearity = nonlinearity

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """`rnn_transition` with the cell's weights."""
        return rnn_transition(x, state, self.weights, self.nonlinearity, masked_h)


class IRNNCell(RNNCell):
    """An RNN with relu that starts as a memory: W_hh = identity, biases 0, W_ih small (Le, Jaitly & Hinton 2015).

    At the start h_t = relu(h_{t-1} + small): what is in h stays, and the gradient passes unchanged.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None):
        super().__init__(input_size, hidden_size, bias, "relu", device, dtype)

    def reset_parameters(self) -> None:
        """W_hh = identity, W_ih normal with standard deviation 0.001 as in the paper, biases 0."""
        init.normal_(self.weight_ih, std=0.001)
        init.eye_(self.weight_hh)
        for bias in (self.bias_ih, self.bias_hh):
            if bias is not None:
                init.zeros_(bias)
