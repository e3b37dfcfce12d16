"""A learning rate that falls when learning stops."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, need_optimizer, per_group


class ReduceLROnPlateau(LRScheduler):
    """Multiply the learning rate by `factor` when a measure has not improved for more than `patience` epochs.

    mode            "min" if less is better, "max" if more is
    factor          below 1
    threshold       an improvement counts if it is larger than this ...
    threshold_mode  ... relative to the best ("rel") or absolute ("abs")
    cooldown        epochs to wait after a reduction
    min_lr          never go below; one for all groups or a list
    eps             leave out reductions that are smaller

    Call `step(measure)` after each epoch.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
        verbose: Any = None,
    ):
        if verbose is not None and verbose != "deprecated":
            warnings.warn(
                "the verbose parameter is deprecated; use get_last_lr() to see the learning rate", stacklevel=2
            )
        if not factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, got {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode must be 'min' or 'max', got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceLROnPlateau: threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}")
        self.optimizer: Any = need_optimizer("ReduceLROnPlateau", optimizer)
        self.mode = mode
        self.factor: float = factor
        self.patience: int = patience
        self.cooldown: int = cooldown
        self.eps: float = eps
        self.threshold: float = threshold
        self.threshold_mode = threshold_mode
        self.min_lr: float | Sequence[float] = min_lr
        per_group("ReduceLROnPlateau", "min_lr", optimizer, min_lr)
        self.best: Any = math.inf if mode == "min" else -math.inf
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0
        self._last_lr = self._lrs()

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Note the measure of one more epoch; lower the learning rates if it is time to."""
        now = float(metrics)
        self.last_epoch: int = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(now):
            self.best, self.num_bad_epochs = now, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            lowest_lrs = per_group("ReduceLROnPlateau", "min_lr", self.optimizer, self.min_lr)
            for group, lowest in zip(self.optimizer.param_groups, lowest_lrs, strict=True):
                lr = max(group["lr"] * self.factor, lowest)
                if group["lr"] - lr > self.eps:
                    group["lr"] = lr
            self.cooldown_counter: int = self.cooldown
            self.num_bad_epochs: int = 0
        self._last_lr = self._lrs()

    def _is_better(self, now: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            return sign * now < sign * self.best * (1 - sign * self.threshold)
        return sign * now < sign * self.best - self.threshold
