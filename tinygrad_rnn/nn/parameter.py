"""Parameter: a tensor that a module registers, trains and saves."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tensor import Tensor
from ..arrays import came
from ..dtypes import get_default_dtype


class Parameter(Tensor):
    """A leaf tensor that becomes part of a module when assigned to an attribute of it.

    data            a Tensor, whose memory the parameter shares
    requires_grad   False for a frozen parameter
    """

    __slots__ = ()
    array: np.ndarray
    name: str | None

    def __init__(self, data: Any = None, requires_grad: bool = True):
        if data is None:
            data = Tensor._of(np.zeros(0, get_default_dtype()))
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter(): expected a Tensor, got {came(data)}")
        self.array, self._grad, self.name = data.array, None, data.name
        self._edge = self._view = None
        if requires_grad:
            self.requires_grad_()

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()
