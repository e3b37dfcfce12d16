"""Random variables with their densities: PyTorch's `torch.distributions`.

choice = Categorical(logits=scores)
action = choice.sample()
loss = -(choice.log_prob(action) * reward).mean()      # REINFORCE (Williams 1992)

base.py (what all share), continuous.py, discrete.py, counts_and_shares.py (Gamma, Beta, Poisson …), vectors.py (of vectors),
transforms.py (numbers made of others), combined.py (several as one, mixtures, divergences).
"""

import sys as _sys

from .._missing_names import missing as _missing
from .base import Distribution as Distribution
from .combined import (
    Independent as Independent,
    MixtureSameFamily as MixtureSameFamily,
    kl_divergence as kl_divergence,
)
from .continuous import Exponential as Exponential, Laplace as Laplace, Normal as Normal, Uniform as Uniform
from .counts_and_shares import (
    Beta as Beta,
    Dirichlet as Dirichlet,
    Gamma as Gamma,
    NegativeBinomial as NegativeBinomial,
    Poisson as Poisson,
    StudentT as StudentT,
)
from .discrete import Bernoulli as Bernoulli, Categorical as Categorical
from .transforms import LogNormal as LogNormal, TransformedDistribution as TransformedDistribution
from .vectors import (
    MultivariateNormal as MultivariateNormal,
    OneHotCategorical as OneHotCategorical,
    OneHotCategoricalStraightThrough as OneHotCategoricalStraightThrough,
    RelaxedBernoulli as RelaxedBernoulli,
    RelaxedOneHotCategorical as RelaxedOneHotCategorical,
)

for _path in [
    "bernoulli", "beta", "categorical", "dirichlet", "distribution", "exponential", "gamma", "independent", "kl", "laplace", "log_normal",
    "mixture_same_family", "multivariate_normal", "negative_binomial", "normal", "one_hot_categorical", "poisson", "relaxed_bernoulli",
    "relaxed_categorical", "studentT", "transformed_distribution", "uniform",
]:  # fmt: skip
    _sys.modules[f"{__name__}.{_path}"] = _sys.modules[__name__]  # PyTorch's paths: each is this package


def __getattr__(name: str) -> object:
    found = _sys.modules.get(f"{__name__}.{name}")
    if found is None:
        raise _missing(f"module {__name__!r}", name, globals())
    return found
