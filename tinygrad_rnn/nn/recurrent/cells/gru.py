"""Gated recurrent units: the GRU in its conventions, and the minimal gated unit with one gate."""

from __future__ import annotations

from typing import Any

from ...._tensor import Tensor
from ... import functional as F
from .base import Gates, OneStep, RNNCellBase, State, Weights, check_choice, from_input


def gru_transition(
    x: Tensor, state: State, weights: Weights, reset: str = "after", update: str = "keep",
    masked_h: Tensor | None = None,
) -> tuple[State, Gates]:  # fmt: skip
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
    masked_h = h if masked_h is None else masked_h
    x_r, x_z, x_n = from_input(x, weight_ih, bias_ih).chunk(3, -1)
    if reset == "after":
        h_r, h_z, h_n = F.linear(masked_h, weight_hh, bias_hh).chunk(3, -1)
        r = (x_r + h_r).sigmoid()
        n = (x_n + r * h_n).tanh()
    else:
        weight_rz, weight_n, bias_rz, bias_n = _last_gate_apart(weight_hh, bias_hh)
        h_r, h_z = F.linear(masked_h, weight_rz, bias_rz).chunk(2, -1)
        r = (x_r + h_r).sigmoid()
        n = (x_n + F.linear(r * masked_h, weight_n, bias_n)).tanh()
    z = (x_z + h_z).sigmoid()
    h = z * h + (1 - z) * n if update == "keep" else (1 - z) * h + z * n
    return (h,), {"r": r, "z": z, "n": n}


def mgu_transition(x: Tensor, state: State, weights: Weights, masked_h: Tensor | None = None) -> tuple[State, Gates]:
    """Minimal gated unit (Zhou et al. 2016): a GRU whose one gate f both resets and updates.

    f = σ(W_if x + b_if + W_hf h + b_hf)
    n = tanh(W_in x + b_in + W_hn (f ⊙ h) + b_hn)
    h = (1 - f) ⊙ h + f ⊙ n
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    (h,) = state
    masked_h = h if masked_h is None else masked_h
    x_f, x_n = F.linear(x, weight_ih, bias_ih).chunk(2, -1)
    weight_f, weight_n, bias_f, bias_n = _last_gate_apart(weight_hh, bias_hh)
    f = (x_f + F.linear(masked_h, weight_f, bias_f)).sigmoid()
    n = (x_n + F.linear(f * masked_h, weight_n, bias_n)).tanh()
    h = (1 - f) * h + f * n
    return (h,), {"f": f, "n": n}


def _last_gate_apart(weight: Tensor, bias: Tensor | None) -> tuple[Any, ...]:
    """weight_hh and bias_hh in two parts each: the candidate's rows, which see a gated h, and those before."""
    rows, size = weight.shape
    parts = [rows - size, size]
    return (*weight.split(parts), *((None, None) if bias is None else bias.split(parts)))


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


class GRUCell(RNNCellBase):
    """One step of a GRU: see `gru_transition` for `reset` and `update`. Called with (input, h), returns h."""

    __call__: OneStep[Tensor]
    gates = 3

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None,
        reset: str = "after", update: str = "keep",
    ):  # fmt: skip
        super().__init__(input_size, hidden_size, bias, device, dtype)
        check_choice("GRUCell", "reset", reset, ("after", "before"))
        check_choice("GRUCell", "update", update, ("keep", "write"))
        self.reset: str = reset
        self.update: str = update

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """`gru_transition` with the cell's weights."""
        return gru_transition(x, state, self.weights, self.reset, self.update, masked_h)


class MGUCell(RNNCellBase):
    """One step of a minimal gated unit: see `mgu_transition`. Called with (input, h), returns h."""

    __call__: OneStep[Tensor]
    gates = 2

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """`mgu_transition` with the cell's weights."""
        return mgu_transition(x, state, self.weights, masked_h)
