"""Layers: PyTorch's `torch.nn`.

Module          module.py and its parts: module_tree.py (parameters(), train(), to()), saving.py, loading.py,
                backward_hooks.py, lazy.py, wrong_input.py; parameter.py, container.py
Recurrent       recurrent/: from a cell's equations to RNN, LSTM and GRU, and packed sequences
Attention       attention.py transformer.py
Other layers    linear.py sparse.py (Embedding) convolution.py pooling.py padding.py resizing.py flatten.py
                normalization.py dropout.py activation.py composed_activations.py distance.py adaptive_softmax.py
Losses          loss.py margin_loss.py
Around          functional.py (every function, defined in ../ops/), init.py, utils/; modules.py and parallel.py are
                PyTorch's paths
"""

from .._missing_names import missing as _missing
from . import functional as functional, init as init, modules as modules, parallel as parallel, utils as utils
from .activation import (
    ELU as ELU,
    GELU as GELU,
    GLU as GLU,
    Hardtanh as Hardtanh,
    LeakyReLU as LeakyReLU,
    LogSigmoid as LogSigmoid,
    LogSoftmax as LogSoftmax,
    ReLU as ReLU,
    ReLU6 as ReLU6,
    Sigmoid as Sigmoid,
    SiLU as SiLU,
    Softmax as Softmax,
    Softplus as Softplus,
    Tanh as Tanh,
)
from .adaptive_softmax import AdaptiveLogSoftmaxWithLoss as AdaptiveLogSoftmaxWithLoss
from .attention import MultiheadAttention as MultiheadAttention
from .composed_activations import (
    CELU as CELU,
    SELU as SELU,
    Hardshrink as Hardshrink,
    Hardsigmoid as Hardsigmoid,
    Hardswish as Hardswish,
    Mish as Mish,
    PReLU as PReLU,
    RReLU as RReLU,
    Softmax2d as Softmax2d,
    Softmin as Softmin,
    Softshrink as Softshrink,
    Softsign as Softsign,
    Tanhshrink as Tanhshrink,
    Threshold as Threshold,
)
from .container import (
    ModuleDict as ModuleDict,
    ModuleList as ModuleList,
    ParameterDict as ParameterDict,
    ParameterList as ParameterList,
    Sequential as Sequential,
)
from .convolution import (
    Conv1d as Conv1d,
    Conv2d as Conv2d,
    ConvTranspose1d as ConvTranspose1d,
    ConvTranspose2d as ConvTranspose2d,
)
from .distance import CosineSimilarity as CosineSimilarity, PairwiseDistance as PairwiseDistance
from .dropout import AlphaDropout as AlphaDropout, Dropout as Dropout, Dropout1d as Dropout1d, Dropout2d as Dropout2d
from .flatten import Flatten as Flatten, Unflatten as Unflatten
from .lazy import (
    LazyBatchNorm1d as LazyBatchNorm1d,
    LazyBatchNorm2d as LazyBatchNorm2d,
    LazyConv1d as LazyConv1d,
    LazyConv2d as LazyConv2d,
    LazyConvTranspose1d as LazyConvTranspose1d,
    LazyConvTranspose2d as LazyConvTranspose2d,
    LazyInstanceNorm1d as LazyInstanceNorm1d,
    LazyInstanceNorm2d as LazyInstanceNorm2d,
    LazyLinear as LazyLinear,
    UninitializedParameter as UninitializedParameter,
)
from .linear import Bilinear as Bilinear, Identity as Identity, Linear as Linear
from .loss import (
    BCELoss as BCELoss,
    BCEWithLogitsLoss as BCEWithLogitsLoss,
    CrossEntropyLoss as CrossEntropyLoss,
    CTCLoss as CTCLoss,
    HuberLoss as HuberLoss,
    KLDivLoss as KLDivLoss,
    L1Loss as L1Loss,
    MSELoss as MSELoss,
    NLLLoss as NLLLoss,
    SmoothL1Loss as SmoothL1Loss,
)
from .margin_loss import (
    CosineEmbeddingLoss as CosineEmbeddingLoss,
    GaussianNLLLoss as GaussianNLLLoss,
    HingeEmbeddingLoss as HingeEmbeddingLoss,
    MarginRankingLoss as MarginRankingLoss,
    MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss,
    MultiMarginLoss as MultiMarginLoss,
    PoissonNLLLoss as PoissonNLLLoss,
    SoftMarginLoss as SoftMarginLoss,
    TripletMarginLoss as TripletMarginLoss,
)
from .module import Module as Module
from .normalization import (
    BatchNorm1d as BatchNorm1d,
    BatchNorm2d as BatchNorm2d,
    GroupNorm as GroupNorm,
    InstanceNorm1d as InstanceNorm1d,
    InstanceNorm2d as InstanceNorm2d,
    LayerNorm as LayerNorm,
    RMSNorm as RMSNorm,
)
from .padding import (
    CircularPad1d as CircularPad1d,
    CircularPad2d as CircularPad2d,
    ConstantPad1d as ConstantPad1d,
    ConstantPad2d as ConstantPad2d,
    ReflectionPad1d as ReflectionPad1d,
    ReflectionPad2d as ReflectionPad2d,
    ReplicationPad1d as ReplicationPad1d,
    ReplicationPad2d as ReplicationPad2d,
    ZeroPad1d as ZeroPad1d,
    ZeroPad2d as ZeroPad2d,
)
from .parallel import DataParallel as DataParallel
from .parameter import Parameter as Parameter
from .pooling import (
    AdaptiveAvgPool1d as AdaptiveAvgPool1d,
    AdaptiveAvgPool2d as AdaptiveAvgPool2d,
    AdaptiveMaxPool1d as AdaptiveMaxPool1d,
    AdaptiveMaxPool2d as AdaptiveMaxPool2d,
    AvgPool1d as AvgPool1d,
    AvgPool2d as AvgPool2d,
    MaxPool1d as MaxPool1d,
    MaxPool2d as MaxPool2d,
)
from .recurrent.cells import (
    CoupledLSTMCell as CoupledLSTMCell,
    GRUCell as GRUCell,
    Highway as Highway,
    IRNNCell as IRNNCell,
    LayerNormLSTMCell as LayerNormLSTMCell,
    LSTMCell as LSTMCell,
    MGUCell as MGUCell,
    PeepholeLSTMCell as PeepholeLSTMCell,
    RHNCell as RHNCell,
    RNNCell as RNNCell,
    RNNCellBase as RNNCellBase,
    RowVectorLSTMCell as RowVectorLSTMCell,
)
from .recurrent.layer_base import RNNBase as RNNBase
from .recurrent.layers import GRU as GRU, LSTM as LSTM, RNN as RNN
from .recurrent.recurrent import Recurrent as Recurrent
from .resizing import Upsample as Upsample, UpsamplingNearest2d as UpsamplingNearest2d
from .sparse import Embedding as Embedding, EmbeddingBag as EmbeddingBag
from .transformer import (
    Transformer as Transformer,
    TransformerDecoder as TransformerDecoder,
    TransformerDecoderLayer as TransformerDecoderLayer,
    TransformerEncoder as TransformerEncoder,
    TransformerEncoderLayer as TransformerEncoderLayer,
)


def __getattr__(name: str) -> object:
    raise _missing(f"module {__name__!r}", name, globals())
