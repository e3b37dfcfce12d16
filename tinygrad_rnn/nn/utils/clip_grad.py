"""Keeping gradients small: recurrent networks meet exploding ones (Pascanu et al. 2013)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable

import numpy as np

from ..._quiet import quiet
from ..._tensor import Tensor
from ...ops.inplace import log_write
from ...ops.joining import stack
from ...ops.reducing import vector_norm


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[np.ndarray]:
    """The gradients, which may be written to."""
    if isinstance(parameters, Tensor):
        parameters = [parameters]
    if not isinstance(parameters, Iterable):
        raise TypeError(f"clip_grad: expected Tensors, as in model.parameters(), got {type(parameters).__name__}")
    gradients = [p.grad.array for p in parameters if p.grad is not None]
    for g in gradients:
        if not g.flags.writeable:
            raise RuntimeError(
                f"clip_grad: several elements of a gradient (shape {list(g.shape)}) share one place in memory, as "
                f"after expand(), so it cannot be changed; clone() it first"
            )
    return gradients


def get_total_norm(
    tensors: Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of all numbers of several tensors together."""
    norms = [vector_norm(x.detach(), norm_type) for x in ([tensors] if isinstance(tensors, Tensor) else tensors)]
    total = vector_norm(stack(norms), norm_type) if norms else Tensor._of(np.zeros((), np.float32))
    if error_if_nonfinite and not np.isfinite(total.array):
        raise RuntimeError(f"get_total_norm(): the norm of order {norm_type} is non-finite: {total.item()}")
    return total


@quiet
def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """Scale all gradients by max_norm / norm, in place, if the norm of all their numbers together is larger.

    norm_type           p of the p-norm; inf for the largest absolute value
    error_if_nonfinite  raise a RuntimeError if the norm is NaN or infinite

    Returns the norm before clipping, a tensor without dimensions.
    """
    gradients, max_norm, p = _gradients(parameters), float(max_norm), float(norm_type)
    if not gradients:
        return Tensor._of(np.zeros((), np.float32))
    norm = _total_norm(gradients, p)
    if error_if_nonfinite and not math.isfinite(norm):
        raise RuntimeError(
            f"clip_grad_norm_(): the norm of order {p} of {len(gradients)} gradients is {norm}, so they cannot be "
            f"clipped; to scale them all the same pass error_if_nonfinite=False"
        )
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1:  # also for NaN: then every gradient becomes NaN, as in PyTorch
        for g in gradients:
            np.multiply(g, factor, out=g, dtype=np.promote_types(g.dtype, np.float32), casting="same_kind")
            log_write(g)
    return Tensor._of(np.asarray(norm, gradients[0].dtype))


def _total_norm(gradients: list[np.ndarray], p: float) -> float:
    if p == math.inf:
        return max(float(np.abs(g).max(initial=0)) for g in gradients)
    if p == 2:
        total = 0.0
        for g in gradients:
            flat = g.reshape(-1).astype(np.promote_types(g.dtype, np.float32), copy=False)
            total += float(np.dot(flat, flat))
        if total < math.inf:
            return math.sqrt(total)
        return math.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for g in gradients))  # float32 overflowed
    return sum(float(np.sum(np.abs(g, dtype=np.float64) ** p)) for g in gradients) ** (1 / p)


@quiet
def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Hold every number of every gradient within ±clip_value, in place."""
    bound = float(clip_value)
    for g in _gradients(parameters):
        np.clip(g, -bound, bound, out=g)
        log_write(g)


def clip_grad_norm(parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0) -> Tensor:
    """PyTorch's older name of `clip_grad_norm_`, which it still has, with its warning."""
    warnings.warn(
        "torch.nn.utils.clip_grad_norm is now deprecated in favor of torch.nn.utils.clip_grad_norm_.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type)
