"""The doors: arrays and numbers from outside become plain NumPy arrays of a standard type, and Python's own numbers.

What passed a door is not looked at again: ops compare types by identity, and `*` is always element by element. So
subclasses (np.matrix, np.memmap), other byte orders and NumPy's scalars end here, and what has no plain form (masked
arrays, records, complex numbers, objects) is refused.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import dtypes

STANDARD = {(d.kind, d.itemsize): d for d in dtypes.SUPPORTED}
LIMITS = {d: (dtypes.finfo(d) if d.kind == "f" else dtypes.iinfo(d)) for d in dtypes.SUPPORTED if d.kind != "b"}


def plain(name: str, array: np.ndarray) -> np.ndarray:
    """`array` without subclass, its dtype the library's own object. The same memory, unless its byte order is foreign.

    Equal dtypes may be several objects: unpickled and loaded arrays, and those with metadata, bring their own.
    """
    dtype = array.dtype
    standard = STANDARD.get((dtype.kind, dtype.itemsize))
    if standard is dtype and array.__class__ is np.ndarray:
        return array
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(
            f"{name}(): a masked array leaves elements out, a tensor cannot; give them a value first: array.filled(0)"
        )
    if standard is None:
        raise TypeError(f"{name}(): an array of {dtype} is not supported; {_way_out(array)}")
    array = np.asarray(array)
    return array.view(standard) if dtype.isnative else array.astype(standard)


def from_outside(name: str, x: Any) -> np.ndarray:
    """The array in another library's tensor (PyTorch's, JAX's …), outside its graph: the same memory if it lies on the CPU.

    bfloat16, which NumPy lacks, becomes float32, which holds all its numbers.
    """
    for step in ("detach", "cpu"):
        x = getattr(x, step)() if hasattr(x, step) else x
    if str(x.dtype).endswith("bfloat16"):
        x = x.float() if hasattr(x, "float") else x.astype("float32")
    return plain(name, np.asarray(x))


def _way_out(array: np.ndarray) -> str:
    dtype = array.dtype
    if dtype.names is not None:
        return f"take one field, as in array[{dtype.names[0]!r}]"
    if dtype.kind == "c":
        return "there are no complex numbers here; take array.real and array.imag"
    if dtype.kind in "mM":
        return "make the times numbers first: array.astype('int64')"
    if dtype.kind == "O":
        for place, x in np.ndenumerate(array):
            if not is_number(x):
                return f"its element {list(place)} is {x!r}, a {type(x).__name__}"
        return "its elements are Python objects; convert it with array.astype('float64')"
    wider = {"uint16": "int32", "uint32": "int64"}.get(dtype.name, "float64" if dtype.kind == "f" else "int64")
    names = ", ".join(map(str, dtypes.SUPPORTED))
    return f"convert it to one of {names}" + (f": array.astype({wider!r})" if dtype.kind in "uf" else "")


def came(x: Any) -> str:
    """What `x` is, and the way to the Tensor that was probably meant: the end of a message about a wrong argument."""
    kind = type(x).__name__
    if kind == "PackedSequence":
        return "PackedSequence: give it the Tensor packed.data, or pad_packed_sequence(packed)[0]"
    if isinstance(x, tuple) and hasattr(x, "values") and hasattr(x, "indices"):
        return f"the pair (values, indices) that {kind} returns: take one, as in x.{kind}(dim).values"
    if isinstance(x, tuple) and len(x) == 1:
        return "tuple of one: a comma at the end of a line makes one"
    if isinstance(x, tuple) and x and (hasattr(x[0], "_edge") or type(x[0]).__name__ == "PackedSequence"):
        kinds = ", ".join(type(part).__name__ for part in x)
        return f"tuple ({kinds}): take it apart, as in output, state = lstm(x) for what an LSTM or GRU returns"
    if isinstance(x, (list, tuple, np.ndarray)):
        return f"{kind}: make one with tensor(...)"
    if is_foreign(x):
        return f"{kind_of(x)}: make one with tensor(...); gradients do not cross over"
    return f"{kind}: did a function forget to return?" if x is None else kind


def is_foreign(x: Any) -> bool:
    """Is `x` a tensor of another library, PyTorch's or JAX's?"""
    here = hasattr(x, "_edge") or isinstance(x, (np.ndarray, np.generic, type))
    return hasattr(x, "__dlpack__") and not here


def kind_of(x: Any) -> str:
    """The class of `x`, and whose it is if it might be taken for ours: "torch Tensor"."""
    library = type(x).__module__.partition(".")[0]
    return f"{library} {type(x).__name__}" if library == "torch" or is_foreign(x) else type(x).__name__


def operand(name: str, x: Any) -> Any:
    """What stands beside a Tensor in an operation: an array made plain, a number as Python's own."""
    if isinstance(x, np.ndarray):
        return plain(name, x)
    if isinstance(x, np.generic):
        return python_number(name, x)
    if isinstance(x, (int, float)):
        return x
    raise TypeError(f"{name}(): expected Tensors and numbers, got {came(x)}")


def python_number(name: str, x: np.generic) -> bool | int | float:
    """A NumPy scalar as a bool, int or float (`item()` leaves a longdouble as it is)."""
    kind = x.dtype.kind
    if kind not in "biuf":
        raise TypeError(f"{name}(): expected a real number, got {type(x).__name__} {x!s}")
    value = float(x) if kind == "f" else x.item()
    if kind == "f" and math.isinf(value) and not np.isinf(x):
        raise RuntimeError(f"{name}(): {x!s} does not fit into a float")
    return value


def is_number(x: Any) -> bool:
    """Is `x` a real number of Python's or NumPy's?"""
    return isinstance(x, (int, float, np.bool_, np.integer, np.floating))


def check_fits(name: str, value: Any, dtype: np.dtype[Any]) -> None:
    """Raise unless the number `value` lies in the range of `dtype`. A fraction is cut off; Inf and NaN are floats.

    PyTorch lets -1 become 255 in uint8; here it is refused as 300 is.
    """
    if dtype.kind == "b":
        return
    limits = LIMITS[dtype]
    if limits.min <= value <= limits.max:
        return
    if dtype.kind == "f" and (value != value or abs(value) == math.inf):
        return
    raise RuntimeError(
        f"{name}(): value {value} cannot be converted to type {dtype} without overflow: it holds {limits.min} to {limits.max}"
    )


def check_pair(name: str, *operands: Any) -> np.dtype[Any]:
    """The common type of arrays and numbers; raises if a number does not fit into it."""
    common = dtypes.result_type(*operands)
    for x in operands:
        if not isinstance(x, np.ndarray):
            check_fits(name, x, common)
    return common


def fitting(name: str, value: Any, dtype: np.dtype[Any]) -> Any:
    """The number `value`, as Python's own, if it fits into `dtype`; raises otherwise."""
    if value.__class__ is not float and value.__class__ is not int:
        if not is_number(value):
            raise TypeError(f"{name}(): expected a number, got {type(value).__name__}")
        value = operand(name, value)
    check_fits(name, value, dtype)
    return value


def all_fitting(name: str, numbers: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """`numbers` as `dtype`, if they fit. Floats may overflow to Inf in a smaller float type, as in PyTorch."""
    if dtype.kind in "iu" and numbers.size:
        for extreme in (numbers.min(), numbers.max()):  # NaN is both
            check_fits(name, extreme.item(), dtype)
    with np.errstate(over="ignore"):
        return plain(name, numbers.astype(dtype, copy=False))
