"""Schedules that multiply: by one factor for some epochs, by a function, by a power that falls to 0."""

from __future__ import annotations

from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler
from .decay import LambdaLR


class MultiplicativeLR(LambdaLR):
    """lr = the lr before · lr_lambda(epoch)"""

    def get_lr(self) -> list[float]:
        if self._starting:
            return self._lrs()
        return [lr * factor(self.last_epoch) for lr, factor in zip(self._lrs(), self.lr_lambdas, strict=True)]


class ConstantLR(LRScheduler):
    """lr = initial_lr · factor for `total_iters` epochs, then initial_lr"""

    def __init__(self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1):
        if not 0 <= factor <= 1:
            raise ValueError(f"ConstantLR: factor must be between 0 and 1, got {factor}")
        self.factor: float = factor
        self.total_iters: int = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [lr * self.factor for lr in self._lrs()]
        return [lr / self.factor if self.last_epoch == self.total_iters else lr for lr in self._lrs()]

    def _closed_form(self) -> list[float]:
        return [base * (self.factor if self.last_epoch < self.total_iters else 1) for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    """lr = initial_lr · (1 - epoch / total_iters)^power, and 0 after that"""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1):
        self.total_iters: int = total_iters
        self.power: float = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        k, n = self.last_epoch, self.total_iters
        if self._starting or k > n:
            return self._lrs()
        factor = ((1.0 - k / n) / (1.0 - (k - 1) / n)) ** self.power
        return [lr * factor for lr in self._lrs()]

    def _closed_form(self) -> list[float]:
        left: Any = (1 - min(self.total_iters, self.last_epoch) / self.total_iters) ** self.power
        return [base * left for base in self.base_lrs]
