"""Long short-term memory, in PyTorch's form and in the row-vector form of the lectures."""

from __future__ import annotations

from typing import Any

from ...._tensor import Tensor
from ....create import empty
from ... import functional as F
from ...parameter import Parameter
from .base import Gates, OneStep, RNNCellBase, State, Weights, from_input


def lstm_transition(x: Tensor, state: State, weights: Weights, masked_h: Tensor | None = None) -> tuple[State, Gates]:
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
    h = h if masked_h is None else masked_h
    i, f, g, o = (from_input(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)).chunk(4, -1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    c = f * c + i * g
    h = o * c.tanh()
    if projection:
        h = F.linear(h, projection[0])
    return (h, c), {"i": i, "f": f, "g": g, "o": o}


class LSTMCell(RNNCellBase):
    """One step of an LSTM: see `lstm_transition`. Called with (input, (h, c)), returns (h, c).

    proj_size  h has this many numbers instead of hidden_size; 0: no projection
    """

    __call__: OneStep[tuple[Tensor, Tensor]]
    gates = 4
    gate_order = "ifgo"  # where `init.forget_bias_` and `init.chrono_` find the rows of a gate
    state_names: tuple[str, ...] = ("hidden", "cell")
    weight_hr: Any

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None,
        proj_size: int = 0,
    ):  # fmt: skip
        if proj_size and not 0 < proj_size < hidden_size:
            raise ValueError(
                f"{type(self).__name__}: proj_size must be smaller than hidden_size ({hidden_size}), got {proj_size}"
            )
        self.proj_size = proj_size
        super().__init__(input_size, hidden_size, bias, device, dtype)

    def add_weights(self, device: Any, dtype: Any) -> None:
        """Those of all cells, and weight_hr if h is projected."""
        super().add_weights(device, dtype)
        if self.proj_size:
            self.weight_hr = Parameter(empty(self.proj_size, self.hidden_size, dtype=dtype))

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """(the size of h, the size of c)."""
        return self.proj_size or self.hidden_size, self.hidden_size

    @property
    def weights(self) -> Weights:
        """The weights in the order in which the transition takes them."""
        return (*super().weights, self.weight_hr) if self.proj_size else super().weights

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """`lstm_transition` with the cell's weights."""
        return lstm_transition(x, state, self.weights, masked_h)

    def extra_repr(self) -> str:
        return super().extra_repr() + (f", proj_size={self.proj_size}" if self.proj_size else "")


class RowVectorLSTMCell(RNNCellBase):
    """The LSTM as lecture 000 writes it: row vectors, no biases, the output called s.

    i = σ(x Uⁱ + s Wⁱ)    f = σ(x Uᶠ + s Wᶠ)    o = σ(x Uᵒ + s Wᵒ)    g = tanh(x Uᵍ + s Wᵍ)
    c = c ⊙ f + g ⊙ i
    s = tanh(c) ⊙ o

    U (I, 4H) and W (H, 4H) hold the gates side by side in the order i, f, g, o: LSTMCell(bias=False) with
    weight_ih = Uᵀ and weight_hh = Wᵀ is the same function. Called with (input, (s, c)), returns (s, c).
    """

    __call__: OneStep[tuple[Tensor, Tensor]]
    state_names: tuple[str, ...] = ("hidden", "cell")

    def __init__(self, input_size: int, hidden_size: int, device: Any = None, dtype: Any = None):
        super().__init__(input_size, hidden_size, False, device, dtype)

    def add_weights(self, device: Any, dtype: Any) -> None:
        """U and W."""
        self.U = Parameter(empty(self.input_size, 4 * self.hidden_size, dtype=dtype, device=device))
        self.W = Parameter(empty(self.hidden_size, 4 * self.hidden_size, dtype=dtype))

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """The equations above."""
        s, c = state
        i, f, g, o = (x @ self.U + (s if masked_h is None else masked_h) @ self.W).chunk(4, -1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = c * f + g * i
        s = c.tanh() * o
        return (s, c), {"i": i, "f": f, "g": g, "o": o}
