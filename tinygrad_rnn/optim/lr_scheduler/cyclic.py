"""Learning rates that go up and down again and again: cosines with restarts, and triangles."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, per_group


class CosineAnnealingWarmRestarts(LRScheduler):
    """lr = eta_min + (initial_lr - eta_min) · (1 + cos(π T_cur / T_i)) / 2          (Loshchilov & Hutter 2017)

    T_0     epochs of the first fall; T_i is the length of the present one, T_cur how far it has gone
    T_mult  each fall lasts T_mult times as long as the one before
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1):
        if not (isinstance(T_0, int) and T_0 > 0):
            raise ValueError(f"CosineAnnealingWarmRestarts: T_0 must be a positive int, got {T_0}")
        if not (isinstance(T_mult, int) and T_mult >= 1):
            raise ValueError(f"CosineAnnealingWarmRestarts: T_mult must be an int of 1 or more, got {T_mult}")
        self.T_0: int = T_0
        self.T_i: int = T_0
        self.T_mult: int = T_mult
        self.eta_min: float = eta_min
        self.T_cur: Any = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def _go_to(self, epoch: Any) -> None:
        """Epochs may be fractions: `step(epoch + batch / batches)`."""
        if epoch is not None and epoch < 0:
            raise ValueError(f"CosineAnnealingWarmRestarts: expected a non-negative epoch, got {epoch}")
        now = self.last_epoch + 1 if epoch is None else epoch
        self.T_cur, self.T_i = now, self.T_0
        while self.T_cur >= self.T_i:
            self.T_cur, self.T_i = self.T_cur - self.T_i, self.T_i * self.T_mult
        super()._go_to(math.floor(now))

    def _closed_form(self) -> list[float]:
        return self.get_lr()


class CyclicLR(LRScheduler):
    """Up and down between base_lr and max_lr along straight lines (Smith 2017). Call `step()` after every batch.

    step_size_up, step_size_down  steps of a rise, and of a fall (as many if left out)
    mode       "triangular"; "triangular2", each cycle half as high; "exp_range", as high as gamma^step
    scale_fn   a function of the cycle, or with scale_mode "iterations" of the step, instead of `mode`
    cycle_momentum  also move momentum (or β₁) the other way, between max_momentum and base_momentum
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.8,
        max_momentum: float | Sequence[float] = 0.9,
        last_epoch: int = -1,
    ):
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(f"CyclicLR: mode must be triangular, triangular2 or exp_range, got {mode!r}")
        below, self.max_lrs = (
            per_group("CyclicLR", n, optimizer, v) for n, v in (("base_lr", base_lr), ("max_lr", max_lr))
        )
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, below, strict=True):
                group["lr"] = lr
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size: float = float(step_size_up + down)
        self.step_ratio: float = step_size_up / self.total_size
        self.mode: str = mode
        self.gamma: float = gamma
        self.scale_fn: Any = scale_fn
        self.by_step: bool = scale_mode == "iterations" if scale_fn is not None else mode == "exp_range"
        self.cycle_momentum: bool = cycle_momentum
        if cycle_momentum:
            if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
                raise ValueError("CyclicLR: the optimizer has neither momentum nor betas; pass cycle_momentum=False")
            self.base_momentums: list[float] = per_group("CyclicLR", "base_momentum", optimizer, base_momentum)
            self.max_momentums: list[float] = per_group("CyclicLR", "max_momentum", optimizer, max_momentum)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = below

    def _scale(self, cycle: float) -> float:
        at = self.last_epoch if self.by_step else cycle
        if self.scale_fn is not None:
            return self.scale_fn(at)
        return {"triangular": 1.0, "triangular2": 0.5 ** (cycle - 1), "exp_range": self.gamma**at}[self.mode]

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        part = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height = part * self._scale(cycle)
        if self.cycle_momentum:
            for group, low, high in zip(
                self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True
            ):
                momentum = high - (high - low) * height
                if "betas" in group:
                    group["betas"] = (momentum, *group["betas"][1:])
                else:
                    group["momentum"] = momentum
        return [base + (top - base) * height for base, top in zip(self.base_lrs, self.max_lrs, strict=True)]
