"""The recurrent cells: one time step each, as the equations say it. Everything recurrent is defined here.

A `..._step` function is the mathematics: it takes an input x_t, the state and the weights, and returns the new
state, whose first part is the output h_t, and its gates by name. A `...Cell` module owns weights and calls its
step once. `rnn.py` and `recurrent.py` apply the same steps through time.

Shapes: x (B, I) or (I,), h and c (B, H) or (H,). Parameter names and gate order are PyTorch's: the rows of
weight_ih (gates · H, I) and weight_hh (gates · H, H) are stacked in the order i, f, g, o for the LSTM and
r, z, n for the GRU. The lectures write W · [h_{t-1}, x_t] + b: that W is [weight_hh, weight_ih], b their sum.

    elman.py      RNN, identity-initialised RNN
    lstm.py       LSTM, and the same in row vectors
    variants.py   LSTMs with peepholes, with coupled gates, with layer normalisation
    gru.py        GRU in its conventions, minimal gated unit
    highway.py    highway layer, recurrent highway network
"""

from .base import Gates, RNNCellBase, State, Weights, check_choice, check_sizes
from .elman import IRNNCell, RNNCell, rnn_step
from .gru import GRUCell, MGUCell, gru_other_update, gru_step, mgu_step
from .highway import Highway, RHNCell
from .lstm import LSTMCell, RowVectorLSTMCell, lstm_step
from .variants import CoupledLSTMCell, LayerNormLSTMCell, PeepholeLSTMCell
