"""Layers and losses as plain functions of tensors: PyTorch's `torch.nn.functional`."""

from __future__ import annotations

from ..functions.arguments import need_tensor
from ..ops import products
from ..recording import record
from ..tensor import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = x Wᵀ + b.

    input (…, I), weight (O, I), bias (O,) or None; returns (…, O).
    """
    need_tensor("linear", input)
    x, w = input.array.shape, weight.array.shape
    if not x or x[-1] != w[-1]:
        raise RuntimeError(
            f"linear(): input of shape {list(x)} and weight of shape {list(w)} cannot be multiplied: the input needs "
            f"{w[-1]} features, it has {x[-1] if x else 'none'}"
        )
    if input.array.dtype is not weight.array.dtype:
        raise RuntimeError(
            f"linear(): expected input and weight to have the same dtype, got {input.dtype} and {weight.dtype}; "
            f"convert one with .to(dtype)"
        )
    return record(products.Linear, input, weight, bias)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-input)."""
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return input.tanh()


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    return input.relu_() if inplace else input.relu()
