"""`backward` and `grad`: from Tensors to edges and arrays, one run of the engine, and back."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from . import engine
from .arrays import came
from .graph import Node
from .ops.checks import is_tensor, need_tensor
from .ops.inplace import edge_of


def backward(
    tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
) -> None:  # fmt: skip
    """Add the gradients of several tensors into `.grad` of their leaves; see `Tensor.backward`."""
    tensors, gradients = _pairs(tensors, grad_tensors)
    edges = [_need_edge(t, k) for k, t in enumerate(tensors)]
    seeds = [_seed(t, g, create_graph) for t, g in zip(tensors, gradients, strict=True)]
    targets = None
    if inputs is not None:
        inputs = _tensors("inputs", inputs)
        if not inputs:
            raise RuntimeError("backward(): `inputs` is empty; leave it out to reach all leaves")
        targets = [_need_edge(t, k) for k, t in enumerate(inputs)]
    found = engine.backward(
        edges,
        seeds,
        targets,
        retain=create_graph if retain_graph is None else retain_graph,
        lift=type(tensors[0]) if create_graph else None,
    )
    for t in inputs or ():
        if not t.is_leaf and found[t._edge] is not None:
            t._add_grad(found[t._edge], False)


def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
    only_inputs: bool = True, allow_unused: bool | None = None, is_grads_batched: bool = False, materialize_grads: bool = False,
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients of (the sum of) `outputs` with respect to each of `inputs`, without touching `.grad`.

    grad_outputs  the gradient of the loss by each output; may be left out for outputs of one element
    allow_unused  return None for an input that was not used, instead of raising
    materialize_grads  return zeros for such inputs
    only_inputs   accepted as in PyTorch, and changes nothing

    >>> x = tinygrad_rnn.tensor(3.0, requires_grad=True)
    >>> (first,) = tinygrad_rnn.autograd.grad(x**3, x, create_graph=True)
    >>> tinygrad_rnn.autograd.grad(first, x)
    (tensor(18.),)
    """
    if is_grads_batched:
        raise NotImplementedError(
            "grad(): is_grads_batched is left out; call grad for each, or use autograd.functional.jacobian"
        )
    outputs, gradients = _pairs(outputs, grad_outputs)
    inputs = _tensors("inputs", inputs)
    for k, t in enumerate(inputs):
        if not t.requires_grad:
            raise RuntimeError(f"grad(): input {k} (shape {list(t.shape)}) does not require grad")
    edges = [_need_edge(t, k) for k, t in enumerate(outputs)]
    targets = [_need_edge(t, k) for k, t in enumerate(inputs)]
    found = engine.backward(
        edges,
        [_seed(t, g, create_graph) for t, g in zip(outputs, gradients, strict=True)],
        targets,
        retain=create_graph if retain_graph is None else retain_graph,
        lift=type(outputs[0]) if create_graph else None,
        into_leaves=False,
    )
    return tuple(
        _result(k, t, found[edge], bool(allow_unused), materialize_grads)
        for k, (t, edge) in enumerate(zip(inputs, targets, strict=True))
    )


def _result(k: int, t: Any, g: Any, allow_unused: bool, materialize: bool) -> Any:
    if g is None:
        if materialize:
            return t._of(np.zeros_like(t.array))
        if not allow_unused:
            raise RuntimeError(
                f"grad(): input {k} (shape {list(t.shape)}) was not used in the graph of the outputs. "
                f"Set allow_unused=True to get None for it."
            )
        return None
    return g if is_tensor(g) else t._of(np.array(g, order="C"))


def _tensors(argument: str, given: Any) -> list[Any]:
    """One Tensor or several as a list; a TypeError that names what is none."""
    if is_tensor(given):
        return [given]
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"{argument} must be a Tensor or several, not {came(given)}")
    found = list(given)
    for k, t in enumerate(found):
        need_tensor("backward", t, f"{argument}[{k}]")
    return found


def _pairs(tensors: Any, gradients: Any) -> tuple[list[Any], list[Any]]:
    tensors = _tensors("outputs", tensors)
    if gradients is None:
        gradients = [None] * len(tensors)
    gradients = [gradients] if is_tensor(gradients) else list(gradients)
    if len(gradients) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(gradients)} gradients")
    return tensors, gradients


def _need_edge(t: Any, k: int) -> tuple[Node, int]:
    edge = edge_of(t)
    if edge is None:
        raise RuntimeError(
            f"element {k} of tensors does not require grad and does not have a grad_fn: this tensor (shape {list(t.shape)}) was not "
            f"computed from anything that requires grad, or under no_grad()"
        )
    return edge


def _seed(t: Any, gradient: Any, recorded: bool) -> Any:
    """The gradient to start from: the one given, or 1 for a single element."""
    if gradient is None:
        if t.array.size != 1:
            raise RuntimeError(
                f"grad can be implicitly created only for scalar outputs: this one has shape {list(t.shape)}; "
                f"reduce it first (for example .sum()) or pass gradient=..."
            )
        ones = np.ones_like(t.array)
        return t._of(ones) if recorded else ones
    if not is_tensor(gradient):
        raise TypeError(f"the gradient must be a Tensor, not {type(gradient).__name__}")
    if gradient.array.shape != t.array.shape:
        raise RuntimeError(
            f"mismatch in shape: the gradient has shape {list(gradient.shape)} and the output {list(t.shape)}"
        )
    if gradient.dtype != t.dtype:
        gradient = gradient.to(t.dtype)
    return gradient if recorded else gradient.array


def warn_of_no_grad(x: Any) -> None:
    """What PyTorch says to the one who reads `.grad` of a computed tensor."""
    warnings.warn(
        f"the .grad of a computed tensor (shape {list(x.shape)}) is read, but backward leaves gradients at leaves only: "
        f"call retain_grad() on it before backward, or read the leaf's",
        stacklevel=3,
    )


def check_grad(x: Any, new: Any) -> None:
    """Raise unless `new` can be the gradient of `x`: another Tensor of its shape and type."""
    if not is_tensor(new):
        raise TypeError(f"x.grad = ...: expected a Tensor or None, got {came(new)}")
    if new is x:
        raise RuntimeError("x.grad = x: a tensor cannot be its own gradient")
    for what, own, other in (("shape", list(x.shape), list(new.shape)), ("dtype", x.dtype, new.dtype)):
        if own != other:
            raise RuntimeError(f"x.grad = ...: the gradient has {what} {other}, the tensor {what} {own}")
