"""Layers: PyTorch's `torch.nn`."""

from .._names import missing as _missing
from . import functional, init, utils
from .activation import (
    ELU,
    GELU,
    GLU,
    CosineSimilarity,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from .attention import MultiheadAttention
from .container import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from .convolution import Conv1d
from .dropout import Dropout, Dropout1d, Dropout2d
from .flatten import Flatten, Unflatten
from .linear import Bilinear, Identity, Linear
from .loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    CTCLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from .module import Module
from .normalization import BatchNorm1d, GroupNorm, LayerNorm, RMSNorm
from .parameter import Parameter
from .pooling import AdaptiveAvgPool1d, AvgPool1d, MaxPool1d
from .recurrent.cells import (
    CoupledLSTMCell,
    GRUCell,
    Highway,
    IRNNCell,
    LayerNormLSTMCell,
    LSTMCell,
    MGUCell,
    PeepholeLSTMCell,
    RHNCell,
    RNNCell,
    RNNCellBase,
    RowVectorLSTMCell,
)
from .recurrent.layer_base import RNNBase
from .recurrent.layers import GRU, LSTM, RNN
from .recurrent.recurrent import Recurrent
from .sparse import Embedding
from .transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)


def __getattr__(name: str) -> object:
    raise _missing(f"module {__name__!r}", name, globals())
