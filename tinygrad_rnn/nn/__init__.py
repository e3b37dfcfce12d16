"""Layers: PyTorch's `torch.nn`."""

from . import functional, init
from .cells import GRUCell, LSTMCell, RNNCell, RNNCellBase
from .linear import Linear
from .module import Module
from .parameter import Parameter
from .rnn import GRU, LSTM, RNN, RNNBase
