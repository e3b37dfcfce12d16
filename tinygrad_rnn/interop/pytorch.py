"""Models from and to PyTorch: `from_torch` and `to_torch` build the same module on the other side and copy its numbers.

A layer here has PyTorch's name, constructor arguments, attributes and parameter names. So one walk serves both ways:
the class of the same name is called with the attributes that are named like its arguments, and parameters and buffers
are copied by their paths. What has no class of the same name there is written out as one (torch_source.py).
"""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import nn
from .._missing_names import missing
from .._tensor import Tensor
from ..create import tensor
from .torch_source import can_be_written, written_twin

# arguments that change no number: where and how something is computed, or how it starts
WITHOUT_MEANING = {
    "self", "args", "kwargs", "device", "dtype", "inplace", "fused", "size_average", "reduce", "also", "_weight", "_freeze",
    "_depth", "gate_bias", "old",
}  # fmt: skip
CALLED = {("PairwiseDistance", "p"): "norm"}  # arguments that modules keep under another name
OURS_ALONE = {"reset", "update", "fused"}  # PyTorch's RNN, LSTM and GRU take **kwargs, but not these


def from_torch(module: Any) -> nn.Module:
    """The same model as a PyTorch module, here: its layers under the same names, with a copy of its numbers.

    module   of PyTorch's own classes, nested as one likes: Sequential, RNN, LSTM, GRU, their cells, Linear, Embedding,
             norms, attention, transformers, convolutions, activations, losses. Types, training mode, requires_grad
             and shared weights stay; bfloat16 becomes float32; gradients and hooks do not come along

    Raises TypeError, naming the place in the model, for a class of the user's own (define it again inside
    `with tg.as_torch():` and give it the state_dict), and for one that is not here.

    >>> model = tg.from_torch(torch.nn.LSTM(3, 4))    # doctest: +SKIP
    """
    torch = pytorch("from_torch()")
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"from_torch(): expected a torch.nn.Module, got {_kind(module)}; {_for_numbers(module)}")
    return _Way("from_torch", torch.nn, nn, tensor, torch.Tensor, None).converted(module)


def to_torch(module: Any) -> Any:
    """The same model as one of ours, as a PyTorch module with a copy of its numbers. Tensors and state_dicts go too.

    Layers become PyTorch's of the same name. Those that PyTorch lacks (a GRU with reset="before", the variants among the cells,
    Recurrent) become a small module of their own; its attribute `source` is the program text, for a file that needs
    PyTorch alone.

    Raises TypeError, naming the place in the model, for a class that is neither, ImportError where PyTorch is missing.
    """
    torch = pytorch("to_torch()")

    def numbers(x: Any) -> Any:
        return torch.from_numpy(np.array(x.array, order="C"))

    if isinstance(module, Tensor):
        return numbers(module).requires_grad_(module.requires_grad)
    if isinstance(module, Mapping):
        return OrderedDict((key, to_torch(value)) for key, value in module.items())
    if not isinstance(module, nn.Module):
        raise TypeError(f"to_torch(): expected a Module, a Tensor or a state_dict, got {_kind(module)}")
    return _Way("to_torch", nn, torch.nn, numbers, Tensor, written_twin).converted(module)


def pytorch(doing: str) -> Any:
    """PyTorch itself; raises ImportError where it is missing, or where `torch` is this library."""
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError:
        raise ImportError(f"{doing} needs PyTorch, which is not installed: pip install torch") from None
    if not hasattr(torch, "_C"):
        raise ImportError(f"{doing}: inside as_torch() the name torch stands for tinygrad_rnn; call it outside")
    return torch


def _kind(x: Any) -> str:
    return f"{type(x).__module__}.{type(x).__qualname__}"


def _for_numbers(x: Any) -> str:
    if isinstance(x, Mapping):
        return "model.load_state_dict(...) of the model here takes PyTorch's state_dict as it is"
    return "tensor(x) takes PyTorch's tensors"


