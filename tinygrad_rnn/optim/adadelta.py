"""Adadelta: steps as large as the recent steps were, needing no learning rate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .optimizer import FROM_ZERO, UP_TO_ONE, Check, Optimizer, check_execution, decayed, move_mean_square


class Adadelta(Optimizer):
    """The gradient, scaled by (size of recent steps) / (size of recent gradients) (Zeiler 2012).

        g ← g + weight_decay · x
        v ← ρ v + (1 - ρ) g²
        d = g · √(u + eps) / √(v + eps)
        u ← ρ u + (1 - ρ) d²
        x ← x - lr · d

    params        tensors, or dicts with their own options
    lr            a factor for the steps
    rho           how slowly the two means forget
    eps           sets the size of the first steps
    weight_decay  pulls the parameters towards 0
    maximize      along the gradient, instead of against it
    """

    checks: dict[str, Check] = {"lr": FROM_ZERO, "rho": UP_TO_ONE, "eps": FROM_ZERO, "weight_decay": FROM_ZERO}
    buffers: tuple[str, ...] = ("square_avg", "acc_delta")

    def __init__(
        self, params: Iterable[Any], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0, *,
        maximize: bool = False, **execution: Any,
    ):  # fmt: skip
        check_execution("Adadelta", execution)
        options = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "maximize": maximize})

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        x, rho, eps = p.array, group["rho"], group["eps"]
        self._count(p)
        v, u = self._buffer(p, "square_avg"), self._buffer(p, "acc_delta")
        t, d = np.empty_like(x), np.empty_like(x)
        g = decayed(x, g, group["weight_decay"])
        move_mean_square(v, g, rho, t)
        np.add(u, eps, out=d)
        np.add(v, eps, out=t)
        d /= t
        np.sqrt(d, out=d)
        d *= g
        move_mean_square(u, d, rho, t)
        d *= float(group["lr"])
        x -= d
