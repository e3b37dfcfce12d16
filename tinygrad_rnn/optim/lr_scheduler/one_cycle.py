"""One cycle of the learning rate: up, then down."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, need_optimizer, per_group


class OneCycleLR(LRScheduler):
    """Up to `max_lr`, then down to almost nothing, with momentum going the other way (Smith & Topin 2018).

        initial_lr = max_lr / div_factor  →  max_lr  →  initial_lr / final_div_factor

    max_lr            the highest learning rate, one for all groups or a list
    total_steps       steps in the cycle; or give epochs and steps_per_epoch. Call `step()` after every batch
    pct_start         the part of the cycle in which the learning rate rises
    anneal_strategy   "cos" or "linear"
    cycle_momentum    also move momentum (or β₁) between max_momentum and base_momentum
    three_phase       go down to initial_lr as fast as up, and then to the end
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float | Sequence[float], total_steps: int | None = None,
        epochs: int | None = None, steps_per_epoch: int | None = None, pct_start: float = 0.3,
        anneal_strategy: str = "cos", cycle_momentum: bool = True, base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95, div_factor: float = 25.0, final_div_factor: float = 1e4,
        three_phase: bool = False, last_epoch: int = -1,
    ):  # fmt: skip
        groups = need_optimizer("OneCycleLR", optimizer).param_groups
        self.total_steps: Any = _total_steps(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must be between 0 and 1, got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum: bool = cycle_momentum
        self._phases = _phases(self.total_steps, pct_start, three_phase)
        highest = per_group("OneCycleLR", "max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, lr in zip(groups, highest, strict=True):
                start = lr / div_factor
                group.update(initial_lr=start, max_lr=lr, min_lr=start / final_div_factor)
        if cycle_momentum:
            if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
                raise ValueError("OneCycleLR: the optimizer has neither momentum nor betas; pass cycle_momentum=False")
            above = per_group("OneCycleLR", "max_momentum", optimizer, max_momentum)
            below = per_group("OneCycleLR", "base_momentum", optimizer, base_momentum)
            if last_epoch == -1:
                for group, high, low in zip(groups, above, below, strict=True):
                    group.update(max_momentum=high, base_momentum=low)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ValueError(f"OneCycleLR: step {self.last_epoch} is past the cycle of total_steps={self.total_steps}")
        ends = [end for end, _, _ in self._phases]
        now = min(bisect_left(ends, self.last_epoch), len(ends) - 1)
        begin = 0.0 if now == 0 else ends[now - 1]
        part = (self.last_epoch - begin) / (ends[now] - begin)
        _, lrs, momenta = self._phases[now]
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                momentum = self._between(group[momenta[0]], group[momenta[1]], part)
                if "betas" in group:
                    group["betas"] = (momentum, *group["betas"][1:])
                else:
                    group["momentum"] = momentum
        return [self._between(group[lrs[0]], group[lrs[1]], part) for group in groups]

    def _between(self, start: float, end: float, part: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * part
        return end + (start - end) / 2 * (1 + math.cos(math.pi * part))


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is None:
        if epochs is None or steps_per_epoch is None:
            raise ValueError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
        total_steps = epochs * steps_per_epoch
    if not isinstance(total_steps, int) or total_steps <= 0:
        raise ValueError(f"OneCycleLR: the number of steps must be a positive int, got {total_steps}")
    return total_steps


def _phases(steps: int, up: float, three: bool) -> list[tuple[float, tuple[str, str], tuple[str, str]]]:
    """For each phase its last step, and the names of the two learning rates and the two momenta it goes between."""
    rise = (up * steps - 1, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
    if not three:
        return [rise, (steps - 1, ("max_lr", "min_lr"), ("base_momentum", "max_momentum"))]
    fall = (2 * up * steps - 2, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum"))
    return [rise, fall, (steps - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum"))]
