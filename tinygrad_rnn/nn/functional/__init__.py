"""Layers and losses as plain functions of tensors: PyTorch's `torch.nn.functional`."""

from .activation import (
    elu,
    gelu,
    glu,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from .attention import scaled_dot_product_attention
from .classification import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, nll_loss
from .convolution import conv1d
from .ctc import ctc_loss
from .distance import cosine_similarity, normalize
from .dropout import dropout, dropout1d, dropout2d
from .linear import bilinear, linear
from .loss import huber_loss, kl_div, l1_loss, mse_loss, smooth_l1_loss
from .normalization import batch_norm, group_norm, layer_norm, rms_norm
from .padding import pad
from .pooling import adaptive_avg_pool1d, avg_pool1d, max_pool1d
from .sparse import embedding, one_hot
