"""LRScheduler: what all schedulers share.

Most rules say how the present learning rate changes (`get_lr`), so that several schedulers on one optimizer
multiply. `_closed_form` says the same from `initial_lr` and the epoch alone.
"""

from __future__ import annotations

import warnings
from typing import Any

from ..optimizer import Optimizer


class LRScheduler:
    """Base of the schedulers; a rule is a `get_lr` that returns one learning rate per group.

    optimizer   whose learning rates are set
    last_epoch  -1 to start; otherwise the epoch to continue after, with an optimizer that was loaded
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1):
        self.optimizer: Any = need_optimizer(type(self).__name__, optimizer)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: param group {number} has no 'initial_lr'; to continue after epoch "
                    f"{last_epoch}, load the optimizer's state first"
                )
        self.base_lrs: Any = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch: int = last_epoch
        self._start()

    def _start(self) -> None:
        self._step_count, self._starting = 0, True
        try:
            self.step()
        finally:
            self._starting = False

    def get_lr(self) -> list[float]:
        """The learning rates for `last_epoch`, one per group."""
        raise NotImplementedError(f"{type(self).__name__} needs a method get_lr()")

    def _closed_form(self) -> list[float]:
        return self.get_lr()

    def _lrs(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch, or to `epoch`, and set the learning rates."""
        if self._step_count == 1 and type(self.optimizer).step is Optimizer.step and not self.optimizer._stepped:
            warnings.warn(
                "lr_scheduler.step() was called before optimizer.step(): the first learning rate is never used. "
                "Call optimizer.step() first",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        self._go_to(epoch)

    def _go_to(self, epoch: int | None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        lrs = self.get_lr() if epoch is None else self._closed_form()
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr
        self._last_lr = self._lrs()

    def get_last_lr(self) -> list[float]:
        """The learning rates that were set last, one per group."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue where `state_dict()` was taken; the optimizer's state is loaded separately."""
        self.__dict__.update(state_dict)


def need_optimizer(name: str, optimizer: Any) -> Optimizer:
    """`optimizer` itself; a TypeError if it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{name}: expected an Optimizer, got {type(optimizer).__name__}")
    return optimizer


def per_group(name: str, argument: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """`value` as a list with one entry per group."""
    groups = len(need_optimizer(name, optimizer).param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(f"{name}: {argument} has {len(value)} entries, the optimizer has {groups} param groups")
    return list(value)
