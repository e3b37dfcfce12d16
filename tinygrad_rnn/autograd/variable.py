"""`Variable`, from the time before tensors kept gradients themselves: today it returns the tensor."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


class _AnyTensor(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_AnyTensor):
    """`Variable(x)` is x, outside any graph; `Variable(x, requires_grad=True)` is a leaf on the same memory.

    Every Tensor is an instance of Variable.
    """

    def __new__(cls, data: Tensor, requires_grad: bool = False) -> Any:
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable: data has to be a Tensor, got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)
