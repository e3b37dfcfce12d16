"""Comparisons and logic: results are bool tensors and carry no gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .._quiet import quiet
from ..arrays import came, check_pair, is_foreign, is_number
from ..dtypes import result_type
from ..recording import without_gradient
from .checks import array, broadcast_shapes, is_tensor, named_dims, need_tensor, wrap_dims
from .function import Recorded
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Comparing(Recorded):
    """Tensor's comparisons, and its logic with bits."""

    __slots__ = ()

    @worded
    def eq(input: Tensor, other: Any) -> Tensor:
        """input == other, element by element."""
        return _compare("eq", np.equal, input, other)

    @worded
    def ne(input: Tensor, other: Any) -> Tensor:
        """input != other, element by element."""
        return _compare("ne", np.not_equal, input, other)

    @worded
    def lt(input: Tensor, other: Any) -> Tensor:
        """input < other, element by element."""
        return _compare("lt", np.less, input, other)

    @worded
    def le(input: Tensor, other: Any) -> Tensor:
        """input <= other, element by element."""
        return _compare("le", np.less_equal, input, other)

    @worded
    def gt(input: Tensor, other: Any) -> Tensor:
        """input > other, element by element."""
        return _compare("gt", np.greater, input, other)

    @worded
    def ge(input: Tensor, other: Any) -> Tensor:
        """input >= other, element by element."""
        return _compare("ge", np.greater_equal, input, other)

    greater: Final = gt
    greater_equal: Final = ge
    less: Final = lt
    less_equal: Final = le
    not_equal: Final = ne

    @worded
    def logical_and(input: Tensor, other: Any) -> Tensor:
        """True where both are nonzero."""
        return _logical(np.logical_and, input, other)

    @worded
    def logical_or(input: Tensor, other: Any) -> Tensor:
        """True where at least one is nonzero."""
        return _logical(np.logical_or, input, other)

    def logical_xor(input: Tensor, other: Any) -> Tensor:
        """True where exactly one is nonzero."""
        return _logical(np.logical_xor, input, other)

    @worded
    def logical_not(input: Tensor) -> Tensor:
        """True where input is zero."""
        need_tensor("logical_not", input)
        return input._of(np.logical_not(input.array))

    def bitwise_and(input: Tensor, other: Any) -> Tensor:
        """input & other, on integers or bools."""
        return _bitwise("&", np.bitwise_and, input, other)

    def bitwise_or(input: Tensor, other: Any) -> Tensor:
        """input | other, on integers or bools."""
        return _bitwise("|", np.bitwise_or, input, other)

    def bitwise_xor(input: Tensor, other: Any) -> Tensor:
        """input ^ other, on integers or bools."""
        return _bitwise("^", np.bitwise_xor, input, other)

    def bitwise_not(input: Tensor) -> Tensor:
        """~input, on integers or bools."""
        need_tensor("bitwise_not", input)
        if input.dtype.kind == "f":
            raise NotImplementedError(f"bitwise_not() is for integers and bools, got {input.dtype}")
        return input._of(np.asarray(np.invert(input.array)))

    def isnan(input: Tensor) -> Tensor:
        """True where input is NaN."""
        need_tensor("isnan", input)
        return input._of(np.asarray(np.isnan(input.array)))

    def isinf(input: Tensor) -> Tensor:
        """True where input is +Inf or -Inf."""
        need_tensor("isinf", input)
        return input._of(np.asarray(np.isinf(input.array)))

    def isfinite(input: Tensor) -> Tensor:
        """True where input is neither Inf nor NaN."""
        need_tensor("isfinite", input)
        return input._of(np.asarray(np.isfinite(input.array)))

    @quiet
    def isclose(input: Tensor, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
        """True where |input - other| <= atol + rtol · |other|."""
        need_tensor("isclose", input)
        need_tensor("isclose", other, "other")
        if rtol < 0 or atol < 0:
            raise RuntimeError(f"isclose(): rtol and atol must not be negative, got {rtol} and {atol}")
        broadcast_shapes("isclose", input.array.shape, other.array.shape)
        if input.dtype != other.dtype:
            raise RuntimeError(f"isclose(): the two tensors have different dtypes, {input.dtype} and {other.dtype}")
        return input._of(np.asarray(np.isclose(input.array, other.array, rtol, atol, equal_nan)))

    def allclose(input: Tensor, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
        """True if all elements are close, as a bool."""
        need_tensor("allclose", input)
        return bool(input.isclose(other, rtol, atol, equal_nan).array.all())

    def equal(input: Tensor, other: Any) -> bool:
        """True if shapes and all elements are the same, as a bool."""
        need_tensor("equal", input)
        need_tensor("equal", other, "other")
        return input.shape == other.shape and bool((input.array == other.array).all())

    @worded
    def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
        """True where at least one element along `dim` is nonzero."""
        return _quantify("any", np.any, input, dim, keepdim)

    @worded
    def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
        """True where all elements along `dim` are nonzero."""
        return _quantify("all", np.all, input, dim, keepdim)

    @worded
    def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
        """How many elements along `dim` are not zero, int64."""
        need_tensor("count_nonzero", input)
        dims = wrap_dims("count_nonzero", dim, input.array.ndim)
        return input._of(np.asarray(np.count_nonzero(input.array, axis=dims), dtype=np.int64, order="C"))

    # Beside what is no number, Python decides: `x == None` is False, `x < None` a TypeError

    def __eq__(self: Tensor, other: Any) -> Any:
        return self.eq(other) if comparable(other) else NotImplemented

    def __ne__(self: Tensor, other: Any) -> Any:
        return self.ne(other) if comparable(other) else NotImplemented

    def __lt__(self: Tensor, other: Any) -> Any:
        return self.lt(other) if comparable(other) else NotImplemented

    def __le__(self: Tensor, other: Any) -> Any:
        return self.le(other) if comparable(other) else NotImplemented

    def __gt__(self: Tensor, other: Any) -> Any:
        return self.gt(other) if comparable(other) else NotImplemented

    def __ge__(self: Tensor, other: Any) -> Any:
        return self.ge(other) if comparable(other) else NotImplemented

    __hash__: Any = object.__hash__

    def __contains__(self: Tensor, element: Any) -> bool:
        if not isinstance(element, Recorded) and not is_number(element):
            raise RuntimeError(f"x in tensor: expected a Tensor or a number, got {type(element).__name__}")
        return bool(self.eq(element).array.any())

    __and__: Final = bitwise_and
    __or__: Final = bitwise_or
    __xor__: Final = bitwise_xor
    __rand__: Final = bitwise_and
    __ror__: Final = bitwise_or
    __rxor__: Final = bitwise_xor

    def __invert__(self: Tensor) -> Tensor:
        if self.array.dtype.kind == "f":
            raise TypeError(f"~ is for integers and bools, got {self.array.dtype}")
        return self.bitwise_not()


COMPLEX = (complex, np.complexfloating)


def comparable(other: Any) -> bool:
    """Is `other` something whose numbers a tensor's can be compared with? Raises for another library's tensor."""
    if isinstance(other, (Recorded, int, float, complex, np.ndarray, np.number, np.bool_)):
        return True
    if is_foreign(other):
        raise TypeError(f"a Tensor is compared with Tensors and numbers, not with {came(other)}")
    return False


def _compare(name, function, input, other):
    need_tensor(name, input)
    equality = name in ("eq", "ne")  # a complex number can be equal, but not smaller or larger
    x: Any = input.array
    y: Any = other if equality and isinstance(other, COMPLEX) else array(other, name)
    if is_tensor(other) and x.dtype != y.dtype:
        common = result_type(x, y)
        x, y = x.astype(common), y.astype(common)
    try:
        return without_gradient(function(x, y), x, y)
    except ValueError:
        broadcast_shapes(name, x.shape, y.shape)
        raise


def _logical(function, input, other):
    need_tensor(function.__name__, input)
    need_tensor(function.__name__, other, "other")
    return _compare(function.__name__, function, input, other)


def _bitwise(symbol, function, input, other):
    name = function.__name__
    x, y = array(input, name), array(other, name)
    common = check_pair(name, x, y)
    if common.kind == "f":
        raise NotImplementedError(f"{symbol} is for integers and bools, got {common}")
    x, y = (v.astype(common) if isinstance(v, np.ndarray) and v.dtype is not common else v for v in (x, y))
    return (input if is_tensor(input) else other)._of(np.asarray(function(x, y)))


def _quantify(name, function, input, dim, keepdim):
    need_tensor(name, input)
    dims = wrap_dims(name, dim, input.array.ndim) if dim is None else named_dims(name, dim, input.array.ndim)
    found = np.asarray(function(input.array, axis=dims, keepdims=keepdim), order="C")
    return input._of(found.astype(np.uint8) if input.dtype == np.uint8 else found)
