"""Learning rates that change over time: PyTorch's `torch.optim.lr_scheduler`.

A scheduler sets `group["lr"]` of an optimizer each time its `step()` is called, after `optimizer.step()`.
The learning rate a group started with is kept as `group["initial_lr"]`.

    scheduler = StepLR(optimizer, step_size=30)
    for epoch in range(90):
        ...                                         # optimizer.step() for every batch
        scheduler.step()

base.py (what all share), decay.py (by one formula), factors.py (by factors), cyclic.py, one_cycle.py, sequential.py
(one after the other), plateau.py (when learning stops). The schedules of `tg.fit` are named in ../../fitting.py.
"""

from .base import LRScheduler as LRScheduler, LRScheduler as _LRScheduler
from .cyclic import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts, CyclicLR as CyclicLR
from .decay import (
    CosineAnnealingLR as CosineAnnealingLR,
    ExponentialLR as ExponentialLR,
    LambdaLR as LambdaLR,
    LinearLR as LinearLR,
    MultiStepLR as MultiStepLR,
    StepLR as StepLR,
)
from .factors import ConstantLR as ConstantLR, MultiplicativeLR as MultiplicativeLR, PolynomialLR as PolynomialLR
from .one_cycle import OneCycleLR as OneCycleLR
from .plateau import ReduceLROnPlateau as ReduceLROnPlateau
from .sequential import ChainedScheduler as ChainedScheduler, SequentialLR as SequentialLR
