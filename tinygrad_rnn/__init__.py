"""tinygrad_rnn: a small autograd engine on NumPy, sequence layers built on it, and pictures of the graph.

    import tinygrad_rnn as tg

Names and meanings are PyTorch's. `help(tg.NAME)` tells more about each.

Tensors         Tensor tensor as_tensor from_numpy from_dlpack zeros ones empty full eye arange linspace and their *_like; Size is_tensor
                BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor LongTensor ShortTensor
Types           float16 float32 float64 half float double, uint8 int8 int16 int32 int64 short int long, bool; dtype finfo iinfo
                get_default_dtype set_default_dtype promote_types result_type is_floating_point
                device get_default_device set_default_device
Random          rand randn randint randperm normal bernoulli multinomial rand_like randn_like randint_like
                Generator manual_seed seed initial_seed get_rng_state set_rng_state
Gradients       no_grad enable_grad set_grad_enabled inference_mode is_grad_enabled is_inference_mode_enabled
Graphs          record scope step unrolled expand draw summary
Training        fit compare
Arithmetic      add sub mul div neg abs square reciprocal remainder floor_divide lerp addcmul addcdiv
                subtract multiply divide true_divide negative absolute
Functions       exp expm1 log log1p log2 log10 pow sqrt rsqrt xlogy logaddexp sin cos erf sigmoid tanh relu softmax log_softmax; sign floor ceil round trunc
Choosing        where clamp clamp_min clamp_max clip maximum minimum masked_fill nan_to_num heaviside
Comparing       eq ne lt le gt ge equal isclose allclose isnan isinf isfinite all any count_nonzero
                logical_and logical_or logical_xor logical_not bitwise_and bitwise_or bitwise_xor bitwise_not
Reducing        sum mean var std var_mean prod norm logsumexp max min amax amin argmax argmin numel
Running         cumsum cumprod logcumsumexp trapezoid trapz
Products        matmul mm bmm mv dot outer kron cross addmm baddbmm einsum
Shapes          reshape reshape_as view view_as flatten unflatten transpose swapaxes swapdims t permute movedim moveaxis
                squeeze unsqueeze expand_as broadcast_to broadcast_tensors clone contiguous
Pieces          cat concat concatenate stack hstack vstack split chunk unbind narrow select repeat tile repeat_interleave meshgrid
Moving          flip roll tril triu diag diagonal
Indexing        gather take take_along_dim index_select index_add index_fill scatter scatter_add scatter_reduce masked_select masked_scatter
                nonzero argwhere sort argsort topk
Trigonometry    tan sinh cosh asin acos atan atan2 asinh acosh atanh arcsin arccos arctan arctan2 arcsinh arccosh arctanh
                deg2rad rad2deg sinc hypot pi e inf nan
Statistics      median kthvalue quantile cummax cummin aminmax unique unique_consecutive bincount histc histogram bucketize
                searchsorted nansum nanmean std_mean diff dist cdist renorm isin cov corrcoef poisson
Assembling      atleast_1d atleast_2d atleast_3d block_diag broadcast_shapes cartesian_prod column_stack dstack tensordot
                tril_indices triu_indices logspace range scalar_tensor asarray frombuffer hann_window hamming_window
Matrices        cholesky cholesky_inverse cholesky_solve det logdet matrix_exp matrix_power matrix_rank pinverse qr slogdet svd chain_matmul
Further         GradScaler addmv addr adjoint are_deterministic_algorithms_enabled autocast bfloat16 can_cast
                cdouble cfloat compile complex128 complex64 contiguous_format detach diag_embed diagflat digamma erfc exp2 fix
                fliplr flipud float_power fmod frac ger get_float32_matmul_precision greater greater_equal index_copy index_put inner inverse
                is_complex is_nonzero is_signed isneginf isposinf less less_equal lgamma logit newaxis not_equal positive
                preserve_format ravel rot90 set_default_tensor_type set_float32_matmul_precision set_num_interop_threads
                set_printoptions sgn signbit strided tensor_split trace typename use_deterministic_algorithms vdot
Layers          adaptive_avg_pool1d adaptive_max_pool1d avg_pool1d batch_norm bilinear binary_cross_entropy_with_logits celu
                conv1d conv2d conv_transpose1d conv_transpose2d cosine_embedding_loss cosine_similarity ctc_loss dropout
                embedding group_norm hardshrink hinge_embedding_loss instance_norm kl_div layer_norm margin_ranking_loss
                max_pool1d max_pool2d pairwise_distance poisson_nll_loss prelu rms_norm rrelu selu threshold
                triplet_margin_loss
Inplace         abs_ ceil_ clamp_ exp_ fill_ floor_ log_ neg_ reciprocal_ relu_ resize_as_ round_ rsqrt_ sigmoid_ sqrt_ square_
                tanh_ threshold_ zero_
Files           save load
PyTorch         from_torch to_torch as_torch
Speed           get_num_threads set_num_threads use_kernels warm_up show_config

Modules: nn (layers), nn.functional, models (built from layers), optim, autograd, utils.data, study (ask the graph), viz, interop, tasks (toy
sequence tasks, for `fit`), fitting (what `fit` returns), comparing (what `compare` returns), runs (what a training program needs so that
nothing is lost); and for programs that only change their imports cuda, accelerator, backends, linalg.
"""

