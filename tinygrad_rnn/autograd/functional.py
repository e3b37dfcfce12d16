"""Derivatives of functions rather than of graphs: Jacobians, Hessians and their products with vectors.

For y = f(x), with J = dy/dx and, for a single number y, H = d²y/dx²:

    vjp   vᵀ J     one backward              jvp   J v     two backwards (below)
    vhp   vᵀ H     backward of backward      hvp   H v     the same twice, as for jvp

`inputs` is a Tensor or a tuple of Tensors; results have the same form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._mode import enable_grad
from .._tensor import Tensor
from ..gradients import grad
from ..ops.joining import stack

Tensors = tuple[Tensor, ...]


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(f(x), vᵀ J): `v` has the form of the outputs, and may be left out if f returns one number.

    create_graph  record the computation, so that the results can be differentiated
    strict        raise where an output does not depend on an input, instead of returning zeros
    """
    with enable_grad():
        xs, one_input = _prepared("vjp", inputs, create_graph)
        ys, one_output = _evaluated("vjp", func, xs, strict)
        vs = _vectors("vjp", v, ys, "outputs")
        found = _grad("vjp", ys, xs, vs, create_graph, strict)
    return _finished(ys, one_output, create_graph), _finished(found, one_input, create_graph)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(f(x), J v): `v` has the form of the inputs, and may be left out if the input is one number.

    uᵀ J is linear in u, and its derivative by u is J: so a backward through the backward gives J v.
    """
    with enable_grad():
        xs, _ = _prepared("jvp", inputs, create_graph)
        vs = _vectors("jvp", v, xs, "inputs")
        ys, one_output = _evaluated("jvp", func, xs, strict)
        us = tuple(Tensor._of(np.zeros_like(y.array)).requires_grad_() for y in ys)
        rows = _grad("jvp", ys, xs, us, True, strict)
        found = _grad("jvp", rows, us, vs, create_graph, strict)
    return _finished(ys, one_output, create_graph), _finished(found, one_output, create_graph)


def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(f(x), vᵀ H) for a function that returns one number; `v` has the form of the inputs."""
    with enable_grad():
        xs, one_input = _prepared("vhp", inputs, create_graph)
        vs = _vectors("vhp", v, xs, "inputs")
        ys, one_output = _one_number("vhp", func, xs, strict)
        first = _grad("vhp", ys, xs, None, True, strict)
        found = _grad("vhp", first, xs, vs, create_graph, strict)
    return _finished(ys, one_output, create_graph), _finished(found, one_input, create_graph)


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(f(x), H v) for a function that returns one number. H is symmetric where f is smooth: `vhp` is cheaper."""
    with enable_grad():
        xs, one_input = _prepared("hvp", inputs, create_graph)
        vs = _vectors("hvp", v, xs, "inputs")
        ys, one_output = _one_number("hvp", func, xs, strict)
        first = _grad("hvp", ys, xs, None, True, strict)
        us = tuple(Tensor._of(np.zeros_like(x.array)).requires_grad_() for x in xs)
        rows = _grad("hvp", first, xs, us, True, strict)
        found = _grad("hvp", rows, us, vs, create_graph, strict)
    return _finished(ys, one_output, create_graph), _finished(found, one_input, create_graph)


def jacobian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """J = dy/dx, of shape (*shape of y, *shape of x): one backward per entry of y.

    With a tuple of inputs, a tuple over them; with a tuple of outputs, a tuple over those (of tuples).
    `vectorize` and `strategy` choose speed in PyTorch, and change nothing here.
    """
    with enable_grad():
        xs, one_input = _prepared("jacobian", inputs, create_graph)
        ys, one_output = _evaluated("jacobian", func, xs, strict)
        rows = tuple(_jacobian_of(y, xs, create_graph, strict) for y in ys)
    rows = tuple(_finished(row, one_input, create_graph) for row in rows)
    return rows[0] if one_output else rows


def hessian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """H = d²y/dx² of a function that returns one number, of shape (*shape of x, *shape of x).

    With a tuple of inputs, a tuple of tuples: [i][j] is the derivative by input i and input j.
    """
    one_input = isinstance(inputs, Tensor)

    def gradient(*xs: Tensor) -> Any:
        ys, _ = _one_number("hessian", func, xs, strict)
        first = _grad("hessian", ys, xs, None, True, strict)
        for k, g in enumerate(first):
            if strict and not g.requires_grad:
                raise RuntimeError(
                    f"hessian(): the derivative by input {k} does not depend on the inputs (strict=True)"
                )
        return first

    found = jacobian(gradient, inputs, create_graph, strict)
    return found[0] if one_input else found


def _jacobian_of(y: Tensor, xs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The Jacobian of one output by each input."""
    rows: list[Tensors] = []
    for entry in range(y.array.size):
        seed = np.zeros(y.array.size, y.dtype)
        seed[entry] = 1
        vs = (Tensor._of(seed.reshape(y.array.shape)),)
        rows.append(_grad("jacobian", (y,), xs, vs, create_graph, strict))
    if not rows:
        return tuple(Tensor._of(np.zeros((*y.shape, *x.shape), x.dtype)) for x in xs)
    return tuple(
        stack(column).reshape((*y.array.shape, *x.array.shape))
        for column, x in zip(zip(*rows, strict=True), xs, strict=True)
    )


