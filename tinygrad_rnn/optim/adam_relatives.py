"""Relatives of Adam: by the largest gradient, with Nesterov's momentum, and with a rectified start."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any

import numpy as np

from .optimizer import FROM_ZERO, TWO_BELOW_ONE, Check, Optimizer, check_execution, decayed


class _Relative(Optimizer):
    checks: dict[str, Check] = {"lr": FROM_ZERO, "betas": TWO_BELOW_ONE, "eps": FROM_ZERO, "weight_decay": FROM_ZERO}

    def _start(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> np.ndarray:
        """The gradient with weight decay; a decoupled one shrinks the parameter at once."""
        if group.get("decoupled_weight_decay"):
            p.array *= 1 - float(group["lr"]) * group["weight_decay"]
            return g
        return decayed(p.array, g, group["weight_decay"])

    def _mean(self, p: Any, name: str, g: np.ndarray, beta: float) -> np.ndarray:
        """The running mean under `name`, moved towards g."""
        m = self._buffer(p, name)
        m *= beta
        m += (1 - beta) * g
        return m


class Adamax(_Relative):
    """Adam by the largest gradient instead of the mean square (Kingma & Ba 2015).

    m ← β₁ m + (1 - β₁) g,   u ← max(β₂ u, |g| + eps),   x ← x - lr / (1 - β₁ᵏ) · m / u
    """

    buffers: tuple[str, ...] = ("exp_avg", "exp_inf")

    def __init__(self, params: Iterable[Any], lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0, *, maximize: bool = False, **execution: Any):  # fmt: skip
        check_execution("Adamax", execution)
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options)

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        k, g = self._count(p), self._start(p, g, group)
        m, u = self._mean(p, "exp_avg", g, beta1), self._buffer(p, "exp_inf")
        np.maximum(beta2 * u, np.abs(g) + group["eps"], out=u)
        p.array -= float(group["lr"]) / (1 - beta1**k) * m / u


class NAdam(_Relative):
    """Adam with Nesterov's momentum (Dozat 2016).

    μ_k = β₁ (1 - ½ · 0.96^(k · momentum_decay)),   x ← x - lr (μ_{k+1} m / (1 - Π μ) + (1 - μ_k) g / (1 - Π μ)) / (√v̂ + eps)
    """

    buffers = ("exp_avg", "exp_avg_sq")

    def __init__(self, params: Iterable[Any], lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *, maximize: bool = False, **execution: Any):  # fmt: skip
        check_execution("NAdam", execution)
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay}
        super().__init__(params, {**options, "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay})

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        (beta1, beta2), lr = group["betas"], float(group["lr"])
        k, g = self._count(p), self._start(p, g, group)
        now, then = (beta1 * (1 - 0.5 * 0.96 ** (j * group["momentum_decay"])) for j in (k, k + 1))
        state = self.state[p]
        product = state.get("mu_product", p.new([1.0])[0]).item() * now
        state["mu_product"] = p.new([product])[0]
        m, v = self._mean(p, "exp_avg", g, beta1), self._mean(p, "exp_avg_sq", g * g, beta2)
        scale = np.sqrt(v / (1 - beta2**k)) + group["eps"]
        p.array -= lr * (1 - now) / (1 - product) * g / scale
        p.array -= lr * then / (1 - product * then) * m / scale


class RAdam(_Relative):
    """Adam whose first steps, while the mean square is a bad guess, are plain momentum (Liu et al. 2020).

    ρ_k = ρ_∞ - 2 k β₂ᵏ / (1 - β₂ᵏ),  ρ_∞ = 2 / (1 - β₂) - 1;  only where ρ_k > 5 divides by √v̂, times a rectifier
    """

    buffers = ("exp_avg", "exp_avg_sq")

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0, decoupled_weight_decay: bool = False, *, maximize: bool = False, **execution: Any):  # fmt: skip
        check_execution("RAdam", execution)
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, {**options, "decoupled_weight_decay": decoupled_weight_decay})

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        k, g = self._count(p), self._start(p, g, group)
        m, v = self._mean(p, "exp_avg", g, beta1), self._mean(p, "exp_avg_sq", g * g, beta2)
        unbias, most = 1 - beta2**k, 2 / (1 - beta2) - 1
        rho = most - 2 * k * beta2**k / unbias
        step = float(group["lr"]) / (1 - beta1**k) * m
        if rho > 5:
            rectifier = sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
            step = step * (rectifier * sqrt(unbias) / (np.sqrt(v) + group["eps"]))
        p.array -= step


class SparseAdam(_Relative):
    """Adam for gradients that are 0 in most rows: what has no gradient is left alone. Gradients are dense tensors here."""

    buffers = ("exp_avg", "exp_avg_sq")

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, maximize: bool = False):  # fmt: skip
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize, "weight_decay": 0})

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        k, m, v = self._count(p), self._buffer(p, "exp_avg"), self._buffer(p, "exp_avg_sq")
        used = g.reshape(len(g), -1).any(1) if g.ndim else np.asarray(g != 0)
        m[used] += (1 - beta1) * (g[used] - m[used])
        v[used] += (1 - beta2) * (g[used] * g[used] - v[used])
        step = float(group["lr"]) * sqrt(1 - beta2**k) / (1 - beta1**k)
        p.array[used] -= step * m[used] / (np.sqrt(v[used]) + group["eps"])
