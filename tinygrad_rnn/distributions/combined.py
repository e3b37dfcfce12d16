"""Distributions made of others: several as one event, mixtures; and the divergence of two."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._tensor import Tensor
from ..ops.matrices import solve_triangular
from .base import Distribution
from .continuous import Laplace, Normal, Uniform
from .counts_and_shares import Beta, Dirichlet, Gamma
from .discrete import Bernoulli, Categorical
from .vectors import MultivariateNormal, OneHotCategorical


class Independent(Distribution):
    """The last `reinterpreted_batch_ndims` axes of the batch of `base_distribution` as axes of one event."""

    def __init__(self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: Any = None):
        n, batch = reinterpreted_batch_ndims, base_distribution.batch_shape
        if n > len(batch):
            raise ValueError(
                f"Independent: expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), got {n} and {len(batch)}"
            )
        kept = len(batch) - n
        super().__init__(batch[:kept], batch[kept:] + base_distribution.event_shape, validate_args)
        self.base_dist: Distribution = base_distribution
        self.reinterpreted_batch_ndims: int = n
        self.has_rsample: bool = base_distribution.has_rsample

    @property
    def mean(self) -> Tensor:
        """That of the base."""
        return self.base_dist.mean

    @property
    def variance(self) -> Tensor:
        """That of the base."""
        return self.base_dist.variance

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        return rightmost_sum(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        return rightmost_sum(self.base_dist.entropy(), self.reinterpreted_batch_ndims)


class MixtureSameFamily(Distribution):
    """One of K components, the last axis of the batch of `component_distribution`, chosen by a Categorical."""

    def __init__(self, mixture_distribution: Categorical, component_distribution: Distribution, validate_args: Any = None):  # fmt: skip
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(f"MixtureSameFamily: the mixture must be a Categorical, got {type(mixture_distribution).__name__}")  # fmt: skip
        k, batch = mixture_distribution.logits.shape[-1], component_distribution.batch_shape
        if not batch or batch[-1] != k:
            raise ValueError(f"MixtureSameFamily: the mixture has {k} components, the components' batch is {list(batch)}")  # fmt: skip
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)
        self.mixture_distribution: Categorical = mixture_distribution
        self.component_distribution: Distribution = component_distribution

    def _weighted(self, values: Tensor) -> Tensor:
        """The mean of `values` (…, K, *event) by the weights of the mixture."""
        n = len(self.event_shape)
        weights = self.mixture_distribution.probs
        return (weights.reshape(*weights.shape, *[1] * n) * values).sum(-1 - n)

    @property
    def mean(self) -> Tensor:
        """The weighted mean of the means."""
        return self._weighted(self.component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        """The mean of the variances and the variance of the means."""
        means = self.component_distribution.mean
        away = (means - self.mean.unsqueeze(-1 - len(self.event_shape))) ** 2
        return self._weighted(self.component_distribution.variance) + self._weighted(away)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        n = len(self.event_shape)
        chosen = self.mixture_distribution.sample(sample_shape)
        drawn = self.component_distribution.sample(sample_shape)
        places = chosen.reshape(*chosen.shape, *[1] * (n + 1))
        shape = list(drawn.shape)
        shape[-1 - n] = 1
        return drawn.gather(drawn.ndim - 1 - n, places.expand(shape)).squeeze(drawn.ndim - 1 - n)

    def log_prob(self, value: Tensor) -> Tensor:
        each = self.component_distribution.log_prob(value.unsqueeze(-1 - len(self.event_shape)))
        return (each + self.mixture_distribution.logits).logsumexp(-1)


def rightmost_sum(x: Tensor, n: int) -> Tensor:
    """The sum over the last n axes."""
    return x.sum(tuple(range(-n, 0))) if n else x


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The mean of ln p - ln q under p, in nats, for two of one kind: Normal, Laplace, Uniform, Categorical, Bernoulli,
    Gamma, Beta, Dirichlet, OneHotCategorical, MultivariateNormal, and Independent of these."""
    if isinstance(p, Independent) and isinstance(q, Independent):
        if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
            raise NotImplementedError("kl_divergence(): two Independent need the same reinterpreted_batch_ndims")
        return rightmost_sum(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)
    for kind, formula in FORMULAS.items():
        if isinstance(p, kind) and isinstance(q, kind):
            return formula(p, q)
    raise NotImplementedError(
        f"kl_divergence(): there is no formula for {type(p).__name__} and {type(q).__name__}; estimate it: "
        f"(p.log_prob(x) - q.log_prob(x)).mean() with x = p.sample((n,))"
    )


def _normals(p: Any, q: Any) -> Tensor:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


def _laplaces(p: Any, q: Any) -> Tensor:
    ratio, apart = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + apart / q.scale + ratio * (-apart / p.scale).exp() - 1


def _uniforms(p: Any, q: Any) -> Tensor:
    ratio = ((q.high - q.low) / (p.high - p.low)).log()
    return ratio.masked_fill((q.low > p.low) | (q.high < p.high), math.inf)


def _categoricals(p: Any, q: Any) -> Tensor:
    each = p.probs * (p.logits - q.logits)
    each = each.masked_fill((q.probs == 0).expand_as(each), math.inf).masked_fill((p.probs == 0).expand_as(each), 0)
    return each.sum(-1)


def _bernoullis(p: Any, q: Any) -> Tensor:
    def part(x: Tensor, y: Tensor) -> Tensor:
        each = x * (x / y).log()
        infinite = (y == 0).expand_as(each)
        return each.masked_fill(infinite, np.inf).masked_fill((x == 0).expand_as(each), 0)

    return part(p.probs, q.probs) + part(1 - p.probs, 1 - q.probs)


def _multivariate_normals(p: Any, q: Any) -> Tensor:
    ratio = solve_triangular(q.scale_tril, p.scale_tril, upper=False).pow(2).sum((-2, -1))
    away = solve_triangular(q.scale_tril, (q.loc - p.loc).unsqueeze(-1), upper=False).pow(2).sum((-2, -1))
    return q.half_log_det() - p.half_log_det() + 0.5 * (ratio + away - p.event_shape[0])


def _gammas(p: Any, q: Any) -> Tensor:
    a, b = p.concentration, q.concentration
    return (
        b * (p.rate / q.rate).log() + b.lgamma() - a.lgamma() + (a - b) * a.digamma() + (q.rate - p.rate) * (a / p.rate)
    )


def _dirichlets(p: Any, q: Any) -> Tensor:
    a, b = p.concentration, q.concentration
    total = a.sum(-1, True)
    whole = total[..., 0].lgamma() - b.sum(-1).lgamma() - (a.lgamma() - b.lgamma()).sum(-1)
    return whole + ((a - b) * (a.digamma() - total.digamma())).sum(-1)


FORMULAS: dict[Any, Any] = {
    Normal: _normals, Laplace: _laplaces, Uniform: _uniforms, Categorical: _categoricals, Bernoulli: _bernoullis, Gamma: _gammas,
    Dirichlet: _dirichlets, Beta: lambda p, q: _dirichlets(p._dirichlet, q._dirichlet),
    OneHotCategorical: lambda p, q: _categoricals(p._categorical, q._categorical), MultivariateNormal: _multivariate_normals,
}  # fmt: skip
