"""Recurrent: any cell through time, on the same driver as RNN, LSTM and GRU."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

from ..._tensor import Tensor
from ...create import zeros
from ...ops.checks import need_tensor
from ...ops.dropout import check_probability
from ...ops.joining import cat, stack
from ..container import ModuleList
from ..module import Module
from ..parameter import Parameter
from .cells import Gates, State, check_sizes
from .packing import PackedSequence
from .through_time import Transition, dropper, stacked

StepByStep = list[tuple[State, Gates]]  # what one cell did at each step


class Recurrent(Module):
    """Any cell through time: one of the cells in `nn`, several on top of each other, or your own. In each layer

        state_t, gates_t = cell.transition(x_t, state_{t-1})            for t = 1 … T; the output h_t is state_t[0]

    >>> layer = nn.Recurrent(nn.PeepholeLSTMCell(3, 5))
    >>> output, (h_n, c_n) = layer(tinygrad_rnn.randn(10, 2, 3))
    >>> output.shape, h_n.shape
    (Size([10, 2, 5]), Size([1, 2, 5]))

    Called with (input, hx), returns (output, h_n); T steps, B sequences, D = 2 if bidirectional else 1.

    input    (T, B, I); (B, T, I) if batch_first; (T, I) for a single sequence; or a PackedSequence
    hx       the state before the first step, each part (D · num_layers, B, H); without B for a single sequence; where
             states differ in shape a list of them; where it is left out, what the cells start with
    output   h_t of the last layer, (T, B, D · H), or in the form of the input
    h_n      the last state, in the form of hx; a tuple if it has several parts, such as (h, c)

    cell            a cell; or a list of cells, one for each layer; or a function, called with the number of each
                    layer, that makes its cell. If bidirectional, the list holds pairs (forward, reverse), and the
                    function is called twice for each layer
    num_layers      how many layers the function is to make
    bidirectional   a second pass from the last step to the first; outputs are side by side
    batch_first     input and output are (B, T, ·) instead of (T, B, ·); states are not affected
    dropout         probability of dropping outputs between layers while training
    input_dropout   the same for the input of the first layer
    recurrent_dropout  the same for h_{t-1} as the cell's matrices see it; what a cell carries along is not dropped
    variational     all three drop the same numbers at every step of a sequence (Gal & Ghahramani 2016)
    learn_start     the state before the first step is a parameter, start_{part}_l{layer}, instead of zeros

    The cells are in `cells`, by layer and then direction. A cell of your own is either a module with
    `transition(x, state, masked_h)`, which returns the new state and a dict of gates (its keys are their names in
    pictures, coloured if an LSTM or GRU has one called so; the state's parts are h, c, part2 … there),

        class LeakyCell(nn.RNNCellBase):
            gates = 1                                        # rows of weight_ih and weight_hh: gates · hidden_size

            def transition(self, x, state, masked_h=None):
                (h,) = state
                h_in = h if masked_h is None else masked_h   # under recurrent_dropout the matrix gets a masked h
                new = (F.linear(x, self.weight_ih, self.bias_ih) + F.linear(h_in, self.weight_hh, self.bias_hh)).tanh()
                return (0.9 * h + 0.1 * new,), {"new": new}

    or a module that is called as PyTorch's cells are: `cell(x_t, h)` or `cell(x_t, (h, c))` returns the new state in
    the same form (recurrent_dropout then hands it a masked h). Its state starts with zeros of `hidden_size` numbers, or
    with what its `start(x_t)` returns, a tuple of tensors.
    """

    _shown_if_set = (
        "bidirectional", "batch_first", "variational", "learn_start", "dropout", "input_dropout", "recurrent_dropout"
    )  # fmt: skip

    def __init__(
        self, cell: Any, num_layers: int | None = None, bidirectional: bool = False, batch_first: bool = False,
        dropout: float = 0.0, input_dropout: float = 0.0, recurrent_dropout: float = 0.0, variational: bool = False,
        learn_start: bool = False,
    ):  # fmt: skip
        super().__init__()
        layers = _layers(cell, num_layers, 2 if bidirectional else 1)
        for p in (dropout, input_dropout, recurrent_dropout):
            check_probability("Recurrent", p)
        if dropout and len(layers) == 1:
            warnings.warn(f"Recurrent: dropout={dropout} acts between layers: no effect with one layer", stacklevel=2)
        self.num_layers: int = len(layers)
        self.bidirectional: bool = bidirectional
        self.batch_first: bool = batch_first
        self.dropout: float = dropout
        self.input_dropout: float = input_dropout
        self.recurrent_dropout: float = recurrent_dropout
        self.variational: bool = variational
        self.learn_start: bool = learn_start
        self.cells: ModuleList = ModuleList(cell for directions in layers for cell in directions)
        if learn_start:
            for k, cell in enumerate(self.cells):
                for name, part in _named(cell, _start(cell, _one_row(cell))).items():
                    self.register_parameter(f"start_{name}{self._suffix(k)}", Parameter(part[0].detach().clone()))

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _suffix(self, k: int) -> str:
        layer, reverse = divmod(k, self._directions)
        return f"_l{layer}" + ("_reverse" if reverse else "")

    def forward(
        self, input: Any, hx: Any = None, return_states: bool = False, return_gates: bool = False
    ) -> tuple[Any, ...]:
        """(T, B, I), and the start state or None -> the outputs of the last layer (T, B, D · H), and the last state.

        Other forms of input and states as the class says; a list holds the state of each (layer, direction).

        return_states  return as well, for each (layer, direction), a dict of the parts of the state at all steps
        return_gates   return as well, for each (layer, direction), a dict of the gates at all steps: "i", "f" …
        """
        packed = isinstance(input, PackedSequence)
        xs, whole, of_batch = (self._open_packed if packed else self._open)(input)
        starts = self._starts(hx, xs[0], batched=packed or input.ndim == 3)
        if packed and hx is not None and input.sorted_indices is not None:
            starts = [tuple(part[input.sorted_indices] for part in state) for state in starts]
        histories: list[StepByStep] | None = [[] for _ in starts] if return_states or return_gates else None
        outputs, ends = self._cells_through_time(xs, starts, histories)
        result = [whole(outputs), self._result([tuple(map(of_batch, end)) for end in ends])]
        if histories and return_states:
            named = [
                [_named(cell, state) for state, _ in history]
                for cell, history in zip(self.cells, histories, strict=True)
            ]
            result.append([_by_name(steps, whole) for steps in named])
        if histories and return_gates:
            result.append([_by_name([gates for _, gates in history], whole) for history in histories])
        return tuple(result)

    def _open(self, input: Any) -> tuple[Any, ...]:
        """x_t by t, and how to put the values of all steps, and the last state, into the form of the input."""
        need_tensor("Recurrent", input)
        if input.ndim not in (2, 3):
            raise ValueError(f"Recurrent: expected input to be 2D or 3D, got {input.ndim}D (shape {list(input.shape)})")
        batched = input.ndim == 3
        x = input.unsqueeze(1) if not batched else input.transpose(0, 1) if self.batch_first else input
        if x.array.shape[0] == 0:
            raise RuntimeError(
                f"Recurrent: expected sequence length to be larger than 0 (input shape {list(input.shape)})"
            )

        def whole(values: list[Tensor]) -> Tensor:
            y = stack(values)
            return y.squeeze(1) if not batched else y.transpose(0, 1) if self.batch_first else y

        return x.unbind(0), whole, lambda part: part if batched else part.squeeze(0)

    def _open_packed(self, input: PackedSequence) -> tuple[Any, ...]:
        """The same for packed sequences; states come and go in the order of the unpacked batch."""
        xs = input.data.split([int(n) for n in input.batch_sizes])
        unsorted = input.unsorted_indices
        return xs, lambda values: input._replace(data=cat(values)), lambda h: h if unsorted is None else h[unsorted]

    def _cells_through_time(
        self, xs: Any, starts: list[State], histories: list[StepByStep] | None
    ) -> tuple[list[Tensor], list[State]]:
        batch = xs[0].array.shape[0]
        if self.input_dropout and self.training:
            drop = dropper(self.input_dropout, self.variational, batch)
            xs = [drop(x) for x in xs]
        transitions = [
            self._transition(cell, batch, histories[k] if histories else None) for k, cell in enumerate(self.cells)
        ]
        layers = [transitions[k : k + self._directions] for k in range(0, len(transitions), self._directions)]
        outputs, ends = stacked(layers, xs, starts, self.dropout, self.training, self.variational)
        if histories and self.bidirectional:
            for history in histories[1::2]:
                history.reverse()  # the second pass met its last step first
        return outputs, ends

    def _transition(self, cell: Any, batch: int, history: StepByStep | None) -> Transition:
        """That of one cell with its dropout; the first input is checked, states and gates go into the history."""
        move = cell.transition if hasattr(cell, "transition") else partial(_call, cell)
        check = getattr(cell, "check", None)
        drop = None
        if self.recurrent_dropout and self.training:
            drop = dropper(self.recurrent_dropout, self.variational, batch)

        def transition(x: Tensor, state: State) -> tuple[State, Gates]:
            nonlocal check
            if check is not None:
                check(x, state)
                check = None
            state, gates = move(x, state, None if drop is None else drop(state[0]))
            if history is not None:
                history.append((state, gates))
            return state, gates

        return transition

    def _starts(self, hx: Any, x: Tensor, batched: bool) -> list[State]:
        """The start state of each (layer, direction), each part (B, ·)."""
        batch = x.array.shape[0]
        if hx is None and self.learn_start:
            return [self._learned(self._suffix(k), batch) for k in range(len(self.cells))]
        if hx is None:
            return [_start(cell, x) for cell in self.cells]
        states = self._split(hx, batched)
        if not batched:
            states = [tuple(part.unsqueeze(0) for part in state) for state in states]
        for k, (cell, state) in enumerate(zip(self.cells, states, strict=True)):
            sizes = getattr(cell, "state_sizes", [part.array.shape[-1] for part in state])
            for (name, part), size in zip(_named(cell, state).items(), sizes, strict=False):
                if part.array.shape != (batch, size):
                    raise RuntimeError(
                        f"Recurrent: expected the {name} state of cell {k} to be (batch, size) = ({batch}, {size}), got "
                        f"{tuple(part.array.shape)} (batch_first={self.batch_first})"
                    )
        return states

    def _learned(self, suffix: str, batch: int) -> State:
        own = [p for name, p in self._parameters.items() if name.startswith("start_") and name.endswith(suffix)]
        return tuple(p.expand(batch, *p.array.shape) for p in own if p is not None)

    def _split(self, hx: Any, batched: bool) -> list[State]:
        """What the caller gave, as a state for each (layer, direction)."""
        rows = len(self.cells)
        if isinstance(hx, list):
            if len(hx) != rows:
                raise RuntimeError(f"Recurrent: expected a list of {rows} states, one for each cell, got {len(hx)}")
            return [tuple(state) if isinstance(state, (tuple, list)) else (state,) for state in hx]
        parts = hx if isinstance(hx, tuple) else (hx,)
        for part in parts:
            need_tensor("Recurrent", part, "hx")
            if part.ndim != 2 + batched or part.array.shape[0] != rows:
                raise RuntimeError(
                    f"Recurrent: expected each part of hx to be ({rows}, {'batch, ' if batched else ''}size), with a row "
                    f"for each of the {rows} cells, got {tuple(part.array.shape)}"
                )
        return list(zip(*(part.unbind(0) for part in parts), strict=True))

    def _result(self, ends: list[State]) -> Any:
        """The last states in PyTorch's form, or as a list where they differ in shape."""
        if len({tuple(part.array.shape for part in end) for end in ends}) > 1:
            return [end[0] if len(end) == 1 else end for end in ends]
        parts = tuple(stack(part) for part in zip(*ends, strict=True))
        return parts[0] if len(parts) == 1 else parts


# --- the cells --------------------------------------------------------------------------------------


def _layers(cell: Any, num_layers: int | None, directions: int) -> list[tuple[Module, ...]]:
    """The cells of each layer, one for each direction; raises if that is not what was given."""
    if num_layers is not None:
        check_sizes("Recurrent", num_layers=num_layers)
    many = isinstance(cell, (list, tuple, ModuleList))
    layers: list[Any]
    if many and len(cell):
        layers = [(entry,) if isinstance(entry, Module) else tuple(entry) for entry in cell]
    elif isinstance(cell, Module) and not many:
        layers = [(cell,)]
    elif callable(cell) and not many:
        layers = [tuple(cell(layer) for _ in range(directions)) for layer in range(num_layers or 1)]
    else:
        raise TypeError(f"Recurrent: expected a cell, a list of cells or a function that makes them, got {cell!r}")
    if num_layers not in (None, len(layers)):
        raise ValueError(
            f"Recurrent: num_layers={num_layers}, but there are cells for {len(layers)}: give a list of {num_layers} cells "
            f"or a function (layer) -> cell"
        )
    for layer, entry in enumerate(layers):
        if len(entry) != directions or not all(isinstance(c, Module) for c in entry):
            wanted = "a pair of cells (forward, reverse)" if directions == 2 else "one cell"
            kinds = ", ".join(type(c).__name__ for c in entry)
            raise TypeError(
                f"Recurrent: bidirectional={directions == 2} needs {wanted} for layer {layer}, got ({kinds})"
            )
    _check_sizes_fit(layers)
    return layers


def _check_sizes_fit(layers: list[tuple[Module, ...]]) -> None:
    """Raise a ValueError if a layer expects another number of features than the one below gives."""
    for layer, (below, above) in enumerate(pairwise(layers), start=1):
        sizes: list[Any] = [getattr(cell, "state_sizes", (None,))[0] for cell in below]
        for cell in above:
            expected = getattr(cell, "input_size", None)
            if expected is not None and None not in sizes and sum(sizes) != expected:
                raise ValueError(
                    f"Recurrent: layer {layer} expects input_size={expected}, but layer {layer - 1} gives {sum(sizes)} features"
                )


def _call(cell: Module, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
    """The transition of a module that is called as PyTorch's cells are."""
    state = state if masked_h is None else (masked_h, *state[1:])
    result = cell(x, state[0] if len(state) == 1 else state)
    new = (result,) if isinstance(result, Tensor) else tuple(result) if isinstance(result, (tuple, list)) else ()
    if len(new) != len(state) or not all(isinstance(part, Tensor) for part in new):
        raise TypeError(
            f"Recurrent: {type(cell).__name__} was given a state of {len(state)} tensors and should return as many, got "
            f"{[type(part).__name__ for part in new] if new else type(result).__name__}"
        )
    return new, {}


def _start(cell: Any, x: Tensor) -> State:
    """The state of a cell before the first step."""
    if hasattr(cell, "start"):
        return tuple(cell.start(x))
    if hasattr(cell, "hidden_size"):
        return (zeros(x.array.shape[0], cell.hidden_size, dtype=x.dtype),)
    raise TypeError(
        f"Recurrent: {type(cell).__name__} has neither start(x) nor hidden_size, so its first state is unknown: pass hx"
    )


def _one_row(cell: Any) -> Tensor:
    """An input of one sequence, to ask a cell for its start."""
    dtype = next((p.dtype for p in cell.parameters()), None)
    return zeros(1, getattr(cell, "input_size", 1), dtype=dtype)


def _named(cell: Any, state: State) -> dict[str, Tensor]:
    """The parts of a state by name."""
    names = getattr(cell, "state_names", None) or ("hidden", "cell", *(f"part{k}" for k in range(2, len(state))))
    return dict(zip(names, state, strict=False))


def _by_name(steps: list[dict[str, Tensor]], whole: Callable[[list[Tensor]], Any]) -> dict[str, Any]:
    """Dicts of each step as one dict of values at all steps."""
    return {name: whole([values[name] for values in steps]) for name in steps[0]}
