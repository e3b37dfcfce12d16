"""Tensor: an array of numbers, and the edge that leads back to how they were computed.

    array   the numbers, a NumPy array
    _edge   (node, output number) in the graph; None where no gradient is wanted
    _view   (base, edge of base) if this tensor looks into another tensor's memory
    grad    the gradient that backward left here, a Tensor or None
    name    shown in pictures; parameters get theirs from their module

Here is how it stands in the graph. What it can compute is in `ops/`: each family of operations is a part of this class
by way of `Families`, and `tinygrad_rnn.tanh` is `Tensor.tanh`. Its `shape`, `dtype` and memory: `ops/describing.py`.
"""

from __future__ import annotations

import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import dtypes, pixels, printing, recording
from ._forks import open_after_fork
from ._missing_names import missing
from .gradients import backward, check_grad, warn_of_no_grad
from .graph import Leaf, Node, RemovableHandle, tick
from .ops.families import Families
from .ops.function import Function, Recorded
from .ops.inplace import edge_of
from .ops.making import legacy_array

_new = object.__new__
# threads may share weights: a sum read by one while another adds would be lost
_adding: Any = open_after_fork(threading.RLock())


class Tensor(Families):
    """Numbers that remember how they were computed. Make one with `tensor(...)`, `zeros(...)`, `randn(...)`.

    >>> x = tinygrad_rnn.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __slots__ = ("__dict__", "__weakref__", "_edge", "_grad", "_view", "array", "name")

    array: np.ndarray
    _edge: tuple[Node, int] | None
    _view: tuple[Tensor, Any] | None
    _grad: Tensor | None
    name: str | None
    _after_grad: dict[int, Any] | None = None

    def __init__(self, *data: Any):
        """PyTorch's legacy form: `Tensor(2, 3)` has unset float32 numbers, `Tensor([1, 2])` holds 1. and 2."""
        self.array = legacy_array(data, dtypes.get_default_dtype())
        self._edge = self._grad = self.name = self._view = None

    @staticmethod
    def _of(array: np.ndarray, edge: tuple[Node, int] | None = None) -> Tensor:
        """A Tensor around `array`, without copying."""
        t = _new(Tensor)
        t.array, t._edge = array, edge
        t._grad = t.name = t._view = None
        return t

    @staticmethod
    def _record(op: type[Function], *inputs: Any, **options: Any) -> Any:
        return recording.record_op(op, *inputs, **options)

    @property
    def requires_grad(self) -> bool:
        """Is a gradient wanted for this tensor? Set it on leaves only."""
        return edge_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        self.requires_grad_(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for a gradient, or no longer; returns the tensor. Only floating-point leaves can."""
        if requires_grad:
            if self.array.dtype.kind != "f":
                raise RuntimeError(
                    f"only tensors of floating point dtype can require gradients, this one is {self.dtype}; "
                    f"convert it first: x.float().requires_grad_()"
                )
            if edge_of(self) is None:
                self._edge = (Leaf(self), 0)
        elif not self.is_leaf:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables; to take a computed tensor out of the "
                "graph use x.detach()"
            )
        else:
            self._edge = None
        return self

    @property
    def is_leaf(self) -> bool:
        """True if the user made this tensor, rather than a recorded operation."""
        edge = edge_of(self)
        return edge is None or isinstance(edge[0], Leaf)

    @property
    def grad_fn(self) -> Node | None:
        """The node that made this tensor, None for leaves."""
        edge = edge_of(self)
        return None if edge is None or isinstance(edge[0], Leaf) else edge[0]

    @property
    def output_nr(self) -> int:
        """Which output of `grad_fn` this is."""
        edge = edge_of(self)
        return 0 if edge is None else edge[1]

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward left here. Warns where none is kept: at computed tensors without `retain_grad()`."""
        if self._grad is None and self._edge is not None and not (self.is_leaf or self.retains_grad):
            warn_of_no_grad(self)
        return self._grad

    @grad.setter
    def grad(self, new: Tensor | None) -> None:
        if new is not None:
            check_grad(self, new)
        self._grad = new

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> Tensor:
        """The same memory, outside the graph. Assigning to it gives this tensor other numbers."""
        return Tensor._of(self.array)

    @data.setter
    def data(self, new: Tensor) -> None:
        if not isinstance(new, Tensor):
            raise TypeError(f"x.data = ...: expected a Tensor, got {type(new).__name__}")
        self.array = new.array
        if self._edge is not None and isinstance(self._edge[0], Leaf):
            self._edge[0].shape, self._edge[0].dtype = new.array.shape, new.array.dtype

    def detach(self) -> Tensor:
        """The same memory, outside the graph: no gradient passes."""
        return Tensor._of(self.array)

    def detach_(self) -> Tensor:
        """Take this tensor itself out of the graph."""
        self._edge = self._view = None
        return self

    def backward(
        self, gradient: Tensor | None = None, retain_graph: bool | None = None, create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None, *, retain_variables: bool | None = None,
    ) -> None:  # fmt: skip
        """Add the gradient of this tensor into `.grad` of the leaves it was computed from.

        gradient      the gradient of the loss by this tensor, of its shape; may be left out for one element
        retain_graph  keep saved values for another backward (default: create_graph)
        create_graph  record the gradient's own computation, so that it can be differentiated
        inputs        add only into these tensors

        Raises RuntimeError if nothing requires grad, if `gradient` is needed or has another shape, on a
        second call without retain_graph, and if a saved value was changed in place.
        """
        if retain_variables is not None:  # PyTorch's oldest programs
            warnings.warn("retain_variables is retain_graph now", stacklevel=2)
            retain_graph = retain_variables
        backward([self], [gradient], retain_graph, create_graph, inputs)

    def _add_grad(self, g: Any, fresh: bool) -> None:
        """Called by the engine: add `g` (an array, or a Tensor while recording) to `.grad`."""
        new: Any = g
        with _adding:
            if isinstance(g, Recorded):  # another leaf may get g too
                new = new.clone() if self._grad is None else self._grad + g
            elif self._grad is None:
                # not ours alone unless it was made on the way: another tensor may hold the same memory
                new = Tensor._of(np.asarray(g, order="C") if fresh else np.array(g, order="C"))
            else:
                new = Tensor._of(np.asarray(self._grad.array + g))
            self._grad = new
        for hook in tuple(self._after_grad.values()) if self._after_grad else ():
            hook(self)

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in `.grad` too."""
        if edge_of(self) is None:
            raise RuntimeError("can't retain_grad on a tensor that has requires_grad=False")
        if self.is_leaf or self.retains_grad:
            return
        me = weakref.ref(self)

        def into_grad(g: Any) -> None:
            tensor = me()
            if tensor is not None:
                tensor._add_grad(g, False)

        into_grad.retains = me  # type: ignore[attr-defined]
        assert self._edge is not None
        self._edge[0].add_hook(self._edge[1], into_grad)

    @property
    def retains_grad(self) -> bool:
        """Was `retain_grad()` called on this computed tensor?"""
        if self.is_leaf or self._edge is None:
            return False
        hooks = (self._edge[0].hooks or {}).get(self._edge[1], ())
        return any(hook.__dict__.get("retains") is not None and hook.retains() is self for hook in hooks)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call `hook(gradient)` when backward has this tensor's gradient; what it returns replaces it.

        Returns a handle with `remove()`. The hook of a leaf runs before the gradient is added to `.grad`.
        """
        edge = edge_of(self)
        if edge is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        node, number = edge

        def on_arrays(g: Any) -> Any:
            if isinstance(g, Tensor):
                return hook(g)
            replacement = hook(Tensor._of(np.asarray(g)))
            return None if replacement is None else _check_hook(replacement, g)

        return node.add_hook(number, on_arrays)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call `hook(tensor)` each time backward has added to this leaf's `.grad`; returns a handle with `remove()`."""
        if not self.is_leaf or not self.requires_grad:
            raise RuntimeError("post accumulate grad hooks are for leaf tensors that require grad; use register_hook")
        hooks, key = self.__dict__.setdefault("_after_grad", {}), tick()
        hooks[key] = hook
        return RemovableHandle(hooks, key)

    def __repr__(self) -> str:
        return printing.tensor_text(self)

    def _repr_html_(self) -> str:
        return pixels.tensor_html(self, repr(self))

    def __getattr__(self, name: str) -> Any:
        raise missing("a Tensor", name, dir(type(self)))

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("tensors are not pickled: use tinygrad_rnn.save(...), or .numpy() for other formats")

    def __deepcopy__(self, memo: dict[Any, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                f"only leaf tensors can be deep-copied, and this one (shape {list(self.shape)}) was computed; keep "
                f"x.detach() instead, or set it to None before"
            )
        copied = self._twin(self.array.copy())
        copied._grad = None if self._grad is None else self._grad.detach().clone()
        memo[id(self)] = copied
        return copied

    def _twin(self, array: np.ndarray) -> Tensor:
        """A leaf of the same kind around another array."""
        twin = _new(type(self))
        twin.array, twin._edge, twin._grad, twin.name, twin._view = array, None, None, self.name, None
        return twin.requires_grad_() if self._edge is not None else twin


def _check_hook(replacement: Any, g: Any) -> Any:
    if not isinstance(replacement, Tensor) or replacement.array.shape != np.shape(g):
        found = list(replacement.shape) if isinstance(replacement, Tensor) else type(replacement).__name__
        raise RuntimeError(f"hook: expected a Tensor of the gradient's shape {list(np.shape(g))}, got {found}")
    return replacement.array.astype(g.dtype, copy=False)


recording.Tensor = Tensor  # what recorded operations return
