"""What a model is made of: its layers with the shapes that they return, their parameters, their work and their memory."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .._mode import enable_grad, switch, thread, unrolled
from .._tensor import Tensor
from ..graph import Leaf, memory_of
from ..nn.module import Module
from ..trees import tree_map
from .results import Table, counted

WORK: dict[str, Callable[[Any, Any], int]] = {  # multiply-adds by operation, of (what comes out, what went in)
    "MatMul": lambda out, inputs: out.size * inputs[0].shape[-1],
    "Linear": lambda out, inputs: out.size * inputs[1].shape[1],
    "Convolution": lambda out, inputs: out.size * math.prod(inputs[1].shape[1:]),
    "ConvInput": lambda out, inputs: inputs[1].size * math.prod(inputs[0].shape[1:]),  # a transposed convolution
    "Attention": lambda out, inputs: out[1].size * inputs[0].shape[-1] + out[0].size * inputs[1].shape[-2],
}


class Layer:
    """One module of a model.

    path           where it is in the model, "" for the model itself
    kind           its class: "Linear"
    output         the shapes that its last call returned: "(5, 2, 4)"
    calls          how often it was called
    parameters     numbers in the parameters of this module and those in it; a shared one counts where it comes first
    multiply_adds  of its matrix products and convolutions, and of the modules in it, over all calls
    kept           bytes that backward needs of its calls, parameters aside
    """

    def __init__(self, path: str, module: Module):
        self.path: str = path
        self.kind: str = type(module).__name__
        self.output: str = ""
        self.calls: int = 0
        self.parameters: int = 0
        self.multiply_adds: int = 0
        self.kept: int = 0


class Summary:
    """The layers of a model, outermost first; prints as a table, and a notebook shows it as one.

    layers         a Layer for each module
    parameters, multiply_adds, kept   of the whole model: numbers, products, bytes
    parameter_bytes                   of its parameters
    """

    def __init__(self, layers: list[Layer], parameter_bytes: int):
        self.layers: list[Layer] = layers
        self.parameters: int = layers[0].parameters
        self.multiply_adds: int = layers[0].multiply_adds
        self.kept: int = layers[0].kept
        self.parameter_bytes: int = parameter_bytes

    def table(self) -> Table:
        """A row for each layer; names are indented by their depth."""
        rows = []
        for layer in self.layers:
            depth = layer.path.count(".") + 1 if layer.path else 0
            name = "\u2003\u2003" * depth + (layer.path.rpartition(".")[2] or layer.kind)
            calls = f" × {layer.calls}" if layer.calls > 1 else ""
            output = (layer.output or "not called") + calls
            rows.append((name, layer.kind, output, layer.parameters, layer.multiply_adds, layer.kept))
        columns = ("layer", "class", "output", "parameters", "multiply-adds", "bytes for backward")
        return Table(columns, rows, most=len(rows))

    def finding(self) -> str:
        """The totals in a sentence."""
        return (
            f"{counted(self.parameters, 'parameter')} ({self.parameter_bytes:,} bytes), {self.multiply_adds:,} multiply-adds, "
            f"{self.kept:,} bytes kept for backward"
        )

    def __repr__(self) -> str:
        return f"{self.table()}\n{self.finding()}".replace("\u2003", " ")

    def _repr_html_(self) -> str:
        return f"{self.table()._repr_html_()}<p>{self.finding()}</p>"


def summary(model: Module, *inputs: Any) -> Summary:
    """The layers of `model` when it is called with `inputs`: output shapes, parameters, multiply-adds, memory.

        tinygrad_rnn.summary(nn.LSTM(3, 4), tinygrad_rnn.zeros(5, 2, 3))

    The model runs once, in evaluation mode, and is as before afterwards. Multiply-adds are those of matrix products,
    convolutions and attention, for one forward pass; backward takes about twice as many. Memory is what backward needs
    if every step of a recurrent layer is recorded.

    Raises TypeError if `model` is not a Module; what the model raises for unfit inputs comes through.
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary: expected a Module, got {type(model).__name__}")
    layers = {module: Layer(path, module) for path, module in model.named_modules()}
    counter = _Counter(model, layers)
    telling = switch(listeners=(*thread.mode.listeners, counter.count))
    with _evaluating(model), _watched(layers, counter), enable_grad(), unrolled(), telling:
        model(*tree_map(_tracked, inputs, Tensor))
    seen: set[int] = set()
    for module, layer in layers.items():
        for parameter in module._parameters.values():
            if parameter is not None and id(parameter) not in seen:
                seen.add(id(parameter))
                for above in _around(layer, layers.values()):
                    above.parameters += parameter.array.size
    return Summary([*layers.values()], sum(parameter.array.nbytes for parameter in model.parameters()))


def _around(layer: Layer, layers: Any) -> Iterator[Layer]:
    """The layer and all that it is in, by their paths."""
    return (other for other in layers if not other.path or f"{layer.path}.".startswith(f"{other.path}."))


def _tracked(value: Any) -> Any:
    """The same numbers with a gradient wanted, so that every operation on them leaves a node."""
    floats = isinstance(value, Tensor) and value.array.dtype.kind == "f"
    return value.detach().clone().requires_grad_() if floats else value


class _Counter:
    """Adds what each operation costs to the modules that are running."""

    def __init__(self, model: Module, layers: dict[Module, Layer]):
        self.layers = layers
        self.running: list[Module] = []
        self.counted: set[int] = {id(memory_of(parameter.array)) for parameter in model.parameters()}
        self._alive: list[Any] = []  # so that no id is given twice

    def enter(self, module: Module, inputs: Any) -> None:
        self.running.append(module)

    def leave(self, module: Module, inputs: Any, output: Any) -> None:
        self.running.pop()
        layer = self.layers[module]
        layer.calls += 1
        layer.output = _shapes(output)

    def count(self, node: Any, out: Any, inputs: Any) -> None:
        if node is None or isinstance(node, Leaf):
            return
        work = WORK.get(type(node).__name__, lambda out, inputs: 0)(out, inputs)
        kept = 0
        for array in node.saved_tensors:
            owner = memory_of(array) if isinstance(array, np.ndarray) else None
            if owner is not None and id(owner) not in self.counted:
                self.counted.add(id(owner))
                self._alive.append(owner)
                kept += owner.nbytes
        for module in dict.fromkeys(self.running):
            self.layers[module].multiply_adds += work
            self.layers[module].kept += kept


def _shapes(output: Any) -> str:
    if isinstance(output, Tensor):
        return str(tuple(output.array.shape))
    if isinstance(output, dict):
        output = list(output.values())
    if isinstance(output, (tuple, list)):
        return f"[{', '.join(map(_shapes, output))}]"
    return "None" if output is None else type(output).__name__


@contextlib.contextmanager
def _watched(layers: dict[Module, Layer], counter: _Counter) -> Iterator[None]:
    with contextlib.ExitStack() as undo:
        for module in layers:
            undo.callback(module.register_forward_pre_hook(counter.enter).remove)
            undo.callback(module.register_forward_hook(counter.leave).remove)
        yield


@contextlib.contextmanager
def _evaluating(model: Module) -> Iterator[None]:
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training
