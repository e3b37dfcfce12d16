"""Distributions of choices: one of several classes, yes or no."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import random
from .._tensor import Tensor
from ..nn import functional as F
from ..ops.shaping import broadcast_tensors
from .base import Distribution, together


def one_of(name: str, probs: Any, logits: Any) -> None:
    if (probs is None) == (logits is None):
        raise ValueError(f"{name}: either `probs` or `logits` must be specified, but not both")


class Categorical(Distribution):
    """A class 0..K-1, with probabilities `probs` (…, K), normalised here, or their logarithms up to a constant `logits`."""

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None):
        one_of("Categorical", probs, logits)
        given: Any = probs if probs is not None else logits
        if given.ndim < 1:
            raise ValueError("Categorical: probs or logits must be at least one-dimensional, got a 0-d tensor")
        super().__init__(given.shape[:-1], (), validate_args)
        if probs is not None:
            sums = probs.array.sum(-1)
            self._check("probs", (probs.array >= 0).all() and (sums > 0).all(), "0 or more, and not all 0", probs)
            self.probs: Tensor = probs / probs.sum(-1, keepdim=True)
            self.logits: Tensor = clamped(self.probs).log()
        else:
            self._check("logits", ~np.isnan(given.array), "numbers", given)
            self.logits = given - given.logsumexp(-1, keepdim=True)
            self.probs = self.logits.softmax(-1)

    @property
    def param_shape(self) -> Any:
        """The shape of `logits`."""
        return self.logits.shape

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        rows = self.probs.detach().reshape(-1, self.probs.shape[-1])
        draws = math.prod(sample_shape)
        picks = rows.multinomial(draws, replacement=True) if draws else rows.new_zeros(len(rows), 0).long()
        return picks.t().reshape(shape)

    def log_prob(self, value: Tensor) -> Tensor:
        inside = (value.array >= 0) & (value.array < self.logits.shape[-1])
        self._check_value(value, inside, f"a class 0..{self.logits.shape[-1] - 1}")
        places, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, places[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        lowest = float(np.finfo(self.logits.dtype).min)
        return -(self.logits.clamp(min=lowest) * self.probs).sum(-1)

    @property
    def mode(self) -> Tensor:
        """The most probable class."""
        return self.probs.argmax(-1)


class Bernoulli(Distribution):
    """1 with probability `probs`, whose logit is `logits`, else 0."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        one_of("Bernoulli", probs, logits)
        (given,) = together(probs if probs is not None else logits)
        super().__init__(given.shape, (), validate_args)
        if probs is not None:
            self._check("probs", (given.array >= 0) & (given.array <= 1), "in 0..1", given)
            self.probs: Tensor = given
            held = clamped(given)
            self.logits: Tensor = held.log() - (-held).log1p()
        else:
            self.logits, self.probs = given, given.sigmoid()

    @property
    def mean(self) -> Tensor:
        """probs"""
        return self.probs

    @property
    def variance(self) -> Tensor:
        """probs (1 - probs)"""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        drawn = random.source(None).random(self._extended_shape(sample_shape)) < self.probs.array
        return Tensor._of(np.asarray(drawn).astype(self.probs.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check_value(value, (value.array == 0) | (value.array == 1), "0 or 1")
        logits, value = broadcast_tensors(self.logits, value)
        return -F.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return F.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")


def clamped(probs: Tensor) -> Tensor:
    """Probabilities kept away from 0 and 1, so that their logarithms are finite."""
    eps = float(np.finfo(probs.dtype).eps)
    return probs.clamp(eps, 1 - eps)
