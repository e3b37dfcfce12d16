"""What an op is: a class with a forward on arrays and a backward on arrays or Tensors.

An instance is one node of the graph, and at the same time the `ctx` that forward and backward see.
`forward(ctx, *arrays, **options)` computes the output; it may be a NumPy ufunc, which gets no ctx and calls its
arguments x and y. `backward(ctx, g)` returns the gradient of each input, written in what arrays and Tensors share:
operators, `[...]`, `.sum`, `.reshape`, `.mT`, `.shape`, and `call(Op, g, ...)` for the rest. In a normal backward it
runs on arrays; when the gradient is itself recorded (`create_graph=True`) the same lines run on Tensors.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from .._mode import thread
from ..graph import Node

Array: TypeAlias = Any  # what forward sees: NumPy arrays, and Python's numbers
Saves: TypeAlias = Any  # a tuple of names, or a dict {"x": "y"}; see Function
Value: TypeAlias = Any  # what backward sees: arrays, or Tensors while gradients are themselves recorded

OUT = -1  # the place of the output (the last one, if there are several) in (*inputs, *outputs)


class Recorded:
    """Base of Tensor: marks what carries an edge, so that this floor need not know Tensor."""

    __slots__ = ()

    array: Any
    _edge: Any
    _record: Any
    _view: Any
    _of: Any


class Function(Node):
    """Base of all ops.

    `saves` declares what backward needs, by the name of a forward argument or "out": a tuple, or a
    dict {"x": "y"} meaning that x is kept only if the gradient of y is wanted. A rule must return the
    gradient at any shape that broadcasts from its input: the engine sums it back and fixes its dtype.
    A rule that always makes new arrays, one for each input, says `fresh`: what it sends need not be copied into `.grad`.
    """

    saves: Saves = ()
    promotes: str = ""  # "common": cast mixed inputs to their common type first; "float": and integers to floats
    bools: str = "yes"  # does it take them? "mixed": only beside numbers
    view: bool = False  # the output looks into the memory of the first input
    # "always": it rounds more than once, so float16 is computed in float32 and only the result rounded;
    # "number": the same where a Python number takes part that float16 would round, such as 0.1
    widens: str = ""

    forward: Callable[..., Any]
    backward: Callable[..., Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if ("forward" in cls.__dict__ or "saves" in cls.__dict__) and "_pick_saved" not in cls.__dict__:
            pick, cls._saved_plan = _plan(cls)
            cls._pick_saved = None if pick is None else staticmethod(pick)

    _pick_saved: Any = None  # (edges, inputs, output) -> the saved values; None: there are none
    _saved_plan: tuple[tuple[int, int | None], ...] = ()  # (position, the input whose gradient needs it or None)

    def lifted(self, tensor_class: Any) -> Function:
        """This node again, its saved arrays as Tensors that lead back to where they came from."""
        twin = type(self)()
        twin.__dict__.update(self.__dict__)
        twin.edges, twin.shape, twin.dtype, twin.n_outputs = self.edges, self.shape, self.dtype, self.n_outputs
        sources = (*self.edges, (self, self.n_outputs - 1))  # the output's last, where OUT finds it
        twin.saved_tensors = tuple(
            tensor_class._of(value, sources[p]) if isinstance(value, np.ndarray) else value
            for value, (p, _) in zip(self.saved_tensors, self._saved_plan, strict=True)
        )
        return twin

    def with_zeros(self, gs: tuple[Any, ...]) -> tuple[Any, ...]:
        """For several outputs: their gradients, with zeros for outputs that none reached."""
        for g in gs:
            if g is None:
                kinds = zip(gs, self.shape, self.dtype, strict=True)
                return tuple([np.zeros(shape, dtype) if g is None else g for g, shape, dtype in kinds])
        return gs

    @property
    def needs_input_grad(self) -> tuple[bool, ...]:
        """For each input: is its gradient wanted?"""
        return tuple([edge is not None for edge in self.edges])


def freed_message(node: Node) -> str:
    """What to say when backward reaches a node whose saved values are gone."""
    return (
        f"{node.name()}: backward through the same graph twice: its saved values were freed by the first call. "
        f"Pass retain_graph=True to the first call if you need both; in a loop over time that carries a state, "
        f"cut the graph with h = h.detach() instead."
    )


def _plan(cls: type[Function]) -> tuple[Any, tuple[tuple[int, int | None], ...]]:
    """From the names in `saves`: a function that picks the values, and for each its position and what needs it."""
    if not cls.saves:
        return None, ()
    names = _argument_names(cls.forward)
    positions = tuple(OUT if name == "out" else names.index(name) for name in cls.saves)
    wanted_by = cls.saves.values() if isinstance(cls.saves, dict) else [None] * len(positions)
    wanted = tuple(None if name is None else names.index(name) for name in wanted_by)
    plan = tuple(zip(positions, wanted, strict=True))
    if positions == (OUT,):
        return _pick_output, plan
    return _picker(plan, positions == tuple(range(len(positions)))), plan


def _argument_names(forward: Any) -> tuple[str, ...]:
    if isinstance(forward, np.ufunc):
        return ("x", "y")[: forward.nin]
    code = inspect.unwrap(forward).__code__
    return code.co_varnames[1 : code.co_argcount]


def _pick_output(edges: Any, inputs: tuple[Any, ...], out: Any) -> tuple[Any, ...]:
    return (out,)


def _picker(plan: tuple[tuple[int, int | None], ...], leading: bool) -> Callable[..., tuple[Any, ...]]:
    """A function that picks what `plan` says. `leading` plans ask for the first inputs, most often for all of them:
    then no tuple is put together."""
    n, always = len(plan), all(wanted is None for _, wanted in plan)

    def pick(edges: Any, inputs: tuple[Any, ...], out: Any) -> tuple[Any, ...]:
        if leading and (always or None not in edges):
            return inputs if len(inputs) == n else inputs[:n]
        values = (*inputs, out)
        return tuple([values[p] if wanted is None or edges[wanted] is not None else None for p, wanted in plan])

    return pick


def call(op: type[Function], *inputs: Any, **options: Any) -> Any:
    """Apply `op` inside a backward rule: on Tensors while gradients are recorded, else on arrays."""
    if thread.mode.lift is not None and any(isinstance(x, Recorded) for x in inputs):
        return thread.mode.lift._record(op, *inputs, **options)
    if op.widens == "always" and inputs[0].dtype.char == "e":  # the engine rounds what comes out
        inputs = tuple([x.astype(np.float32) if is_half(x) else x for x in inputs])
    return op().forward(*inputs, **options)


def is_half(x: Any) -> bool:
    """Is `x` a Tensor, an array or a NumPy number of float16?"""
    if isinstance(x, Recorded):
        x = x.array
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.char == "e"
