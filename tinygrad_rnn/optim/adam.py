"""Adam and AdamW: each element steps by its mean gradient over its typical size."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any

import numpy as np

from .optimizer import FROM_ZERO, TWO_BELOW_ONE, Check, Optimizer, check_execution, decayed, move_mean_square


class Adam(Optimizer):
    """Adaptive moment estimation (Kingma & Ba 2015).

        g ← g + weight_decay · x
        m ← β₁ m + (1 - β₁) g            running mean of the gradient
        v ← β₂ v + (1 - β₂) g²           running mean of its square
        x ← x - lr · m̂ / (√v̂ + eps)      m̂ = m / (1 - β₁ᵏ), v̂ = v / (1 - β₂ᵏ) in step k

    Both means start at 0; dividing by 1 - βᵏ takes that bias out.

    params        tensors, or dicts with their own options
    lr            the learning rate: about how far an element moves in a step
    betas         (β₁, β₂): how slowly the two means forget
    eps           keeps the division finite
    weight_decay  pulls the parameters towards 0, through the gradient
    amsgrad       divide by the largest v so far (Reddi et al. 2018)
    maximize      along the gradient, instead of against it (Optimizer.step turns it round)
    """

    checks: dict[str, Check] = {"lr": FROM_ZERO, "betas": TWO_BELOW_ONE, "eps": FROM_ZERO, "weight_decay": FROM_ZERO}
    buffers: tuple[str, ...] = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    decoupled = False  # AdamW's weight decay

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, maximize: bool = False, **execution: Any,
    ):  # fmt: skip
        check_execution(type(self).__name__, execution)
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "amsgrad": amsgrad, "maximize": maximize})

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        x, lr, (beta1, beta2) = p.array, float(group["lr"]), group["betas"]
        k, m, v = self._count(p), self._buffer(p, "exp_avg"), self._buffer(p, "exp_avg_sq")
        t = np.empty_like(x)
        if self.decoupled:
            x *= 1 - lr * group["weight_decay"]
        else:
            g = decayed(x, g, group["weight_decay"])

        np.subtract(g, m, out=t)
        t *= 1 - beta1
        m += t  # m + (1 - β₁)(g - m)
        move_mean_square(v, g, beta2, t)
        if group["amsgrad"]:
            largest = self._buffer(p, "max_exp_avg_sq")
            v = np.maximum(largest, v, out=largest)

        # lr · m̂ / (√v̂ + eps), with both corrections moved into the two numbers (end of the paper's section 2)
        unbias = sqrt(1 - beta2**k)
        np.sqrt(v, out=t)
        t += group["eps"] * unbias
        np.divide(m, t, out=t)
        t *= lr * unbias / (1 - beta1**k)
        x -= t


class AdamW(Adam):
    """Adam whose weight decay does not pass through the means (Loshchilov & Hutter 2019).

        x ← x - lr · weight_decay · x,  then Adam's step with the plain gradient

    Arguments as Adam's; weight_decay is 0.01 unless given.
    """

    decoupled = True

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, **execution: Any,
    ):  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, **execution)
