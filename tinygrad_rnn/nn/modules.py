"""PyTorch's paths `torch.nn.modules.*`: each is `nn` itself, which holds all modules.

What starts with an underscore here are PyTorch's names of base classes, for programs that derive from them or ask for them.
"""

from __future__ import annotations

import sys
from typing import Any

from .convolution import _Convolution as _ConvNd
from .loss import _Loss as _Loss, _WeightedLoss as _WeightedLoss
from .module import Module as Module
from .normalization import BatchNorm1d as _BatchNorm
from .padding import _Padding as _Padding


def _ntuple(n: int) -> Any:
    return lambda x: tuple(x) if isinstance(x, (tuple, list)) else (x,) * n


_single, _pair, _triple = _ntuple(1), _ntuple(2), _ntuple(3)

PATHS = [
    "activation",
    "batchnorm",
    "container",
    "conv",
    "distance",
    "dropout",
    "flatten",
    "instancenorm",
    "linear",
    "loss",
    "module",
    "normalization",
    "padding",
    "pooling",
    "rnn",
    "sparse",
    "transformer",
    "upsampling",
    "utils",
]
for _path in PATHS:
    sys.modules[f"{__name__}.{_path}"] = sys.modules[__name__]


def __getattr__(name: str) -> Any:
    if name in PATHS:
        return sys.modules[__name__]
    return getattr(sys.modules[__package__ or "tinygrad_rnn.nn"], name)


__all__ = ["Module", "_BatchNorm", "_ConvNd", "_Loss", "_WeightedLoss"]
