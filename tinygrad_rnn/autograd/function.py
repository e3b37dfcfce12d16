"""Rules written by the user: a forward and a backward of one's own, as one node of the graph. The library's own are in ops/.

A subclass of `Function` is never instantiated. `apply` makes a `FunctionNode`, which is the graph's node and
the `ctx` of both rules, runs `forward` on Tensors with recording off, and gives the outputs an edge to it.
`backward` runs on Tensors too: with recording on under `create_graph`, so that it can be differentiated.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .._mode import is_grad_enabled, no_grad, switch, thread
from .._tensor import Tensor
from ..graph import FREED, Edge, Node
from ..ops import function as ops
from ..ops.inplace import check_writable, edge_of, log_write, rebase
from ..recording import record_node


class Function:
    """Base of user-defined operations: write `forward` and `backward` as static methods, call `apply`.

    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x * x
    >>> x = tinygrad_rnn.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)

    `forward(ctx, *args)` returns a Tensor or a tuple. `backward(ctx, *gs)` gets one gradient per output and
    returns one per argument of `forward`, None for arguments that are no tensors or need none. In the other
    form `forward(*args)` has no ctx, and `setup_context(ctx, inputs, output)` saves what backward needs.
    """

    _node: type[FunctionNode]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._node = type(cls.__name__, (FunctionNode,), {"function": cls})

    def __init__(self) -> None:
        raise RuntimeError(f"{type(self).__name__} is not to be instantiated: call {type(self).__name__}.apply(...)")

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the output; `forward(ctx, *args)`, or `forward(*args)` beside a `setup_context`."""
        raise NotImplementedError("you must implement forward for your autograd.Function")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Save what backward needs, where `forward` takes no ctx."""
        raise NotImplementedError("setup_context is not implemented")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each input, from the gradient of each output."""
        raise NotImplementedError("you must implement backward for your autograd.Function")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run `forward` on `args`; the result leads back through `backward` if a tensor in `args` requires grad."""
        if cls is Function:
            raise RuntimeError("Function.apply: subclass Function and define forward and backward first")
        node = cls._node(args)
        with switch(grad_enabled=False, listeners=()):  # it is one operation, whatever it calls
            if cls.setup_context is Function.setup_context:
                returned = cls.forward(node, *args)
            else:
                returned = cls.forward(*args)
                cls.setup_context(node, args, returned)
        outputs = returned if isinstance(returned, tuple) else (returned,)
        for k, out in enumerate(outputs):
            if not isinstance(out, Tensor) and len(outputs) == 1:
                raise TypeError(f"{cls.__name__}.forward must return a Tensor or a tuple, got {type(out).__name__}")
            if isinstance(out, np.ndarray):
                raise TypeError(f"{cls.__name__}.forward: output {k} is an array; make it a Tensor")
        made = node.connect(args, outputs)
        return made if isinstance(returned, tuple) else made[0]


class FunctionNode(Node):
    """One applied user-defined `Function`: its node in the graph, and the `ctx` that its rules see.

    It keeps bare arrays, and for each the edge it came from, because an output kept as a Tensor would lead
    back to this node. The rules see them as Tensors again.
    """

    function: type[Function]  # set by Function.__init_subclass__

    def __init__(self, args: tuple[Any, ...]):
        self.edges: tuple[Edge | None, ...] = tuple([edge_of(x) if isinstance(x, Tensor) else None for x in args])
        self.needs_input_grad: tuple[Any, ...] = tuple([edge is not None for edge in self.edges])
        self.is_tensor: Any = [isinstance(x, Tensor) for x in args]
        self.saved_tensors, self.scope = (), thread.mode.scope
        self._to_save: tuple[Any, ...] = ()
        self._saved_from: tuple[Edge | int | None, ...] = ()  # the edge each saved value had, or its output number
        self._saved: tuple[Any, ...] = ()
        self._saved_plan: tuple[tuple[int | None, None], ...] = ()  # as of built-in ops: which input each one is
        self._dirty: tuple[Any, ...] = ()
        self._no_gradient: tuple[Any, ...] = ()
        self._materialize = True

    def name(self) -> str:
        """PyTorch's name: 'CubeBackward' for a Function called Cube."""
        return f"{self.function.__name__}Backward"

    # --- what users call on ctx ---------------------------------------------------------------------

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (inputs, outputs or others; or None) for `ctx.saved_tensors` in backward."""
        for k, t in enumerate(tensors):
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward can only save tensors, but argument {k} is of type {type(t).__name__}; "
                    f"keep other things as ctx.name = value"
                )
        self._to_save = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """These inputs were changed in place by forward, which must return them."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """These outputs do not require grad."""
        self._no_gradient = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """True (default): an output that no gradient reached gets zeros in backward; False: None."""
        self._materialize = bool(value)

    # --- into the graph -----------------------------------------------------------------------------

    def connect(self, args: tuple[Any, ...], outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Make this a node with these outputs, if a gradient is wanted; the outputs as Tensors that lead to it."""
        to_save, self._to_save = self._to_save, ()
        dirty, self._dirty = self._dirty, ()
        unmarked, self._no_gradient = self._no_gradient, ()
        for x in dirty:
            if not _among(x, outputs):
                raise RuntimeError(
                    f"{self.function.__name__}: an input (shape {list(x.shape)}) was marked dirty but not returned"
                )
            log_write(x.array)
        mode = thread.mode
        if not mode.grad_enabled or not any(self.needs_input_grad):
            return outputs
        for x in dirty:
            check_writable(x)
        self._save(to_save, args, outputs, unmarked)
        arrays = tuple([x.array if isinstance(x, Tensor) else x for x in args])
        values = tuple([x.array if isinstance(x, Tensor) else np.asarray(None) for x in outputs])
        record_node(self, self.edges, arrays, values[0] if len(values) == 1 else values)
        return tuple([self._output(k, out, dirty, unmarked) for k, out in enumerate(outputs)])

    def _save(self, tensors: Any, args: tuple[Any, ...], outputs: tuple[Any, ...], unmarked: tuple[Any, ...]) -> None:
        """Keep the arrays of `tensors`, and where each came from."""
        arrays, origins, positions = [], [], []
        for t in tensors:
            number = _place(t, outputs)
            arrays.append(None if t is None else t.array)
            if t is None:
                origins.append(None)
            elif number is None:
                origins.append(edge_of(t))
            else:
                origins.append(number if _differentiable(t, unmarked) else None)
            positions.append(_place(t, args) if number is None else ops.OUT)
        self._saved, self._saved_from = tuple(arrays), tuple(origins)
        self._saved_plan = tuple([(position, None) for position in positions])

    def _pick_saved(self, edges: Any, inputs: Any, out: Any) -> tuple[Any, ...]:
        """What `_save` put aside: the recorder keeps it."""
        saved, self._saved = self._saved, ()
        return saved

    def _output(self, k: int, out: Any, dirty: tuple[Any, ...], unmarked: tuple[Any, ...]) -> Any:
        if not isinstance(out, Tensor):
            return out
        edge = (self, k) if _differentiable(out, unmarked) else None
        if _among(out, dirty):
            rebase(out, edge)
            return out
        return Tensor._of(out.array, edge)

    # --- backward: called by the engine -------------------------------------------------------------

    def lifted(self, tensor_class: Any) -> FunctionNode:
        """Itself: the rule runs on Tensors in any case."""
        return self

    def backward(self, *gs: Any) -> Any:
        """Run the user's rule on Tensors; arrays in and out unless gradients are being recorded."""
        given = [self._gradient_in(k, g) for k, g in enumerate(gs)]
        with thread.mode.users_errors():
            returned = self.function.backward(self._for_rule(), *given)
        found = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        while len(found) > len(self.edges) and found[-1] is None:  # PyTorch lets these pass
            found.pop()
        if len(found) != len(self.edges):
            raise RuntimeError(
                f"{self.name()} returned an incorrect number of gradients (expected {len(self.edges)}, one per "
                f"argument of forward; got {len(found)})"
            )
        recorded = thread.mode.lift is not None
        return tuple([self._gradient_out(k, d, recorded) for k, d in enumerate(found)])

    def _for_rule(self) -> FunctionNode:
        """This node as its backward sees it: the saved arrays are Tensors that lead back to where they came from."""
        ctx = copy.copy(self)
        ctx.__dict__ = self.__dict__
        if self.saved_tensors is not FREED:
            ctx.saved_tensors = tuple(
                value if value is None else Tensor._of(value, (self, origin) if isinstance(origin, int) else origin)
                for value, origin in zip(self.saved_tensors, self._saved_from, strict=True)
            )
        return ctx

    def _gradient_in(self, k: int, g: Any) -> Any:
        if g is None:
            kind = self.dtype if self.n_outputs == 1 else self.dtype[k]
            return Tensor._of(np.zeros(self.shapes[k], kind)) if self._materialize and kind.kind != "O" else None
        return g if isinstance(g, Tensor) else Tensor._of(np.asarray(g))

    def _gradient_out(self, k: int, d: Any, recorded: bool) -> Any:
        """Check what the rule returned for argument `k`."""
        if d is None:
            return None
        if not self.is_tensor[k]:
            raise RuntimeError(
                f"{self.name()} returned a gradient different from None at position {k}, but the corresponding "
                f"argument of forward was not a Tensor"
            )
        if not isinstance(d, Tensor):
            raise TypeError(f"{self.name()}: expected a Tensor or None at position {k}, got {type(d).__name__}")
        edge = self.edges[k]
        if edge is None:
            return None
        expected = edge[0].shapes[edge[1]]
        if d.array.shape != expected and not _stretches(expected, d.array.shape):
            raise RuntimeError(
                f"{self.name()} returned an invalid gradient at index {k}: got shape {list(d.shape)}, but the input "
                f"has shape {list(expected)}"
            )
        return d if recorded else d.array


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a `backward` that cannot be differentiated, for example because it computes with NumPy.

    It runs with recording off, and differentiating its result raises instead of giving a wrong number.
    """

    @functools.wraps(backward)
    def once(ctx: Any, *gs: Any) -> Any:
        with no_grad():
            returned = backward(ctx, *gs)
        sources = [t for t in (*gs, *ctx.saved_tensors) if isinstance(t, Tensor) and t.requires_grad]
        if not is_grad_enabled() or not sources:
            return returned
        found = returned if isinstance(returned, tuple) else (returned,)
        blocked = tuple([d if d is None else _NotTwice.apply(ctx.name(), d.detach(), *sources) for d in found])
        return blocked if isinstance(returned, tuple) else blocked[0]

    return once


class _NotTwice(Function):
    """Stands behind the result of a `once_differentiable` rule, and raises when it is differentiated."""

    @staticmethod
    def forward(ctx: Any, name: str, d: Tensor, *sources: Tensor) -> Tensor:
        ctx.rule = name
        return d

    @staticmethod
    def backward(ctx: Any, *gs: Any) -> Any:
        raise RuntimeError(
            f"{ctx.rule}: trying to differentiate twice a function that was marked with @once_differentiable"
        )


def _differentiable(out: Tensor, unmarked: tuple[Any, ...]) -> bool:
    return out.array.dtype.kind == "f" and not _among(out, unmarked)


def _among(x: Any, tensors: tuple[Any, ...]) -> bool:
    return any(x is t for t in tensors)


def _place(x: Any, tensors: tuple[Any, ...]) -> int | None:
    """The position of `x` itself in `tensors`, or None."""
    return next((k for k, t in enumerate(tensors) if t is x), None) if x is not None else None


def _stretches(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Does `shape` broadcast to `to`?"""
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False
