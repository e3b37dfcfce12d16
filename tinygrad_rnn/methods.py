"""What Tensor can do besides keeping a graph: its methods by name.

Every method below is a plain function from `functions/`, where its definition and docstring are.
"""

from __future__ import annotations

from .functions import (
    activations,
    choosing,
    compare,
    convert,
    elementwise,
    indexing,
    joining,
    products,
    reduce,
    sampling,
    shape,
    updates,
)
from .protocols import Protocols


class TensorMethods(Protocols):
    """The part of Tensor that only uses the rest."""

    __slots__ = ()

    # functions/elementwise.py
    add = elementwise.add
    sub = elementwise.sub
    mul = elementwise.mul
    div = elementwise.div
    floor_divide = elementwise.floor_divide
    remainder = elementwise.remainder
    pow = elementwise.pow
    neg = elementwise.neg
    abs = elementwise.abs
    square = elementwise.square
    reciprocal = elementwise.reciprocal
    exp = elementwise.exp
    expm1 = elementwise.expm1
    log = elementwise.log
    log2 = elementwise.log2
    log10 = elementwise.log10
    log1p = elementwise.log1p
    sqrt = elementwise.sqrt
    rsqrt = elementwise.rsqrt
    sin = elementwise.sin
    cos = elementwise.cos
    erf = elementwise.erf
    sign = elementwise.sign
    floor = elementwise.floor
    ceil = elementwise.ceil
    trunc = elementwise.trunc
    round = elementwise.round
    lerp = elementwise.lerp
    addcmul = elementwise.addcmul
    addcdiv = elementwise.addcdiv
    logaddexp = elementwise.logaddexp
    xlogy = elementwise.xlogy
    maximum = choosing.maximum
    minimum = choosing.minimum
    clamp = choosing.clamp
    clamp_min = choosing.clamp_min
    clamp_max = choosing.clamp_max
    masked_fill = choosing.masked_fill
    nan_to_num = choosing.nan_to_num
    sigmoid = elementwise.sigmoid
    tanh = elementwise.tanh
    relu = elementwise.relu
    softmax = activations.softmax
    log_softmax = activations.log_softmax
    where = choosing.where_method
    clip = choosing.clamp
    multiply, divide, subtract, true_divide = elementwise.mul, elementwise.div, elementwise.sub, elementwise.div
    absolute, negative = elementwise.abs, elementwise.neg

    # functions/compare.py
    eq = compare.eq
    ne = compare.ne
    lt = compare.lt
    le = compare.le
    gt = compare.gt
    ge = compare.ge
    logical_and = compare.logical_and
    logical_or = compare.logical_or
    logical_xor = compare.logical_xor
    logical_not = compare.logical_not
    bitwise_and = compare.bitwise_and
    bitwise_or = compare.bitwise_or
    bitwise_xor = compare.bitwise_xor
    bitwise_not = compare.bitwise_not
    isnan = compare.isnan
    isinf = compare.isinf
    isfinite = compare.isfinite
    isclose = compare.isclose
    allclose = compare.allclose
    equal = compare.equal
    any = compare.any
    all = compare.all
    count_nonzero = compare.count_nonzero

    # functions/reduce.py
    sum = reduce.sum
    mean = reduce.mean
    var = reduce.var
    std = reduce.std
    amax = reduce.amax
    amin = reduce.amin
    max = reduce.max
    min = reduce.min
    argmax = reduce.argmax
    argmin = reduce.argmin
    prod = reduce.prod
    logsumexp = reduce.logsumexp
    norm = reduce.norm
    cumsum = reduce.cumsum
    cumprod = reduce.cumprod
    logcumsumexp = reduce.logcumsumexp

    # functions/shape.py
    reshape = shape.reshape
    view = shape.view
    view_as = shape.view_as
    reshape_as = shape.reshape_as
    flatten = shape.flatten
    unflatten = shape.unflatten
    transpose = shape.transpose
    t = shape.t
    permute = shape.permute
    movedim = shape.movedim
    squeeze = shape.squeeze
    unsqueeze = shape.unsqueeze
    expand = shape.expand
    expand_as = shape.expand_as
    broadcast_to = shape.broadcast_to
    split = joining.split
    chunk = joining.chunk
    unbind = joining.unbind
    flip = shape.flip
    roll = shape.roll
    repeat = joining.repeat
    tile = joining.tile
    repeat_interleave = joining.repeat_interleave
    narrow = joining.narrow
    select = joining.select
    tril = shape.tril
    triu = shape.triu
    diagonal = shape.diagonal
    diag = shape.diag
    clone = shape.clone
    contiguous = shape.contiguous
    swapaxes = swapdims = shape.transpose
    moveaxis = shape.movedim
    T = property(shape.reverse_axes)
    mT = property(shape.transpose_matrix)

    # functions/products.py
    matmul = products.matmul
    mm = products.mm
    bmm = products.bmm
    mv = products.mv
    dot = products.dot
    baddbmm = products.baddbmm
    addmm = products.addmm
    outer = products.outer

    # functions/sampling.py
    bernoulli = sampling.bernoulli
    multinomial = sampling.multinomial

    # functions/indexing.py
    gather = indexing.gather
    take_along_dim = indexing.take_along_dim
    index_select = indexing.index_select
    index_add = indexing.index_add
    index_fill = indexing.index_fill
    scatter = indexing.scatter
    scatter_add = indexing.scatter_add
    masked_select = indexing.masked_select
    masked_scatter = indexing.masked_scatter
    nonzero = indexing.nonzero
    argwhere = indexing.argwhere
    argsort = indexing.argsort
    sort = indexing.sort
    topk = indexing.topk
    take = indexing.take

    # functions/updates.py
    add_ = updates.add_
    sub_ = updates.sub_
    mul_ = updates.mul_
    div_ = updates.div_
    pow_ = updates.pow_
    addcmul_ = updates.addcmul_
    addcdiv_ = updates.addcdiv_
    lerp_ = updates.lerp_
    neg_ = updates.neg_
    abs_ = updates.abs_
    log_ = updates.log_
    floor_ = updates.floor_
    round_ = updates.round_
    reciprocal_ = updates.reciprocal_
    floor_divide_ = updates.floor_divide_
    remainder_ = updates.remainder_
    exp_ = updates.exp_
    sqrt_ = updates.sqrt_
    tanh_ = updates.tanh_
    sigmoid_ = updates.sigmoid_
    relu_ = updates.relu_
    clamp_ = updates.clamp_
    clamp_min_ = updates.clamp_min_
    clamp_max_ = updates.clamp_max_
    scatter_ = updates.scatter_
    scatter_add_ = updates.scatter_add_
    index_add_ = updates.index_add_
    index_fill_ = updates.index_fill_
    masked_fill_ = updates.masked_fill_
    copy_ = updates.copy_
    fill_ = updates.fill_
    zero_ = updates.zero_
    normal_ = updates.normal_
    uniform_ = updates.uniform_
    bernoulli_ = updates.bernoulli_
    random_ = updates.random_
    apply_ = updates.apply_
    unsqueeze_ = updates.unsqueeze_
    squeeze_ = updates.squeeze_
    transpose_ = updates.transpose_
    t_ = updates.t_

    # functions/convert.py
    item = convert.item
    tolist = convert.tolist
    numpy = convert.numpy
    to = convert.to
    type = convert.as_type
    type_as = convert.type_as
    float = convert.as_float
    double = convert.double
    half = convert.half
    long = convert.long
    int = convert.as_int
    short = convert.short
    byte = convert.byte
    bool = convert.as_bool
    cpu = convert.cpu
    cuda = convert.cuda
    pin_memory = convert.pin_memory
    new_tensor = convert.new_tensor
    new_zeros = convert.new_zeros
    new_ones = convert.new_ones
    new_empty = convert.new_empty
    new_full = convert.new_full
