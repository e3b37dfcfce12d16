"""RMSprop: the gradient over its root mean square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .optimizer import FROM_ZERO, UP_TO_ONE, Check, Optimizer, check_execution, decayed, move_mean_square


class RMSprop(Optimizer):
    """Divide by a running root mean square (Tieleman & Hinton 2012; centered: Graves 2013).

        g ← g + weight_decay · x
        v ← α v + (1 - α) g²
        x ← x - lr · g / (√v + eps)            centered: √(v - a²) in place of √v, with a ← α a + (1 - α) g
                                               momentum: b ← momentum · b + g / (√v + eps),  x ← x - lr · b

    params        tensors, or dicts with their own options
    lr            the learning rate
    alpha         how slowly the mean square forgets
    eps           keeps the division finite
    weight_decay  pulls the parameters towards 0
    momentum      how much of a running sum of steps stays; 0 for none
    centered      divide by the standard deviation instead
    maximize      along the gradient, instead of against it
    """

    checks: dict[str, Check] = {
        "lr": FROM_ZERO,
        "alpha": UP_TO_ONE,
        "eps": FROM_ZERO,
        "weight_decay": FROM_ZERO,
        "momentum": FROM_ZERO,
    }
    buffers: tuple[str, ...] = ("square_avg", "momentum_buffer", "grad_avg")

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, *, maximize: bool = False, **execution: Any,
    ):  # fmt: skip
        check_execution("RMSprop", execution)
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(params, {**options, "centered": centered, "maximize": maximize})

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        x, alpha, t = p.array, group["alpha"], np.empty_like(p.array)
        self._count(p)
        v = self._buffer(p, "square_avg")
        g = decayed(x, g, group["weight_decay"])
        move_mean_square(v, g, alpha, t)
        if group["centered"]:
            a = self._buffer(p, "grad_avg")
            np.subtract(g, a, out=t)
            t *= 1 - alpha
            a += t
            np.multiply(a, a, out=t)
            np.subtract(v, t, out=t)
            np.maximum(t, 0, out=t)  # a variance; rounding can make it a little less than 0
            np.sqrt(t, out=t)
        else:
            np.sqrt(v, out=t)
        t += group["eps"]
        np.divide(g, t, out=t)
        if group["momentum"]:
            b = self._buffer(p, "momentum_buffer")
            b *= group["momentum"]
            b += t
            t[...] = b
        t *= float(group["lr"])
        x -= t
