"""Distribution: what all share: a shape of independent ones, a shape of one event, and checks of the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._mode import no_grad
from .._tensor import Tensor
from ..create import as_tensor
from ..ops.making import Size
from ..ops.shaping import broadcast_tensors


class Distribution:
    """Base: `sample` draws, `rsample` draws so that gradients reach the parameters, `log_prob` is in nats.

    batch_shape  how many distributions side by side
    event_shape  the shape of one draw of one of them; log_prob and entropy are without these axes
    """

    has_rsample: bool = False

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None):
        self.batch_shape: Size = Size(batch_shape)
        self.event_shape: Size = Size(event_shape)
        self._validate: bool = validate_args is not False

    def _extended_shape(self, sample_shape: Any) -> Size:
        return Size(tuple(sample_shape)) + self.batch_shape + self.event_shape

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of shape sample_shape + batch_shape + event_shape that lead back to the parameters."""
        raise NotImplementedError(f"{type(self).__name__}: a draw has no derivative; use sample() and log_prob()")

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws outside the graph."""
        with no_grad():
            return self.rsample(sample_shape).detach()

    def sample_n(self, n: int) -> Tensor:
        """n draws."""
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability, or of its density, at `value`."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob")

    def entropy(self) -> Tensor:
        """The mean of -log_prob, in nats."""
        raise NotImplementedError(f"{type(self).__name__} has no entropy")

    mean: Any
    variance: Any

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return self.variance.sqrt()

    def _check(self, argument: str, good: Any, wanted: str, value: Tensor) -> None:
        if self._validate and not np.all(good):
            raise ValueError(f"{type(self).__name__}: expected {argument} to be {wanted}, got {value.tolist()}")

    def _check_value(self, value: Tensor, good: Any, wanted: str) -> None:
        if not isinstance(value, Tensor):
            raise ValueError(f"{type(self).__name__}.log_prob: value must be a Tensor, got {type(value).__name__}")
        self._check("value", good, wanted, value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(batch_shape={self.batch_shape}, event_shape={self.event_shape})"


def together(*parameters: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors stretched to one shape."""
    like = next((p for p in parameters if isinstance(p, Tensor)), None)
    kind = None if like is None else like.dtype
    return broadcast_tensors(*[p if isinstance(p, Tensor) else as_tensor(float(p), dtype=kind) for p in parameters])
