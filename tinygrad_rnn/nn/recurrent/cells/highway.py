"""Highways: a gate chooses, per number, between a new value and the old one. In depth, and in depth between steps."""

from __future__ import annotations

from typing import Any

from ...._tensor import Tensor
from ....create import empty
from ... import functional as F, init
from ...linear import Linear
from ...module import Module
from ...parameter import Parameter
from .base import Gates, OneStep, RNNCellBase, State, check_sizes


class Highway(Module):
    """A highway layer (Srivastava et al. 2015, lecture 000): y = g ⊙ H(x) + (1 - g) ⊙ x.

    g = σ(W_T x + b_T)
    H(x) = tanh(W_H x + b_H)

    x and y (…, size). b_T starts at `gate_bias`: below 0 the layer first passes its input on.
    """

    def __init__(self, size: int, gate_bias: float = -1.0, device: Any = None, dtype: Any = None):
        super().__init__()
        check_sizes("Highway", size=size)
        self.size = size
        self.new: Linear = Linear(size, size, device=device, dtype=dtype)
        self.gate: Linear = Linear(size, size, device=device, dtype=dtype)
        init.constant_(self.gate.bias, gate_bias)

    def forward(self, input: Tensor) -> Tensor:
        """(…, size) -> (…, size)."""
        g = self.gate(input).sigmoid()
        return g * self.new(input).tanh() + (1 - g) * input


class RHNCell(RNNCellBase):
    """A recurrent highway network (Zilly et al. 2017): `depth` highway layers inside one step. Called with (input, s).

    for l = 1 … depth, with s_0 = s_{t-1}; x enters at l = 1 only:
        n = tanh(W_n x + R_n s_{l-1} + b_n)
        z = σ(W_z x + R_z s_{l-1} + b_z)        the paper's t, "transform"; its carry gate is coupled, 1 - z
        s_l = z ⊙ n + (1 - z) ⊙ s_{l-1}
    the new state is s_depth

    weight_ih (2H, I); weight_hh (depth, 2H, H) and bias_hh (depth, 2H), rows in the order n, z. The gates are named
    n1, z1, n2, z2 …
    """

    __call__: OneStep[Tensor]
    gates = 2

    def __init__(
        self, input_size: int, hidden_size: int, depth: int = 2, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        check_sizes("RHNCell", depth=depth)
        self.depth = depth
        super().__init__(input_size, hidden_size, bias, device, dtype)

    def add_weights(self, device: Any, dtype: Any) -> None:
        """One input matrix, and a recurrent one for each layer of the step."""
        rows = self.gates * self.hidden_size
        self.weight_ih: Parameter = Parameter(empty(rows, self.input_size, dtype=dtype, device=device))
        self.weight_hh: Parameter = Parameter(empty(self.depth, rows, self.hidden_size, dtype=dtype))
        self.register_parameter("bias_hh", Parameter(empty(self.depth, rows, dtype=dtype)) if self.bias else None)

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """The equations above; `masked_h` stands in for s_0 in the matrices."""
        (s,) = state
        gates = {}
        biases = [None] * self.depth if self.bias_hh is None else self.bias_hh
        for layer, (weight, bias) in enumerate(zip(self.weight_hh, biases, strict=True), start=1):
            rows = F.linear(s if masked_h is None or layer > 1 else masked_h, weight, bias)
            if layer == 1:
                rows = rows + F.linear(x, self.weight_ih)
            n, z = rows.chunk(2, -1)
            n, z = n.tanh(), z.sigmoid()
            s = z * n + (1 - z) * s
            gates.update({f"n{layer}": n, f"z{layer}": z})
        return (s,), gates

    def extra_repr(self) -> str:
        return super().extra_repr() + f", depth={self.depth}"
