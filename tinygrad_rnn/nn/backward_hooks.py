"""Full backward hooks: `hook(module, grad_input, grad_output)` as a gradient passes a module.

The inputs and the outputs of the call each pass a node that changes nothing. In backward that of
the outputs notes their gradients; when those of the inputs have arrived too, the hooks are called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._mode import thread
from .._tensor import Tensor
from ..ops.function import Array, Function, Value
from ..recording import record_op

Gradients = tuple[Any, ...]


class BackwardHook(Function):
    """y_k = x_k          dL/dx_k = dL/dy_k, shown to `show`, which may return others"""

    def forward(ctx, *xs: Array, show: Any) -> Array:
        ctx.show = show
        return tuple([x.view() for x in xs])

    def backward(ctx, *gs: Value) -> Value:
        return ctx.show(gs)


class Passage:
    """One call of a module with backward hooks."""

    def __init__(self, module: Any, hooks: list[Callable[..., Any]]):
        self.module: Any = module
        self.hooks: Any = hooks
        self.grad_output: Gradients = ()
        self.inputs_wait: bool = False  # do any of the inputs want a gradient?

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments behind such a node."""
        wanting = [x for x in args if isinstance(x, Tensor) and x.requires_grad]
        self.inputs_wait = bool(wanting)
        return args if not wanting else _through(args, self._show_inputs)

    def leave(self, result: Any) -> Any:
        """The result (a Tensor or a tuple of them) behind such a node."""
        if isinstance(result, Tensor):
            return _through((result,), self._show_outputs)[0]
        return _through(result, self._show_outputs) if isinstance(result, tuple) else result

    def _show_outputs(self, gs: Gradients) -> Gradients:
        self.grad_output = tuple(_tensor(g) for g in gs)
        if not self.inputs_wait:
            self._call((None,))
        return gs

    def _show_inputs(self, gs: Gradients) -> Gradients:
        changed = self._call(tuple(_tensor(g) for g in gs))
        return tuple(
            [g if g is None or isinstance(old, Tensor) else g.array for g, old in zip(changed, gs, strict=True)]
        )

    def _call(self, grad_input: Gradients) -> Gradients:
        for hook in self.hooks:
            with thread.mode.users_errors():
                changed = hook(self.module, grad_input, self.grad_output)
            if changed is not None:
                grad_input = changed if isinstance(changed, tuple) else (changed,)
        return grad_input


def _through(values: tuple[Any, ...], show: Callable[[Gradients], Gradients]) -> tuple[Any, ...]:
    """`values`, those of them that want a gradient behind one node."""
    places = [k for k, x in enumerate(values) if isinstance(x, Tensor) and x.requires_grad]
    if not places:
        return values
    passed = dict(zip(places, record_op(BackwardHook, *[values[k] for k in places], show=show), strict=True))
    return tuple([passed.get(k, x) for k, x in enumerate(values)])


def _tensor(g: Any) -> Any:
    return g if g is None or isinstance(g, Tensor) else Tensor._of(np.asarray(g))
