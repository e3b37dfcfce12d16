"""PyTorch's `torch.types`: what annotations name."""

from typing import Any

from ._device import device
from ._tensor import Tensor as Tensor

Device = device | str | int | None
Number = int | float | bool
Size = _size = tuple[int, ...]
_dtype = _int = _float = _bool = Any
