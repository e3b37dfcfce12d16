"""LSTMs that differ from the usual one in a single idea: peepholes, coupled gates, layer normalisation."""

from __future__ import annotations

from typing import Any

from ...._tensor import Tensor
from ....create import empty
from ... import functional as F
from ...normalization import LayerNorm
from ...parameter import Parameter
from .base import Gates, OneStep, RNNCellBase, State, check_choice


class PeepholeLSTMCell(RNNCellBase):
    """An LSTM whose gates look at the memory (Gers & Schmidhuber 2000). Called with (input, (h, c)), returns (h, c).

    i = σ(W_ii x + W_hi h + W_ci c + b_i)       c is the old memory here
    f = σ(W_if x + W_hf h + W_cf c + b_f)
    g = tanh(W_ig x + W_hg h + b_g)             the candidate has no peephole
    c = f ⊙ c + i ⊙ g
    o = σ(W_io x + W_ho h + W_co c + b_o)       and the new one here
    h = o ⊙ tanh(c)

    peephole  "diagonal": each memory cell talks to its own gates, W_c are vectors (H,), as in the paper;
              "dense": W_c are matrices (H, H), as in the lectures' W_f · [C_{t-1}, h_{t-1}, x_t]

    Parameters beside LSTMCell's: weight_ci, weight_cf, weight_co.
    """

    __call__: OneStep[tuple[Tensor, Tensor]]
    gates = 4
    gate_order = "ifgo"
    state_names: tuple[str, ...] = ("hidden", "cell")

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, peephole: str = "diagonal", device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        check_choice("PeepholeLSTMCell", "peephole", peephole, ("diagonal", "dense"))
        self.peephole = peephole
        super().__init__(input_size, hidden_size, bias, device, dtype)

    def add_weights(self, device: Any, dtype: Any) -> None:
        """Those of all cells, and the peepholes."""
        super().add_weights(device, dtype)
        shape = (self.hidden_size,) * (1 if self.peephole == "diagonal" else 2)
        for gate in "ifo":
            self.register_parameter(f"weight_c{gate}", Parameter(empty(shape, dtype=dtype)))

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """The equations above."""
        weight_ih, weight_hh, bias_ih, bias_hh = self.weights
        h, c = state
        h = h if masked_h is None else masked_h
        i, f, g, o = (F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)).chunk(4, -1)
        i = (i + self._look(c, self.weight_ci)).sigmoid()
        f = (f + self._look(c, self.weight_cf)).sigmoid()
        g = g.tanh()
        c = f * c + i * g
        o = (o + self._look(c, self.weight_co)).sigmoid()
        return (o * c.tanh(), c), {"i": i, "f": f, "g": g, "o": o}

    def _look(self, c: Tensor, weight: Tensor) -> Tensor:
        return c * weight if self.peephole == "diagonal" else F.linear(c, weight)

    def extra_repr(self) -> str:
        return super().extra_repr() + f", peephole={self.peephole!r}"


class CoupledLSTMCell(RNNCellBase):
    """An LSTM that stores only where it forgets: i = 1 - f (Greff et al. 2015). Called with (input, (h, c)).

    f = σ(W_if x + W_hf h + b_f)
    g = tanh(W_ig x + W_hg h + b_g)
    o = σ(W_io x + W_ho h + b_o)
    c = f ⊙ c + (1 - f) ⊙ g                     a mean of old and new: |c| stays below 1
    h = o ⊙ tanh(c)

    Three blocks of rows in the order f, g, o: a quarter of the parameters less than LSTMCell.
    """

    __call__: OneStep[tuple[Tensor, Tensor]]
    gates = 3
    gate_order = "fgo"
    state_names: tuple[str, ...] = ("hidden", "cell")

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """The equations above."""
        weight_ih, weight_hh, bias_ih, bias_hh = self.weights
        h, c = state
        h = h if masked_h is None else masked_h
        f, g, o = (F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)).chunk(3, -1)
        f, g, o = f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + (1 - f) * g
        return (o * c.tanh(), c), {"f": f, "g": g, "o": o}


class LayerNormLSTMCell(RNNCellBase):
    """An LSTM with layer normalisation (Ba, Kiros & Hinton 2016, equations 20 to 22). Called with (input, (h, c)).

    [i, f, g, o] = LN(W_ih x) + LN(W_hh h)      each LN over all 4H numbers, with its own scale and shift
    c = σ(f) ⊙ c + σ(i) ⊙ tanh(g)
    h = σ(o) ⊙ tanh(LN(c))                      the memory itself is not normalised, only what is shown of it

    The paper's further bias b adds nothing to the two shifts and is left out. Parameters: weight_ih, weight_hh and
    those of the modules norm_ih, norm_hh (4H) and norm_c (H).

    bias  False: the LNs scale without shifting
    """

    __call__: OneStep[tuple[Tensor, Tensor]]
    gates = 4
    state_names: tuple[str, ...] = ("hidden", "cell")

    def add_weights(self, device: Any, dtype: Any) -> None:
        """weight_ih and weight_hh, and the three norms."""
        rows = self.gates * self.hidden_size
        self.weight_ih: Parameter = Parameter(empty(rows, self.input_size, dtype=dtype, device=device))
        self.weight_hh: Parameter = Parameter(empty(rows, self.hidden_size, dtype=dtype))
        self.norm_ih: LayerNorm = LayerNorm(rows, bias=self.bias, dtype=dtype)
        self.norm_hh: LayerNorm = LayerNorm(rows, bias=self.bias, dtype=dtype)
        self.norm_c: LayerNorm = LayerNorm(self.hidden_size, bias=self.bias, dtype=dtype)

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """The equations above."""
        h, c = state
        from_x = self.norm_ih(F.linear(x, self.weight_ih))
        from_h = self.norm_hh(F.linear(h if masked_h is None else masked_h, self.weight_hh))
        i, f, g, o = (from_x + from_h).chunk(4, -1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        return (o * self.norm_c(c).tanh(), c), {"i": i, "f": f, "g": g, "o": o}
