"""The same numbers in memory in other ways, and what every result over them promises.

A layout takes an array and returns one of its shape and numbers that lie differently in memory ("expanded" repeats the
first number along the first axis, so its numbers are others). `agree` runs a function on the array and on a C-ordered
copy: values, first and second derivatives are equal, and no input has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn.autograd import grad


def transposed(x: np.ndarray) -> np.ndarray:
    """In Fortran's order: the first axis runs fastest."""
    return np.asfortranarray(x) if x.ndim else x.copy()


def swapped(x: np.ndarray) -> np.ndarray:
    """The first two axes in the other order, which only three axes tell from the transpose."""
    return x.swapaxes(0, 1).copy().swapaxes(0, 1) if x.ndim > 1 else x.copy()


def every_second(x: np.ndarray) -> np.ndarray:
    """Every second number along each axis of a larger array."""
    return _within(x, [2 * n for n in x.shape], slice(None, None, 2))


def backwards(x: np.ndarray) -> np.ndarray:
    """Negative steps along each axis."""
    turned = (slice(None, None, -1),) * x.ndim
    return x[turned].copy()[turned] if x.ndim else x.copy()


def inside(x: np.ndarray) -> np.ndarray:
    """The middle of a larger array, whose other numbers are NaN."""
    return _within(x, [n + 2 for n in x.shape], slice(1, -1))


def expanded(x: np.ndarray) -> np.ndarray:
    """Steps of 0 along the first axis: all its entries are one place in memory."""
    return np.broadcast_to(x[:1].copy(), x.shape) if x.ndim and x.size else x.copy()


def _within(x: np.ndarray, sizes: list[int], places: slice) -> np.ndarray:
    larger = np.full(sizes, np.nan if x.dtype.kind == "f" else 1, x.dtype)
    view = larger[(places,) * x.ndim + (...,)]
    view[...] = x
    return view


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    f.__name__: f for f in (transposed, swapped, every_second, backwards, inside, expanded)
}


def leaf(array: np.ndarray) -> tg.Tensor:
    """A leaf that looks into `array` itself."""
    t = tg.Tensor._of(array)
    return t.requires_grad_() if array.dtype.kind == "f" else t


def parts(result: Any) -> list[tg.Tensor]:
    """All tensors in nested tuples and lists."""
    if isinstance(result, tg.Tensor):
        return [result]
    return [t for part in result or () for t in parts(part)] if isinstance(result, (tuple, list)) else []


def derivatives(
    function: Any, arrays: list[Any], layout: Any, options: dict[str, Any], second: bool
) -> dict[str, list[Any]]:
    """Values, gradients and gradients of gradients of `function`; what comes in, gradients too, lies as `layout` says."""
    options = {name: layout(x) if isinstance(x, np.ndarray) else x for name, x in options.items()}
    inputs = [x if x is None else leaf(layout(x)) for x in arrays]
    before = [x if x is None else x.array.copy() for x in inputs]
    outputs = parts(function(*inputs, **options))
    ends = [y for y in outputs if y.requires_grad]
    wanted = [x for x in inputs if x is not None and x.requires_grad]
    found = {"value": [y.array for y in outputs]}
    if ends and wanted:
        seeds = [tg.Tensor._of(layout(_seed(y))) for y in ends]
        found["gradient"] = [_array(g) for g in grad(ends, wanted, seeds, retain_graph=True, allow_unused=True)]
        if second:
            seeds = [leaf(layout(_seed(y))) for y in ends]
            first = grad(ends, wanted, seeds, create_graph=True, allow_unused=True)
            found["recorded gradient"] = [_array(g) for g in first]
            first = [g for g in first if g is not None and g.requires_grad]
            if first:
                again = [tg.Tensor._of(layout(_seed(g))) for g in first]
                found["second"] = [_array(g) for g in grad(first, [*wanted, *seeds], again, allow_unused=True)]
    for x, old in zip(inputs, before, strict=True):
        if x is not None:
            np.testing.assert_array_equal(x.array, old, err_msg="an input was changed")
    return found


def agree(
    function: Any, arrays: list[Any], layout: Any, options: Any = None, second: bool = True, tolerance: float = 1e-12
) -> None:
    """`function` does the same on `arrays` (and those among `options`) laid out as `layout` says, and on C-ordered copies."""
    plain = derivatives(function, arrays, lambda x: np.array(layout(x), order="C"), options or {}, second)
    other = derivatives(function, arrays, layout, options or {}, second)
    assert plain.keys() == other.keys()
    for kind in plain:
        for k, (a, b) in enumerate(zip(plain[kind], other[kind], strict=True)):
            assert (a is None) == (b is None), f"{kind} {k}"
            if a is not None:
                np.testing.assert_allclose(b, a, rtol=tolerance, atol=tolerance, err_msg=f"{kind} {k}")


def _seed(t: Any) -> np.ndarray:
    """A gradient to start from: of t's shape and type, no number twice."""
    return np.asarray(np.sin(np.arange(1.0, t.array.size + 1)).reshape(t.array.shape), t.array.dtype)


def _array(g: Any) -> Any:
    return None if g is None else g.array