import importlib
from typing import TYPE_CHECKING, Final as _Final

from . import (
    _malloc,
    accelerator as accelerator,
    amp as amp,
    autograd as autograd,
    backends as backends,
    cuda as cuda,
    distributed as distributed,
    distributions as distributions,
    functional as functional,
    jit as jit,
    linalg as linalg,
    models as models,
    nn as nn,
    optim as optim,
    profiler as profiler,
    testing as testing,
    utils as utils,
    version as version,
)  # isort: skip
from ._device import (
    device as device,
    get_default_device as get_default_device,
    set_default_device as set_default_device,
)
from ._missing_names import missing as _missing
from ._mode import (
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    is_grad_enabled as is_grad_enabled,
    is_inference_mode_enabled as is_inference_mode_enabled,
    no_grad as no_grad,
    scope as scope,
    set_grad_enabled as set_grad_enabled,
    step as step,
    unrolled as unrolled,
)
from ._tensor import Tensor as Tensor
from .config import show_config as show_config, warm_up as warm_up
from .create import (
    arange as arange,
    as_tensor as as_tensor,
    empty as empty,
    empty_like as empty_like,
    eye as eye,
    from_dlpack as from_dlpack,
    from_numpy as from_numpy,
    full as full,
    full_like as full_like,
    linspace as linspace,
    normal as normal,
    ones as ones,
    ones_like as ones_like,
    rand as rand,
    rand_like as rand_like,
    randint as randint,
    randint_like as randint_like,
    randn as randn,
    randn_like as randn_like,
    randperm as randperm,
    tensor as tensor,
    zeros as zeros,
    zeros_like as zeros_like,
)
from .dtypes import (
    bool as bool,
    double as double,
    dtype as dtype,
    finfo as finfo,
    float as float,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    get_default_dtype as get_default_dtype,
    half as half,
    iinfo as iinfo,
    int as int,
    int8 as int8,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    long as long,
    promote_types as promote_types,
    result_type as result_type,
    set_default_dtype as set_default_dtype,
    short as short,
    uint8 as uint8,
)
from .further import *  # noqa: F403
from .kernels.choice import use_kernels as use_kernels
from .notes import record as record
from .ops.checks import is_tensor as is_tensor
from .ops.choosing import where as where
from .ops.converting import is_floating_point as is_floating_point, numel as numel
from .ops.joining import (
    cat as cat,
    concat as concat,
    concatenate as concatenate,
    hstack as hstack,
    meshgrid as meshgrid,
    stack as stack,
    vstack as vstack,
)
from .ops.making import Size as Size
from .ops.products import einsum as einsum
from .ops.reducing import var_mean as var_mean
from .ops.shaping import broadcast_tensors as broadcast_tensors
from .random import (
    Generator as Generator,
    get_rng_state as get_rng_state,
    initial_seed as initial_seed,
    manual_seed as manual_seed,
    seed as seed,
    set_rng_state as set_rng_state,
)

