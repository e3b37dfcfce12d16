"""Normalisation as modules, with learned scale and shift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..create import empty, ones, tensor, zeros
from . import functional as F, init
from .module import Module
from .parameter import Parameter


def _scale_and_shift(module: Module, shape: Any, weight: bool, bias: bool, dtype: Any) -> None:
    """Register weight, starting at 1, and bias, starting at 0; None where not wanted."""
    module.register_parameter("weight", Parameter(empty(shape, dtype=dtype)) if weight else None)
    module.register_parameter("bias", Parameter(empty(shape, dtype=dtype)) if bias else None)


class _Normalization(Module):
    weight: Parameter | None
    bias: Parameter | None

    def reset_parameters(self) -> None:
        """Scale 1, shift 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self._parameters.get("bias") is not None:
            init.zeros_(self._parameters["bias"])


class LayerNorm(_Normalization):
    """(x - mean) / √(variance + eps) · weight + bias over the last axes, of shape `normalized_shape`."""

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5, elementwise_affine: bool = True,
        bias: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape: Any = shape
        self.eps: float = eps
        self.elementwise_affine: bool = elementwise_affine
        _scale_and_shift(self, shape, elementwise_affine, elementwise_affine and bias, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """(…, *normalized_shape) -> the same shape."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_Normalization):
    """x / √(mean(x²) + eps) · weight over the last axes; eps None is the smallest step of the dtype at 1."""

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None, elementwise_affine: bool = True,
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape: Any = shape
        self.eps: float | None = eps
        self.elementwise_affine: bool = elementwise_affine
        weight = Parameter(empty(shape, dtype=dtype, device=device)) if elementwise_affine else None
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """(…, *normalized_shape) -> the same shape."""
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(_Normalization):
    """Layer norm of (B, C, …) over each of `num_groups` groups of channels; weight and bias (C,), if `affine`.

    bias=False leaves out the shift.
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None,
        dtype: Any = None, *, bias: bool = True,
    ):  # fmt: skip
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups: int = num_groups
        self.num_channels: int = num_channels
        self.eps: float = eps
        self.affine: bool = affine
        _scale_and_shift(self, num_channels, affine, affine and bias, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """(B, num_channels, …) -> the same shape."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class BatchNorm1d(_Normalization):
    """Normalise each feature over the batch (and over time): by the batch itself while training, then by running means.

    momentum             how far running_mean and running_var move in each call; None: they are the mean of all calls
    track_running_stats  False: no running means, the batch itself counts in evaluation too
    bias                 False: no shift

    Buffers: running_mean, running_var (C,), and num_batches_tracked.
    """

    dims: tuple[int, ...] = (2, 3)  # how many axes an input may have

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ):  # fmt: skip
        super().__init__()
        self.num_features: int = num_features
        self.eps: float = eps
        self.momentum: float | None = momentum
        self.affine: bool = affine
        self.track_running_stats = track_running_stats
        _scale_and_shift(self, num_features, affine, affine and bias, dtype)
        track = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, dtype=dtype) if track else None)
        self.register_buffer("running_var", ones(num_features, dtype=dtype) if track else None)
        self.register_buffer("num_batches_tracked", tensor(0) if track else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget all batches."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1.0)
            self.num_batches_tracked.zero_()

    def forward(self, input: Tensor) -> Tensor:
        """(B, C) or (B, C, L) -> the same shape."""
        self._check(input, 1)
        momentum = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if momentum is None:
                momentum = 1.0 / float(self.num_batches_tracked)
        update = self.training and self.track_running_stats
        by_batch = self.training or not self.track_running_stats
        mean, var = (self.running_mean, self.running_var) if update or not by_batch else (None, None)
        return F.batch_norm(input, mean, var, self.weight, self.bias, by_batch, momentum or 0.0, self.eps)

    def _check(self, input: Tensor, channels: int) -> None:
        name, shape = type(self).__name__, list(input.shape)
        if input.ndim not in self.dims:
            allowed = " or ".join(f"{n}D" for n in self.dims)
            raise ValueError(f"{name}: expected {allowed} input, got {input.ndim}D (shape {shape})")
        if shape[channels] != self.num_features:
            raise RuntimeError(
                f"{name}: input has {shape[channels]} channels in axis {channels}, expected num_features="
                f"{self.num_features} (shape {shape})"
            )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm2d(BatchNorm1d):
    """`BatchNorm1d` of images (B, C, H, W): each channel over the batch and both axes."""

    dims: tuple[int, ...] = (4,)


class InstanceNorm1d(BatchNorm1d):
    """Normalise each channel of each sample over time (Ulyanov et al. 2016); see `F.instance_norm`.

    Options as BatchNorm1d's, but neither learned scale and shift nor running means unless asked for.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, L) or (C, L) -> the same shape."""
        one = input.ndim == self.dims[0]  # a sample without a batch
        if input.ndim in self.dims and (self.affine or self.track_running_stats):
            self._check(input, 0 if one else 1)
        elif input.ndim not in self.dims:
            self._check(input, 1)
        x = input.unsqueeze(0) if one else input
        own = self.training or not self.track_running_stats
        mean, var, momentum = self.running_mean, self.running_var, self.momentum or 0.0
        y = F.instance_norm(x, mean, var, self.weight, self.bias, own, momentum, self.eps)
        return y.squeeze(0) if one else y


class InstanceNorm2d(InstanceNorm1d):
    """`InstanceNorm1d` of images (B, C, H, W) or (C, H, W)."""

    dims: tuple[int, ...] = (3, 4)
