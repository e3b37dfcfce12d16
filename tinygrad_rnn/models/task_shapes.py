"""The shapes that sequence tasks come in, each as the smallest model that has it.

    OneToOne        x -> y                      no time at all
    OneToMany       x -> y_1 .. y_T             a caption for a picture
    ManyToOne       x_1 .. x_T -> y             the mood of a text
    ManyToMany      x_1 .. x_T -> y_1 .. y_T    a label for each step, as it comes
    ManyToManyLate  x_1 .. x_S -> y_1 .. y_T    everything is read before anything is written: translation

Sequences are batch first: (B, T, ·). The last shape over words, with attention, is encoder_decoder.py.
"""

from __future__ import annotations

from typing import Any

from .._mode import step as time_step
from .._tensor import Tensor
from ..nn.linear import Linear
from ..nn.module import Module
from ..nn.recurrent.cells import RNNCell, check_choice
from ..nn.recurrent.layers import GRU, LSTM, RNN
from ..nn.recurrent.packing import pack_padded_sequence, pad_packed_sequence
from ..ops.joining import stack
from .over_time import last_output, max_over_time, mean_over_time

LAYERS: dict[str, Any] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
HEADS: dict[str, Any] = {"last": last_output, "max": max_over_time, "mean": mean_over_time}


def read(recurrent: Any, x: Tensor, lengths: Any = None) -> Tensor:
    """The outputs (B, T, H) of a batch-first recurrent layer over x (B, T, I); zeros after the end of a sequence.

    With lengths the second direction of a bidirectional layer starts at the last real step, not in the padding.
    """
    if lengths is None:
        return recurrent(x)[0]
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(recurrent(packed)[0], batch_first=True, total_length=x.array.shape[1])[0]


class OneToOne(Module):
    """y = V tanh(W x + b) + c: a feed-forward network, what a recurrent one is after a single step from state 0."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int):
        super().__init__()
        self.hidden: Linear = Linear(input_size, hidden_size)
        self.readout: Linear = Linear(hidden_size, output_size)

    def forward(self, x: Tensor) -> Tensor:
        """(B, I) -> (B, O)."""
        return self.readout(self.hidden(x).tanh())


class OneToMany(Module):
    """h_0 = tanh(W x + b),   h_t = cell(y_{t-1}, h_{t-1}),   y_t = V h_t + c,   y_0 = 0: one input sets the state, and
    each output is the next input."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int):
        super().__init__()
        self.start: Linear = Linear(input_size, hidden_size)
        self.cell: RNNCell = RNNCell(output_size, hidden_size)
        self.readout: Linear = Linear(hidden_size, output_size)

    def forward(self, x: Tensor, steps: int | None = None, target: Tensor | None = None) -> Tensor:
        """x (B, I) -> (B, T, O). T is `steps`; or, with a target (B, T, O), its length, and each step is fed the
        target before it instead of the model's own output (teacher forcing)."""
        if (steps is None) == (target is None):
            raise ValueError(
                f"OneToMany: give steps or a target, and not both; got steps={steps} and a target: {target is not None}"
            )
        steps = steps if target is None else target.array.shape[1]
        if not steps or steps < 1:
            raise ValueError(f"OneToMany: steps must be at least 1, got {steps}")
        h = self.start(x).tanh()
        y = x.new_zeros(len(x), self.readout.out_features)
        outputs = []
        for t in range(steps):
            with time_step(t):
                h = self.cell(y, h)
                outputs.append(self.readout(h))
            y = outputs[-1] if target is None else target[:, t]
        return stack(outputs, 1)


class ManyToOne(Module):
    """Read everything, say one thing: y = V head(h_1 .. h_T) + c, or for head="max" y = max over t of V h_t + c.

    cell    "rnn", "lstm" or "gru"
    head    "last": the last state; "max": Y = max_t Y_t (each score at its best step); "mean": the mean state
    bidirectional   the last states of both directions, the second of which has read from the end to the start
    """

    def __init__(
        self, input_size: int, hidden_size: int, output_size: int, cell: str = "lstm", head: str = "last",
        bidirectional: bool = False,
    ):  # fmt: skip
        super().__init__()
        check_choice("ManyToOne", "cell", cell, tuple(LAYERS))
        check_choice("ManyToOne", "head", head, tuple(HEADS))
        self.recurrent: Any = LAYERS[cell](input_size, hidden_size, batch_first=True, bidirectional=bidirectional)
        self.readout: Linear = Linear(hidden_size * (2 if bidirectional else 1), output_size)
        self.head: str = head
        self.bidirectional: bool = bidirectional

    def forward(self, x: Tensor, lengths: Any = None) -> Tensor:
        """x (B, T, I), lengths (B,) of the sequences if they differ -> (B, O)."""
        h = read(self.recurrent, x, lengths)
        if self.head == "max":
            return max_over_time(self.readout(h), lengths)
        if self.head == "last":
            return self.readout(last_output(h, lengths, self.bidirectional))
        return self.readout(HEADS[self.head](h, lengths))


class ManyToMany(Module):
    """y_t = V h_t + c at every step, as soon as x_t has been read. Options as in ManyToOne.

    With bidirectional=True every y_t has seen the whole sequence; then nothing is said before the end is read.
    """

    def __init__(
        self, input_size: int, hidden_size: int, output_size: int, cell: str = "lstm", bidirectional: bool = False
    ):
        super().__init__()
        check_choice("ManyToMany", "cell", cell, tuple(LAYERS))
        self.recurrent: Any = LAYERS[cell](input_size, hidden_size, batch_first=True, bidirectional=bidirectional)
        self.readout: Linear = Linear(hidden_size * (2 if bidirectional else 1), output_size)

    def forward(self, x: Tensor, lengths: Any = None) -> Tensor:
        """x (B, T, I) -> (B, T, O)."""
        return self.readout(read(self.recurrent, x, lengths))


class ManyToManyLate(Module):
    """Many to one, then one to many: all that is said must fit into the state in between, the encoder's bottleneck."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int, cell: str = "lstm"):
        super().__init__()
        self.encoder: ManyToOne = ManyToOne(input_size, hidden_size, hidden_size, cell)
        self.decoder: OneToMany = OneToMany(hidden_size, hidden_size, output_size)

    def forward(self, x: Tensor, steps: int | None = None, target: Tensor | None = None, lengths: Any = None) -> Tensor:
        """x (B, S, I) -> (B, T, O); steps and target as in OneToMany."""
        return self.decoder(self.encoder(x, lengths), steps, target)
