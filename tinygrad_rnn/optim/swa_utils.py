"""Means of weights over training: PyTorch's `torch.optim.swa_utils`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any

from .._mode import no_grad
from .._tensor import Tensor
from ..create import tensor
from ..nn.module import Module
from ..nn.normalization import BatchNorm1d
from .lr_scheduler import LRScheduler
from .lr_scheduler.base import per_group


class AveragedModel(Module):
    """A copy of `model` whose weights are the mean of those it is updated with (Izmailov et al. 2018).

    avg_fn       (mean, new, how many so far) -> mean; a running mean if left out
    use_buffers  average buffers too, instead of copying them
    """

    def __init__(self, model: Module, device: Any = None, avg_fn: Callable[..., Any] | None = None, multi_avg_fn: Any = None, use_buffers: bool = False):  # fmt: skip
        super().__init__()
        self.module: Module = copy.deepcopy(model)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn: Callable[..., Any] | None = avg_fn
        self.multi_avg_fn: Any = multi_avg_fn
        self.use_buffers: bool = use_buffers

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the averaged model gives."""
        return self.module(*args, **options)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the present weights of `model` into the mean."""
        n = self.n_averaged.item()
        pairs: list[tuple[Tensor, Tensor]] = [*zip(self.module.parameters(), model.parameters(), strict=True)]
        buffers = [*zip(self.module.buffers(), model.buffers(), strict=True)]
        for own, new in pairs + buffers * self.use_buffers:
            if n == 0 or own.dtype.kind != "f":
                own.data.copy_(new)
            elif self.multi_avg_fn is not None:
                self.multi_avg_fn([own.data], [new.data], self.n_averaged)
            elif self.avg_fn is not None:
                own.data.copy_(self.avg_fn(own.detach(), new.detach(), self.n_averaged))
            else:
                own.data.copy_(own.detach() + (new.detach() - own.detach()) / (n + 1))
        for own, new in buffers * (not self.use_buffers):
            own.data.copy_(new)
        self.n_averaged.add_(1)


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Tensor, Tensor, Any], Tensor]:
    """An `avg_fn` for a mean that forgets: decay · mean + (1 - decay) · new."""
    if not 0 <= decay <= 1:
        raise ValueError(f"get_ema_avg_fn(): decay must be in 0..1, got {decay}")
    return lambda mean, new, count: decay * mean + (1 - decay) * new


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., None]:
    """The same for `multi_avg_fn`, in place on lists."""
    average = get_ema_avg_fn(decay)

    def update(means: Any, news: Any, count: Any) -> None:
        for mean, new in zip(means, news, strict=True):
            mean.copy_(average(mean, new, count))

    return update


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Measure the running means of all batch norms anew, over the inputs that `loader` gives."""
    norms = [m for m in model.modules() if isinstance(m, BatchNorm1d) and m.track_running_stats]
    momenta, training = [m.momentum for m in norms], model.training
    for m in norms:
        m.reset_running_stats()
        m.momentum = None
    model.train()
    for batch in loader if norms else ():
        model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    for m, momentum in zip(norms, momenta, strict=True):
        m.momentum = momentum
    model.train(training)


class SWALR(LRScheduler):
    """From the present lr to `swa_lr` in anneal_epochs, along a cosine ("cos") or a line ("linear"), and stay there."""

    def __init__(self, optimizer: Any, swa_lr: Any, anneal_epochs: int = 10, anneal_strategy: str = "cos", last_epoch: int = -1):  # fmt: skip
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"SWALR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        for group, lr in zip(optimizer.param_groups, per_group("SWALR", "swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = lr
        self.anneal_epochs: int = anneal_epochs
        self.anneal_strategy: str = anneal_strategy
        super().__init__(optimizer, last_epoch)

    def _part(self, epoch: int) -> float:
        """How much of the way is done."""
        t = max(0.0, min(1.0, epoch / max(1, self.anneal_epochs)))
        return t if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[float]:
        k = self.last_epoch
        before, now = self._part(max(0, k - 1)), self._part(k)
        found = []
        for group in self.optimizer.param_groups:
            start = group["swa_lr"] if before == 1 else (group["lr"] - before * group["swa_lr"]) / (1 - before)
            found.append(group["swa_lr"] * now + start * (1 - now))
        return found
