"""PyTorch's functions that programs need less often, beside those that stand in the package itself."""

import math as _math
from typing import Final as _Final

from . import func as func, special as special
from ._tensor import Tensor
from .amp import GradScaler as GradScaler, autocast as autocast
from .dtypes import (
    bfloat16 as bfloat16,
    cdouble as cdouble,
    cfloat as cfloat,
    complex64 as complex64,
    complex128 as complex128,
    float16,
    float32,
    float64,
    set_default_dtype,
    supported as _supported,
)
from .jit import compile as compile
from .linalg import inv as _inv, matrix_rank as matrix_rank, multi_dot as _multi_dot
from .nn.functional import (
    adaptive_avg_pool1d as adaptive_avg_pool1d,
    adaptive_max_pool1d as adaptive_max_pool1d,
    avg_pool1d as avg_pool1d,
    batch_norm as batch_norm,
    bilinear as bilinear,
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
    celu as celu,
    conv1d as conv1d,
    conv2d as conv2d,
    conv_transpose1d as conv_transpose1d,
    conv_transpose2d as conv_transpose2d,
    cosine_embedding_loss as cosine_embedding_loss,
    cosine_similarity as cosine_similarity,
    ctc_loss as ctc_loss,
    dropout as dropout,
    embedding as embedding,
    group_norm as group_norm,
    hinge_embedding_loss as hinge_embedding_loss,
    instance_norm as instance_norm,
    kl_div as kl_div,
    layer_norm as layer_norm,
    margin_ranking_loss as margin_ranking_loss,
    max_pool1d as max_pool1d,
    max_pool2d as max_pool2d,
    pairwise_distance as pairwise_distance,
    poisson_nll_loss as poisson_nll_loss,
    rms_norm as rms_norm,
    rrelu as rrelu,
    selu as selu,
    threshold as threshold,
    threshold_ as threshold_,
    triplet_margin_loss as triplet_margin_loss,
)
from .ops.assembling import (
    atleast_1d as atleast_1d,
    atleast_2d as atleast_2d,
    atleast_3d as atleast_3d,
    block_diag as block_diag,
    broadcast_shapes as broadcast_shapes,
    cartesian_prod as cartesian_prod,
    column_stack as column_stack,
    dstack as dstack,
)
from .ops.checks import need_tensor as _need_tensor
from .ops.composed import std_mean as std_mean
from .ops.distances import cdist as cdist, tensordot as tensordot
from .ops.statistics import bucketize as bucketize, searchsorted as searchsorted
from .ops.widening import widening as _widening
from .printing import set_printoptions as set_printoptions
from .random import Generator as _Generator, source as _source
from .ranges import (
    asarray as asarray,
    frombuffer as frombuffer,
    hamming_window as hamming_window,
    hann_window as hann_window,
    logspace as logspace,
    range as range,
    scalar_tensor as scalar_tensor,
    tril_indices as tril_indices,
    triu_indices as triu_indices,
)
from .threads import get_num_threads as get_num_threads, set_num_threads as set_num_threads
from .torch_paths import (
    BoolTensor as BoolTensor,
    ByteTensor as ByteTensor,
    CharTensor as CharTensor,
    DoubleTensor as DoubleTensor,
    FloatTensor as FloatTensor,
    HalfTensor as HalfTensor,
    IntTensor as IntTensor,
    LongTensor as LongTensor,
    ShortTensor as ShortTensor,
)

pi: _Final = _math.pi
e: _Final = _math.e
inf: _Final = _math.inf
nan: _Final = _math.nan
newaxis: _Final = None
strided: _Final = "strided"
contiguous_format: _Final = "contiguous_format"
preserve_format: _Final = "preserve_format"

tan: _Final = Tensor.tan
sinh: _Final = Tensor.sinh
cosh: _Final = Tensor.cosh
asin: _Final = Tensor.asin
acos: _Final = Tensor.acos
atan: _Final = Tensor.atan
atan2: _Final = Tensor.atan2
asinh: _Final = Tensor.asinh
acosh: _Final = Tensor.acosh
atanh: _Final = Tensor.atanh
arcsin: _Final = Tensor.arcsin
arccos: _Final = Tensor.arccos
arctan: _Final = Tensor.arctan
arctan2: _Final = Tensor.arctan2
arcsinh: _Final = Tensor.arcsinh
arccosh: _Final = Tensor.arccosh
arctanh: _Final = Tensor.arctanh
deg2rad: _Final = Tensor.deg2rad
rad2deg: _Final = Tensor.rad2deg
sinc: _Final = Tensor.sinc
hypot: _Final = Tensor.hypot

exp2: _Final = Tensor.exp2
float_power: _Final = Tensor.float_power
logit: _Final = Tensor.logit
digamma: _Final = Tensor.digamma
erfc: _Final = Tensor.erfc

inverse: _Final = _inv
det: _Final = Tensor.det
slogdet: _Final = Tensor.slogdet
logdet: _Final = Tensor.logdet
pinverse: _Final = Tensor.pinverse
cholesky: _Final = Tensor.cholesky
cholesky_solve: _Final = Tensor.cholesky_solve
cholesky_inverse: _Final = Tensor.cholesky_inverse
qr: _Final = Tensor.qr
svd: _Final = Tensor.svd
matrix_power: _Final = Tensor.matrix_power
matrix_exp: _Final = Tensor.matrix_exp

