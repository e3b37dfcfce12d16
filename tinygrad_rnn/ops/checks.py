"""Checks and conversions of arguments, shared by all functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import came, operand
from .function import Recorded


def is_tensor(x: Any) -> bool:
    """Is `x` a Tensor?"""
    return isinstance(x, Recorded)


def need_tensor(name: str, x: Any, argument: str = "input") -> None:
    """Raise a TypeError unless `x` is a Tensor."""
    if not isinstance(x, Recorded):
        raise TypeError(f"{name}(): argument '{argument}' must be a Tensor, not {came(x)}")


def need_float(name: str, x: Any, argument: str = "input", error: type[Exception] = NotImplementedError) -> None:
    """Raise `error` unless `x` is a Tensor of floats. PyTorch raises NotImplementedError here, a RuntimeError there."""
    need_tensor(name, x, argument)
    if x.array.dtype.kind != "f":
        raise error(f"{name}(): the {argument} must be floating point, got {x.dtype}; convert it with .float()")


def need_numbers(name: str, x: Any, argument: str = "input") -> None:
    """Raise unless `x` is a Tensor of ints or floats: what is done to it has no meaning for bools."""
    need_tensor(name, x, argument)
    if x.array.dtype.kind == "b":
        raise NotImplementedError(f"{name}() is not for bools; convert the {argument} with .int()")


def need_ints(name: str, **given: Any) -> None:
    """Raise a TypeError that names the argument which is not an int."""
    for argument, value in given.items():
        if isinstance(value, bool) or not (
            isinstance(value, (int, np.integer)) or (is_tensor(value) and value.ndim == 0)
        ):
            raise TypeError(f"{name}(): {argument} must be an int, got {value!r} of type {type(value).__name__}")


def array(x: Any, name: str = "argument") -> Any:
    """The array of a Tensor; arrays and numbers from outside made plain."""
    return x.array if isinstance(x, Recorded) else operand(name, x)


def wrap_dim(name: str, dim: Any, ndim: int) -> int:
    """`dim` counted from 0; an IndexError outside -ndim..ndim-1. A 0-d tensor counts as having one axis."""
    if dim.__class__ is int and -ndim <= dim < ndim:
        return dim % ndim
    if is_tensor(dim) or isinstance(dim, np.integer):
        dim = int(dim)
    if isinstance(dim, bool) or not isinstance(dim, int):
        raise TypeError(f"{name}(): dim must be an int, not {type(dim).__name__}")
    size = max(ndim, 1)
    if not -size <= dim < size:
        raise IndexError(f"{name}(): dimension out of range (expected {-size} to {size - 1}, got {dim})")
    return dim % size


def wrap_dims(name: str, dim: Any, ndim: int) -> tuple[int, ...]:
    """`dim` (None or () for all, an int, or several) as distinct axes counted from 0."""
    if dim is None or (not isinstance(dim, (int, np.integer)) and not is_tensor(dim) and len(dim) == 0):
        return tuple(range(ndim))
    return named_dims(name, dim, ndim)


def named_dims(name: str, dim: Any, ndim: int) -> tuple[int, ...]:
    """`dim` (an int, or several) as distinct axes counted from 0; () are none."""
    found: tuple[int, ...]
    if isinstance(dim, int) or is_tensor(dim) or isinstance(dim, np.integer):
        found = (wrap_dim(name, dim, ndim),)
    else:
        found = tuple(wrap_dim(name, d, ndim) for d in dim)
    if len(set(found)) != len(found):
        raise RuntimeError(f"{name}(): dim {dim} names an axis twice")
    return found if ndim else ()


def sizes_of(name: str, given: Sequence[Any], named: dict[str, Any], keyword: str) -> tuple[int, ...]:
    """The ints of `f(2, 3)`, `f((2, 3))` and `f(keyword=(2, 3))`."""
    if named:
        if given or set(named) != {keyword}:
            raise TypeError(f"{name}(): give {keyword} once, got {len(given)} positional arguments and {sorted(named)}")
        given = (named[keyword],)
    return flat_ints(name, given)


def flat_ints(name: str, args: Sequence[Any]) -> tuple[int, ...]:
    """`f(2, 3)` and `f((2, 3))` alike: the ints, also given as 0-d integer tensors. `f(())` are none, `f()` is refused."""
    if not args:
        raise TypeError(f"{name}(): the sizes or axes are missing; give () for none")
    if len(args) == 1 and not isinstance(args[0], (int, np.integer)) and not (is_tensor(args[0]) and args[0].ndim == 0):
        args = args[0]
    try:
        return tuple(a if a.__class__ is int else int(a.__index__()) for a in args)
    except (TypeError, AttributeError):
        kinds = [type(a).__name__ for a in args] if isinstance(args, (tuple, list)) else type(args).__name__
        raise TypeError(f"{name}(): sizes and axes must be ints, got {kinds}") from None


def broadcast_shapes(name: str, *shapes: Any, of: str = "shapes ") -> tuple[int, ...]:
    """The common shape; a RuntimeError that shows the shapes if there is none."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = ", ".join(str(list(s)) for s in shapes)
        raise RuntimeError(f"{name}(): {of}{listed} do not broadcast together") from None
