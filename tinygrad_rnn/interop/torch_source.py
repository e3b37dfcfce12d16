"""Layers that PyTorch lacks, as the text of a PyTorch module: GRUs of the other conventions, the further cells, Recurrent.

The equations are not written a second time: a cell's `transition` uses nothing but what tensors of both libraries can do,
so its own source goes into the text, with the functions that it calls. Around it stand templates: the parameters, one
step, and the way through time.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from ..nn import GRU, Highway, Recurrent, RNNCellBase

HEAD = '''\
"""{name} for PyTorch, as tinygrad_rnn.to_torch wrote it; needs PyTorch alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

State, Weights, Gates = tuple, tuple, dict
'''

CELL = '''
class {name}(nn.Module):
    """One step: (input (B, I) or (I,), the state or None) -> the new state."""

    def __init__(self):
        super().__init__()
{made}

    def start(self, x):
        return tuple(x.new_zeros(*x.shape[:-1], size) for size in {sizes})

    def forward(self, input, hx=None):
        state = self.start(input) if hx is None else tuple(hx) if isinstance(hx, (tuple, list)) else (hx,)
        state, _ = self.transition(input, state)
        return state[0] if len(state) == 1 else tuple(state)

{methods}
'''

LAYERS = '''
class {name}(nn.Module):
    """Through time: (T, B, I), (B, T, I) with batch_first, or (T, I) -> the outputs of the last layer, the last state.

    hx   the state before the first step, each part (directions · layers, B, H); a tuple if it has several parts
    """

    def __init__(self):
        super().__init__()
        self.batch_first, self.directions, self.layers, self.dropout = {options}
{made}

{methods}

    def forward(self, input, hx=None):
        batched = input.ndim == 3
        x = input.unsqueeze(1) if not batched else input.transpose(0, 1) if self.batch_first else input
        xs, ends = list(x.unbind(0)), []
        if isinstance(hx, list):  # where cells differ in size: the state of each
            hx = [state if isinstance(state, tuple) else (state,) for state in hx]
        elif hx is not None:
            hx = list(zip(*(hx if isinstance(hx, tuple) else (hx,))))
        if hx is not None and not batched:
            hx = [tuple(part.unsqueeze(0) for part in state) for state in hx]
        for layer in range(self.layers):
            if layer and self.dropout:
                xs = [F.dropout(x, self.dropout, self.training) for x in xs]
            both = []
            for k in range(layer * self.directions, (layer + 1) * self.directions):
                state = self.start(k, xs[0]) if hx is None else hx[k]
                backwards = k % self.directions == 1
                outputs = []
                for x in reversed(xs) if backwards else xs:
                    state, _ = self.transition(k, x, state)
                    outputs.append(state[0])
                both.append(outputs[::-1] if backwards else outputs)
                ends.append(tuple(part if batched else part.squeeze(0) for part in state))
            xs = both[0] if self.directions == 1 else [torch.cat(pair, -1) for pair in zip(*both)]
        output = torch.stack(xs)
        output = output.squeeze(1) if not batched else output.transpose(0, 1) if self.batch_first else output
        if len({{tuple(part.shape for part in state) for state in ends}}) > 1:
            return output, [state[0] if len(state) == 1 else state for state in ends]
        last = tuple(torch.stack(part) for part in zip(*ends))
        return output, last[0] if len(last) == 1 else last
'''

ZERO_START = """\
    def start(self, k, x):
        return self.cells[k].start(x)
"""

LEARNED_START = """\
    def start(self, k, x):
        layer, backwards = divmod(k, self.directions)
        end = f"_l{layer}" + "_reverse" * backwards
        learned = [p for name, p in self.named_parameters(recurse=False) if name.endswith(end)]
        return tuple(p.expand(x.shape[0], -1) for p in learned)
"""

OF_CELLS = """
    def transition(self, k, x, state):
        return self.cells[k].transition(x, state)"""

OF_WEIGHTS = """\
    def start(self, k, x):
        return (x.new_zeros(x.shape[0], {size}),)

    def transition(self, k, x, state):
        layer, backwards = divmod(k, self.directions)
        names = [f"{{name}}_l{{layer}}" + "_reverse" * backwards for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        weights = [getattr(self, name, None) for name in names]
        return gru_transition(x, state, weights, {reset!r}, {update!r})"""

HIGHWAY = '''
class Highway(nn.Module):
    """y = g ⊙ tanh(W_H x + b_H) + (1 - g) ⊙ x, g = σ(W_T x + b_T)."""

    def __init__(self):
        super().__init__()
{made}