lgamma: _Final = Tensor.lgamma
frac: _Final = Tensor.frac
fix: _Final = Tensor.fix
sgn: _Final = Tensor.sgn
positive: _Final = Tensor.positive
fmod: _Final = Tensor.fmod
nansum: _Final = Tensor.nansum
nanmean: _Final = Tensor.nanmean
dist: _Final = Tensor.dist
renorm: _Final = Tensor.renorm
diff: _Final = Tensor.diff
kron: _Final = Tensor.kron
cross: _Final = Tensor.cross
cov: _Final = Tensor.cov
corrcoef: _Final = Tensor.corrcoef
heaviside: _Final = Tensor.heaviside
scatter_reduce: _Final = Tensor.scatter_reduce
trace: _Final = Tensor.trace

hardshrink: _Final = Tensor.hardshrink
prelu: _Final = Tensor.prelu

median: _Final = Tensor.median
kthvalue: _Final = Tensor.kthvalue
quantile: _Final = Tensor.quantile
cummax: _Final = Tensor.cummax
cummin: _Final = Tensor.cummin
aminmax: _Final = Tensor.aminmax
unique: _Final = Tensor.unique
unique_consecutive: _Final = Tensor.unique_consecutive
bincount: _Final = Tensor.bincount
histc: _Final = Tensor.histc
histogram: _Final = Tensor.histogram

greater: _Final = Tensor.greater
greater_equal: _Final = Tensor.greater_equal
less: _Final = Tensor.less
less_equal: _Final = Tensor.less_equal
not_equal: _Final = Tensor.not_equal
signbit: _Final = Tensor.signbit
isposinf: _Final = Tensor.isposinf
isneginf: _Final = Tensor.isneginf
isin: _Final = Tensor.isin
is_nonzero: _Final = Tensor.is_nonzero
is_signed: _Final = Tensor.is_signed

ger: _Final = Tensor.ger
vdot: _Final = Tensor.vdot
inner: _Final = Tensor.inner
addmv: _Final = Tensor.addmv
addr: _Final = Tensor.addr

ravel: _Final = Tensor.ravel
adjoint: _Final = Tensor.adjoint
fliplr: _Final = Tensor.fliplr
flipud: _Final = Tensor.flipud
rot90: _Final = Tensor.rot90
diag_embed: _Final = Tensor.diag_embed
diagflat: _Final = Tensor.diagflat
tensor_split: _Final = Tensor.tensor_split
index_copy: _Final = Tensor.index_copy
index_put: _Final = Tensor.index_put
detach: _Final = Tensor.detach

relu_: _Final = Tensor.relu_
sigmoid_: _Final = Tensor.sigmoid_
tanh_: _Final = Tensor.tanh_
exp_: _Final = Tensor.exp_
log_: _Final = Tensor.log_
sqrt_: _Final = Tensor.sqrt_
abs_: _Final = Tensor.abs_
neg_: _Final = Tensor.neg_
clamp_: _Final = Tensor.clamp_
zero_: _Final = Tensor.zero_
fill_: _Final = Tensor.fill_
round_: _Final = Tensor.round_
floor_: _Final = Tensor.floor_
ceil_: _Final = Tensor.ceil_
square_: _Final = Tensor.square_
reciprocal_: _Final = Tensor.reciprocal_
rsqrt_: _Final = Tensor.rsqrt_
resize_as_: _Final = Tensor.resize_as_


def is_complex(input: Tensor) -> bool:
    """False: numbers are real here."""
    _need_tensor("is_complex", input)
    return False


def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of all matrices: `linalg.multi_dot`."""
    return _multi_dot(matrices)


def poisson(input: Tensor, generator: _Generator | None = None) -> Tensor:
    """Counts whose means stand in `input`, which must not be negative."""
    _need_tensor("poisson", input)
    return Tensor._of(_source(generator).poisson(input.array).astype(input.dtype))


@_widening
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1.0, dim: int = -1) -> Tensor:
    """The integral along `dim` of what goes straight from each y to the next, at the places x or `dx` apart."""
    _need_tensor("trapezoid", y, "y")
    y = y.movedim(dim, -1)
    steps = dx if x is None else x.movedim(dim, -1).diff() if x.ndim > 1 else x.diff()
    return ((y[..., 1:] + y[..., :-1]) / 2 * steps).sum(-1)


trapz: _Final = trapezoid


def typename(obj: object) -> str:
    """The type of a tensor as PyTorch's legacy constructors name it, of other things the name of their class."""
    kind = type(obj)
    return obj.type() if isinstance(obj, Tensor) else f"{kind.__module__}.{kind.__qualname__}"


def set_default_tensor_type(t: object) -> None:
    """The type of new floating-point tensors by a legacy constructor or its name: "torch.DoubleTensor"."""
    name = (t if isinstance(t, str) else getattr(t, "__name__", str(t))).rpartition(".")[2]
    kinds = {"FloatTensor": float32, "DoubleTensor": float64, "HalfTensor": float16}
    if name not in kinds or (isinstance(t, str) and ".cuda." in t):
        raise TypeError(f"set_default_tensor_type(): expected one of {', '.join(kinds)}, got {t!r}")
    set_default_dtype(kinds[name])


def set_float32_matmul_precision(precision: str) -> None:
    """Accepted: NumPy multiplies float32 with full precision whatever is asked for."""
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"set_float32_matmul_precision(): expected highest, high or medium, got {precision!r}")


def get_float32_matmul_precision() -> str:
    """ "highest"."""
    return "highest"


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted: results never vary here."""


def are_deterministic_algorithms_enabled() -> bool:
    """True."""
    return True


def set_num_interop_threads(n: int) -> None:
    """Accepted: operations run one after the other."""


def can_cast(from_: object, to: object) -> bool:
    """May a result of one type be put into another: no float into integers, no number into bools?"""
    a, b = _supported(from_), _supported(to)
    return "biuf".find(a.kind.replace("u", "i")) <= "biuf".find(b.kind.replace("u", "i"))
