"""Other element types, Python numbers and arrays out of tensors."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from .._device import check_device, device as _device
from ..arrays import plain
from ..recording import record_op
from .basic import Cast
from .checks import is_tensor, need_tensor
from .function import Recorded
from .making import LEGACY_NAMES

if TYPE_CHECKING:
    from .._tensor import Tensor


class Converting(Recorded):
    """Tensor's types, and what Python's number protocols give."""

    __slots__ = ()

    def item(input: Tensor) -> Any:
        """The only element, as a Python number."""
        if input.array.size != 1:
            raise RuntimeError(f"a Tensor with {input.array.size} elements cannot be converted to a number (shape {list(input.shape)})")  # fmt: skip
        return input.array.item()

    def tolist(input: Tensor) -> Any:
        """The elements as nested lists of Python numbers."""
        return input.array.tolist()

    def numpy(input: Tensor, *, force: bool = False) -> np.ndarray:
        """The array itself, sharing memory. Tensors in a graph need `detach()` first, or force=True."""
        if input.requires_grad and not force:
            raise RuntimeError("can't call numpy() on a Tensor that requires grad; use tensor.detach().numpy() instead")
        return input.array

    def to(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Convert: `to(dtype)`, `to("cpu")`, `to(device, dtype)`, `to(other)`. Itself if nothing changes."""
        wanted, copy = parse_to(args, kwargs)
        if wanted is None or wanted == input.array.dtype:
            return input.clone() if copy else input
        source = input if wanted.kind == "f" else input.detach()  # integers and booleans have no gradient
        return record_op(Cast, source, dtype=wanted)

    def type(input: Tensor, dtype: Any = None) -> Any:
        """Convert to `dtype`, given also as "torch.FloatTensor" and the like; without it, the type's name."""
        if dtype is None:
            return f"torch.{LEGACY_NAMES[str(input.dtype)]}"
        dtype = getattr(dtype, "element_type", dtype)  # the class tinygrad_rnn.LongTensor and the like
        if isinstance(dtype, str):
            by_name = {legacy.split(".")[-1]: kind for kind, legacy in LEGACY_NAMES.items()}
            dtype = by_name.get(dtype.split(".")[-1], dtype.split(".")[-1])
        return input.to(dtypes.supported(dtype))

    def type_as(input: Tensor, other: Any) -> Tensor:
        """Convert to the type of `other`."""
        return input.to(other.dtype)

    def float(input: Tensor) -> Tensor:
        """As float32."""
        return input.to(dtypes.float32)

    def double(input: Tensor) -> Tensor:
        """As float64."""
        return input.to(dtypes.float64)

    def half(input: Tensor) -> Tensor:
        """As float16."""
        return input.to(dtypes.float16)

    def long(input: Tensor) -> Tensor:
        """As int64."""
        return input.to(dtypes.int64)

    def int(input: Tensor) -> Tensor:
        """As int32."""
        return input.to(dtypes.int32)

    def short(input: Tensor) -> Tensor:
        """As int16."""
        return input.to(dtypes.int16)

    def byte(input: Tensor) -> Tensor:
        """As uint8."""
        return input.to(dtypes.uint8)

    def bool(input: Tensor) -> Tensor:
        """True where nonzero."""
        return input.to(dtypes.bool)

    def cpu(input: Tensor) -> Tensor:
        """Itself: there is only the CPU."""
        return input

    def cuda(input: Tensor, device: Any = None, non_blocking: builtins.bool = False) -> Tensor:
        """Raises: there is no GPU here."""
        check_device("cuda")
        return input

    def bfloat16(input: Tensor) -> Tensor:
        """Raises: NumPy has no bfloat16."""
        return input.to(dtypes.bfloat16)

    def pin_memory(input: Tensor, device: Any = None) -> Tensor:
        """Itself: pinning is for GPUs."""
        return input

    def __array_ufunc__(self: Tensor, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        """np.exp(x) of a Tensor without grad is a Tensor; `array * x` is `x.__rmul__(array)`, never an object array."""
        reflected = REFLECTED.get(ufunc.__name__)
        if method == "__call__" and out is None and reflected and isinstance(inputs[0], (np.ndarray, np.generic)):
            left: Any = inputs[0] if inputs[0].ndim or inputs[0].dtype.kind in "biuf" else np.asarray(inputs[0])[()]
            answer = getattr(self, reflected)(left)
            if answer is NotImplemented and ufunc.__name__ not in ("equal", "not_equal"):
                raise TypeError(f"np.{ufunc.__name__}: a Tensor does not support ufuncs with {type(left).__name__}")
            return answer if answer is not NotImplemented else ufunc.__name__ == "not_equal"
        if any(is_tensor(x) and x.requires_grad for x in inputs):
            raise RuntimeError(
                f"np.{ufunc.__name__} of a Tensor that requires grad would lose the gradient; use the function of "
                f"tinygrad_rnn of that name, or x.detach()"
            )
        arrays = [x.array if is_tensor(x) else x for x in inputs]
        into = None if out is None else tuple(x.array if is_tensor(x) else x for x in out)
        found = getattr(ufunc, method)(*arrays, **({} if into is None else {"out": into}), **options)
        if out is not None:
            return out[0] if len(out) == 1 else out
        wrapped = [
            self._of(plain(ufunc.__name__, np.asarray(x))) for x in (found if isinstance(found, tuple) else (found,))
        ]
        return wrapped[0] if len(wrapped) == 1 else tuple(wrapped)

    def __array__(self: Tensor, dtype: Any = None, copy: builtins.bool | None = None) -> np.ndarray:
        if self.requires_grad:
            raise RuntimeError("NumPy cannot take a Tensor that requires grad; use tensor.detach() first")
        return np.array(self.array, dtype=dtype, copy=copy)

    def __dlpack__(input: Tensor, **options: Any) -> Any:
        """The memory as a capsule: what `torch.from_dlpack(x)` and `np.from_dlpack(x)` ask for. Nothing is copied."""
        if input.requires_grad:
            raise BufferError("a Tensor that requires grad does not leave its graph; hand over x.detach()")
        if not input.array.flags.writeable or min(input.array.strides, default=0) < 0:
            raise BufferError(
                f"memory that is read-only or runs backwards (shape {list(input.array.shape)}, strides "
                f"{input.array.strides}) would be written to, or crash other libraries; hand over x.clone()"
            )
        return input.array.__dlpack__(**options)

    def __dlpack_device__(self: Tensor) -> tuple[builtins.int, builtins.int]:
        return self.array.__dlpack_device__()

    def __bool__(self: Tensor) -> builtins.bool:
        if self.array.size != 1:
            raise RuntimeError(f"the truth value of a Tensor with {self.array.size} elements is ambiguous: use .any() or .all()")  # fmt: skip
        return bool(self.array.item())

    def __float__(self: Tensor) -> builtins.float:
        return float(_only("float", self))

    def __int__(self: Tensor) -> builtins.int:
        return int(_only("int", self))

    def __index__(self: Tensor) -> builtins.int:
        if self.array.size != 1 or self.array.dtype.kind == "f":
            raise TypeError(
                f"only integer tensors of a single element can be used as an index (got {self.array.dtype}, shape {list(self.array.shape)})"
            )
        return int(self.array.item())

    def __format__(self: Tensor, spec: str) -> str:
        return format(self.array.item(), spec) if self.array.ndim == 0 else object.__format__(self, spec)


REFLECTED = {
    "add": "__radd__",
    "subtract": "__rsub__",
    "multiply": "__rmul__",
    "divide": "__rtruediv__",
    "true_divide": "__rtruediv__",
    "floor_divide": "__rfloordiv__",
    "remainder": "__rmod__",
    "power": "__rpow__",
    "matmul": "__rmatmul__",
    "equal": "__eq__",
    "not_equal": "__ne__",
    "less": "__gt__",
    "less_equal": "__ge__",
    "greater": "__lt__",
    "greater_equal": "__le__",
    "bitwise_and": "__rand__",
    "bitwise_or": "__ror__",
    "bitwise_xor": "__rxor__",
}  # the operators of NumPy's arrays, and the Tensor's method that an array on the left asks for


def numel(input: Any) -> int:
    """The number of elements."""
    need_tensor("numel", input)
    return input.array.size


def is_floating_point(input: Any) -> bool:
    """Is the element type a floating-point type?"""
    need_tensor("is_floating_point", input)
    return input.array.dtype.kind == "f"


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


def _only(wanted: str, x: Any) -> Any:
    if x.array.size != 1:
        raise ValueError(f"only one-element tensors can become a Python {wanted}; this one has {x.array.size}")
    return x.array.item()
