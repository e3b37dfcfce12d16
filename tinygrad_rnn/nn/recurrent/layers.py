"""RNN, LSTM and GRU over whole sequences, with PyTorch's arguments, parameter names and results."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..._tensor import Tensor
from .cells import State, Weights, check_choice, gru_transition, lstm_transition, rnn_transition
from .fused import FusedGRU, FusedLSTM, FusedRNN
from .layer_base import OverSequence, RNNBase, side_by_side
from .through_time import Transition


class RNN(RNNBase):
    """Elman's RNN over a sequence: in each layer, for t = 1 … T,

        h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)            or relu instead of tanh

    where x_t is the input, or the output h_t of the layer below.

    >>> rnn = nn.RNN(input_size=3, hidden_size=5)
    >>> output, h_n = rnn(tinygrad_rnn.randn(10, 2, 3))
    >>> output.shape, h_n.shape
    (Size([10, 2, 5]), Size([1, 2, 5]))

    Called with (input, h_0), returns (output, h_n); T steps, B sequences, D = 2 if bidirectional else 1.

    input    (T, B, I); (B, T, I) if batch_first; (T, I) for a single sequence; or a PackedSequence
    h_0      (D · num_layers, B, H); without B for a single sequence; zeros if left out
    output   h_t of the last layer, (T, B, D · H), or in the form of the input
    h_n      the last state, in the form of h_0

    input_size, hidden_size   I and H
    num_layers      layers on top of each other; each sees the outputs of the one below
    nonlinearity    "tanh" or "relu"
    bias            False leaves out bias_ih and bias_hh
    batch_first     input and output are (B, T, ·) instead of (T, B, ·); states are not affected
    dropout         probability of dropping outputs between layers while training
    bidirectional   a second pass from the last step to the first; outputs are side by side
    fused           each layer and direction is one fast node (`tinygrad_rnn.expand` opens it); False records every
                    step, as inside `tinygrad_rnn.unrolled()`; the numbers are the same

    Parameters: weight_ih_l{k} (H, I or D · H), weight_hh_l{k} (H, H), bias_ih_l{k} and bias_hh_l{k} (H,) for layer k,
    with `_reverse` for the second direction; they start uniform in ±1/√H.
    """

    __call__: OverSequence[Tensor]
    gates = 1
    sequence: Any = FusedRNN
    options: tuple[str, ...] = ("nonlinearity",)

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, device: Any = None,
        dtype: Any = None, fused: bool = True,
    ):  # fmt: skip
        check_choice("RNN", "nonlinearity", nonlinearity, ("tanh", "relu"))
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype, fused
        )
        self.nonlinearity = nonlinearity

    def transition_with(self, weights: Weights) -> Transition:
        """`rnn_transition` with these weights."""
        return partial(rnn_transition, weights=weights, nonlinearity=self.nonlinearity)


class LSTM(RNNBase):
    """Long short-term memory over a sequence (Hochreiter & Schmidhuber 1997): in each layer, for t = 1 … T,

        i = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)        how much of the candidate to store
        f = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)        how much of the old memory to keep
        g = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)     the candidate
        o = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho)        how much of the memory to show
        c_t = f ⊙ c_{t-1} + i ⊙ g
        h_t = o ⊙ tanh(c_t)

    where x_t is the input, or the output h_t of the layer below.

    >>> lstm = nn.LSTM(input_size=3, hidden_size=5, num_layers=2)
    >>> output, (h_n, c_n) = lstm(tinygrad_rnn.randn(10, 2, 3))
    >>> output.shape, h_n.shape
    (Size([10, 2, 5]), Size([2, 2, 5]))

    Called with (input, (h_0, c_0)), returns (output, (h_n, c_n)); T steps, B sequences, D = 2 if bidirectional else 1.

    input      (T, B, I); (B, T, I) if batch_first; (T, I) for a single sequence; or a PackedSequence
    h_0, c_0   (D · num_layers, B, H); without B for a single sequence; zeros if left out
    output     h_t of the last layer, (T, B, D · H), or in the form of the input
    h_n, c_n   the last state, in the form of h_0 and c_0

    input_size, hidden_size   I and H
    num_layers      layers on top of each other; each sees the outputs of the one below
    bias            False leaves out bias_ih and bias_hh
    batch_first     input and output are (B, T, ·) instead of (T, B, ·); states are not affected
    dropout         probability of dropping outputs between layers while training
    bidirectional   a second pass from the last step to the first; outputs are side by side
    proj_size       h_t = W_hr (o ⊙ tanh(c_t)) has this many numbers instead of H (Sak et al. 2014); 0: no projection
    fused           each layer and direction is one fast node (`tinygrad_rnn.expand` opens it); False records every
                    step, as inside `tinygrad_rnn.unrolled()`; the numbers are the same. With proj_size every step is
                    always recorded

    Parameters: weight_ih_l{k} (4H, I or D · H), weight_hh_l{k} (4H, H), bias_ih_l{k} and bias_hh_l{k} (4H,) for layer
    k, rows in the order i, f, g, o; with `_reverse` for the second direction; weight_hr_l{k} (proj_size, H) if h is
    projected. They start uniform in ±1/√H.
    """

    __call__: OverSequence[tuple[Tensor, Tensor]]
    gates = 4
    gate_order = "ifgo"
    state_names: tuple[str, ...] = ("hidden", "cell")
    sequence: Any = FusedLSTM

    def transition_with(self, weights: Weights) -> Transition:
        """`lstm_transition` with these weights."""
        return partial(lstm_transition, weights=weights)

    def _split_state(self, hx: Any) -> State:
        """The pair (h_0, c_0)."""
        if not isinstance(hx, (tuple, list)) or len(hx) != 2:
            found = f"a Tensor of shape {list(hx.shape)}" if isinstance(hx, Tensor) else f"{type(hx).__name__}"
            found += f" of {len(hx)}" if isinstance(hx, (tuple, list)) else ""
            raise RuntimeError(f"LSTM: expected hx to be a pair (h_0, c_0), got {found}")
        return tuple(hx)

    def _result(self, ends: list[State]) -> tuple[Tensor, Tensor]:
        """The pair (h_n, c_n)."""
        return side_by_side([end[0] for end in ends]), side_by_side([end[1] for end in ends])


class GRU(RNNBase):
    """Gated recurrent unit over a sequence (Cho et al. 2014): in each layer, for t = 1 … T,

        r = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)        how much of the old state the candidate sees
        z = σ(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)
        n = tanh(W_in x_t + b_in + r ⊙ (W_hn h_{t-1} + b_hn))     reset="after" the matrix: PyTorch, cuDNN
        n = tanh(W_in x_t + b_in + W_hn (r ⊙ h_{t-1}) + b_hn)     reset="before" it: the paper and the lectures
        h_t = z ⊙ h_{t-1} + (1 - z) ⊙ n                     update="keep": z keeps the old state (PyTorch)
        h_t = (1 - z) ⊙ h_{t-1} + z ⊙ n                     update="write": z writes the new one

    where x_t is the input, or the output h_t of the layer below. No weights turn one reset into the other; the two
    updates are the same up to the sign of W_z and b_z.

    >>> gru = nn.GRU(input_size=3, hidden_size=5, bidirectional=True)
    >>> output, h_n = gru(tinygrad_rnn.randn(10, 2, 3))
    >>> output.shape, h_n.shape
    (Size([10, 2, 10]), Size([2, 2, 5]))

    Called with (input, h_0), returns (output, h_n); T steps, B sequences, D = 2 if bidirectional else 1.

    input    (T, B, I); (B, T, I) if batch_first; (T, I) for a single sequence; or a PackedSequence
    h_0      (D · num_layers, B, H); without B for a single sequence; zeros if left out
    output   h_t of the last layer, (T, B, D · H), or in the form of the input
    h_n      the last state, in the form of h_0

    input_size, hidden_size   I and H
    num_layers      layers on top of each other; each sees the outputs of the one below
    bias            False leaves out bias_ih and bias_hh
    batch_first     input and output are (B, T, ·) instead of (T, B, ·); states are not affected
    dropout         probability of dropping outputs between layers while training
    bidirectional   a second pass from the last step to the first; outputs are side by side
    reset, update   which of the equations above
    fused           each layer and direction is one fast node (`tinygrad_rnn.expand` opens it); False records every
                    step, as inside `tinygrad_rnn.unrolled()`; the numbers are the same

    Parameters: weight_ih_l{k} (3H, I or D · H), weight_hh_l{k} (3H, H), bias_ih_l{k} and bias_hh_l{k} (3H,) for layer
    k, rows in the order r, z, n; with `_reverse` for the second direction; they start uniform in ±1/√H.
    """

    __call__: OverSequence[Tensor]
    gates = 3
    sequence: Any = FusedGRU
    options: tuple[str, ...] = ("reset", "update")

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, device: Any = None, dtype: Any = None, reset: str = "after",
        update: str = "keep", fused: bool = True,
    ):  # fmt: skip
        check_choice("GRU", "reset", reset, ("after", "before"))
        check_choice("GRU", "update", update, ("keep", "write"))
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype, fused
        )
        self.reset: str = reset
        self.update: str = update

    def transition_with(self, weights: Weights) -> Transition:
        """`gru_transition` with these weights."""
        return partial(gru_transition, weights=weights, reset=self.reset, update=self.update)
