"""What a PyTorch program meets on its way and a CPU library has no use for: names that only answer.

The modules at the paths that imports demand (`cuda`, `accelerator`, `backends.cudnn`, `linalg`, `autograd.variable` …)
are one line each and take their names from here.
"""

from __future__ import annotations

import warnings
from typing import Any

from . import dtypes
from ._device import device
from ._tensor import Tensor
from .ops.making import legacy_array

# --- no GPU: `cuda`, `accelerator`, `backends` -----------------------------------------------------------


def is_available() -> bool:
    """False: there is no GPU here."""
    return False


def is_built() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """None: use `device("cpu")`."""
    return None


def seed_gpus(seed: int) -> None:
    """Does nothing: there is no GPU to seed."""


def empty_cache() -> None:
    """Does nothing."""


# Switches of NVIDIA's cuDNN. Programs may set them; nothing here reads them, and results never vary anyway.
enabled: bool = False
deterministic: bool = True
benchmark: bool = False


# --- `Variable`, from the time before tensors kept gradients themselves ------------------------------------


class _AnyTensor(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_AnyTensor):
    """`Variable(x)` is x, outside any graph; `Variable(x, requires_grad=True)` is a leaf on the same memory.

    Every Tensor is an instance of Variable.
    """

    def __new__(cls, data: Tensor, requires_grad: bool = False, volatile: bool = False) -> Any:
        if volatile:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.", stacklevel=2
            )
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable: data has to be a Tensor, got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)


# --- legacy constructors: `LongTensor([1, 2])`, `FloatTensor(2, 3)`, `isinstance(x, LongTensor)` -------------


class _ByType(type):
    """Each such class is a name for one element type; what it makes is a Tensor of that type."""

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