from .nn.recurrent.fused import expand as expand  # isort: skip

# --- what is a method too: one family after the other, as in ops/ ---------------------------------------

relu: _Final = Tensor.relu
sigmoid: _Final = Tensor.sigmoid
tanh: _Final = Tensor.tanh
abs: _Final = Tensor.abs
absolute: _Final = Tensor.absolute
add: _Final = Tensor.add
addcdiv: _Final = Tensor.addcdiv
addcmul: _Final = Tensor.addcmul
div: _Final = Tensor.div
divide: _Final = Tensor.divide
floor_divide: _Final = Tensor.floor_divide
lerp: _Final = Tensor.lerp
mul: _Final = Tensor.mul
multiply: _Final = Tensor.multiply
neg: _Final = Tensor.neg
negative: _Final = Tensor.negative
reciprocal: _Final = Tensor.reciprocal
remainder: _Final = Tensor.remainder
square: _Final = Tensor.square
sub: _Final = Tensor.sub
subtract: _Final = Tensor.subtract
true_divide: _Final = Tensor.true_divide
clamp: _Final = Tensor.clamp
clamp_max: _Final = Tensor.clamp_max
clamp_min: _Final = Tensor.clamp_min
clip: _Final = Tensor.clip
masked_fill: _Final = Tensor.masked_fill
maximum: _Final = Tensor.maximum
minimum: _Final = Tensor.minimum
nan_to_num: _Final = Tensor.nan_to_num
all: _Final = Tensor.all
allclose: _Final = Tensor.allclose
any: _Final = Tensor.any
bitwise_and: _Final = Tensor.bitwise_and
bitwise_not: _Final = Tensor.bitwise_not
bitwise_or: _Final = Tensor.bitwise_or
bitwise_xor: _Final = Tensor.bitwise_xor
count_nonzero: _Final = Tensor.count_nonzero
eq: _Final = Tensor.eq
equal: _Final = Tensor.equal
ge: _Final = Tensor.ge
gt: _Final = Tensor.gt
isclose: _Final = Tensor.isclose
isfinite: _Final = Tensor.isfinite
isinf: _Final = Tensor.isinf
isnan: _Final = Tensor.isnan
le: _Final = Tensor.le
logical_and: _Final = Tensor.logical_and
logical_not: _Final = Tensor.logical_not
logical_or: _Final = Tensor.logical_or
logical_xor: _Final = Tensor.logical_xor
lt: _Final = Tensor.lt
ne: _Final = Tensor.ne
amax: _Final = Tensor.amax
amin: _Final = Tensor.amin
argmax: _Final = Tensor.argmax
argmin: _Final = Tensor.argmin
max: _Final = Tensor.max
min: _Final = Tensor.min
bernoulli: _Final = Tensor.bernoulli
multinomial: _Final = Tensor.multinomial
argwhere: _Final = Tensor.argwhere
gather: _Final = Tensor.gather
index_add: _Final = Tensor.index_add
index_fill: _Final = Tensor.index_fill
index_select: _Final = Tensor.index_select
masked_scatter: _Final = Tensor.masked_scatter
masked_select: _Final = Tensor.masked_select
nonzero: _Final = Tensor.nonzero
scatter: _Final = Tensor.scatter
scatter_add: _Final = Tensor.scatter_add
take: _Final = Tensor.take
take_along_dim: _Final = Tensor.take_along_dim
chunk: _Final = Tensor.chunk
narrow: _Final = Tensor.narrow
repeat: _Final = Tensor.repeat
repeat_interleave: _Final = Tensor.repeat_interleave
select: _Final = Tensor.select
split: _Final = Tensor.split
tile: _Final = Tensor.tile
unbind: _Final = Tensor.unbind
logaddexp: _Final = Tensor.logaddexp
logcumsumexp: _Final = Tensor.logcumsumexp
logsumexp: _Final = Tensor.logsumexp
diag: _Final = Tensor.diag
diagonal: _Final = Tensor.diagonal
flip: _Final = Tensor.flip
roll: _Final = Tensor.roll
tril: _Final = Tensor.tril
triu: _Final = Tensor.triu
exp: _Final = Tensor.exp
expm1: _Final = Tensor.expm1
log: _Final = Tensor.log
log10: _Final = Tensor.log10
log1p: _Final = Tensor.log1p
log2: _Final = Tensor.log2
pow: _Final = Tensor.pow
rsqrt: _Final = Tensor.rsqrt
sqrt: _Final = Tensor.sqrt
xlogy: _Final = Tensor.xlogy
addmm: _Final = Tensor.addmm
baddbmm: _Final = Tensor.baddbmm
bmm: _Final = Tensor.bmm
dot: _Final = Tensor.dot
matmul: _Final = Tensor.matmul
mm: _Final = Tensor.mm
mv: _Final = Tensor.mv
outer: _Final = Tensor.outer
mean: _Final = Tensor.mean
norm: _Final = Tensor.norm
std: _Final = Tensor.std
sum: _Final = Tensor.sum
var: _Final = Tensor.var
ceil: _Final = Tensor.ceil
floor: _Final = Tensor.floor
round: _Final = Tensor.round
sign: _Final = Tensor.sign
trunc: _Final = Tensor.trunc
cumprod: _Final = Tensor.cumprod
cumsum: _Final = Tensor.cumsum
prod: _Final = Tensor.prod
broadcast_to: _Final = Tensor.broadcast_to
clone: _Final = Tensor.clone
contiguous: _Final = Tensor.contiguous
expand_as: _Final = Tensor.expand_as
flatten: _Final = Tensor.flatten
moveaxis: _Final = Tensor.moveaxis
movedim: _Final = Tensor.movedim
permute: _Final = Tensor.permute
reshape: _Final = Tensor.reshape
reshape_as: _Final = Tensor.reshape_as
squeeze: _Final = Tensor.squeeze
swapaxes: _Final = Tensor.swapaxes
swapdims: _Final = Tensor.swapdims
t: _Final = Tensor.t
transpose: _Final = Tensor.transpose
unflatten: _Final = Tensor.unflatten
unsqueeze: _Final = Tensor.unsqueeze
view: _Final = Tensor.view
view_as: _Final = Tensor.view_as
log_softmax: _Final = Tensor.log_softmax
softmax: _Final = Tensor.softmax
argsort: _Final = Tensor.argsort
sort: _Final = Tensor.sort
topk: _Final = Tensor.topk
cos: _Final = Tensor.cos
erf: _Final = Tensor.erf
sin: _Final = Tensor.sin

if TYPE_CHECKING:  # so that editors know what __getattr__ below gives
    from .comparing import compare as compare
    from .fitting import fit as fit
    from .interop import *  # noqa: F403
    from .study import summary as summary
    from .viz import draw as draw

__version__ = "0.2.0"


def __getattr__(name: str) -> object:
    """`fit`, `compare`, `draw`, `summary`, `save`, `load` …: their modules are read only when someone asks, so that importing stays quick."""
    homes = {"fit": ".fitting", "compare": ".comparing", "draw": ".viz", "summary": ".study"}
    if home := homes.get(name, ".interop" if name in ("as_torch", "from_torch", "load", "save", "to_torch") else ""):
        return getattr(importlib.import_module(home, __name__), name)
    if name in ("claims", "comparing", "fitting", "interop", "multiprocessing", "runs", "serialization", "study", "tasks", "viz"):  # fmt: skip
        return importlib.import_module("." + name, __name__)
    raise _missing(f"module {__name__!r}", name, globals())
