"""PyTorch's `torch.cuda`: there is no GPU here, and programs can ask."""

from __future__ import annotations

import sys
from typing import Any

from . import amp as amp
from ._device import check_device
from .torch_paths import device_count, empty_cache, is_available, seed_gpus

__path__: list[str] = []  # a package, so that Python looks for torch.cuda.amp
sys.modules[f"{__name__}.amp"] = amp

manual_seed = manual_seed_all = seed_gpus
is_bf16_supported = is_initialized = is_available
memory_allocated = max_memory_allocated = memory_reserved = max_memory_reserved = device_count
reset_peak_memory_stats = reset_max_memory_allocated = ipc_collect = init = empty_cache


def _refuse(*args: Any, **options: Any) -> Any:
    check_device("cuda")


set_device = current_device = synchronize = get_device_name = get_device_properties = get_device_capability = _refuse
FloatTensor = DoubleTensor = HalfTensor = LongTensor = IntTensor = ShortTensor = ByteTensor = BoolTensor = _refuse
Stream = Event = current_stream = stream = device = _refuse

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all", "set_device"]
