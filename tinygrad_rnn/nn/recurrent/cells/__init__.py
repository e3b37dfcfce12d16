"""The recurrent cells: one time step each, as the equations say it. Everything recurrent is defined here.

A `..._transition` function is the mathematics: it takes an input x_t, the state and the weights, and returns the new
state, whose first part is the output h_t, and its gates by name. A `...Cell` module owns weights and calls its
transition once. `layers.py` and `recurrent.py` beside this folder apply the same transitions through time.

Shapes: x (B, I) or (I,), h and c (B, H) or (H,). Parameter names and gate order are PyTorch's: the rows of
weight_ih (gates · H, I) and weight_hh (gates · H, H) are stacked in the order i, f, g, o for the LSTM and
r, z, n for the GRU. The lectures write W · [h_{t-1}, x_t] + b: that W is [weight_hh, weight_ih], b their sum.

    base.py       what every cell shares
    elman.py      RNN, identity-initialised RNN
    lstm.py       LSTM, and the same in row vectors
    variants.py   LSTMs with peepholes, with coupled gates, with layer normalisation
    gru.py        GRU in its conventions, minimal gated unit
    highway.py    highway layer, recurrent highway network
"""

from .base import (
    Gates as Gates,
    RNNCellBase as RNNCellBase,
    State as State,
    Weights as Weights,
    check_choice as check_choice,
    check_sizes as check_sizes,
    give_roles as give_roles,
    parts_of as parts_of,
)
from .elman import IRNNCell as IRNNCell, RNNCell as RNNCell, rnn_transition as rnn_transition
from .gru import (
    GRUCell as GRUCell,
    MGUCell as MGUCell,
    gru_other_update as gru_other_update,
    gru_transition as gru_transition,
    mgu_transition as mgu_transition,
)
from .highway import Highway as Highway, RHNCell as RHNCell
from .lstm import LSTMCell as LSTMCell, RowVectorLSTMCell as RowVectorLSTMCell, lstm_transition as lstm_transition
from .variants import (
    CoupledLSTMCell as CoupledLSTMCell,
    LayerNormLSTMCell as LayerNormLSTMCell,
    PeepholeLSTMCell as PeepholeLSTMCell,
)
