"""Losses of pairs and triples, and of means with their variances, as modules: see the functions of `nn.functional`."""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from . import functional as F
from .loss import _Loss, _WeightedLoss


class MarginRankingLoss(_Loss):
    """`F.margin_ranking_loss`."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean", **old: Any):
        super().__init__(reduction, **old)
        self.margin: float = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Three tensors of one shape."""
        return F.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class CosineEmbeddingLoss(MarginRankingLoss):
    """`F.cosine_embedding_loss`."""

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """(B, D), (B, D) and (B,), or without B."""
        return F.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)


class HingeEmbeddingLoss(_Loss):
    """`F.hinge_embedding_loss`."""

    def __init__(self, margin: float = 1.0, reduction: str = "mean", **old: Any):
        super().__init__(reduction, **old)
        self.margin: float = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.hinge_embedding_loss(input, target, self.margin, self.reduction)


class SoftMarginLoss(_Loss):
    """`F.soft_margin_loss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.soft_margin_loss(input, target, self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """`F.multilabel_soft_margin_loss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors (B, K) -> a scalar, or (B,) with reduction "none"."""
        return F.multilabel_soft_margin_loss(input, target, self.weight, self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """`F.multi_margin_loss`."""

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, reduction: str = "mean", **old: Any):  # fmt: skip
        super().__init__(weight, reduction, **old)
        if p not in (1, 2):
            raise ValueError(f"MultiMarginLoss: only p 1 and 2 are supported, got {p}")
        self.p: int = p
        self.margin: float = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """(B, K) and (B,), or (K,) and ()."""
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, self.reduction)


class TripletMarginLoss(_Loss):
    """`F.triplet_margin_loss`."""

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        reduction: str = "mean",
        **old: Any,
    ):
        super().__init__(reduction, **old)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin}")
        self.margin: float = margin
        self.p: float = p
        self.eps: float = eps
        self.swap: bool = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Three tensors (B, D) or (D,)."""
        options = (self.margin, self.p, self.eps, self.swap)
        return F.triplet_margin_loss(anchor, positive, negative, *options, reduction=self.reduction)


class GaussianNLLLoss(_Loss):
    """`F.gaussian_nll_loss`."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
        super().__init__(reduction)
        self.full: bool = full
        self.eps: float = eps

    def forward(self, input: Tensor, target: Tensor, var: Any) -> Tensor:
        """Three tensors of one shape; var may also lack the last axis."""
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class PoissonNLLLoss(_Loss):
    """`F.poisson_nll_loss`."""

    def __init__(self, log_input: bool = True, full: bool = False, size_average: Any = None, eps: float = 1e-8, reduce: Any = None, reduction: str = "mean"):  # fmt: skip
        super().__init__(reduction, (), size_average, reduce)
        self.log_input: bool = log_input
        self.full: bool = full
        self.eps: float = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.poisson_nll_loss(log_input, target, self.log_input, self.full, self.eps, self.reduction)