{methods}
'''


def can_be_written(module: Any) -> bool:
    """Is it one of this library's layers that are written here?"""
    ours = type(module).__module__.startswith("tinygrad_rnn.")
    return ours and isinstance(module, (GRU, Highway, Recurrent, RNNCellBase))


def written_twin(module: Any) -> Any:
    """A PyTorch module that computes what `module` does, with the program text as its attribute `source`."""
    functions: dict[str, str] = {}
    name = type(module).__name__
    if isinstance(module, Recurrent):
        classes = _recurrent(module, functions)
    elif isinstance(module, GRU):
        classes = _gru(module, functions)
    else:
        classes = _cell(module, name, functions)
    text = "\n\n\n".join([HEAD.format(name=name).strip(), *functions.values(), classes.strip()]) + "\n"
    space: dict[str, Any] = {"__name__": f"written_{name}"}
    exec(compile(text, f"<{name} written by to_torch>", "exec"), space)
    twin = space[name]()
    twin.source = text
    return twin


def _recurrent(module: Any, functions: dict[str, str]) -> str:
    lost = {name: getattr(module, name) for name in ("input_dropout", "recurrent_dropout", "variational")}
    if any(lost.values()):
        options = ", ".join(f"{name}={value}" for name, value in lost.items() if value)
        raise ValueError(f"Recurrent with {options} is not written for PyTorch; set it to 0 and use dropout=")
    names = [f"{type(cell).__name__}{k}" for k, cell in enumerate(module.cells)]
    for cell in module.cells:
        if not (can_be_written(cell) and isinstance(cell, RNNCellBase)):
            raise ValueError(
                f"its cell {type(cell).__name__} is not of this library; write it in PyTorch, and use to_torch for the rest"
            )
    cells = [_cell(cell, name, functions) for cell, name in zip(module.cells, names, strict=True)]
    made = [f"self.cells = nn.ModuleList([{', '.join(f'{name}()' for name in names)}])", *_parameters(module)]
    methods = LEARNED_START if module.learn_start else ZERO_START
    layers = LAYERS.format(name="Recurrent", options=_options(module), made=_indented(made), methods=methods + OF_CELLS)
    return "\n\n".join([*cells, layers])


def _gru(module: Any, functions: dict[str, str]) -> str:
    _collect(type(module).transition_with.__globals__["gru_transition"], functions)
    methods = OF_WEIGHTS.format(size=module.hidden_size, reset=module.reset, update=module.update)
    return LAYERS.format(name="GRU", options=_options(module), made=_indented(_parameters(module)), methods=methods)


def _options(module: Any) -> str:
    return repr((module.batch_first, 2 if module.bidirectional else 1, module.num_layers, module.dropout))[1:-1]


def _cell(cell: Any, name: str, functions: dict[str, str]) -> str:
    """The class of one cell, or of a highway layer; the functions that it calls go into `functions`."""
    highway = isinstance(cell, Highway)
    methods: dict[str, str] = {}
    used = _with_helpers(cell, "forward" if highway else "transition", methods, functions)
    made = [f"self.{k} = {_literal(cell, k)}" for k in sorted(used) if k in cell.__dict__]
    if "weights" in used:
        names = {id(p): k for k, p in cell._parameters.items()}
        weights = ", ".join(f"self.{names[id(w)]}" if w is not None else "None" for w in cell.weights)
        methods["weights"] = f"@property\ndef weights(self):\n    return {weights}"
    made += _parameters(cell)
    for path, child in cell._modules.items():
        made.append(f"self.{path} = nn.{_expression(child)}")
    text = textwrap.indent("\n\n".join(methods.values()), "    ")
    if highway:
        return HIGHWAY.format(made=_indented(made), methods=text)
    return CELL.format(name=name, made=_indented(made), sizes=tuple(cell.state_sizes), methods=text)


def _with_helpers(cell: Any, method: str, methods: dict[str, str], functions: dict[str, str]) -> set[str]:
    """Collect a method's source and that of the methods it calls; returns the names of the attributes they use."""
    function = getattr(type(cell), method)
    methods[method] = textwrap.dedent(inspect.getsource(function)).strip()
    used = set(function.__code__.co_names)
    _collect_called(function, functions)
    for name in sorted(used - methods.keys()):
        if inspect.isfunction(getattr(type(cell), name, None)) and name.startswith("_"):
            used |= _with_helpers(cell, name, methods, functions)
    return used


def _collect(function: Callable[..., Any], functions: dict[str, str]) -> None:
    if function.__name__ not in functions:
        functions[function.__name__] = inspect.getsource(function).strip()
        _collect_called(function, functions)


def _collect_called(function: Any, functions: dict[str, str]) -> None:
    for name in function.__code__.co_names:
        called = function.__globals__.get(name)
        if inspect.isfunction(called) and ".nn.recurrent." in called.__module__:
            _collect(called, functions)


def _parameters(module: Any) -> list[str]:
    lines = []
    for name, p in module._parameters.items():
        lines.append(f"self.{name} = " + ("None" if p is None else f"nn.Parameter(torch.empty({tuple(p.shape)}))"))
    return lines


def _literal(cell: Any, name: str) -> str:
    value = cell.__dict__[name]
    if not isinstance(value, (str, int, float, bool, type(None))):
        raise ValueError(f"its attribute {name}, a {type(value).__name__}, cannot be written as PyTorch source")
    return repr(value)


def _expression(module: Any) -> str:
    """The constructor call of a Linear or LayerNorm inside a cell."""
    names = ("in_features", "out_features", "normalized_shape", "eps", "elementwise_affine")
    given = [f"{name}={getattr(module, name)!r}" for name in names if hasattr(module, name)]
    return f"{type(module).__name__}({', '.join([*given, f'bias={module.bias is not None}'])})"


def _indented(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines), " " * 8)
