"""Layers and losses as plain functions of tensors: PyTorch's `torch.nn.functional`. Each is defined with its rule, in ops/."""

from typing import Final as _Final

from .._missing_names import missing as _missing
from .._tensor import Tensor
from ..ops.activations import (
    elu as elu,
    elu_ as elu_,
    gelu as gelu,
    hardtanh as hardtanh,
    hardtanh_ as hardtanh_,
    leaky_relu as leaky_relu,
    leaky_relu_ as leaky_relu_,
    relu as relu,
    silu as silu,
    softplus as softplus,
)
from ..ops.attention import scaled_dot_product_attention as scaled_dot_product_attention
from ..ops.bags import embedding_bag as embedding_bag
from ..ops.binary_losses import (
    binary_cross_entropy as binary_cross_entropy,
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
)
from ..ops.class_losses import cross_entropy as cross_entropy, nll_loss as nll_loss
from ..ops.composed_activations import (
    celu as celu,
    celu_ as celu_,
    glu as glu,
    gumbel_softmax as gumbel_softmax,
    hardsigmoid as hardsigmoid,
    hardswish as hardswish,
    logsigmoid as logsigmoid,
    mish as mish,
    relu6 as relu6,
    rrelu as rrelu,
    rrelu_ as rrelu_,
    selu as selu,
    selu_ as selu_,
    softmin as softmin,
    softshrink as softshrink,
    softsign as softsign,
    tanhshrink as tanhshrink,
    threshold as threshold,
    threshold_ as threshold_,
)
from ..ops.convolution import (
    conv1d as conv1d,
    conv2d as conv2d,
    conv_transpose1d as conv_transpose1d,
    conv_transpose2d as conv_transpose2d,
)
from ..ops.ctc import ctc_loss as ctc_loss
from ..ops.distances import (
    cosine_similarity as cosine_similarity,
    normalize as normalize,
    pairwise_distance as pairwise_distance,
)
from ..ops.dropout import (
    alpha_dropout as alpha_dropout,
    dropout as dropout,
    dropout1d as dropout1d,
    dropout2d as dropout2d,
)
from ..ops.linear import bilinear as bilinear, linear as linear
from ..ops.losses import (
    huber_loss as huber_loss,
    kl_div as kl_div,
    l1_loss as l1_loss,
    mse_loss as mse_loss,
    smooth_l1_loss as smooth_l1_loss,
)
from ..ops.margin_losses import (
    cosine_embedding_loss as cosine_embedding_loss,
    gaussian_nll_loss as gaussian_nll_loss,
    hinge_embedding_loss as hinge_embedding_loss,
    margin_ranking_loss as margin_ranking_loss,
    multi_margin_loss as multi_margin_loss,
    multilabel_soft_margin_loss as multilabel_soft_margin_loss,
    poisson_nll_loss as poisson_nll_loss,
    soft_margin_loss as soft_margin_loss,
    triplet_margin_loss as triplet_margin_loss,
)
from ..ops.normalization import (
    batch_norm as batch_norm,
    group_norm as group_norm,
    instance_norm as instance_norm,
    layer_norm as layer_norm,
    rms_norm as rms_norm,
)
from ..ops.padding import pad as pad
from ..ops.pooling import (
    adaptive_avg_pool1d as adaptive_avg_pool1d,
    adaptive_avg_pool2d as adaptive_avg_pool2d,
    adaptive_max_pool1d as adaptive_max_pool1d,
    adaptive_max_pool2d as adaptive_max_pool2d,
    avg_pool1d as avg_pool1d,
    avg_pool2d as avg_pool2d,
    max_pool1d as max_pool1d,
    max_pool2d as max_pool2d,
)
from ..ops.resizing import interpolate as interpolate
from ..ops.rows import embedding as embedding, one_hot as one_hot

hardshrink: _Final = Tensor.hardshrink
log_softmax: _Final = Tensor.log_softmax
prelu: _Final = Tensor.prelu
relu_: _Final = Tensor.relu_
sigmoid: _Final = Tensor.sigmoid
softmax: _Final = Tensor.softmax
tanh: _Final = Tensor.tanh


def __getattr__(name: str) -> object:
    raise _missing(f"module {__name__!r}", name, globals())