# --- arguments in, results out ----------------------------------------------------------------------


def _as_tuple(name: str, what: str, given: Any) -> tuple[Tensors, bool]:
    """`given` as a tuple of Tensors, and whether it was a single one."""
    if isinstance(given, Tensor):
        return (given,), True
    if not isinstance(given, (tuple, list)):
        raise TypeError(f"{name}(): the {what} must be a Tensor or a tuple of Tensors, got {type(given).__name__}")
    for k, t in enumerate(given):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): the {what} must be Tensors, but number {k} is a {type(t).__name__}")
    return tuple(given), False


def _prepared(name: str, inputs: Any, create_graph: bool) -> tuple[Tensors, bool]:
    """Inputs to differentiate by: new leaves, or with `create_graph` views that lead on to the given tensors."""
    given, one = _as_tuple(name, "inputs", inputs)
    for k, x in enumerate(given):
        if x.dtype.kind != "f":
            raise RuntimeError(f"{name}(): input {k} (shape {list(x.shape)}) is {x.dtype}, it must be floating point")
    return tuple(x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in given), one


def _evaluated(name: str, func: Callable[..., Any], xs: Tensors, strict: bool) -> tuple[Tensors, bool]:
    ys, one = _as_tuple(name, "outputs of the function", func(*xs))
    for k, y in enumerate(ys):
        if strict and not y.requires_grad:
            raise RuntimeError(f"{name}(): output {k} of the function does not depend on the inputs (strict=True)")
    return ys, one


def _one_number(name: str, func: Callable[..., Any], xs: Tensors, strict: bool) -> tuple[Tensors, bool]:
    ys, one = _evaluated(name, func, xs, strict)
    if len(ys) != 1 or ys[0].array.size != 1:
        shapes = [list(y.shape) for y in ys]
        raise RuntimeError(f"{name}(): the function must return a single number, it returned shapes {shapes}")
    return ys, one


def _vectors(name: str, v: Any, like: Tensors, what: str) -> Tensors:
    """`v` checked against the tensors it belongs to; 1 where it may be left out."""
    if v is None:
        if len(like) != 1 or like[0].array.size != 1:
            raise RuntimeError(f"{name}(): v can only be left out if the {what} are a single number; pass v")
        return (Tensor._of(np.ones_like(like[0].array)),)
    vs, _ = _as_tuple(name, "vectors v", v)
    if len(vs) != len(like):
        raise RuntimeError(f"{name}(): v has {len(vs)} tensors, but there are {len(like)} {what}")
    for k, (a, b) in enumerate(zip(vs, like, strict=True)):
        if a.array.shape != b.array.shape:
            raise RuntimeError(f"{name}(): v[{k}] has shape {list(a.shape)}, expected {list(b.shape)} as the {what}")
    return vs


def _grad(name: str, ys: Tensors, xs: Tensors, vs: Tensors | None, create_graph: bool, strict: bool) -> Tensors:
    """vᵀ dy/dx for each x: zeros where nothing depends on it, or with `strict` an error."""
    gradients = vs if vs is not None else (None,) * len(ys)
    used = [(y, g) for y, g in zip(ys, gradients, strict=True) if y.requires_grad]
    found: tuple[Any, ...] = (None,) * len(xs)
    if used:
        outputs, seeds = zip(*used, strict=True)
        found = grad(outputs, xs, seeds, retain_graph=True, create_graph=create_graph, allow_unused=True)
    for k, g in enumerate(found):
        if strict and g is None:
            raise RuntimeError(f"{name}(): the result does not depend on input {k} (strict=True)")
    return tuple(Tensor._of(np.zeros_like(x.array)) if g is None else g for g, x in zip(found, xs, strict=True))


def _finished(tensors: Tensors, one: bool, create_graph: bool) -> Any:
    """In the form of what was passed in, outside the graph unless it was asked for."""
    if not create_graph:
        tensors = tuple(t.detach() for t in tensors)
    return tensors[0] if one else tensors
