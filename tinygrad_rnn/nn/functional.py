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
    try:
        return record(products.Linear, input, weight, bias)
    except (ValueError, TypeError, IndexError):  # looking for the cause only now keeps the usual call short
        raise _linear_error(input, weight, bias) from None


def _linear_error(input: Tensor, weight: Tensor, bias: Tensor | None) -> Exception:
    need_tensor("linear", input)
    x, w = input.array.shape, weight.array.shape
    kinds = [str(t.dtype) for t in (input, weight, bias) if t is not None]
    if len(set(kinds)) > 1:
        return RuntimeError(
            f"linear(): expected input, weight and bias to have the same dtype, got {', '.join(kinds)}; "
            f"convert with .to(dtype)"
        )
    if not x or x[-1] != w[-1]:
        return RuntimeError(
            f"linear(): input of shape {list(x)} and weight of shape {list(w)} cannot be multiplied: the input needs "
            f"{w[-1]} features, it has {x[-1] if x else 'none'}"
        )
    return RuntimeError(
        f"linear(): input {list(x)}, weight {list(w)} and bias {None if bias is None else list(bias.shape)} do not fit"
    )


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-input)."""
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return input.tanh()


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    return input.relu_() if inplace else input.relu()
