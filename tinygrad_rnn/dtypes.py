"""Element types: their names, the default, and which type the result of mixed inputs has.

The rule is PyTorch's, not NumPy's: kinds are ordered bool < integer < floating; the highest kind
wins, and within it tensors with dimensions outrank 0-d tensors, which outrank Python numbers.
So a Python number never changes a float tensor's type, and int64 + float32 is float32.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ._quiet import quiet

dtype = np.dtype
float16: dtype[Any] = np.dtype("float16")
float32: dtype[Any] = np.dtype("float32")
float64: dtype[Any] = np.dtype("float64")
uint8: dtype[Any] = np.dtype("uint8")
int8: dtype[Any] = np.dtype("int8")
int16: dtype[Any] = np.dtype("int16")
int32: dtype[Any] = np.dtype("int32")
int64: dtype[Any] = np.dtype("int64")
bool: dtype[Any] = np.dtype("bool")
half: dtype[Any] = float16  # PyTorch's other names
float: dtype[Any] = float32
double: dtype[Any] = float64
short: dtype[Any] = int16
int: dtype[Any] = int32
long: dtype[Any] = int64


class _Refused:
    """A type of PyTorch's that nothing here computes with: it can be named, and says why, and what to use instead."""

    def __init__(self, name: str, why: str, way_round: str):
        self.name, self.why, self.way_round = name, why, way_round

    def __repr__(self) -> str:
        return f"torch.{self.name}"


bfloat16: Any = _Refused("bfloat16", "NumPy has none", "float32, which has the same range")
complex64: Any = _Refused(
    "complex64",
    "gradients are of real numbers",
    "two float32 tensors, for real and imaginary part (rotations: sin and cos)",
)
complex128: Any = _Refused(
    "complex128",
    "gradients are of real numbers",
    "two float64 tensors, for real and imaginary part (rotations: sin and cos)",
)
cfloat: Any = complex64
cdouble: Any = complex128

SUPPORTED = (float16, float32, float64, uint8, int8, int16, int32, int64, bool)
# equal dtypes may be several objects; types of tensors are always these
_OWN: dict[Any, np.dtype[Any]] = {d: d for d in SUPPORTED}
PYTHON_NUMBERS: set[type] = {builtins.bool, builtins.int, builtins.float}
_KIND = {"b": 0, "u": 1, "i": 1, "f": 2}
_default = float32


def get_default_dtype() -> np.dtype[Any]:
    """The type of new floating-point tensors; float32 unless changed."""
    return _default


def set_default_dtype(d: Any) -> None:
    """Change the type of new floating-point tensors: float16, float32 or float64."""
    global _default
    wanted = _OWN.get(np.dtype(d))
    if wanted is None or wanted.kind != "f":
        raise TypeError(f"set_default_dtype: only floating-point types are supported as the default, got {d}")
    _default = wanted


def supported(d: Any) -> np.dtype[Any]:
    """`d` as a dtype this library computes with; a TypeError that lists them otherwise."""
    if isinstance(d, _Refused):
        raise TypeError(f"there is no {d.name} here: {d.why}; use {d.way_round}")
    try:
        found = _OWN.get(np.dtype({"float": "float64", "int": "int64"}.get(getattr(d, "__name__", ""), d)))
    except TypeError:
        found = None
    if found is None:
        names = ", ".join(str(s) for s in SUPPORTED)
        raise TypeError(f"dtype {d!r} is not supported; choose one of {names}")
    return found


def promote_types(a: Any, b: Any) -> np.dtype[Any]:
    """The smallest type that holds both, where any float beats any integer (int64, float32 -> float32)."""
    a, b = np.dtype(a), np.dtype(b)
    if a.kind == "f" and b.kind != "f":
        return a
    if b.kind == "f" and a.kind != "f":
        return b
    return np.promote_types(a, b)


def number_type(value: Any) -> np.dtype[Any]:
    """The type a bare Python number stands for."""
    if value is True or value is False:
        return bool
    return _default if not isinstance(value, (builtins.int, np.integer)) else int64


def result_type(*operands: Any) -> np.dtype[Any]:
    """The type of an operation on these arrays and Python numbers, by the rule at the top."""
    ranked: list[np.dtype[Any] | None] = [None, None, None]  # arrays with dimensions, 0-d arrays, numbers
    for x in operands:
        is_array = isinstance(x, np.ndarray)
        rank = (0 if x.ndim else 1) if is_array else 2
        found = x.dtype if is_array else number_type(x)
        before = ranked[rank]
        ranked[rank] = found if before is None else promote_types(before, found)
    result = None
    for found in ranked:
        if found is not None and (result is None or _KIND[found.kind] > _KIND[result.kind]):
            result = found
    assert result is not None
    return result


@quiet
def cast(x: np.ndarray, d: np.dtype[Any]) -> np.ndarray:
    """The numbers of `x` as that type."""
    return x.astype(d)


class finfo:
    """Limits of a floating-point type: `max`, `min`, `eps`, `tiny`, `bits` (PyTorch's name)."""

    def __init__(self, type: Any = None):
        self.dtype: Any = _default if type is None else supported(type)
        if self.dtype.kind != "f":
            raise TypeError(f"finfo() is for floating-point types, got {self.dtype}; use iinfo()")
        limits = np.finfo(self.dtype)
        self.bits: Any = limits.bits
        self.max: Any = limits.max.item()
        self.min: Any = limits.min.item()
        self.eps: Any = limits.eps.item()
        self.tiny: Any = limits.tiny.item()
        self.resolution: Any = 10.0**-limits.precision
        self.smallest_normal: Any = self.tiny


class iinfo:
    """Limits of an integer type: `max`, `min`, `bits` (PyTorch's name)."""

    def __init__(self, type: Any):
        self.dtype: Any = supported(type)
        if self.dtype.kind not in "iu":
            raise TypeError(f"iinfo() is for integer types, got {self.dtype}; use finfo()")
        limits = np.iinfo(self.dtype)
        self.bits: Any = limits.bits
        self.max: Any = limits.max
        self.min: Any = limits.min
