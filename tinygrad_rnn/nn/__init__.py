"""Layers: PyTorch's `torch.nn`."""

from . import functional, generate, init, utils
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
from .any_cell import Recurrent
from .attention import MultiheadAttention
from .cells import (
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
from .container import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from .convolution import Conv1d
from .ctc_decoding import ctc_beam, ctc_greedy
from .dropout import Dropout, Dropout1d, Dropout2d
from .flatten import Flatten, Unflatten
from .heads import last_output, max_over_time, mean_over_time
from .ladder import AutoregressiveModel, LatentAutoregressiveModel, LinearStateSpace, MarkovModel, NaiveModel
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
from .masks import additive_mask, causal_mask, padding_mask
from .module import Module
from .normalization import BatchNorm1d, GroupNorm, LayerNorm, RMSNorm
from .parameter import Parameter
from .pooling import AdaptiveAvgPool1d, AvgPool1d, MaxPool1d
from .positional import LearnedEncoding, SinusoidalEncoding
from .rnn import GRU, LSTM, RNN, RNNBase
from .seq2seq import Seq2Seq
from .seq_attention import (
    AdditiveAttention,
    CosineAttention,
    DotAttention,
    GeneralAttention,
    ScaledDotAttention,
)
from .sparse import Embedding
from .tasks import ManyToMany, ManyToManyLate, ManyToOne, OneToMany, OneToOne
from .tbptt import detached, truncated_bptt
from .tcn import TCN, CausalConv1d, TemporalBlock
from .transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from .transformer_lm import CausalBlock, TransformerLM
