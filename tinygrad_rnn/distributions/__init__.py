"""Random variables with their densities: PyTorch's `torch.distributions`.

choice = Categorical(logits=scores)
action = choice.sample()
loss = -(choice.log_prob(action) * reward).mean()      # REINFORCE (Williams 1992)

base.py (what all share), continuous.py, discrete.py, combined.py (several as one, mixtures, divergences).
"""

import sys as _sys

from .base import Distribution as Distribution
from .combined import (
    Independent as Independent,
    MixtureSameFamily as MixtureSameFamily,
    kl_divergence as kl_divergence,
)
from .continuous import Exponential as Exponential, Laplace as Laplace, Normal as Normal, Uniform as Uniform
from .discrete import Bernoulli as Bernoulli, Categorical as Categorical

for _path in [
    "bernoulli",
    "categorical",
    "distribution",
    "exponential",
    "independent",
    "kl",
    "laplace",
    "mixture_same_family",
    "normal",
    "uniform",
]:
    _sys.modules[f"{__name__}.{_path}"] = _sys.modules[__name__]  # PyTorch's paths: each is this package


def __getattr__(name: str) -> object:
    found = _sys.modules.get(f"{__name__}.{name}")
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found
