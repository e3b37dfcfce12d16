"""New tensors: from data, filled with numbers, or random."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import dtypes, random
from ._device import check_device
from ._quiet import quiet
from ._tensor import Tensor
from .arrays import all_fitting, check_fits, fitting, is_number, operand, plain
from .ops.checks import flat_ints, need_ints, need_tensor
from .ops.making import filled, numbers


def _make(array: np.ndarray, requires_grad: bool = False, device: Any = None) -> Tensor:
    check_device(device)
    t = Tensor._of(array)
    return t.requires_grad_() if requires_grad else t


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:  # fmt: skip
    """A new tensor with a copy of `data`: numbers, nested lists, arrays or tensors,
    PyTorch's too.

    Python floats become the default type (float32), ints int64, bools bool; arrays and NumPy's scalars keep their type,
    also inside lists. Numbers that do not fit into a given dtype raise.

    >>> tinygrad_rnn.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return _make(_numbers("tensor", data, dtype).copy(), requires_grad, device)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """As `tensor`, but a tensor of the right type is returned as it is, and an array shares its memory."""
    if isinstance(data, Tensor):
        return data.to(dtype) if dtype is not None else data
    return _make(_numbers("as_tensor", data, dtype), device=device)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the memory of an array."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"from_numpy(): expected np.ndarray (got {type(ndarray).__name__})")
    if ndarray.dtype.kind in "iuf" and not ndarray.dtype.isnative:
        raise ValueError(
            f"from_numpy(): the array has the foreign byte order {ndarray.dtype.str!r} and cannot share memory with a "
            f"tensor; tensor(array) makes a copy"
        )
    return _make(plain("from_numpy", ndarray))


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor that shares the memory of another library's array or tensor, by way of its `__dlpack__`: nothing is copied.

    Raises TypeError if it has none, BufferError if its memory cannot be shared: it is read-only (NumPy's own, JAX's
    arrays), on a GPU, of a type that NumPy lacks, or requires grad. `tensor(x)` makes a copy of all but GPU memory.
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        raise TypeError(f"from_dlpack(): expected an object with __dlpack__, got {type(ext_tensor).__name__}")
    try:
        array = np.from_dlpack(ext_tensor)
    except RuntimeError as error:
        raise BufferError(f"from_dlpack(): {error}; tensor(x) makes a copy that NumPy can hold") from None
    if not array.flags.writeable:
        raise BufferError(f"from_dlpack(): the memory (shape {list(array.shape)}) is read-only; tensor(x) makes a copy")
    return _make(plain("from_dlpack", array))


def _numbers(name: str, data: Any, dtype: Any) -> np.ndarray:
    return numbers(name, _singles(data), None if dtype is None else dtypes.supported(dtype))


def _singles(data: Any) -> Any:
    """Tensors of one element in a list are its numbers, however many axes they have: [(1, 1), (1, 1)] makes (2,)."""
    if isinstance(data, (list, tuple)) and data:
        if isinstance(data[0], Tensor):
            return [t.detach().reshape(()) if isinstance(t, Tensor) and t.array.size == 1 else t for t in data]
        if isinstance(data[0], (list, tuple)):
            return [_singles(part) for part in data]
    return data


@quiet
def _filled(name: str, size: Any, value: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    shape = _sizes(name, size)
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.supported(dtype)
    return _make(filled(name, shape, value, kind), requires_grad, device)


def _sizes(name: str, size: Any) -> tuple[int, ...]:
    shape = flat_ints(name, size)
    if min(shape, default=0) < 0:
        raise RuntimeError(f"{name}(): sizes must not be negative, got {list(shape)}")
    return shape


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any) -> Tensor:
    """Zeros of the given size: `zeros(2, 3)` or `zeros((2, 3))`."""
    return _filled("zeros", _size(size, named) if named else size, 0, dtype, device, requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any) -> Tensor:
    """Ones of the given size."""
    return _filled("ones", _size(size, named) if named else size, 1, dtype, device, requires_grad)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any) -> Tensor:
    """A tensor to be filled; its numbers are zero, so that nothing depends on what memory held."""
    return _filled("empty", _size(size, named) if named else size, 0, dtype, device, requires_grad)


