"""PyTorch's `torch.nn.utils`: clip_grad.py (gradients), convert_parameters.py (parameters as a vector), weight_norm.py,
spectral_norm.py, parametrize.py and parametrizations.py (weights made of others), rnn.py (packed sequences).
"""

from ..._missing_names import missing as _missing
from . import parametrizations as parametrizations, parametrize as parametrize, rnn as rnn
from .clip_grad import (
    clip_grad_norm as clip_grad_norm,
    clip_grad_norm_ as clip_grad_norm_,
    clip_grad_value_ as clip_grad_value_,
    get_total_norm as get_total_norm,
)
from .convert_parameters import (
    parameters_to_vector as parameters_to_vector,
    vector_to_parameters as vector_to_parameters,
)
from .spectral_norm import remove_spectral_norm as remove_spectral_norm, spectral_norm as spectral_norm
from .weight_norm import remove_weight_norm as remove_weight_norm, weight_norm as weight_norm


def __getattr__(name: str) -> object:
    raise _missing(f"module {__name__!r}", name, globals())
