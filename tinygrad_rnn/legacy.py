"""PyTorch's legacy constructors: `LongTensor([1, 2])`, `FloatTensor(2, 3)`, and `isinstance(x, LongTensor)`.

Each is a name for one element type; what it makes is a Tensor of that type. `tensor(data, dtype=...)`
is the newer and clearer way.
"""

from __future__ import annotations

from typing import Any

from . import dtypes
from .functions.convert import legacy_array
from .tensor import Tensor


class _ByType(type):
    element_type: Any

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Tensor) and x.dtype == cls.element_type

    def __call__(cls, *data: Any) -> Tensor:
        """Of sizes, a tensor to be filled (zeros here); of a list or an array, a tensor with its numbers."""
        return Tensor._of(legacy_array(data, cls.element_type))


class FloatTensor(metaclass=_ByType):
    """float32"""

    element_type = dtypes.float32


class DoubleTensor(metaclass=_ByType):
    """float64"""

    element_type = dtypes.float64


class HalfTensor(metaclass=_ByType):
    """float16"""

    element_type = dtypes.float16


class LongTensor(metaclass=_ByType):
    """int64"""

    element_type = dtypes.int64


class IntTensor(metaclass=_ByType):
    """int32"""

    element_type = dtypes.int32


class ShortTensor(metaclass=_ByType):
    """int16"""

    element_type = dtypes.int16


class CharTensor(metaclass=_ByType):
    """int8"""

    element_type = dtypes.int8


class ByteTensor(metaclass=_ByType):
    """uint8"""

    element_type = dtypes.uint8


class BoolTensor(metaclass=_ByType):
    """bool"""

    element_type = dtypes.bool
