"""Losses of pairs and triples, by margins; and of means with their variances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .activations import softplus
from .checks import need_float, need_tensor
from .choosing import where
from .distances import pairwise_distance
from .losses import averaged, check_reduction, reduced, same_shape
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


@averaged
@widening
def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean") -> Tensor:  # fmt: skip
    """max(0, margin - target · (input1 - input2)): target 1 where the first should be larger, -1 where the second."""
    for argument, x in (("input1", input1), ("input2", input2), ("target", target)):
        need_tensor("margin_ranking_loss", x, argument)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            f"margin_ranking_loss(): all tensors should have the same number of dimensions, got shapes "
            f"{list(input1.shape)}, {list(input2.shape)} and {list(target.shape)}"
        )
    return reduced("margin_ranking_loss", (-target * (input1 - input2) + margin).clamp_min(0), reduction)


@averaged
@widening
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """The distance `input` where target is 1, max(0, margin - input) where it is -1."""
    need_tensor("hinge_embedding_loss", input)
    near = where(target != 1, input * 0, input)
    far = where(target != -1, input * 0, (margin - input).clamp_min(0))
    return reduced("hinge_embedding_loss", near + far, reduction)


@averaged
@widening
def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean") -> Tensor:  # fmt: skip
    """1 - cosine where target is 1, max(0, cosine - margin) where it is -1; inputs (B, D) or (D,), target (B,) or ()."""
    for argument, x in (("input1", input1), ("input2", input2), ("target", target)):
        need_tensor("cosine_embedding_loss", x, argument)
    if target.ndim not in (0, 1) or input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        raise RuntimeError(
            f"cosine_embedding_loss(): expected inputs (B, D) and target (B,), or (D,) and (), got shapes "
            f"{list(input1.shape)}, {list(input2.shape)} and {list(target.shape)}"
        )
    cosine = _cosine(input1, input2, target.ndim)
    near, far = (
        where(target == 1, 1 - cosine, cosine * 0),
        where(target == -1, (cosine - margin).clamp_min(0), cosine * 0),
    )
    return reduced("cosine_embedding_loss", near + far, reduction)


def _cosine(x: Tensor, y: Tensor, dim: int) -> Tensor:
    """x · y / √((‖x‖² + ε)(‖y‖² + ε)): this loss has PyTorch's other way to keep away from 0."""
    return (x * y).sum(dim) / (((x * x).sum(dim) + 1e-12) * ((y * y).sum(dim) + 1e-12)).sqrt()


@averaged
@widening
def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """ln(1 + e^(-target · input)), target 1 or -1."""
    same_shape("soft_margin_loss", input, target)
    return reduced("soft_margin_loss", softplus(-target * input, 1.0, math.inf), reduction)


@averaged
@widening
def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Any = None, reduction: str = "mean") -> Tensor:
    """The mean over the last axis of the cross-entropies of yes and no, target 1 or 0."""
    same_shape("multilabel_soft_margin_loss", input, target)
    losses = target * softplus(-input, 1.0, math.inf) + (1 - target) * softplus(input, 1.0, math.inf)
    losses = losses if weight is None else losses * weight
    return reduced("multilabel_soft_margin_loss", losses.mean(-1), reduction)


@averaged
@widening
def multi_margin_loss(input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean") -> Tensor:  # fmt: skip
    """Σ_j max(0, margin - input[target] + input[j])^p / K over the other classes j; input (B, K), target (B,)."""
    need_float("multi_margin_loss", input)
    rows, picks = (input, target) if input.ndim > 1 else (input.unsqueeze(0), target.reshape(1))
    right = rows.gather(1, picks.unsqueeze(1))
    short = (margin - right + rows).clamp_min(0) ** p
    short = short if weight is None else short * weight[picks].unsqueeze(1)
    other = np.arange(rows.array.shape[1]) != picks.array[:, None]
    losses = short.masked_fill(rows._of(~other), 0).sum(1) / rows.array.shape[1]
    return reduced("multi_margin_loss", losses if input.ndim > 1 else losses.squeeze(0), reduction)


@averaged
@widening
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin + ‖anchor - positive‖ - ‖anchor - negative‖); swap: the negative may be nearer to the positive."""
    if margin <= 0:
        raise ValueError(f"triplet_margin_loss(): expected margin to be greater than 0, got {margin}")
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = far.minimum(pairwise_distance(positive, negative, p, eps))
    return reduced("triplet_margin_loss", (margin + near - far).clamp_min(0), reduction)


@widening
def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """½ (ln var + (input - target)² / var), var at least eps; `full` adds ½ ln 2π (Nix & Weigend 1994)."""
    check_reduction("gaussian_nll_loss", reduction)
    need_tensor("gaussian_nll_loss", input)
    need_tensor("gaussian_nll_loss", target, "target")
    if isinstance(var, float):
        if var < 0:
            raise ValueError(f"gaussian_nll_loss(): var has negative entry {var}")
        var = input * 0 + var
    shape = input.array.shape
    if var.array.shape != shape:
        if var.array.shape == shape[:-1]:
            var = var.unsqueeze(-1)
        elif var.ndim != input.ndim or var.array.shape[:-1] != shape[:-1] or var.array.shape[-1] != 1:
            raise ValueError(f"gaussian_nll_loss(): var must have the shape of input, or without or with 1 in its last axis; got {list(var.shape)} for {list(shape)}")  # fmt: skip
    if (var.array < 0).any():
        raise ValueError(f"gaussian_nll_loss(): var has negative entries, the least is {var.array.min()}")
    held = var + (var.detach().clamp_min(eps) - var.detach())  # the bound has no part in the gradient
    losses = (held.log() + (input - target) ** 2 / held) * 0.5
    return reduced("gaussian_nll_loss", losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


@averaged
@widening
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """rate - target ln rate for counts; input is ln rate, or with log_input=False the rate; `full` adds ln target!."""
    check_reduction("poisson_nll_loss", reduction)
    need_tensor("poisson_nll_loss", input)
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:  # Stirling's formula, where it holds
        many = target > 1
        t = where(many, target, target * 0 + 1)
        losses = losses + where(many, t * t.log() - t + 0.5 * (2 * math.pi * t).log(), t * 0)
    return reduced("poisson_nll_loss", losses, reduction)
