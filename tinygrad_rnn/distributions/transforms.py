"""Distributions of a function of a draw: its density by the function's derivative. PyTorch's `torch.distributions.transforms`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..nn import functional as F
from .base import Distribution
from .combined import rightmost_sum
from .continuous import Normal


class Transform:
    """An invertible function of each number: `_call`, `_inverse`, and ln |dy/dx| as `log_abs_det_jacobian`."""

    def __init__(self, cache_size: int = 0):
        self._cache_size = cache_size
        self._last: tuple[Any, Any] = (None, None)  # tanh of a large number cannot be inverted, but remembered

    def __call__(self, x: Tensor) -> Tensor:
        y = self._call(x)
        self._last = (x, y) if self._cache_size else (None, None)
        return y

    def inv(self, y: Tensor) -> Tensor:
        """The x with y = self(x)."""
        return self._last[0] if y is self._last[1] else self._inverse(y)

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not define _call(x)")

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not define _inverse(y)")

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """ln |dy/dx|"""
        raise NotImplementedError(f"{type(self).__name__} does not define log_abs_det_jacobian(x, y)")


class TanhTransform(Transform):
    """y = tanh x"""

    def _call(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return 2 * (math.log(2) - x - F.softplus(-2 * x))


class SigmoidTransform(Transform):
    """y = σ(x)"""

    def _call(self, x: Tensor) -> Tensor:
        return x.sigmoid()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.logit()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -F.softplus(-x) - F.softplus(x)


class ExpTransform(Transform):
    """y = eˣ"""

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class AffineTransform(Transform):
    """y = loc + scale · x"""

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0):
        super().__init__(cache_size)
        self.loc: Any = loc
        self.scale: Any = scale

    def _call(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        scale = self.scale
        return x * 0 + (scale.abs().log() if isinstance(scale, Tensor) else math.log(abs(scale)))


class TransformedDistribution(Distribution):
    """What the `transforms`, one after the other, make of a draw of `base_distribution`."""

    def __init__(self, base_distribution: Distribution, transforms: Any, validate_args: bool | None = None):
        self.transforms: list[Any] = list(transforms) if isinstance(transforms, Sequence) else [transforms]
        self.base_dist: Distribution = base_distribution
        super().__init__(base_distribution.batch_shape, base_distribution.event_shape, validate_args)
        self.has_rsample: bool = base_distribution.has_rsample

    def _through(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self._through(self.base_dist.sample(sample_shape)).detach()

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self._through(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        slopes: Any = 0.0
        for transform in reversed(self.transforms):
            x = transform.inv(value)
            slopes = slopes + rightmost_sum(transform.log_abs_det_jacobian(x, value), len(self.event_shape))
            value = x
        return self.base_dist.log_prob(value) - slopes


class LogNormal(TransformedDistribution):
    """e to the power of a Normal of mean `loc` and standard deviation `scale`."""

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None):
        self._normal = Normal(loc, scale, validate_args)
        self.loc: Tensor = self._normal.loc
        self.scale: Tensor = self._normal.scale
        super().__init__(self._normal, ExpTransform(), validate_args)

    mean = property(lambda self: (self.loc + self.scale**2 / 2).exp())
    variance = property(lambda self: (self.scale**2).expm1() * (2 * self.loc + self.scale**2).exp())

    def entropy(self) -> Tensor:
        return self._normal.entropy() + self.loc
