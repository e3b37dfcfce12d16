"""Random variables with their densities: PyTorch's `torch.distributions`.

choice = Categorical(logits=scores)
action = choice.sample()
loss = -(choice.log_prob(action) * reward).mean()      # REINFORCE (Williams 1992)
"""

from .base import Distribution as Distribution
from .combined import (
    Independent as Independent,
    MixtureSameFamily as MixtureSameFamily,
    kl_divergence as kl_divergence,
)
from .continuous import Exponential as Exponential, Laplace as Laplace, Normal as Normal, Uniform as Uniform
from .discrete import Bernoulli as Bernoulli, Categorical as Categorical
