"""Distributions of real numbers whose draws are a formula of a standard draw, so that gradients reach the parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._tensor import Tensor
from ..create import rand, randn
from .base import Distribution, together


class _LocScale(Distribution):
    """Around `loc`, as wide as `scale`, which is greater than 0."""

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None):
        self.loc: Tensor
        self.scale: Tensor
        self.loc, self.scale = together(loc, scale)
        super().__init__(self.loc.shape, (), validate_args)
        self._check("scale", self.scale.array > 0, "greater than 0", self.scale)

    @property
    def mean(self) -> Tensor:
        """loc"""
        return self.loc


class Normal(_LocScale):
    """Mean `loc`, standard deviation `scale`; a draw is loc + scale · ε with ε of the standard normal distribution."""

    @property
    def variance(self) -> Tensor:
        """scale²"""
        return self.scale**2

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.loc + randn(self._extended_shape(sample_shape), dtype=self.loc.dtype) * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        self._check_value(value, ~np.isnan(value.array), "real")
        return -((value - self.loc) ** 2) / (2 * self.scale**2) - self.scale.log() - 0.5 * math.log(2 * math.pi)

    def entropy(self) -> Tensor:
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of less than `value`."""
        return 0.5 * (1 + ((value - self.loc) / self.scale / math.sqrt(2)).erf())


class Laplace(_LocScale):
    """Density e^(-|x - loc| / scale) / (2 scale)."""

    @property
    def variance(self) -> Tensor:
        """2 scale²"""
        return 2 * self.scale**2

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        u = rand(self._extended_shape(sample_shape), dtype=self.loc.dtype) - 0.5
        return self.loc - self.scale * u.sign() * (-2 * u.abs()).log1p()

    def log_prob(self, value: Tensor) -> Tensor:
        self._check_value(value, ~np.isnan(value.array), "real")
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def entropy(self) -> Tensor:
        return 1 + (2 * self.scale).log()


class Uniform(Distribution):
    """The same density everywhere in low..high."""

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None):
        self.low: Tensor
        self.high: Tensor
        self.low, self.high = together(low, high)
        super().__init__(self.low.shape, (), validate_args)
        self._check("low", self.low.array < self.high.array, "below high", self.low)

    @property
    def mean(self) -> Tensor:
        """The middle."""
        return (self.high + self.low) / 2

    @property
    def variance(self) -> Tensor:
        """(high - low)² / 12"""
        return (self.high - self.low) ** 2 / 12

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.low + rand(self._extended_shape(sample_shape), dtype=self.low.dtype) * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        inside = (value.array >= self.low.array) & (value.array <= self.high.array)
        self._check_value(value, inside, "in low..high")
        return ((value >= self.low) & (value < self.high)).to(self.low.dtype).log() - (self.high - self.low).log()

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()


class Exponential(Distribution):
    """Density rate · e^(-rate x) for x ≥ 0."""

    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None):
        self.rate: Tensor = together(rate)[0]
        super().__init__(self.rate.shape, (), validate_args)
        self._check("rate", self.rate.array > 0, "greater than 0", self.rate)

    @property
    def mean(self) -> Tensor:
        """1 / rate"""
        return self.rate.reciprocal()

    @property
    def variance(self) -> Tensor:
        """1 / rate²"""
        return self.rate**-2

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return -(-rand(self._extended_shape(sample_shape), dtype=self.rate.dtype)).log1p() / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        self._check_value(value, value.array >= 0, "0 or more")
        return self.rate.log() - self.rate * value

    def entropy(self) -> Tensor:
        return 1 - self.rate.log()
