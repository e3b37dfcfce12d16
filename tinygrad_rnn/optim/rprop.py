"""Steps by the sign of the gradient alone; and averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .._tensor import Tensor
from .optimizer import FROM_ZERO, Check, Optimizer, check_execution, decayed


class Rprop(Optimizer):
    """Resilient propagation (Riedmiller & Braun 1993), for gradients of the whole data.

    Each element has a step of its own, times etas[1] where the sign of its gradient stays, times etas[0] where it
    turns (then it waits for one step), within step_sizes; x ← x - sign(g) · step.
    """

    checks: dict[str, Check] = {
        "lr": FROM_ZERO,
        "etas": ("two numbers, below and above 1", lambda v: 0 < v[0] < 1 < v[1]),
    }
    buffers: tuple[str, ...] = ("prev", "step_size")

    def __init__(self, params: Iterable[Any], lr: float = 1e-2, etas: tuple[float, float] = (0.5, 1.2), step_sizes: tuple[float, float] = (1e-6, 50), *, maximize: bool = False, **execution: Any):  # fmt: skip
        check_execution("Rprop", execution)
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize})

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        self._count(p)
        if "step_size" not in self.state[p]:
            self._buffer(p, "step_size").fill(float(group["lr"]))
        before, step = self._buffer(p, "prev"), self._buffer(p, "step_size")
        turned = np.sign(g * before)
        step *= np.where(turned > 0, group["etas"][1], np.where(turned < 0, group["etas"][0], 1)).astype(step.dtype)
        np.clip(step, *group["step_sizes"], out=step)
        used = np.where(turned < 0, 0, g)
        p.array -= np.sign(used) * step
        before[...] = used


class ASGD(Optimizer):
    """Averaged stochastic gradient descent (Polyak & Juditsky 1992): state[p]["ax"] is the mean of x from step t0 on.

    x ← (1 - lambd · η) x - η g,   η = lr / (1 + lambd · lr · k)^alpha
    """

    checks: dict[str, Check] = {"lr": FROM_ZERO, "weight_decay": FROM_ZERO}
    buffers: tuple[str, ...] = ("ax",)

    def __init__(self, params: Iterable[Any], lr: float = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6, weight_decay: float = 0, *, maximize: bool = False, **execution: Any):  # fmt: skip
        check_execution("ASGD", execution)
        options = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay}
        super().__init__(params, {**options, "maximize": maximize})

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        k, state, mean, lr = self._count(p), self.state[p], self._buffer(p, "ax"), float(group["lr"])
        eta = state["eta"].item() if "eta" in state else float(np.float32(lr))  # PyTorch keeps it in float32
        mu = state["mu"].item() if "mu" in state else 1.0
        g = decayed(p.array, g, group["weight_decay"])
        p.array *= 1 - group["lambd"] * eta
        p.array -= eta * g
        mean += mu * (p.array - mean)
        eta, mu = lr / (1 + group["lambd"] * lr * k) ** group["alpha"], 1 / max(1, k - group["t0"])
        state["eta"], state["mu"] = (Tensor._of(np.asarray(value, np.float32)) for value in (eta, mu))
