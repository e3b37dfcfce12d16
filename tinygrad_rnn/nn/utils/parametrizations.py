"""PyTorch's `torch.nn.utils.parametrizations`: weight and spectral normalisation under their newer names."""

from ..._missing_names import missing as _missing
from .spectral_norm import parametrized_spectral_norm as spectral_norm
from .weight_norm import parametrized_weight_norm as weight_norm

__all__ = ["spectral_norm", "weight_norm"]


def __getattr__(name: str) -> object:
    raise _missing(f"module {__name__!r}", name, globals())
