"""Functions that are a line or two of others."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .. import random
from .._quiet import quiet
from .checks import is_tensor, need_float, need_numbers, need_tensor, wrap_dim
from .choosing import where
from .function import Recorded
from .gathering import same_dtype
from .inplace import in_place, overwrite
from .joining import cat, stack
from .widening import widening
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Composed(Recorded):
    """Tensor's functions that are composed of others."""

    __slots__ = ()

    # --- element by element

    @widening
    def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
        """input + value · tensor1 · tensor2."""
        need_numbers("addcmul", input)
        product = tensor1 * tensor2
        return input + (product if value == 1 else product * value)

    addcmul_: Final = in_place(addcmul)

    @widening
    def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
        """input + value · tensor1 / tensor2."""
        need_tensor("addcdiv", input)
        if all(is_tensor(x) and x.dtype.kind != "f" for x in (tensor1, tensor2)):
            raise RuntimeError("addcdiv(): integer division is not supported; convert tensor1 or tensor2 with .float()")
        return input + tensor1 / tensor2 * value

    addcdiv_: Final = in_place(addcdiv)

    def exp2(input: Tensor) -> Tensor:
        """2 to the power of input."""
        need_tensor("exp2", input)
        return 2.0**input

    def float_power(input: Tensor, exponent: Any) -> Tensor:
        """input to the power of exponent, in float64."""
        need_tensor("float_power", input)
        return input.double() ** (exponent.double() if is_tensor(exponent) else float(exponent))

    @widening
    def logit(input: Tensor, eps: float | None = None) -> Tensor:
        """ln(x / (1 - x)), the inverse of sigmoid; `eps` holds x between eps and 1 - eps first."""
        need_tensor("logit", input)
        x = input if eps is None else input.clamp(eps, 1 - eps)
        return (x / (1 - x)).log()

    @widening
    def sinc(input: Tensor) -> Tensor:
        """sin(πx) / (πx), and 1 at 0."""
        need_tensor("sinc", input)
        x = input * math.pi
        zero = input == 0
        return where(zero, input * 0 + 1, x.sin() / where(zero, input * 0 + 1, x))

    @widening
    def deg2rad(input: Tensor) -> Tensor:
        """Degrees as radians."""
        need_tensor("deg2rad", input)
        return input * (math.pi / 180)

    @widening
    def rad2deg(input: Tensor) -> Tensor:
        """Radians as degrees."""
        need_tensor("rad2deg", input)
        return input * (180 / math.pi)

    @widening
    def hypot(input: Tensor, other: Tensor) -> Tensor:
        """√(input² + other²)."""
        need_tensor("hypot", input)
        return stack([input + 0 * other, other + 0 * input]).norm(dim=0)

    def frac(input: Tensor) -> Tensor:
        """What follows the decimal point, with the sign of input."""
        need_float("frac", input)
        return input - input.trunc()

    def sgn(input: Tensor) -> Tensor:
        """-1, 0 or 1, as `sign`."""
        need_tensor("sgn", input)
        return input.sign()

    def positive(input: Tensor) -> Tensor:
        """Itself."""
        need_tensor("positive", input)
        return input

    def signbit(input: Tensor) -> Tensor:
        """True where the sign is minus, also of -0."""
        need_tensor("signbit", input)
        return input._of(np.asarray(np.signbit(input.array) if input.dtype.kind == "f" else input.array < 0))

    def isposinf(input: Tensor) -> Tensor:
        """True where input is +Inf."""
        need_tensor("isposinf", input)
        return input == math.inf

    def isneginf(input: Tensor) -> Tensor:
        """True where input is -Inf."""
        need_tensor("isneginf", input)
        return input == -math.inf

    def isin(input: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
        """True where an element of input is one of `test_elements`."""
        need_tensor("isin", input)
        either = input if is_tensor(input) else test_elements
        x, known = (v.array if is_tensor(v) else v for v in (input, test_elements))
        return either._of(np.asarray(np.isin(x, known, invert=invert)))

    def is_nonzero(input: Tensor) -> bool:
        """Is the only element not 0?"""
        need_tensor("is_nonzero", input)
        return bool(input)

    def is_signed(input: Tensor) -> bool:
        """Can numbers of this type be negative?"""
        need_tensor("is_signed", input)
        return input.dtype.kind in "if"

    # --- sums

    @worded
    def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """The sum of what is not NaN."""
        need_tensor("nansum", input)
        return input.masked_fill(input.isnan(), 0).sum(dim, keepdim, dtype=dtype)

    @worded
    @widening
    def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """The mean of what is not NaN."""
        need_tensor("nanmean", input)
        count = (~input.isnan()).sum(dim, keepdim)
        return input.nansum(dim, keepdim, dtype=dtype) / count

    @widening
    def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
        """The p-norm of input - other."""
        need_tensor("dist", input)
        return (input - other).norm(p)

    @widening
    def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
        """Each slice along `dim` shortened to a p-norm of at most `maxnorm`."""
        need_tensor("renorm", input)
        dim = wrap_dim("renorm", dim, input.ndim)
        norms = input.norm(p, tuple(d for d in range(input.ndim) if d != dim), keepdim=True)
        return input * where(norms > maxnorm, maxnorm / (norms + 1e-7), norms * 0 + 1)

    @worded
    @widening
    def diff(input: Tensor, n: int = 1, dim: Any = -1, prepend: Any = None, append: Any = None) -> Tensor:
        """Each element less the one before it along `dim`, n times."""
        need_tensor("diff", input)
        dim = wrap_dim("diff", dim, input.ndim)
        ends = [x for x in (prepend, input, append) if x is not None]
        x = cat(ends, dim) if len(ends) > 1 else input
        for _ in range(n):
            length = max(x.array.shape[dim] - 1, 0)
            later, earlier = x.narrow(dim, x.array.shape[dim] - length, length), x.narrow(dim, 0, length)
            x = later ^ earlier if input.dtype.kind == "b" else later - earlier
        return x

    # --- products

    def ger(input: Tensor, vec2: Tensor) -> Tensor:
        """input[i] · vec2[j]: PyTorch's older name of `outer`."""
        need_tensor("ger", input)
        return input.outer(vec2)

    def vdot(input: Tensor, other: Tensor) -> Tensor:
        """The product of two vectors, as `dot`."""
        need_tensor("vdot", input)
        return input.dot(other)

    @widening
    def inner(input: Tensor, other: Tensor) -> Tensor:
        """Σ input[…, k] · other[…, k], for all pairs of rows."""
        need_tensor("inner", input)
        if not input.ndim or not other.ndim:
            return input * other
        flat = input.reshape(-1, input.array.shape[-1]) @ other.reshape(-1, other.array.shape[-1]).t()
        return flat.reshape((*input.array.shape[:-1], *other.array.shape[:-1]))

    @widening
    def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """beta · input + alpha · mat @ vec."""
        need_tensor("addmv", input)
        return input * beta + mat.mv(vec) * alpha

    @widening
    def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """beta · input + alpha · vec1 ⊗ vec2."""
        need_tensor("addr", input)
        return input * beta + vec1.outer(vec2) * alpha

    def trace(input: Tensor) -> Tensor:
        """The sum of the diagonal of a matrix."""
        need_tensor("trace", input)
        if input.ndim != 2:
            raise RuntimeError(f"trace(): expected a matrix, but got tensor with {input.ndim} dimensions")
        return input.diagonal().sum()

    # --- shapes

    def ravel(input: Tensor) -> Tensor:
        """As a vector."""
        need_tensor("ravel", input)
        return input.reshape(-1)

    @property
    def H(input: Tensor) -> Tensor:
        """The transpose of a matrix: numbers are real here."""
        if input.ndim not in (0, 2):
            raise RuntimeError(f"x.H is for matrices, got shape {list(input.shape)}; use x.mH for batches of them")
        return input.mT if input.ndim else input

    @property
    def mH(input: Tensor) -> Tensor:
        """The transpose of the last two axes."""
        return input.mT

    def adjoint(input: Tensor) -> Tensor:
        """The transpose of the last two axes."""
        need_tensor("adjoint", input)
        return input.mT

    def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
        """Turned by k right angles, from the first of `dims` towards the second."""
        need_tensor("rot90", input)
        for _ in range(k % 4):
            input = input.transpose(*dims).flip(dims[0])
        return input

    def diag_embed(input: Tensor, offset: int = 0) -> Tensor:
        """Each last row as the diagonal of a matrix."""
        need_tensor("diag_embed", input)
        rows = input.reshape(-1, input.array.shape[-1])
        size = input.array.shape[-1] + abs(offset)
        return stack([row.diag(offset) for row in rows]).reshape(*input.array.shape[:-1], size, size)

    def diagflat(input: Tensor, offset: int = 0) -> Tensor:
        """All elements as the diagonal of a matrix."""
        need_tensor("diagflat", input)
        return input.reshape(-1).diag(offset)

    def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
        """Windows of `size` along a dimension, `step` apart, as a new last axis."""
        d = wrap_dim("unfold", dimension, input.ndim)
        length = input.array.shape[d] if input.ndim else 1
        if not 0 <= size <= length or step <= 0:
            raise RuntimeError(f"unfold(): size {size} and step {step} do not fit dimension {d} of size {length}")
        starts = np.arange(0, length - size + 1, step)
        places = input._of(starts[:, None] + np.arange(size))
        x = input if input.ndim else input.reshape(1)
        return x.movedim(d, 0)[places].movedim((0, 1), (d, -1)) if input.ndim else x

    def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """As many pieces, nearly equal; or pieces that begin at the given indices."""
        need_tensor("tensor_split", input)
        n = input.array.shape[wrap_dim("tensor_split", dim, input.ndim)]
        given = indices_or_sections.tolist() if is_tensor(indices_or_sections) else indices_or_sections
        if isinstance(given, int):
            given = [k * (n // given) + min(k, n % given) for k in range(1, given)]
        ends = [0, *[slice(0, e).indices(n)[1] for e in given], n]
        return tuple(input.narrow(dim, a, max(b - a, 0)) for a, b in itertools.pairwise(ends))

    # --- places

    @worded
    def index_copy(input: Tensor, dim: Any, index: Tensor, source: Tensor) -> Tensor:
        """input with the slices along `dim` at `index` replaced by those of `source`."""
        need_tensor("index_copy", input)
        dim = wrap_dim("index_copy", dim, input.ndim)
        need_tensor("index_copy", source, "source")
        same_dtype("index_copy", input, source)
        shape = input.array.shape
        wanted = (*shape[:dim], index.array.size, *shape[dim + 1 :])
        if input.ndim and source.array.shape != wanted:
            raise RuntimeError(f"index_copy(): source must have shape {list(wanted)}, got {list(source.shape)}")
        if not input.ndim:
            return source.reshape(()).clone()
        return input.index_put((slice(None),) * dim + (index.reshape(-1),), source)

    def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
        """input with input[indices] = values; or with the values added there, repeats adding up."""
        need_tensor("index_put", input)
        if not accumulate:
            changed = input.clone()
            changed[tuple(indices)] = values
            return changed
        numbers = input._of(np.arange(input.array.size).reshape(input.array.shape))
        at = numbers[tuple(indices)]
        added = values.expand(at.array.shape).reshape(-1)
        return input.reshape(-1).index_add(0, at.reshape(-1), added).reshape(input.array.shape)

    def char(input: Tensor) -> Tensor:
        """As int8."""
        return input.to(np.int8)

    @quiet
    def exponential_(input: Tensor, lambd: float = 1, *, generator: Any = None) -> Tensor:
        """Fill with exponential random numbers of rate `lambd`."""
        if not lambd > 0:
            raise RuntimeError(f"exponential_(): expects lambda > 0.0, but found lambda={lambd}")
        drawn = random.source(generator).exponential(1 / lambd, input.array.shape)
        return overwrite(input, input._of(np.asarray(drawn, dtype=input.dtype)))

    exp2_: Final = in_place(exp2)
    frac_: Final = in_place(frac)
    index_copy_: Final = in_place(index_copy)
    index_put_: Final = in_place(index_put)


def std_mean(input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None) -> tuple[Tensor, Tensor]:  # fmt: skip
    """(standard deviation, mean) over `dim`."""
    need_tensor("std_mean", input)
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    return input.std(dim, unbiased, keepdim, correction=correction), input.mean(dim, keepdim)
