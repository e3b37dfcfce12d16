"""Adagrad: steps shrink with all the gradients an element has seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .._tensor import Tensor
from ..dtypes import float32
from .optimizer import FROM_ZERO, Check, Optimizer, check_execution, decayed


class Adagrad(Optimizer):
    """Divide by the root of the sum of squares (Duchi, Hazan & Singer 2011).

        g ← g + weight_decay · x
        s ← s + g²
        x ← x - lr / (1 + (k - 1) · lr_decay) · g / (√s + eps)          in step k

    params                     tensors, or dicts with their own options
    lr                         the learning rate
    lr_decay                   how fast the learning rate falls with the steps
    weight_decay               pulls the parameters towards 0
    initial_accumulator_value  the sum s before the first step
    eps                        keeps the division finite
    maximize                   along the gradient, instead of against it
    """

    checks: dict[str, Check] = dict.fromkeys(
        ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"), FROM_ZERO
    )
    buffers: tuple[str, ...] = ("sum",)

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, *, maximize: bool = False, **execution: Any,
    ):  # fmt: skip
        check_execution("Adagrad", execution)
        options = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        start = {"initial_accumulator_value": initial_accumulator_value}
        super().__init__(params, {**options, **start, "maximize": maximize})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As for every optimizer; the sums exist before the first step, as in PyTorch."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for p in group["params"]:
            start = np.full_like(p.array, group["initial_accumulator_value"])
            self.state[p] = {"step": Tensor._of(np.zeros((), float32)), "sum": Tensor._of(start)}

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        x, k, s = p.array, self._count(p), self._buffer(p, "sum")
        t = np.empty_like(x)
        g = decayed(x, g, group["weight_decay"])
        s += np.multiply(g, g, out=t)
        np.sqrt(s, out=t)
        t += group["eps"]
        np.divide(g, t, out=t)
        t *= float(group["lr"]) / (1 + (k - 1) * group["lr_decay"])
        x -= t