def _size(size: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    if "size" in named:
        size = (named.pop("size"),)
    if named:
        raise TypeError(f"unknown argument {next(iter(named))!r}")
    return size


def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """`fill_value` everywhere; its Python type decides the dtype unless one is given."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    if not is_number(value):
        raise TypeError(f"full(): fill_value must be a number, not {type(value).__name__}")
    kind = dtypes.number_type(value) if dtype is None else dtype
    return _filled("full", (size,), value, kind, device, requires_grad)


def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None) -> Tensor:  # fmt: skip
    """Zeros of the shape and type of `input`."""
    return _like("zeros_like", input, 0, dtype, device, requires_grad, memory_format)


def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None) -> Tensor:  # fmt: skip
    """Ones of the shape and type of `input`."""
    return _like("ones_like", input, 1, dtype, device, requires_grad, memory_format)


def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None) -> Tensor:  # fmt: skip
    """A tensor of the shape and type of `input`, to be filled (zeros until then)."""
    return _like("empty_like", input, 0, dtype, device, requires_grad, memory_format)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """`fill_value` everywhere, in the shape and type of `input`."""
    return _like("full_like", input, fill_value, dtype, device, requires_grad, memory_format)


def _like(name: str, input: Tensor, value: Any, dtype: Any, device: Any, requires_grad: bool, order: Any) -> Tensor:
    need_tensor(name, input)
    made = _filled(name, (input.array.shape,), value, dtype or input.dtype, device, requires_grad)
    return _ordered_as(input, made, order)


def _ordered_as(input: Tensor, made: Tensor, memory_format: Any) -> Tensor:
    """`made`, new, with its numbers in the order in memory of those of `input`, unless reading order is asked for."""
    if not input.array.flags.c_contiguous and memory_format != "contiguous_format":
        numbers, made.array = made.array, np.empty_like(input.array, made.dtype)
        made.array[...] = numbers
    return made


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The identity matrix (n, n), or (n, m) with ones on the diagonal."""
    need_ints("eye", n=n, m=n if m is None else m)
    if n < 0 or (m is not None and m < 0):
        raise RuntimeError(f"eye(): n and m must not be negative, got {n} and {m}")
    return _make(np.eye(n, m, dtype=dtypes.supported(dtype or dtypes.get_default_dtype())), requires_grad, device)


@quiet
def arange(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers from `start` (0 if left out) up to but not including `end`; int64 if all are ints."""
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (x.item() if isinstance(x, Tensor) else operand("arange", x) for x in (start, end, step))
    if not all(map(math.isfinite, (start, end, step))):
        raise RuntimeError(f"arange(): start, end and step must be finite, got {start}, {end} and {step}")
    if step == 0 or (end - start) * step < 0:
        raise RuntimeError(f"arange(): from {start} to {end} cannot be reached in steps of {step}")
    if dtype is None:
        dtype = dtypes.get_default_dtype() if any(isinstance(x, float) for x in (start, end, step)) else dtypes.int64
    kind = dtypes.supported(dtype)
    if kind.kind == "b":
        raise NotImplementedError("arange() makes numbers: dtype must not be bool")
    if kind.kind in "iu":
        start, end, step = _whole_steps(start, end, step, kind)
    return _make(all_fitting("arange", np.arange(start, end, step), kind), requires_grad, device)


def _whole_steps(start: Any, end: Any, step: Any, kind: Any) -> tuple[int, int, int]:
    """Start, end and step of an integer range: fractions are cut off; as in PyTorch, for int64 before counting the steps."""
    for x in (start, end, step):
        check_fits("arange", x, dtypes.int64)
    if -1 < step < 1:
        raise RuntimeError(f"arange(): the step {step} is less than 1, too small for {kind}")
    count = math.ceil((end - start) / step) if isinstance(end - start + step, float) else None
    start, end, step = int(start), int(end), int(step)
    return start, end if count is None or kind is dtypes.int64 else start + count * step, step


@quiet
def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers at equal distances from `start` to `end`, both included."""
    kind = dtypes.supported(dtype or dtypes.get_default_dtype())
    need_ints("linspace", steps=steps)
    if steps < 0:
        raise RuntimeError(f"linspace(): the number of steps must not be negative, got {steps}")
    for x in (start, end):
        if isinstance(x, Tensor) and x.ndim:
            raise RuntimeError(f"linspace(): start and end must be numbers or 0-d tensors, got shape {list(x.shape)}")
    start, end = (x.item() if isinstance(x, Tensor) else fitting("linspace", x, kind) for x in (start, end))
    if kind.kind != "f":
        if kind.kind == "b" and steps > 1:
            raise NotImplementedError("linspace() makes numbers: dtype must not be bool")
        start, end = int(start), int(end)
    return _make(np.linspace(float(start), float(end), steps).astype(kind), requires_grad, device)


# --- random ---------------------------------------------------------------------------------------------


def rand(
    *size: Any, generator: random.Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **named: Any,
) -> Tensor:  # fmt: skip
    """Uniform random numbers from [0, 1)."""
    shape = _sizes("rand", _size(size, named) if named else size)
    return _random(random.source(generator).random(shape), dtype, device, requires_grad)


def randn(
    *size: Any, generator: random.Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **named: Any,
) -> Tensor:  # fmt: skip
    """Normal random numbers with mean 0 and standard deviation 1."""
    shape = _sizes("randn", _size(size, named) if named else size)
    return _random(random.source(generator).standard_normal(shape), dtype, device, requires_grad)


@quiet
def _random(numbers: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    kind = dtypes.supported(dtype or dtypes.get_default_dtype())
    return _make(np.asarray(numbers).astype(kind), requires_grad, device)


def rand_like(
    input: Tensor, *, generator: random.Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """As `rand`, in the shape and type of `input`."""
    need_tensor("rand_like", input)
    made = rand(input.array.shape, generator=generator, dtype=dtype or input.dtype, device=device)
    return _ordered_as(input, made, memory_format).requires_grad_(requires_grad)


def randn_like(
    input: Tensor, *, generator: random.Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """As `randn`, in the shape and type of `input`."""
    need_tensor("randn_like", input)
    made = randn(input.array.shape, generator=generator, dtype=dtype or input.dtype, device=device)
    return _ordered_as(input, made, memory_format).requires_grad_(requires_grad)


@quiet
def randint(
    low: Any = 0, high: Any = None, size: Any = None, *, generator: random.Generator | None = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random ints from [low, high), or [0, low): `randint(10, (2, 3))`, `randint(5, 10, (2, 3))`."""
    if size is None:
        low, high, size = 0, low, high
    if size is None:
        raise TypeError("randint(): the size is missing, for example randint(10, (2, 3))")
    if isinstance(size, int):
        raise TypeError(
            f"randint(): the size must be a tuple of ints, got {size}; for example randint(0, 10, ({size},))"
        )
    if high <= low:
        raise RuntimeError(f"randint(): expected 'low' to be smaller than 'high', got {low} and {high}")
    kind = dtypes.supported(dtype or dtypes.int64)
    for bound in (int(low), int(high) - 1):
        check_fits("randint", bound, kind)
    drawn = random.source(generator).integers(int(low), int(high), _sizes("randint", (size,)))
    return _make(np.asarray(drawn).astype(kind), requires_grad, device)


def randint_like(
    input: Tensor, low: Any = 0, high: Any = None, *, generator: random.Generator | None = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """As `randint`, in the shape and type of `input`."""
    need_tensor("randint_like", input)
    low, high = (0, low) if high is None else (low, high)
    made = randint(low, high, input.array.shape, generator=generator, dtype=dtype or input.dtype, device=device)
    return _ordered_as(input, made, memory_format).requires_grad_(requires_grad)


@quiet
def randperm(
    n: int, *, generator: random.Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """The ints 0 .. n-1 in random order."""
    kind = dtypes.supported(dtype or dtypes.int64)
    need_ints("randperm", n=n)
    if n < 0:
        raise RuntimeError(f"randperm(): n must not be negative, got {n}")
    check_fits("randperm", n, kind)
    return _make(random.source(generator).permutation(n).astype(kind), requires_grad, device)


@quiet
def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: random.Generator | None = None, dtype: Any = None
) -> Tensor:
    """Normal random numbers with the given means and standard deviations (numbers or tensors)."""
    values = [x.array if isinstance(x, Tensor) else x for x in (mean, std)]
    shape = np.broadcast_shapes(*[np.shape(v) for v in values]) if size is None else _sizes("normal", (size,))
    if np.any(np.asarray(values[1]) < 0):
        raise RuntimeError(f"normal(): expects all elements of std >= 0.0, got {np.min(values[1])}")
    kinds = [x.dtype for x in (mean, std) if isinstance(x, Tensor)]
    drawn = random.source(generator).normal(values[0], np.abs(values[1]), shape)  # abs: std may be -0
    return _random(drawn, dtype or (kinds[0] if kinds else None), None, False)
