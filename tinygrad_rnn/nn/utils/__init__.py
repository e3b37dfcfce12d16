"""PyTorch's `torch.nn.utils`: clip_grad.py (gradients), convert_parameters.py (parameters as a vector), weight_norm.py
and parametrizations.py (weight normalisation), rnn.py (packed sequences).
"""

from . import parametrizations as parametrizations, rnn as rnn
from .clip_grad import (
    clip_grad_norm as clip_grad_norm,
    clip_grad_norm_ as clip_grad_norm_,
    clip_grad_value_ as clip_grad_value_,
)
from .convert_parameters import (
    parameters_to_vector as parameters_to_vector,
    vector_to_parameters as vector_to_parameters,
)
from .weight_norm import remove_weight_norm as remove_weight_norm, weight_norm as weight_norm
