"""Layers and losses as plain functions of tensors: PyTorch's `torch.nn.functional`. Each is defined with its rule, in ops/."""

from typing import Final as _Final

from .._names import missing as _missing
from .._tensor import Tensor
from ..ops.activations import elu as elu
from ..ops.activations import gelu as gelu
from ..ops.activations import glu as glu
from ..ops.activations import hardtanh as hardtanh
from ..ops.activations import leaky_relu as leaky_relu
from ..ops.activations import logsigmoid as logsigmoid
from ..ops.activations import relu as relu
from ..ops.activations import relu6 as relu6
from ..ops.activations import silu as silu
from ..ops.activations import softplus as softplus
from ..ops.attention import scaled_dot_product_attention as scaled_dot_product_attention
from ..ops.binary_losses import binary_cross_entropy as binary_cross_entropy
from ..ops.binary_losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from ..ops.class_losses import cross_entropy as cross_entropy
from ..ops.class_losses import nll_loss as nll_loss
from ..ops.convolution import conv1d as conv1d
from ..ops.ctc import ctc_loss as ctc_loss
from ..ops.distances import cosine_similarity as cosine_similarity
from ..ops.distances import normalize as normalize
from ..ops.dropout import dropout as dropout
from ..ops.dropout import dropout1d as dropout1d
from ..ops.dropout import dropout2d as dropout2d
from ..ops.linear import bilinear as bilinear
from ..ops.linear import linear as linear
from ..ops.losses import huber_loss as huber_loss
from ..ops.losses import kl_div as kl_div
from ..ops.losses import l1_loss as l1_loss
from ..ops.losses import mse_loss as mse_loss
from ..ops.losses import smooth_l1_loss as smooth_l1_loss
from ..ops.normalization import batch_norm as batch_norm
from ..ops.normalization import group_norm as group_norm
from ..ops.normalization import layer_norm as layer_norm
from ..ops.normalization import rms_norm as rms_norm
from ..ops.padding import pad as pad
from ..ops.pooling import adaptive_avg_pool1d as adaptive_avg_pool1d
from ..ops.pooling import avg_pool1d as avg_pool1d
from ..ops.pooling import max_pool1d as max_pool1d
from ..ops.rows import embedding as embedding
from ..ops.rows import one_hot as one_hot

log_softmax: _Final = Tensor.log_softmax
sigmoid: _Final = Tensor.sigmoid
softmax: _Final = Tensor.softmax
tanh: _Final = Tensor.tanh


def __getattr__(name: str) -> object:
    raise _missing(f"module {__name__!r}", name, globals())
