"""What every cell shares: weights for its gates, a state that starts at zero, checks, and one call per time step."""

from __future__ import annotations

import math
from typing import Any, Protocol, TypeVar

from ...._tensor import Tensor
from ....create import empty, zeros
from ....ops.checks import need_tensor
from ... import functional as F, init
from ...module import Module
from ...parameter import Parameter

State = tuple[Tensor, ...]
Gates = dict[str, Tensor]
PARTS = ("h", "c", "part2", "part3")  # of the parts of a state, where a cell does not say otherwise
Weights = tuple[Any, ...]  # weight_ih, weight_hh, bias_ih, bias_hh; the biases may be None
Hidden = TypeVar("Hidden")  # h, or a tuple of several parts


class OneStep(Protocol[Hidden]):
    """What calling a cell takes and returns, for type checkers; `RNNCellBase.forward` does it."""

    def __call__(self, input: Tensor, hx: Hidden | None = None) -> Hidden: ...


class RNNCellBase(Module):
    """A cell with weights for `gates` gates, starting uniform in ±1/√hidden_size.

    A cell of your own is a subclass that sets `gates` (the rows of the weights are gates · hidden_size) and defines
    `transition`; `nn.Recurrent` runs it through time.

    num_chunks   PyTorch's name for `gates`, where a subclass gives it instead
    state_names  the parts of the state; the first is the output
    """

    gates: int
    bias_ih: Parameter | None
    bias_hh: Parameter | None
    state_names: tuple[str, ...] = ("hidden",)

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None,
        num_chunks: int | None = None,
    ):  # fmt: skip
        super().__init__()
        if num_chunks is not None:
            self.gates = num_chunks
        check_sizes(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size: int = input_size
        self.hidden_size: int = hidden_size
        self.bias: bool = bias
        self.add_weights(device, dtype)
        self.reset_parameters()

    def add_weights(self, device: Any, dtype: Any) -> None:
        """Make the parameters; `reset_parameters` fills them. Cells with further weights add theirs here."""
        rows = self.gates * self.hidden_size
        self.weight_ih: Parameter = Parameter(empty(rows, self.input_size, dtype=dtype, device=device))
        self.weight_hh: Parameter = Parameter(empty(rows, self.state_sizes[0], dtype=dtype))
        self.register_parameter("bias_ih", Parameter(empty(rows, dtype=dtype)) if self.bias else None)
        self.register_parameter("bias_hh", Parameter(empty(rows, dtype=dtype)) if self.bias else None)

    def reset_parameters(self) -> None:
        """Draw new starting values."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self._parameters.values():
            if p is not None:
                init.uniform_(p, -bound, bound)

    @property
    def weights(self) -> Weights:
        """The weights in the order in which the transition takes them."""
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """How many numbers each part of the state has."""
        return (self.hidden_size,) * len(self.state_names)

    def transition(self, x: Tensor, state: State, masked_h: Tensor | None = None) -> tuple[State, Gates]:
        """The cell's mathematics: (x_t, state) -> the new state, and the gates by name.

        masked_h  what the matrices see of h_{t-1}, if not h_{t-1} itself: recurrent dropout gives a masked copy
        """
        raise NotImplementedError(f"{type(self).__name__} does not define transition(x, state, masked_h)")

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        """input (B, I) or (I,); hx the state, zeros if left out: a tensor, or a tuple if it has several parts.

        Returns the new state in the same form.
        """
        state = self.start(input) if hx is None else parts_of(type(self).__name__, hx, self.state_names)
        self.check(input, state)
        state, gates = self.transition(input, state)
        give_roles(state, gates)
        return state[0] if len(state) == 1 else state

    def start(self, x: Tensor) -> State:
        """The state before the first step: zeros."""
        need_tensor(type(self).__name__, x)
        return tuple(zeros((*x.array.shape[:-1], size), dtype=x.dtype) for size in self.state_sizes)

    def check(self, x: Tensor, state: State) -> None:
        """Raise unless x is (B, I) or (I,) and each part of the state matches it."""
        name = type(self).__name__
        need_tensor(name, x)
        if x.ndim not in (1, 2):
            raise ValueError(f"{name}: expected input to be 1D or 2D, got {x.ndim}D instead (shape {list(x.shape)})")
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{name}: input has {x.shape[-1]} features, expected input_size={self.input_size} (shape {list(x.shape)})"
            )
        if len(state) != len(self.state_names):
            raise RuntimeError(f"{name}: expected {len(self.state_names)} states {self.state_names}, got {len(state)}")
        for part, h, size in zip(self.state_names, state, self.state_sizes, strict=True):
            need_tensor(name, h, f"hx ({part} state)")
            expected = (*x.array.shape[:-1], size)
            if h.array.shape != expected:
                raise RuntimeError(f"{name}: expected {part} state of shape {list(expected)}, got {list(h.shape)}")

    def extra_repr(self) -> str:
        """Sizes, and bias=False."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


def from_input(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """W x + b; or x itself if `weight` is None: then W x + b was computed beforehand, for all steps in one product."""
    return x if weight is None else F.linear(x, weight, bias)


def give_roles(state: State, gates: Gates, names: tuple[str, ...] = ()) -> None:
    """Tell the nodes that made a new state and its gates what they are, for studies of the graph: "h", "c", "f" …

    names  of the parts of the state, if they are not the usual (h, c)
    """
    for name, part in zip(names or PARTS, state, strict=False):
        _give_role(part, ("state", name))
    for name, gate in gates.items():
        _give_role(gate, ("gate", name))


def _give_role(tensor: Tensor, role: tuple[str, str]) -> None:
    if tensor._edge is not None:
        node, number = tensor._edge
        if node.roles is None:
            node.roles = {number: role}
        else:
            node.roles.setdefault(number, role)


def parts_of(name: str, hx: Any, parts: tuple[str, ...]) -> Any:
    """The parts of the state that the caller gave: itself, or for several of them a tuple."""
    if len(parts) == 1 and isinstance(hx, (tuple, list)):
        raise TypeError(
            f"{name}: the hidden state is one Tensor h, got a {type(hx).__name__} of {len(hx)}; only an LSTM has (h, c)"
        )
    if len(parts) > 1 and not isinstance(hx, (tuple, list)):
        shape = f" of shape {list(hx.shape)}" if isinstance(hx, Tensor) else ""
        raise TypeError(
            f"{name}: the state must be the pair (h, c), the {' and the '.join(parts)} state, got one {type(hx).__name__}{shape}"
        )
    return (hx,) if len(parts) == 1 else tuple(hx)


def check_sizes(name: str, **sizes: Any) -> None:
    """Raise unless every size is a positive int."""
    for argument, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name}: {argument} should be of type int, got {type(value).__name__}")
        if value <= 0:
            raise ValueError(f"{name}: {argument} must be greater than zero, got {value}")


def check_choice(name: str, argument: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raise unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name}: {argument} must be one of {', '.join(map(repr, choices))}, got {value!r}")
