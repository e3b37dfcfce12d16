"""What RNN, LSTM and GRU share: parameters, checks, and the way from a sequence to one node for each layer and direction.

`forward` brings the input into the shape (T, B, I), `_layers_fused` goes through layers and directions, each of which
becomes one node (`sequence_node`), and `_layers_unrolled` does the same with every step recorded.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, ClassVar, Protocol, TypeVar, overload

import numpy as np

from ..._mode import thread
from ..._tensor import Tensor
from ...create import empty, zeros
from ...ops.checks import need_tensor
from ...ops.joining import cat, stack
from .. import functional as F, init
from ..module import Module
from ..parameter import Parameter
from .cells import State, Weights, check_sizes, parts_of
from .fused import FusedLayer, sequence_node
from .packing import PackedSequence, packed_places
from .through_time import Transition, stacked

Hidden = TypeVar("Hidden")  # h, or for the LSTM (h, c)


class OverSequence(Protocol[Hidden]):
    """What calling a layer takes and returns, for type checkers; `RNNBase.forward` does it."""

    @overload
    def __call__(self, input: Tensor, hx: Hidden | None = None) -> tuple[Tensor, Hidden]: ...
    @overload
    def __call__(self, input: PackedSequence, hx: Hidden | None = None) -> tuple[PackedSequence, Hidden]: ...


class RNNBase(Module):
    """What RNN, LSTM and GRU share; their own docstrings say what the arguments mean.

    A subclass sets `gates` (the rows of the weights are gates · hidden_size), `state_names`, the kernel's node
    `sequence`, and defines `transition_with`, the readable equations that the kernel must equal.
    """

    gates: int
    state_names: tuple[str, ...] = ("hidden",)
    sequence: type[FusedLayer]
    options: ClassVar[tuple[str, ...]] = ()  # the attributes that transition and kernel take, by name

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None,
        fused: bool = True,
    ):  # fmt: skip
        super().__init__()
        name = type(self).__name__
        for argument, flag in (("bias", bias), ("batch_first", batch_first)):
            if not isinstance(flag, bool):  # bias="False" would be true, and a number here is one argument too many
                raise TypeError(f"{name}: {argument} should be of type bool, got {type(flag).__name__} ({flag!r})")
        check_sizes(name, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
            raise ValueError(
                f"{name}: dropout should be a number in 0..1, the probability of dropping, got {dropout!r}"
            )
        if not 0 <= proj_size < hidden_size:
            raise ValueError(f"{name}: proj_size must be smaller than hidden_size ({hidden_size}), got {proj_size}")
        if dropout and num_layers == 1:
            warnings.warn(
                f"{name}: dropout acts between layers, so dropout={dropout} has no effect with num_layers=1",
                stacklevel=3,
            )
        self.input_size: int = input_size
        self.hidden_size: int = hidden_size
        self.num_layers: int = num_layers
        self.bias: bool = bias
        self.batch_first: bool = batch_first
        self.dropout: float = float(dropout)
        self.bidirectional: bool = bidirectional
        self.proj_size: int = proj_size
        self.fused: bool = fused
        for layer in range(num_layers):
            for suffix in self._suffixes:
                self._add_weights(layer, suffix, dtype, device)
        self.reset_parameters()

    @property
    def _suffixes(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    @property
    def _output_size(self) -> int:
        """The size of h, for one direction."""
        return self.proj_size or self.hidden_size

    def _add_weights(self, layer: int, suffix: str, dtype: Any, device: Any) -> None:
        rows = self.gates * self.hidden_size
        features = self.input_size if layer == 0 else self._output_size * len(self._suffixes)
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, features), "weight_hh": (rows, self._output_size)}
        if self.bias:
            shapes.update(bias_ih=(rows,), bias_hh=(rows,))
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for name, shape in shapes.items():
            setattr(self, f"{name}_l{layer}{suffix}", Parameter(empty(shape, dtype=dtype, device=device)))

    def reset_parameters(self) -> None:
        """Draw new starting values."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    @property
    def mode(self) -> str:
        """LSTM, GRU, RNN_TANH or RNN_RELU, as PyTorch names them."""
        return {4: "LSTM", 3: "GRU"}.get(self.gates) or f"RNN_{getattr(self, 'nonlinearity', '').upper()}"

    @property
    def _all_weights(self) -> list[list[str]]:
        """The names of the weights, a list for each layer and direction."""
        names = ["weight_ih", "weight_hh", *["bias_ih", "bias_hh"] * self.bias, *["weight_hr"] * bool(self.proj_size)]
        return [[f"{name}_l{k}{s}" for name in names] for k in range(self.num_layers) for s in self._suffixes]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Tensor]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def weights(self, layer: int, direction: int = 0) -> Weights:
        """The weights of one layer and direction, as its transition takes them."""
        suffix = f"_l{layer}{self._suffixes[direction]}"
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if self.bias else ("weight_ih", "weight_hh")
        here = self._parameters  # a module's own attributes take longer to find
        found = [here[name + suffix] if name + suffix in here else getattr(self, name + suffix) for name in names]
        if not self.bias:
            found += [None, None]
        return (*found, getattr(self, "weight_hr" + suffix)) if self.proj_size else tuple(found)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each (layer, direction), as PyTorch lists them."""
        pairs = [(layer, direction) for layer in range(self.num_layers) for direction in range(len(self._suffixes))]
        return [[w for w in self.weights(*pair) if w is not None] for pair in pairs]

    def flatten_parameters(self) -> None:
        """Does nothing: PyTorch needs it for GPUs."""

    def transition_with(self, weights: Weights) -> Transition:
        """The equations with these weights: (x_t, state) -> the new state, and the gates by name."""
        raise NotImplementedError(f"{type(self).__name__} does not define transition_with(weights)")

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """(T, B, I), and the start state or None -> the outputs of the last layer (T, B, D · H), and the last state.

        Other forms of input, and the states, as the class says; hx is a pair (h_0, c_0) for the LSTM.
        """
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        self._check_input(input)
        batched = input.ndim == 3
        x = input.unsqueeze(1) if not batched else input.transpose(0, 1) if self.batch_first else input
        states = self._states(hx, x.array.shape[1], x.dtype, batched)
        if self._fuses():
            output, ends = self._layers_fused(x, states)
        else:
            outputs, ends = self._layers_unrolled(x.unbind(0), states)
            output = stack(outputs)
        if not batched:
            output, ends = output.squeeze(1), [tuple(part.squeeze(0) for part in end) for end in ends]
        elif self.batch_first:
            output = output.transpose(0, 1)
        return output, self._result(ends)

    def _forward_packed(self, input: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        """The same for packed sequences; states come and go in the order of the unpacked batch."""
        self._check_features(input.data)
        sizes = [int(n) for n in input.batch_sizes]
        states = self._states(hx, sizes[0], input.data.dtype, batched=True)
        if hx is not None and input.sorted_indices is not None:
            states = [tuple(part[input.sorted_indices] for part in state) for state in states]
        if self._fuses():
            data, ends = self._layers_fused_packed(input.data, sizes, states)
        else:
            outputs, ends = self._layers_unrolled(input.data.split(sizes), states)
            data = cat(outputs)
        if input.unsorted_indices is not None:
            ends = [tuple(part[input.unsorted_indices] for part in end) for end in ends]
        return input._replace(data=data), self._result(ends)

    def _layers_unrolled(self, xs: Any, states: list[State]) -> tuple[list[Tensor], list[State]]:
        """All layers over x_t by t, every step recorded."""
        directions, layers = range(len(self._suffixes)), range(self.num_layers)
        transitions = [[self.transition_with(self.weights(layer, d)) for d in directions] for layer in layers]
        return stacked(transitions, xs, states, self.dropout, self.training)

    def _fuses(self) -> bool:
        """Is each layer and direction one node, or does every step record its operations?"""
        return self.fused and not self.proj_size and not thread.mode.unrolled

    def _layers_fused(
        self, x: Tensor, states: list[State], sizes: list[int] | None = None
    ) -> tuple[Tensor, list[State]]:
        """All layers over x (T, B, I), each direction of each as one node; with `sizes`, sequences that end early."""
        ends = []
        both_ways = len(self._suffixes)
        options = {"sizes": sizes, **{name: getattr(self, name) for name in self.options}}
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                x = F.dropout(x, self.dropout)
            both = []
            for direction in range(both_ways):
                state, weights = states[layer * both_ways + direction], self.weights(layer, direction)
                given = (self.sequence, self.transition_with, x, state, weights, layer, direction == 1)
                output, end = sequence_node(*given, **options)
                both.append(output)
                ends.append(end)
            x = both[0] if len(both) == 1 else cat(both, -1)
        return x, ends

    def _layers_fused_packed(self, data: Tensor, sizes: list[int], states: list[State]) -> tuple[Tensor, list[State]]:
        """The same for packed data: padded for the kernels, and packed again."""
        places = packed_places(sizes)
        padded = zeros(len(sizes), sizes[0], data.shape[1], dtype=data.dtype)
        padded[places] = data
        output, ends = self._layers_fused(padded, states, sizes)
        return output[places], ends

    # --- states -------------------------------------------------------------------------------------

    def _states(self, hx: Any, batch: int, dtype: Any, batched: bool) -> list[State]:
        """The start state of each (layer, direction), each part (B, ·), from what the caller gave."""
        rows = self.num_layers * len(self._suffixes)
        sizes = (self._output_size, self.hidden_size)[: len(self.state_names)]
        if hx is None:
            return [tuple(Tensor._of(np.zeros((batch, size), dtype)) for size in sizes)] * rows
        parts = self._split_state(hx)
        for name, part, size in zip(self.state_names, parts, sizes, strict=True):
            need_tensor(type(self).__name__, part, f"hx ({name} state)")
            expected = (rows, batch, size) if batched else (rows, size)
            if part.ndim != len(expected):
                kind, other = ("batched 3-D", "3-D") if batched else ("unbatched 2-D", "2-D")
                raise RuntimeError(
                    f"{type(self).__name__}: for {kind} input, the {name} state should also be {other} but got {part.ndim}-D tensor"
                )
            if part.array.shape != expected:
                raise RuntimeError(
                    f"{type(self).__name__}: expected {name} state of shape {expected}, got {list(part.shape)} "
                    f"(num_layers × directions, batch, size){self._about_batch(batched)}"
                )
            if part.dtype != dtype:
                raise RuntimeError(
                    f"{type(self).__name__}: the {name} state is {part.dtype} and the input {dtype}; "
                    f"convert one with .to(dtype)"
                )
        if not batched:
            parts = tuple(part.unsqueeze(1) for part in parts)
        return list(zip(*(part.unbind(0) for part in parts), strict=True))

    def _about_batch(self, batched: bool) -> str:
        form = "(B, T, I)" if self.batch_first else "(T, B, I)"
        return f"; with batch_first={self.batch_first} the input is {form}" if batched else ""

    def _split_state(self, hx: Any) -> State:
        """The parts of the state that the caller gave."""
        return parts_of(type(self).__name__, hx, self.state_names)

    def _result(self, ends: list[State]) -> Any:
        """The last states of all layers and directions, stacked as PyTorch returns them."""
        return side_by_side([end[0] for end in ends])

    # --- checks -------------------------------------------------------------------------------------

    def _check_input(self, input: Any) -> None:
        name = type(self).__name__
        need_tensor(name, input)
        shape = input.array.shape
        if len(shape) not in (2, 3):
            raise ValueError(f"{name}: expected input to be 2D or 3D, got {len(shape)}D instead (shape {list(shape)})")
        if shape[1 if self.batch_first and len(shape) == 3 else 0] == 0:
            raise RuntimeError(f"{name}: expected sequence length to be larger than 0 (input shape {list(shape)})")
        self._check_features(input)

    def _check_features(self, input: Tensor) -> None:
        name, shape = type(self).__name__, input.array.shape
        if shape[-1] != self.input_size:
            raise RuntimeError(
                f"{name}: input has {shape[-1]} features, expected input_size={self.input_size} "
                f"(input shape {list(shape)})"
            )
        if input.dtype != self.weight_ih_l0.dtype:
            raise ValueError(
                f"{name}: the input is {input.dtype} and the weights are {self.weight_ih_l0.dtype}; "
                f"convert one with .to(dtype)"
            )

    def extra_repr(self) -> str:
        """Sizes, and what differs from the defaults."""
        shown = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0.0,
            "bidirectional": False,
        }
        shown += [f"{name}={getattr(self, name)}" for name, usual in defaults.items() if getattr(self, name) != usual]
        return ", ".join(shown)


def side_by_side(states: list[Tensor]) -> Tensor:
    """States (B, H) as (layers · directions, B, H)."""
    return states[0].unsqueeze(0) if len(states) == 1 else stack(states)
