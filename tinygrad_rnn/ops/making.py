"""New arrays and tensors: from numbers, of a shape, of this tensor's type."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from .._device import check_device
from .._quiet import quiet
from ..arrays import all_fitting, fitting, from_outside, plain
from .checks import flat_ints, is_tensor
from .function import Recorded
from .wrong_numbers import elements, uneven, unreadable

if TYPE_CHECKING:
    from .._tensor import Tensor


class Size(tuple):
    """The shape of a tensor: a tuple that knows its number of elements."""

    __slots__ = ()

    def numel(self) -> int:
        """How many elements a tensor of this shape has."""
        return int(np.prod(self, dtype=np.int64))

    def __getitem__(self, key: Any) -> Any:
        part = tuple.__getitem__(self, key)
        return Size(part) if isinstance(key, slice) else part

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))

    def __repr__(self) -> str:
        return f"Size({list(self)})"


class Making(Recorded):
    """Tensor's `new_…`."""

    __slots__ = ()

    @quiet
    def new_tensor(
        input: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """A new tensor with this one's type, from `data`."""
        check_device(device)
        kind = input.dtype if dtype is None else dtypes.supported(dtype)
        made = input._of(numbers("new_tensor", data, kind).copy())
        return made.requires_grad_(requires_grad) if requires_grad else made

    def new_zeros(
        input: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Zeros with this tensor's type."""
        return input.new_full(flat_ints("new_zeros", size), 0, dtype=dtype, device=device, requires_grad=requires_grad)

    def new_ones(
        input: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Ones with this tensor's type."""
        return input.new_full(flat_ints("new_ones", size), 1, dtype=dtype, device=device, requires_grad=requires_grad)

    def new_empty(
        input: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Unset numbers (zeros here) with this tensor's type."""
        return input.new_full(flat_ints("new_empty", size), 0, dtype=dtype, device=device, requires_grad=requires_grad)

    @quiet
    def new_full(
        input: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """`fill_value` everywhere, with this tensor's type."""
        check_device(device)
        kind = input.dtype if dtype is None else dtypes.supported(dtype)
        made = input._of(filled("new_full", flat_ints("new_full", (size,)), fill_value, kind))
        return made.requires_grad_(requires_grad) if requires_grad else made


LEGACY_NAMES = {
    "float16": "HalfTensor", "float32": "FloatTensor", "float64": "DoubleTensor", "bool": "BoolTensor",
    "uint8": "ByteTensor", "int8": "CharTensor", "int16": "ShortTensor", "int32": "IntTensor", "int64": "LongTensor",
}  # fmt: skip


@quiet
def legacy_array(data: Any, dtype: Any) -> np.ndarray:
    """What PyTorch's legacy constructors make: of sizes, unset numbers (zeros here); of data, a copy."""
    if not data:
        return np.zeros(0, dtype)
    if all(isinstance(n, (int, np.integer)) or (is_tensor(n) and n.ndim == 0) for n in data):
        return np.zeros(tuple(int(n) for n in data), dtype)
    if len(data) > 1:
        raise TypeError(f"a legacy constructor takes sizes or one sequence, got {len(data)} arguments")
    given = data[0]
    if isinstance(given, Size):
        return np.zeros(given, dtype)
    if isinstance(given, str):
        raise TypeError(f"a legacy constructor takes sizes, numbers in lists, or an array, not the string {given!r}")
    return numbers("tensor", given, dtype).copy()


def filled(name: str, shape: tuple[int, ...], value: Any, dtype: Any) -> np.ndarray:
    """The number `value` everywhere; raises unless it fits into `dtype`."""
    return np.full(shape, fitting(name, value, dtype), dtype)


def numbers(name: str, data: Any, dtype: Any = None) -> np.ndarray:
    """`data` (a number, nested lists, an array or a tensor) as an array of a supported type, copied only if need be.

    Without `dtype` it is the type that holds all that stand in the lists: Python floats are of the default type,
    arrays and NumPy's scalars have their own. With `dtype` all numbers must fit into it.
    """
    data = _without_tensors(name, data)
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ValueError(f"{name}(): the lists differ in length: {uneven(data) or error}") from None
    floats = dtype is not None and dtype.kind == "f"
    if array.dtype.kind == "O" and (floats or any(isinstance(x, float) for _, x in elements(data))):
        array = _as_floats(array)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise unreadable(name, data)
    if dtype is None:
        dtype = reduce(dtypes.promote_types, _types_in(name, data, array.dtype))
    return array if array.dtype is dtype else all_fitting(name, array, dtype)


def _as_floats(array: np.ndarray) -> np.ndarray:
    """Floats beside integers that no integer type holds: all as float64; the array itself if there is more in it."""
    numbers = all(isinstance(x, (int, float)) for x in array.flat)
    return array.astype(np.float64) if numbers and abs(array).max() < 1e308 else array


def _without_tensors(name: str, data: Any) -> Any:
    """Nested lists in which tensors and arrays of all kinds may stand, as something that NumPy takes."""
    if is_tensor(data):
        return data.array
    if isinstance(data, np.ndarray):
        return plain(name, data)
    if isinstance(data, (list, tuple)) and not set(map(type, data)) <= dtypes.PYTHON_NUMBERS:
        return [_without_tensors(name, d) for d in data]
    return from_outside(name, data) if hasattr(data, "__dlpack__") else data


def _types_in(name: str, data: Any, found: Any) -> set[Any]:
    """The types in nested lists; of other things the type that NumPy `found`, of Python's numbers the one they get."""
    if isinstance(data, (list, tuple)) and data:
        kinds = set(map(type, data))
        if not kinds <= dtypes.PYTHON_NUMBERS:
            return set().union(*[_types_in(name, d, found) for d in data])
        return {dtypes.number_type(kind()) for kind in kinds}
    if isinstance(data, (np.ndarray, np.generic)):
        return {plain(name, np.asarray(data)).dtype}
    if isinstance(data, (bool, int, float)) or (found.kind == "f" and not hasattr(data, "__array__")):
        return {dtypes.number_type(data)}
    return {dtypes.supported(found)}
