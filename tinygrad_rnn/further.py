"""PyTorch's functions that programs need less often, beside those that stand in the package itself."""

from __future__ import annotations

import math
from typing import Final

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
    supported,
)
from .jit import compile as compile
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
from .ops.composed import std_mean as std_mean
from .ops.distances import cdist as cdist, tensordot as tensordot
from .ops.statistics import bucketize as bucketize, searchsorted as searchsorted
from .printing import set_printoptions as set_printoptions
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

pi: Final = math.pi
e: Final = math.e
inf: Final = math.inf
nan: Final = math.nan
newaxis: Final = None
strided: Final = "strided"
contiguous_format: Final = "contiguous_format"
preserve_format: Final = "preserve_format"

tan: Final = Tensor.tan
sinh: Final = Tensor.sinh
cosh: Final = Tensor.cosh
asin: Final = Tensor.asin
acos: Final = Tensor.acos
atan: Final = Tensor.atan
atan2: Final = Tensor.atan2
asinh: Final = Tensor.asinh
acosh: Final = Tensor.acosh
atanh: Final = Tensor.atanh
arcsin: Final = Tensor.arcsin
arccos: Final = Tensor.arccos
arctan: Final = Tensor.arctan
arctan2: Final = Tensor.arctan2
arcsinh: Final = Tensor.arcsinh
arccosh: Final = Tensor.arccosh
arctanh: Final = Tensor.arctanh
deg2rad: Final = Tensor.deg2rad
rad2deg: Final = Tensor.rad2deg
sinc: Final = Tensor.sinc
hypot: Final = Tensor.hypot

exp2: Final = Tensor.exp2
float_power: Final = Tensor.float_power
logit: Final = Tensor.logit
erfc: Final = Tensor.erfc
frac: Final = Tensor.frac
fix: Final = Tensor.fix
sgn: Final = Tensor.sgn
positive: Final = Tensor.positive
fmod: Final = Tensor.fmod
nansum: Final = Tensor.nansum
nanmean: Final = Tensor.nanmean
dist: Final = Tensor.dist
renorm: Final = Tensor.renorm
diff: Final = Tensor.diff
trace: Final = Tensor.trace

hardshrink: Final = Tensor.hardshrink
prelu: Final = Tensor.prelu

median: Final = Tensor.median
kthvalue: Final = Tensor.kthvalue
quantile: Final = Tensor.quantile
cummax: Final = Tensor.cummax
cummin: Final = Tensor.cummin
aminmax: Final = Tensor.aminmax
unique: Final = Tensor.unique
unique_consecutive: Final = Tensor.unique_consecutive
bincount: Final = Tensor.bincount
histc: Final = Tensor.histc
histogram: Final = Tensor.histogram

greater: Final = Tensor.greater
greater_equal: Final = Tensor.greater_equal
less: Final = Tensor.less
less_equal: Final = Tensor.less_equal
not_equal: Final = Tensor.not_equal
signbit: Final = Tensor.signbit
isposinf: Final = Tensor.isposinf
isneginf: Final = Tensor.isneginf
isin: Final = Tensor.isin
is_nonzero: Final = Tensor.is_nonzero
is_signed: Final = Tensor.is_signed

ger: Final = Tensor.ger
vdot: Final = Tensor.vdot
inner: Final = Tensor.inner
addmv: Final = Tensor.addmv
addr: Final = Tensor.addr

ravel: Final = Tensor.ravel
adjoint: Final = Tensor.adjoint
fliplr: Final = Tensor.fliplr
flipud: Final = Tensor.flipud
rot90: Final = Tensor.rot90
diag_embed: Final = Tensor.diag_embed
diagflat: Final = Tensor.diagflat
tensor_split: Final = Tensor.tensor_split
index_copy: Final = Tensor.index_copy
index_put: Final = Tensor.index_put
detach: Final = Tensor.detach

relu_: Final = Tensor.relu_
sigmoid_: Final = Tensor.sigmoid_
tanh_: Final = Tensor.tanh_
exp_: Final = Tensor.exp_
log_: Final = Tensor.log_
sqrt_: Final = Tensor.sqrt_
abs_: Final = Tensor.abs_
neg_: Final = Tensor.neg_
clamp_: Final = Tensor.clamp_
zero_: Final = Tensor.zero_
fill_: Final = Tensor.fill_
round_: Final = Tensor.round_
floor_: Final = Tensor.floor_
ceil_: Final = Tensor.ceil_
square_: Final = Tensor.square_
reciprocal_: Final = Tensor.reciprocal_
rsqrt_: Final = Tensor.rsqrt_
resize_as_: Final = Tensor.resize_as_


def is_complex(input: Tensor) -> bool:
    """False: numbers are real here."""
    return False


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
    a, b = supported(from_), supported(to)
    return "biuf".find(a.kind.replace("u", "i")) <= "biuf".find(b.kind.replace("u", "i"))
