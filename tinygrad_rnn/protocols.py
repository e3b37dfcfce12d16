"""What Python does with a Tensor: operators, len, iteration, indexing, conversion to numbers and text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import printing
from .arrays import is_number, plain
from .functions import compare, elementwise, indexing, inplace, products, updates
from .ops.function import Recorded


class Protocols(Recorded):
    """Python's special methods; each is one of the functions, or says why it cannot be."""

    __slots__ = ()

    __array_ufunc__ = None  # ndarray * Tensor asks Tensor.__rmul__ instead of making an object array
    __hash__ = object.__hash__

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.requires_grad:
            raise RuntimeError("NumPy cannot take a Tensor that requires grad; use tensor.detach() first")
        return np.array(self.array, dtype=dtype, copy=copy)

    # --- Python's protocols -------------------------------------------------------------------------

    def __len__(self) -> Any:
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self.array.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __contains__(self, element: Any) -> Any:
        if not isinstance(element, Recorded) and not is_number(element):
            raise RuntimeError(f"x in tensor: expected a Tensor or a number, got {type(element).__name__}")
        return bool(compare.eq(self, element).array.any())

    def __bool__(self) -> Any:
        if self.array.size != 1:
            raise RuntimeError(f"the truth value of a Tensor with {self.array.size} elements is ambiguous: use .any() or .all()")  # fmt: skip
        return bool(self.array.item())

    def __float__(self) -> Any:
        return float(self._one("float"))

    def __int__(self) -> Any:
        return int(self._one("int"))

    def _one(self, wanted: str) -> Any:
        if self.array.size != 1:
            raise ValueError(f"only one-element tensors can become a Python {wanted}; this one has {self.array.size}")
        return self.array.item()

    def __index__(self) -> Any:
        if self.array.size != 1 or self.array.dtype.kind == "f":
            raise TypeError(
                f"only integer tensors of a single element can be used as an index (got {self.dtype}, shape {list(self.shape)})"
            )
        return int(self.array.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.array.ndim == 0 else object.__format__(self, spec)

    def __repr__(self) -> str:
        return printing.tensor_text(self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("tensors are not pickled: use tinygrad_rnn.save(...), or .numpy() for other formats")

    def __getattr__(self, name: str) -> Any:
        import difflib  # only a mistake needs it

        near = difflib.get_close_matches(name, dir(type(self)), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise AttributeError(f"a Tensor has no attribute {name!r}{hint}")

    # --- operators ----------------------------------------------------------------------------------------

    def __pow__(self, other: Any) -> Any:
        return elementwise.pow(self, other)

    def __neg__(self) -> Any:
        return elementwise.neg(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return elementwise.abs(self)

    def __matmul__(self, other: Any) -> Any:
        return products.matmul(self, self._of(plain("matmul", other)) if isinstance(other, np.ndarray) else other)

    def __rmatmul__(self, other: Any) -> Any:
        return products.matmul(self._of(plain("matmul", np.asanyarray(other))), self)

    def __floordiv__(self, other: Any) -> Any:
        return elementwise.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return elementwise.floor_divide(other, self)

    def __mod__(self, other: Any) -> Any:
        return elementwise.remainder(self, other)

    def __rmod__(self, other: Any) -> Any:
        return elementwise.remainder(other, self)

    # Beside what is no number, Python decides: `x == None` is False, `x < None` a TypeError

    def __eq__(self, other: Any) -> Any:
        return compare.eq(self, other) if compare.comparable(other) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        return compare.ne(self, other) if compare.comparable(other) else NotImplemented

    def __lt__(self, other: Any) -> Any:
        return compare.lt(self, other) if compare.comparable(other) else NotImplemented

    def __le__(self, other: Any) -> Any:
        return compare.le(self, other) if compare.comparable(other) else NotImplemented

    def __gt__(self, other: Any) -> Any:
        return compare.gt(self, other) if compare.comparable(other) else NotImplemented

    def __ge__(self, other: Any) -> Any:
        return compare.ge(self, other) if compare.comparable(other) else NotImplemented

    def __rand__(self, other: Any) -> Any:
        return compare.bitwise_and(self, other)

    def __rxor__(self, other: Any) -> Any:
        return compare.bitwise_xor(self, other)

    def __ror__(self, other: Any) -> Any:
        return compare.bitwise_or(self, other)

    def __invert__(self) -> Any:
        if self.dtype.kind == "f":
            raise TypeError(f"~ is for integers and bools, got {self.dtype}")
        return compare.bitwise_not(self)

    __and__ = compare.bitwise_and
    __or__ = compare.bitwise_or
    __xor__ = compare.bitwise_xor
    __getitem__ = indexing.getitem
    __setitem__ = inplace.setitem
    __iadd__ = updates.add_
    __isub__ = updates.sub_
    __imul__ = updates.mul_
    __itruediv__ = updates.div_
    __ipow__ = updates.pow_
    __ifloordiv__ = updates.floor_divide_
    __imod__ = updates.remainder_
