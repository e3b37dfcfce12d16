"""What carries information through time, behind one call: body(x, state) -> (h, state), x (B, T, I), h (B, T, H).

Recurrent layers and cells, a temporal convolution, causal attention. The last two have no state: they see what is in x.
"""

from __future__ import annotations

import math
from typing import Any

from .. import nn
from .._tensor import Tensor
from ..models.causal_transformer import CausalBlock
from ..models.positions import SinusoidalEncoding
from ..models.temporal import TCN
from ..nn import init as starts

LAYERS: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
STEP_BY_STEP: dict[str, Any] = {
    "irnn": nn.IRNNCell, "mgu": nn.MGUCell, "rhn": nn.RHNCell, "peephole": nn.PeepholeLSTMCell,
    "coupled": nn.CoupledLSTMCell, "layernorm": nn.LayerNormLSTMCell,
}  # fmt: skip
RECURRENT = (*LAYERS, *STEP_BY_STEP)
CELLS = (*RECURRENT, "attention", "tcn", "transformer")
INITS = ("default", "orthogonal", "xavier", "forget", "chrono")


def recurrent(cell: str, inputs: int, hidden: int, layers: int = 1, bidirectional: bool = False) -> Any:
    """A recurrent layer, batch first; called with (x, state) it returns the outputs and the last state."""
    if cell in LAYERS:
        return LAYERS[cell](inputs, hidden, layers, batch_first=True, bidirectional=bidirectional)
    width = hidden * (2 if bidirectional else 1)
    make = STEP_BY_STEP[cell]
    return nn.Recurrent(
        lambda layer: make(width if layer else inputs, hidden), layers, bidirectional=bidirectional, batch_first=True
    )


class Convolutions(nn.Module):
    """A TCN with as many blocks as it takes to see `length` steps back, if `layers` does not say how many."""

    def __init__(self, inputs: int, hidden: int, layers: int | None, length: int):
        super().__init__()
        blocks = layers or max(1, math.ceil(math.log2(max(2, length) / 4 + 1)))
        self.tcn: TCN = TCN(inputs, [hidden] * blocks, kernel_size=3)

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, None]:
        """(B, T, I) -> (B, T, H)."""
        return self.tcn(x.transpose(1, 2)).transpose(1, 2), None


class Blocks(nn.Module):
    """Transformer blocks with sinusoidal positions, causal or (bidirectional) looking everywhere."""

    def __init__(self, inputs: int, hidden: int, layers: int | None, bidirectional: bool):
        super().__init__()
        heads = next(heads for heads in (4, 2, 1) if hidden % heads == 0)
        block = nn.TransformerEncoderLayer if bidirectional else CausalBlock
        options: dict[str, Any] = {"activation": "gelu", "batch_first": True, "norm_first": True}
        self.enter: nn.Linear = nn.Linear(inputs, hidden)
        self.position: SinusoidalEncoding = SinusoidalEncoding(hidden)
        self.blocks: nn.ModuleList = nn.ModuleList(
            [block(hidden, heads, 4 * hidden, 0.0, **options) for _ in range(layers or 2)]
        )
        self.norm: nn.LayerNorm = nn.LayerNorm(hidden)

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, None]:
        """(B, T, I) -> (B, T, H)."""
        x = self.position(self.enter(x))
        for block in self.blocks:
            x = block(x)
            x = x[0] if isinstance(x, tuple) else x
        return self.norm(x), None


def body(
    cell: str, inputs: int, hidden: int, layers: int | None = None, bidirectional: bool = False, length: int = 100
) -> Any:
    """The body of that name; `length` is what a TCN should see."""
    if cell == "tcn":
        return Convolutions(inputs, hidden, layers, length)
    if cell == "transformer":
        return Blocks(inputs, hidden, layers, bidirectional)
    return recurrent(cell, inputs, hidden, layers or 1, bidirectional)


def initialise(model: Any, way: str, length: int) -> None:
    """Give recurrent weights other starting values: orthogonal or Xavier matrices; forget gates that keep."""
    if way in ("orthogonal", "xavier"):
        change = starts.orthogonal_ if way == "orthogonal" else starts.xavier_uniform_
        for name, weight in model.named_parameters():
            if "weight_hh" in name:
                for gate in weight.detach().split(weight.array.shape[1]):
                    change(gate)
    elif way == "forget":
        starts.forget_bias_(model)
    elif way == "chrono":
        starts.chrono_(model, max(3, length))