class _Way:
    """One way between the libraries: where modules come from, where they go, and how numbers get there.

    written  what makes a module that has no class of the same name there; None if nothing does
    """

    def __init__(
        self, name: str, source: Any, target: Any, numbers: Callable[[Any], Any], tensors: type,
        written: Callable[[Any], Any] | None,
    ):  # fmt: skip
        self.name, self.source, self.target = name, source, target
        self.numbers, self.tensors, self.written = numbers, tensors, written
        self.made: dict[int, Any] = {}  # by id: what stands twice in a model is one module there, too

    def converted(self, module: Any) -> Any:
        """The whole model: its modules, then its numbers."""
        with warnings.catch_warnings():  # about arguments that do nothing: they came when the module was made
            warnings.simplefilter("ignore")
            twin = self.module(module, "")
        places = dict(twin.named_modules(remove_duplicate=False))
        copied: dict[int, Any] = {}
        for path, part in module.named_modules(remove_duplicate=False):
            for name, value in (*part._parameters.items(), *part._buffers.items()):
                if value is not None:
                    copy = copied.get(id(value))
                    if copy is None:
                        copy = copied[id(value)] = self.copy(value, name in part._parameters)
                    if (place := places[path])._parameters.get(name, place._buffers.get(name)) is not copy:
                        setattr(place, name, copy)
            if path in places:
                places[path].training = part.training
        return twin

    def copy(self, value: Any, trained: bool) -> Any:
        numbers = self.numbers(value.detach())
        return self.target.Parameter(numbers, requires_grad=value.requires_grad) if trained else numbers

    def module(self, module: Any, path: str) -> Any:
        """The module of the same kind, with numbers of its own until they are copied."""
        if id(module) not in self.made:
            self.made[id(module)] = self._made(module, path)
        return self.made[id(module)]

    def _made(self, module: Any, path: str) -> Any:
        name = type(module).__name__
        if getattr(self.source, name, None) is not type(module):
            raise self.refused(module, path, self._own_class(module))
        twin = self.target.__dict__.get(name)
        if twin is None and (self.written is None or not can_be_written(module)):
            raise self.refused(
                module, path, str(missing(f"module {self.target.__name__!r}", name, self.target.__dict__))
            )
        if hasattr(module, "has_uninitialized_params"):
            raise self.refused(module, path, "its sizes are not known yet; call the model once, then convert it")
        self._check_hooks(module, path)
        if name in MADE_BY and twin is not None:
            return MADE_BY[name](self, module, path, twin)
        arguments, left = ({}, {}) if twin is None else self.arguments(module, twin, path)
        if twin is not None and not left:
            return twin(**arguments)
        if self.written is not None and can_be_written(module):
            try:
                return self.written(module)
            except ValueError as error:
                raise self.refused(module, path, str(error)) from None
        raise self.refused(module, path, f"{name} has no {', '.join(f'{k}={v!r}' for k, v in left.items())} there")

    def arguments(self, module: Any, twin: Any, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The arguments of `twin`, and those of the module that mean something and have no place there."""
        own, taken = _parameters(type(module)), _parameters(twin)
        if not taken:  # PyTorch's recurrent layers take **kwargs
            taken = {name: p for name, p in own.items() if name not in OURS_ALONE}
        known = own or taken
        values = {}
        for name in taken:
            kept = CALLED.get((type(module).__name__, name), name)
            if name == "bias" or hasattr(module, kept):
                value = getattr(module, kept)
                flag = name == "bias" and not isinstance(value, bool)
                values[name] = value is not None if flag else self.value(value, f"{path}.{name}")
            elif name in known and name not in OURS_ALONE:  # a default in its place would be another layer
                raise self.refused(module, path, f"its argument {name!r} is not kept as an attribute")
        left = {
            name: getattr(module, name)
            for name, p in known.items()
            if name not in taken and hasattr(module, name) and getattr(module, name) != p.default
        }
        return values, left

    def value(self, value: Any, path: str) -> Any:
        """An argument: a number, string or tuple as it is; a tensor, module or function as the other library's."""
        if isinstance(value, self.tensors):
            return self.numbers(value.detach())
        if isinstance(value, self.source.Module):
            return self.module(value, path)
        return self._function(value, path) if callable(value) else value

    def _function(self, function: Any, path: str) -> Any:
        name = getattr(function, "__name__", "")
        there = getattr(self.target.functional, name, None)
        if there is None or not name.isidentifier():
            raise self.refused(function, path, "of functions only those of nn.functional are known there")
        return there

    def _check_hooks(self, module: Any, path: str) -> None:
        hooks = [name for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks") if getattr(module, name)]
        if hooks:
            raise self.refused(module, path, "it has hooks, which would be lost; remove them (remove_weight_norm …)")

    def _own_class(self, module: Any) -> str:
        if self.name == "to_torch":
            return "define the same class in PyTorch, and give it to_torch(model.state_dict())"
        if "parametri" in type(module).__module__:
            return "it is parametrized; call torch.nn.utils.parametrize.remove_parametrizations(module, name) before"
        return (
            "it is not one of PyTorch's own classes: define it again here, inside `with tinygrad_rnn.as_torch():`, and "
            "call load_state_dict(module.state_dict()) on what it makes"
        )

    def refused(self, thing: Any, path: str, why: str) -> TypeError:
        return TypeError(f"{self.name}(): {path.removeprefix('.') or 'the module'}, a {_kind(thing)}: {why}")


def _parameters(kind: type) -> dict[str, inspect.Parameter]:
    found = inspect.signature(kind.__init__).parameters
    return {name: p for name, p in found.items() if name not in WITHOUT_MEANING}


# --- classes whose arguments are not their attributes -----------------------------------------------------


def _children(way: _Way, module: Any, path: str) -> list[tuple[str, Any]]:
    return [(name, way.module(child, f"{path}.{name}")) for name, child in module._modules.items()]


def _named(way: _Way, module: Any, path: str, kind: Any) -> Any:
    return kind(OrderedDict(_children(way, module, path)))


def _listed(way: _Way, module: Any, path: str, kind: Any) -> Any:
    return kind([child for _, child in _children(way, module, path)])


def _parameters_listed(way: _Way, module: Any, path: str, kind: Any) -> Any:
    return kind([way.copy(p, True) for p in module])


def _parameters_named(way: _Way, module: Any, path: str, kind: Any) -> Any:
    return kind({name: way.copy(p, True) for name, p in module.items()})


def _wrapped(way: _Way, module: Any, path: str, kind: Any) -> Any:
    return kind(way.module(module.module, f"{path}.module"))


def _adaptive(way: _Way, module: Any, path: str, kind: Any) -> Any:
    head_bias = module.head.bias is not None
    return kind(module.in_features, module.n_classes, list(module.cutoffs[:-1]), module.div_value, head_bias)


def _attention(way: _Way, module: Any, path: str, kind: Any) -> Any:
    names = ("embed_dim", "num_heads", "dropout", "add_zero_attn", "kdim", "vdim", "batch_first")
    flags = {"bias": module.in_proj_bias is not None, "add_bias_kv": module.bias_k is not None}
    return kind(**{name: getattr(module, name) for name in names}, **flags)


def _layer(way: _Way, module: Any, path: str, kind: Any) -> Any:
    """A layer of a transformer."""
    attention = module.self_attn
    return kind(
        attention.embed_dim,
        attention.num_heads,
        module.linear1.out_features,
        module.dropout.p,
        way.value(module.activation, f"{path}.activation"),
        module.norm1.eps,
        attention.batch_first,
        module.norm_first,
        module.linear1.bias is not None,
    )


def _stack(way: _Way, module: Any, path: str, kind: Any) -> Any:
    """Layers on top of each other; the constructor copies one, and the others may differ from it."""
    layers = way.module(module.layers, f"{path}.layers")
    norm = None if module.norm is None else way.module(module.norm, f"{path}.norm")
    options = {"enable_nested_tensor": False} if kind.__name__ == "TransformerEncoder" else {}  # a shortcut for padding
    twin = kind(layers[0], 1, norm, **options)
    twin.layers, twin.num_layers = layers, module.num_layers
    return twin


def _transformer(way: _Way, module: Any, path: str, kind: Any) -> Any:
    parts = {f"custom_{name}": way.module(getattr(module, name), f"{path}.{name}") for name in ("encoder", "decoder")}
    return kind(module.d_model, module.nhead, batch_first=module.batch_first, **parts)


MADE_BY: dict[str, Callable[[_Way, Any, str, Any], Any]] = {
    "Sequential": _named,
    "ModuleDict": _named,
    "ModuleList": _listed,
    "ParameterList": _parameters_listed,
    "ParameterDict": _parameters_named,
    "DataParallel": _wrapped,
    "AdaptiveLogSoftmaxWithLoss": _adaptive,
    "MultiheadAttention": _attention,
    "TransformerEncoderLayer": _layer,
    "TransformerDecoderLayer": _layer,
    "TransformerEncoder": _stack,
    "TransformerDecoder": _stack,
    "Transformer": _transformer,
}
