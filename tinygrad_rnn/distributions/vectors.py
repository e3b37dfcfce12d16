"""Vectors at random: normal ones with a covariance, one-hot ones, and their smooth relatives."""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..create import rand, randn
from ..nn import functional as F
from ..ops.checks import broadcast_shapes
from ..ops.matrices import cholesky, inv, solve_triangular
from .base import Distribution, together
from .discrete import Bernoulli, Categorical, clamped


class MultivariateNormal(Distribution):
    """Mean `loc` (…, K) and one of `covariance_matrix`, its inverse `precision_matrix` and its Cholesky factor `scale_tril`."""

    has_rsample = True

    def __init__(
        self, loc: Tensor, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None, validate_args: bool | None = None,
    ):  # fmt: skip
        given = [x for x in (covariance_matrix, precision_matrix, scale_tril) if x is not None]
        if len(given) != 1:
            raise ValueError(
                "MultivariateNormal: exactly one of covariance_matrix, precision_matrix and scale_tril is wanted"
            )
        matrix = given[0] if precision_matrix is None else inv(precision_matrix)
        batch = broadcast_shapes("MultivariateNormal", tuple(matrix.shape[:-2]), tuple(loc.shape[:-1]))
        super().__init__(batch, loc.shape[-1:], validate_args)
        self.loc: Tensor = loc.expand(*batch, -1)
        L = matrix if scale_tril is not None else cholesky(matrix)
        self.scale_tril: Tensor = L.expand(*batch, -1, -1)

    mean: Any = property(lambda self: self.loc)
    covariance_matrix: Any = property(lambda self: self.scale_tril @ self.scale_tril.mT)
    variance: Any = property(lambda self: self.scale_tril.pow(2).sum(-1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        drawn = randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + (self.scale_tril @ drawn.unsqueeze(-1)).squeeze(-1)

    def half_log_det(self) -> Tensor:
        """ln |L|, half of that of the covariance."""
        return self.scale_tril.diagonal(0, -2, -1).log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        away = solve_triangular(self.scale_tril, (value - self.loc).unsqueeze(-1), upper=False).squeeze(-1)
        return -0.5 * (away.pow(2).sum(-1) + self.event_shape[0] * math.log(2 * math.pi)) - self.half_log_det()

    def entropy(self) -> Tensor:
        return 0.5 * self.event_shape[0] * (1 + math.log(2 * math.pi)) + self.half_log_det()


class OneHotCategorical(Distribution):
    """A Categorical whose draws are one-hot vectors."""

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None):
        self._categorical = Categorical(probs, logits, validate_args)
        self.probs: Tensor = self._categorical.probs
        self.logits: Tensor = self._categorical.logits
        super().__init__(self.logits.shape[:-1], self.logits.shape[-1:], validate_args)

    mean: Any = property(lambda self: self.probs)
    variance: Any = property(lambda self: self.probs * (1 - self.probs))
    mode: Any = property(lambda self: F.one_hot(self._categorical.mode, self.event_shape[0]).to(self.probs.dtype))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return F.one_hot(self._categorical.sample(sample_shape), self.event_shape[0]).to(self.probs.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self) -> Tensor:
        return self._categorical.entropy()


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """The same; gradients of a draw go to the probabilities as if it were these (Bengio et al. 2013)."""

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class RelaxedOneHotCategorical(OneHotCategorical):
    """Softmax of (logits + Gumbel noise) / temperature, close to one-hot where that is low (Jang et al. 2017)."""

    has_rsample = True

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        super().__init__(probs, logits, validate_args)
        self.temperature: Tensor = together(temperature)[0]

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self.rsample(sample_shape).detach()

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        u = clamped(rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        return ((self.logits - (-u.log()).log()) / self.temperature).softmax(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        k, t = self.event_shape[0], self.temperature
        score = (self.logits - t * value.log()).log_softmax(-1) - value.log()
        return score.sum(-1) + math.lgamma(k) + (k - 1) * t.log()


class RelaxedBernoulli(Bernoulli):
    """Sigmoid of (logits + logistic noise) / temperature, close to 0 and 1 where that is low."""

    has_rsample = True

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        super().__init__(probs, logits, validate_args)
        self.temperature: Tensor = together(temperature)[0]

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self.rsample(sample_shape).detach()

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        u = clamped(rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        return ((u.logit() + self.logits) / self.temperature).sigmoid()

    def log_prob(self, value: Tensor) -> Tensor:
        y = clamped(value).logit()
        apart = self.logits - y * self.temperature
        return self.temperature.log() + apart - 2 * F.softplus(apart) + F.softplus(-y) + F.softplus(y)
