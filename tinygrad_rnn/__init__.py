"""tinygrad_rnn: a small autograd engine on NumPy, sequence layers built on it, and pictures of the graph.

    import tinygrad_rnn as tg

Names and meanings are PyTorch's. Where to read: graph, ops/elementwise, engine, tensor, nn/cells, nn/rnn.

A training loop is slow? Small matrices are multiplied best by one thread, most of all while other programs run:
`tg.set_num_threads(1)`, or OPENBLAS_NUM_THREADS=1 in the environment.
"""

import importlib
from typing import TYPE_CHECKING

from . import _memory, linalg
from ._mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    scope,
    set_grad_enabled,
    step,
    unrolled,
)
from .create import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    normal,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    tensor,
    zeros,
    zeros_like,
)
from .device import device, get_default_device, set_default_device
from .dtypes import (
    bool,
    double,
    dtype,
    finfo,
    float,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    iinfo,
    int,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    result_type,
    set_default_dtype,
    short,
    uint8,
)
from .functions.activations import log_softmax, softmax
from .functions.arguments import is_tensor
from .functions.choosing import (
    clamp,
    clamp_max,
    clamp_min,
    clip,
    masked_fill,
    maximum,
    minimum,
    nan_to_num,
    where,
)
from .functions.compare import (
    all,
    allclose,
    any,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    count_nonzero,
    eq,
    equal,
    ge,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
)
from .functions.convert import Size, is_floating_point, numel
from .functions.elementwise import (
    abs,
    absolute,
    add,
    addcdiv,
    addcmul,
    ceil,
    cos,
    div,
    divide,
    erf,
    exp,
    expm1,
    floor,
    floor_divide,
    lerp,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    mul,
    multiply,
    neg,
    negative,
    pow,
    reciprocal,
    relu,
    remainder,
    round,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    sub,
    subtract,
    tanh,
    true_divide,
    trunc,
    xlogy,
)
from .functions.indexing import (
    argsort,
    argwhere,
    gather,
    index_add,
    index_fill,
    index_select,
    masked_scatter,
    masked_select,
    nonzero,
    scatter,
    scatter_add,
    sort,
    take,
    take_along_dim,
    topk,
)
from .functions.joining import (
    cat,
    chunk,
    concat,
    concatenate,
    hstack,
    meshgrid,
    narrow,
    repeat,
    repeat_interleave,
    select,
    split,
    stack,
    tile,
    unbind,
    vstack,
)
from .functions.products import addmm, baddbmm, bmm, dot, einsum, matmul, mm, mv, outer
from .functions.reduce import (
    amax,
    amin,
    argmax,
    argmin,
    cumprod,
    cumsum,
    logcumsumexp,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    std,
    sum,
    var,
    var_mean,
)
from .functions.sampling import bernoulli, multinomial
from .functions.shape import (
    broadcast_tensors,
    broadcast_to,
    clone,
    contiguous,
    diag,
    diagonal,
    expand_as,
    flatten,
    flip,
    moveaxis,
    movedim,
    permute,
    reshape,
    reshape_as,
    roll,
    squeeze,
    swapaxes,
    swapdims,
    t,
    transpose,
    tril,
    triu,
    unflatten,
    unsqueeze,
    view,
    view_as,
)
from .legacy import (
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
)
from .random import Generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from .tensor import Tensor
from .threads import get_num_threads, set_num_threads

from . import accelerator, autograd, backends, cuda, nn, optim, utils  # isort: skip
from .nn.fused import expand  # isort: skip

if TYPE_CHECKING:  # so that editors know what __getattr__ below gives
    from .interop import load, save
    from .viz import draw

__version__ = "0.2.0"


def __getattr__(name: str):
    """`draw`, `save` and `load`: their modules are read only when someone asks, so that importing stays quick."""
    home = {"draw": ".viz", "save": ".interop", "load": ".interop"}.get(name)
    if home is not None:
        return getattr(importlib.import_module(home, __name__), name)
    if name in ("interop", "viz"):
        return importlib.import_module("." + name, __name__)
    raise AttributeError(f"module 'tinygrad_rnn' has no attribute {name!r}")
