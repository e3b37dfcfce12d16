"""Linear and bilinear maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..recording import record_op
from .checks import is_tensor, need_tensor
from .products import Linear, einsum
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = x Wᵀ + b.

    input (…, I), weight (O, I), bias (O,) or None; returns (…, O). A weight (I,) gives one number per row, (…).
    """
    try:
        return record_op(Linear, input, weight, bias)
    except (
        RuntimeError,
        ValueError,
        TypeError,
        IndexError,
    ):  # asking for the cause only now keeps the usual call short
        if is_tensor(weight) and weight.ndim == 1 and (bias is None or bias.ndim == 0):
            return linear(input, weight.unsqueeze(0), None if bias is None else bias.unsqueeze(0)).squeeze(-1)
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


@widening
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y_o = x₁ᵀ W_o x₂ + b_o.

    input1 (…, I), input2 (…, J), weight (O, I, J), bias (O,) or None; returns (…, O).
    """
    for argument, x, axis in (("input1", input1, 1), ("input2", input2, 2)):
        need_tensor("bilinear", x, argument)
        if x.array.shape[-1:] != weight.array.shape[axis : axis + 1]:
            raise RuntimeError(
                f"bilinear(): {argument} of shape {list(x.shape)} should have {weight.shape[axis]} features, as axis "
                f"{axis} of the weight {list(weight.shape)} says"
            )
    if input1.array.shape[:-1] != input2.array.shape[:-1]:
        raise RuntimeError(
            f"bilinear(): the inputs differ in front of their features: {list(input1.shape)} and {list(input2.shape)}"
        )
    if bias is not None and bias.array.shape != weight.array.shape[:1]:
        raise RuntimeError(f"bilinear(): bias must have shape [{weight.shape[0]}], got {list(bias.shape)}")
    y = einsum("...i,oij,...j->...o", input1, weight, input2)
    return y if bias is None else y + bias
