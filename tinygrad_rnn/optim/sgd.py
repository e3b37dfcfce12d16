"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .._tensor import Tensor
from .optimizer import FROM_ZERO, Check, Optimizer, check_execution, decayed


class SGD(Optimizer):
    """Against the gradient, or against a running sum of gradients (Polyak 1964; Sutskever et al. 2013).

        g ← g + weight_decay · x
        b ← momentum · b + (1 - dampening) · g          b = g in the first step
        x ← x - lr · b                                  nesterov: x - lr · (g + momentum · b); no momentum: x - lr · g

    params        tensors, or dicts with their own options
    lr            the learning rate
    momentum      how much of the running sum stays; 0 for plain gradient descent
    dampening     how much of the new gradient is left out of the running sum
    weight_decay  pulls the parameters towards 0
    nesterov      look one step of momentum ahead (Nesterov 1983)
    maximize      along the gradient, instead of against it
    """

    checks: dict[str, Check] = {"lr": FROM_ZERO, "momentum": FROM_ZERO, "weight_decay": FROM_ZERO}
    buffers: tuple[str, ...] = ("momentum_buffer",)

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False, **execution: Any,
    ):  # fmt: skip
        check_execution("SGD", execution)
        options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**options, "nesterov": nesterov, "maximize": maximize})

    def _check_options(self, group: dict[str, Any]) -> None:
        super()._check_options(group)
        if group["nesterov"] and not (group["momentum"] > 0 and group["dampening"] == 0):
            raise ValueError(
                f"SGD: nesterov needs a momentum above 0 and dampening 0, got {group['momentum']} and {group['dampening']}"
            )

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        x, momentum = p.array, group["momentum"]
        t = np.empty_like(x)
        g = decayed(x, g, group["weight_decay"])
        if momentum:
            state = self.state[p]
            if state.get("momentum_buffer") is None:
                state["momentum_buffer"] = Tensor._of(np.array(g))
                b = state["momentum_buffer"].array
            else:
                b = state["momentum_buffer"].array
                b *= momentum
                b += np.multiply(g, 1 - group["dampening"], out=t)
            g = np.add(g, np.multiply(b, momentum, out=t), out=t) if group["nesterov"] else b
        x -= np.multiply(g, float(group["lr"]), out=t)
