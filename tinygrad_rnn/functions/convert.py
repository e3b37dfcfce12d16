"""Other element types, Python numbers and arrays out of tensors, new tensors of the same type."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from .. import dtypes
from .._mode import quiet
from ..arrays import all_fitting, fitting, plain
from ..device import check_device
from ..device import device as _device
from ..ops.shape import Cast
from ..recording import record
from .arguments import flat_ints, is_tensor


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


def item(input):
    """The only element, as a Python number."""
    if input.array.size != 1:
        raise RuntimeError(f"a Tensor with {input.array.size} elements cannot be converted to a number (shape {list(input.shape)})")  # fmt: skip
    return input.array.item()


def numel(input):
    """The number of elements."""
    return input.array.size


def is_floating_point(input):
    """Is the element type a floating-point type?"""
    return input.array.dtype.kind == "f"


def tolist(input):
    """The elements as nested lists of Python numbers."""
    return input.array.tolist()


def numpy(input, *, force=False):
    """The array itself, sharing memory. Tensors in a graph need `detach()` first, or force=True."""
    if input.requires_grad and not force:
        raise RuntimeError("can't call numpy() on a Tensor that requires grad; use tensor.detach().numpy() instead")
    return input.array


def to(input, *args, **kwargs):
    """Convert: `to(dtype)`, `to("cpu")`, `to(device, dtype)`, `to(other)`. Itself if nothing changes."""
    wanted, copy = parse_to(args, kwargs)
    if wanted is None or wanted == input.array.dtype:
        return input.clone() if copy else input
    source = input if wanted.kind == "f" else input.detach()  # integers and booleans have no gradient
    return record(Cast, source, dtype=wanted)


def as_type(input, dtype=None):
    """Convert to `dtype`, given also as "torch.FloatTensor" and the like; without it, the type's name."""
    if dtype is None:
        return f"torch.{LEGACY_NAMES[str(input.dtype)]}"
    dtype = getattr(dtype, "element_type", dtype)  # the class tinygrad_rnn.LongTensor and the like
    if isinstance(dtype, str):
        by_name = {legacy.split(".")[-1]: kind for kind, legacy in LEGACY_NAMES.items()}
        dtype = by_name.get(dtype.split(".")[-1], dtype.split(".")[-1])
    return input.to(dtypes.supported(dtype))


def type_as(input, other):
    """Convert to the type of `other`."""
    return input.to(other.dtype)


def as_float(input):
    """As float32."""
    return input.to(dtypes.float32)


def double(input):
    """As float64."""
    return input.to(dtypes.float64)


def half(input):
    """As float16."""
    return input.to(dtypes.float16)


def long(input):
    """As int64."""
    return input.to(dtypes.int64)


def as_int(input):
    """As int32."""
    return input.to(dtypes.int32)


def short(input):
    """As int16."""
    return input.to(dtypes.int16)


def byte(input):
    """As uint8."""
    return input.to(dtypes.uint8)


def as_bool(input):
    """True where nonzero."""
    return input.to(dtypes.bool)


def cpu(input):
    """Itself: there is only the CPU."""
    return input


def cuda(input, device=None):
    """Raises: there is no GPU here."""
    check_device("cuda")
    return input


def pin_memory(input):
    """Itself: pinning is for GPUs."""
    return input


@quiet
def new_tensor(input, data, *, dtype=None, device=None, requires_grad=False):
    """A new tensor with this one's type, from `data`."""
    check_device(device)
    kind = input.dtype if dtype is None else dtypes.supported(dtype)
    made = input._of(numbers("new_tensor", data, kind).copy())
    return made.requires_grad_(requires_grad) if requires_grad else made


def new_zeros(input, *size, dtype=None, device=None, requires_grad=False):
    """Zeros with this tensor's type."""
    return input.new_full(flat_ints("new_zeros", size), 0, dtype=dtype, device=device, requires_grad=requires_grad)


def new_ones(input, *size, dtype=None, device=None, requires_grad=False):
    """Ones with this tensor's type."""
    return input.new_full(flat_ints("new_ones", size), 1, dtype=dtype, device=device, requires_grad=requires_grad)


def new_empty(input, *size, dtype=None, device=None, requires_grad=False):
    """Unset numbers (zeros here) with this tensor's type."""
    return input.new_full(flat_ints("new_empty", size), 0, dtype=dtype, device=device, requires_grad=requires_grad)


@quiet
def new_full(input, size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """`fill_value` everywhere, with this tensor's type."""
    check_device(device)
    kind = input.dtype if dtype is None else dtypes.supported(dtype)
    made = input._of(filled("new_full", flat_ints("new_full", (size,)), fill_value, kind))
    return made.requires_grad_(requires_grad) if requires_grad else made


LEGACY_NAMES = {
    "float16": "HalfTensor",
    "float32": "FloatTensor",
    "float64": "DoubleTensor",
    "uint8": "ByteTensor",
    "int8": "CharTensor",
    "int16": "ShortTensor",
    "int32": "IntTensor",
    "int64": "LongTensor",
    "bool": "BoolTensor",
}


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
        raise ValueError(f"{name}(): the lists differ in length somewhere ({error})") from None
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{name}(): cannot make a tensor of {type(data).__name__} with elements like {next(array.flat, None)!r}; "
            f"make them real numbers first, as with float(...)"
        )
    if dtype is None:
        dtype = reduce(dtypes.promote_types, _types_in(name, data, array.dtype))
    return array if array.dtype is dtype else all_fitting(name, array, dtype)


def _without_tensors(name: str, data: Any) -> Any:
    """Nested lists in which tensors and arrays of all kinds may stand, as something that NumPy takes."""
    if is_tensor(data):
        return data.array
    if isinstance(data, np.ndarray):
        return plain(name, data)
    if isinstance(data, (list, tuple)) and not set(map(type, data)) <= dtypes.PYTHON_NUMBERS:
        return [_without_tensors(name, d) for d in data]
    return data


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


def parse_to(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, bool]:
    """The dtype asked for (or None) and whether to copy; raises for devices other than the CPU."""
    kwargs = dict(kwargs)
    wanted, copy = kwargs.pop("dtype", None), kwargs.pop("copy", False)
    check_device(kwargs.pop("device", None))
    other = kwargs.pop("other", None)
    kwargs.pop("non_blocking", None)
    if kwargs:
        raise TypeError(f"to(): unknown argument {next(iter(kwargs))!r}")
    for arg in (*args, other):
        if is_tensor(arg):
            wanted = arg.dtype
        elif isinstance(arg, (str, _device)):
            check_device(arg)
        elif arg is not None and not isinstance(arg, bool):
            wanted = arg
    return None if wanted is None else dtypes.supported(wanted), copy
