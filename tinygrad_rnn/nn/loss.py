"""Losses as modules: each keeps its options and calls the function of `nn.functional`."""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..ops.losses import check_reduction, old_reduction
from . import functional as F
from .module import Module


def _is_called_later(loss: Module) -> TypeError:
    name = type(loss).__name__
    return TypeError(
        f"{name}(): got tensors in place of options; make the loss first, then call it: nn.{name}()(input, target)"
    )


class _Loss(Module):
    """Base of the losses; `size_average` and `reduce` are PyTorch's old arguments, see `ops.losses.old_reduction`."""

    def __init__(self, reduction: str = "mean", also: tuple[str, ...] = (), size_average: Any = None, reduce: Any = None):  # fmt: skip
        super().__init__()
        if isinstance(reduction, Tensor) or isinstance(also, Tensor):
            raise _is_called_later(self)
        if isinstance(reduction, bool):  # its place was size_average's
            size_average, reduction = reduction, "mean"
        if size_average is not None or reduce is not None:
            reduction = old_reduction(size_average, reduce)
        check_reduction(type(self).__name__, reduction, also)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    """A loss with a buffer `weight`."""

    def __init__(self, weight: Tensor | None = None, reduction: str = "mean", **old: Any):
        super().__init__(reduction, **old)
        self.register_buffer("weight", weight)


class MSELoss(_Loss):
    """(input - target)²: `F.mse_loss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape -> a scalar, or that shape with reduction "none"."""
        return F.mse_loss(input, target, self.reduction)


class L1Loss(_Loss):
    """|input - target|: `F.l1_loss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape -> a scalar, or that shape with reduction "none"."""
        return F.l1_loss(input, target, self.reduction)


class SmoothL1Loss(_Loss):
    """Quadratic below beta, linear above, slope 1: `F.smooth_l1_loss`."""

    def __init__(self, reduction: str = "mean", beta: float = 1.0, **old: Any):
        super().__init__(reduction, **old)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape -> a scalar, or that shape with reduction "none"."""
        return F.smooth_l1_loss(input, target, self.reduction, self.beta)


class HuberLoss(_Loss):
    """Quadratic below delta, linear above, slope delta: `F.huber_loss`."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape -> a scalar, or that shape with reduction "none"."""
        return F.huber_loss(input, target, self.reduction, self.delta)


class NLLLoss(_WeightedLoss):
    """-input[b, target_b] for log-probabilities: `F.nll_loss`."""

    def __init__(self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean", **old: Any):
        if isinstance(ignore_index, Tensor):
            raise _is_called_later(self)
        super().__init__(weight, reduction, **old)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (B, K, …), target (B, …) of class indices."""
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class CrossEntropyLoss(_WeightedLoss):
    """-log softmax(input)[b, target_b]: `F.cross_entropy`, where the options are explained."""

    def __init__(
        self,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
        **old: Any,
    ):
        if isinstance(ignore_index, Tensor):
            raise _is_called_later(self)
        super().__init__(weight, reduction, **old)
        self.ignore_index: int = ignore_index
        self.label_smoothing: float = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (B, K, …), target (B, …) of class indices or (B, K, …) of probabilities."""
        return F.cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, label_smoothing=self.label_smoothing
        )


class BCELoss(_WeightedLoss):
    """Cross-entropy of probabilities of yes and no: `F.binary_cross_entropy`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape with numbers in 0..1."""
        return F.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """The same for scores before the sigmoid, without rounding: `F.binary_cross_entropy_with_logits`."""

    def __init__(
        self, weight: Tensor | None = None, reduction: str = "mean", pos_weight: Tensor | None = None, **old: Any
    ):
        super().__init__(weight, reduction, **old)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class KLDivLoss(_Loss):
    """The divergence of log-probabilities from a target: `F.kl_div`."""

    def __init__(self, reduction: str = "mean", log_target: bool = False, **old: Any):
        super().__init__(reduction, ("batchmean",), **old)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.kl_div(input, target, self.reduction, self.log_target)


class CTCLoss(_Loss):
    """Labels without timing: `F.ctc_loss`."""

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False):
        super().__init__(reduction)
        self.blank: int = blank
        self.zero_infinity: bool = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        """log_probs (T, B, K), targets (B, S) or all labels in a row, and the lengths of both, (B,)."""
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
