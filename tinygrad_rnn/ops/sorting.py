"""Order: sorting, and the largest few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..recording import without_gradient
from .checks import need_numbers, need_tensor, wrap_dim
from .extremes import RESULTS
from .function import Recorded
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Sorting(Recorded):
    """Tensor's sorting."""

    __slots__ = ()

    @worded
    def argsort(input: Tensor, dim: Any = -1, descending: bool = False, stable: bool = False) -> Tensor:
        """The indices that sort along `dim`; equal elements keep their order."""
        need_tensor("argsort", input)
        dim = wrap_dim("argsort", dim, input.array.ndim)
        if not input.array.ndim:
            return input._of(np.zeros((), np.int64))
        x = input.array
        if not descending:
            return without_gradient(np.argsort(x, axis=dim, kind="stable"), x)
        backwards = np.argsort(np.flip(x, dim), axis=dim, kind="stable")  # ties: the first stays first
        return without_gradient(np.flip(x.shape[dim] - 1 - backwards, dim).copy(), x)

    @worded
    def sort(input: Tensor, dim: Any = -1, descending: bool = False, stable: bool = False) -> Any:
        """(values, indices) sorted along `dim`; equal elements keep their order."""
        need_tensor("sort", input)
        indices = input.argsort(dim, descending)
        return RESULTS["sort"](input.gather(dim, indices), indices)

    @worded
    def topk(input: Tensor, k: int, dim: Any = -1, largest: bool = True, sorted: bool = True) -> Any:
        """(values, indices) of the k largest (or smallest) elements along `dim`, in order."""
        need_numbers("topk", input)
        dim = wrap_dim("topk", dim, input.array.ndim)
        size = input.array.shape[dim] if input.array.ndim else 1
        if not 0 <= k <= size:
            raise RuntimeError(f"topk(): k is {k} but dimension {dim} has {size} elements")
        indices = input.argsort(dim, descending=largest)
        if input.array.ndim:
            indices = indices[(*[slice(None)] * dim, slice(0, int(k)))].contiguous()
        return RESULTS["topk"](input.gather(dim, indices), indices)
