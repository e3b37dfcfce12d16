"""Counts, shares, waiting times and heavy tails, by their densities; a draw of them has no derivative here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import random
from .._tensor import Tensor
from ..nn import functional as F
from ..ops.joining import cat
from .base import Distribution, together
from .discrete import clamped, one_of


class _Drawn(Distribution):
    """What NumPy draws: a subclass says `_draw`, and its parameters by name."""

    names: tuple[str, ...] = ()

    def __init__(self, *parameters: Any, validate_args: bool | None = None):
        values = together(*parameters)
        super().__init__(values[0].shape, (), validate_args)
        for name, value in zip(self.names, values, strict=True):
            setattr(self, name, value)
            good = value.array >= 0 if type(self) is Poisson else value.array > 0
            self._check(name, good, "0 or more" if type(self) is Poisson else "greater than 0", value)

    def _draw(self, source: np.random.Generator, size: Any) -> Any:
        raise NotImplementedError

    def sample(self, sample_shape: Any = ()) -> Tensor:
        drawn = self._draw(random.source(), tuple(self._extended_shape(sample_shape)))
        return Tensor._of(np.asarray(drawn, getattr(self, self.names[0]).dtype))


class Gamma(_Drawn):
    """Density x^(a-1) e^(-bx) bᵃ / Γ(a), of `concentration` a and `rate` b."""

    names = ("concentration", "rate")
    concentration: Tensor
    rate: Tensor

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None):
        super().__init__(concentration, rate, validate_args=validate_args)

    mean = property(lambda self: self.concentration / self.rate)
    variance = property(lambda self: self.concentration / self.rate**2)

    def _draw(self, source: np.random.Generator, size: Any) -> Any:
        return source.gamma(self.concentration.array, 1 / self.rate.array, size)

    def log_prob(self, value: Tensor) -> Tensor:
        a, b = self.concentration, self.rate
        return a.xlogy(b) + (a - 1).xlogy(value) - b * value - a.lgamma()

    def entropy(self) -> Tensor:
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1 - a) * a.digamma()


class Dirichlet(Distribution):
    """Shares of K, the last axis of `concentration` a: density Π x^(a-1) Γ(Σ a) / Π Γ(a)."""

    def __init__(self, concentration: Tensor, validate_args: bool | None = None):
        self.concentration: Tensor = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)
        self._check("concentration", concentration.array > 0, "greater than 0", concentration)

    mean = property(lambda self: self.concentration / self.concentration.sum(-1, True))

    @property
    def variance(self) -> Tensor:
        """mean (1 - mean) / (Σ a + 1)"""
        return self.mean * (1 - self.mean) / (self.concentration.sum(-1, True) + 1)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        drawn = random.source().standard_gamma(self.concentration.array, tuple(self._extended_shape(sample_shape)))
        return Tensor._of((drawn / drawn.sum(-1, keepdims=True)).astype(self.concentration.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        a = self.concentration
        return (a - 1).xlogy(value).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1)

    def entropy(self) -> Tensor:
        a = self.concentration
        total, k = a.sum(-1), a.shape[-1]
        return a.lgamma().sum(-1) - total.lgamma() - (k - total) * total.digamma() - ((a - 1) * a.digamma()).sum(-1)


class Beta(Distribution):
    """A share in 0..1: the first of a Dirichlet's two, of `concentration1` and `concentration0`."""

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None):
        self.concentration1: Tensor
        self.concentration0: Tensor
        self.concentration1, self.concentration0 = together(concentration1, concentration0)
        both = self.concentration1.unsqueeze(-1), self.concentration0.unsqueeze(-1)
        self._dirichlet = Dirichlet(cat(both, -1), validate_args)
        super().__init__(self.concentration1.shape, (), validate_args)

    mean = property(lambda self: self._dirichlet.mean[..., 0])
    variance = property(lambda self: self._dirichlet.variance[..., 0])

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self._dirichlet.sample(sample_shape)[..., 0]

    def log_prob(self, value: Tensor) -> Tensor:
        return self._dirichlet.log_prob(cat((value.unsqueeze(-1), 1 - value.unsqueeze(-1)), -1))

    def entropy(self) -> Tensor:
        return self._dirichlet.entropy()


class StudentT(Distribution):
    """Heavy tails of `df` degrees of freedom, around `loc`, as wide as `scale`."""

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None):
        self.df: Tensor
        self.loc: Tensor
        self.scale: Tensor
        self.df, self.loc, self.scale = together(df, loc, scale)
        super().__init__(self.df.shape, (), validate_args)
        self._check("df", self.df.array > 0, "greater than 0", self.df)
        self._check("scale", self.scale.array > 0, "greater than 0", self.scale)

    @property
    def mean(self) -> Tensor:
        """loc, for more than 1 degree of freedom"""
        return self.loc.masked_fill(self.df <= 1, math.nan)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        drawn = random.source().standard_t(self.df.array, tuple(self._extended_shape(sample_shape)))
        return self.loc.detach() + self.scale.detach() * Tensor._of(np.asarray(drawn, self.df.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        y, n = (value - self.loc) / self.scale, self.df
        whole = self.scale.log() + 0.5 * n.log() + 0.5 * math.log(math.pi) + (n / 2).lgamma() - ((n + 1) / 2).lgamma()
        return -(n + 1) / 2 * (y**2 / n).log1p() - whole


class Poisson(_Drawn):
    """Counts with mean `rate`."""

    names = ("rate",)
    rate: Tensor

    def __init__(self, rate: Any, validate_args: bool | None = None):
        super().__init__(rate, validate_args=validate_args)

    mean = variance = property(lambda self: self.rate)

    def _draw(self, source: np.random.Generator, size: Any) -> Any:
        return source.poisson(self.rate.array, size)

    def log_prob(self, value: Tensor) -> Tensor:
        return value.xlogy(self.rate) - self.rate - (value + 1).lgamma()


class NegativeBinomial(Distribution):
    """Successes of probability `probs` before the `total_count`-th failure."""

    def __init__(self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        self.total_count: Tensor
        one_of("NegativeBinomial", probs, logits)
        self.total_count, given = together(total_count, probs if logits is None else logits)
        self.logits: Tensor = given if probs is None else clamped(given).logit()
        self.probs: Tensor = given.sigmoid() if probs is None else given
        super().__init__(given.shape, (), validate_args)

    mean = property(lambda self: self.total_count * self.logits.exp())
    variance = property(lambda self: self.mean / (-self.logits).sigmoid())

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return Poisson(Gamma(self.total_count, (-self.logits).exp()).sample(sample_shape), False).sample()

    def log_prob(self, value: Tensor) -> Tensor:
        n = self.total_count
        whole = (n + value).lgamma() - (1 + value).lgamma() - n.lgamma()
        return n * F.logsigmoid(-self.logits) + value * F.logsigmoid(self.logits) + whole.masked_fill(n + value == 0, 0)
