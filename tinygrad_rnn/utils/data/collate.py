"""Collating: one batch out of several samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..._tensor import Tensor
from ...create import as_tensor, tensor
from ...dtypes import float64
from ...ops.joining import stack
from ...trees import like, tree_map


def default_collate(batch: Sequence[Any]) -> Any:
    """Put samples together along a new first axis, field by field.

        tensors, arrays, NumPy scalars   a tensor, one axis more
        ints, bools                      a tensor (int64, bool)
        floats                           a float64 tensor
        strings, bytes                   as they are, in a list or tuple
        dicts                            a dict of collated values
        named tuples                     the same named tuple of collated fields
        tuples, lists                    a list of collated positions

    Raises RuntimeError if samples differ in shape or length, TypeError for anything else (write a collate_fn).

    >>> default_collate([(tensor([1.0]), "a"), (tensor([2.0]), "b")])
    [tensor([[1.],
            [2.]]), ('a', 'b')]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return _stacked(list(batch))
    if isinstance(first, (np.ndarray, np.generic)) and first.dtype.kind in "biuf":
        return _stacked([as_tensor(sample) for sample in batch])
    if isinstance(first, float):
        return tensor(list(batch), dtype=float64)
    if isinstance(first, int):
        return tensor(list(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return like(first, [default_collate([sample[key] for sample in batch]) for key in first])
    if isinstance(first, Sequence):
        fields = [default_collate(field) for field in _columns(batch)]
        return like(first, fields) if hasattr(first, "_fields") else fields
    raise TypeError(
        f"default_collate: samples hold a {_kind(first)}; expected tensors, arrays, numbers, strings, dicts, tuples or "
        f"lists. Pass a collate_fn that makes a batch of them"
    )


def default_convert(data: Any) -> Any:
    """Arrays inside one sample become tensors, everything else stays: what a loader without batches does."""

    def convert(x: np.ndarray | np.generic) -> Any:
        return as_tensor(x) if x.dtype.kind in "biuf" else x

    return tree_map(convert, data, (np.ndarray, np.generic), lists=True)


def _stacked(tensors: list[Tensor]) -> Tensor:
    for t in tensors:
        if not isinstance(t, Tensor):
            raise TypeError(f"default_collate: some samples are tensors, one is a {_kind(t)}")
    shapes = {t.array.shape for t in tensors}
    if len(shapes) > 1:
        raise RuntimeError(
            f"default_collate: samples differ in shape: {', '.join(str(list(s)) for s in sorted(shapes))}. "
            f"Pad them, or pass a collate_fn that does"
        )
    return stack(tensors)


def _columns(batch: Sequence[Any]) -> list[tuple[Any, ...]]:
    """[(a0, b0), (a1, b1)] -> [(a0, a1), (b0, b1)]"""
    lengths = {len(sample) for sample in batch}
    if len(lengths) != 1:
        raise RuntimeError(
            f"default_collate: samples are sequences of different lengths: {sorted(lengths)}. "
            f"Pad them, or pass a collate_fn that does"
        )
    return list(zip(*batch, strict=True))


def _kind(x: Any) -> str:
    return f"{type(x).__name__} of {x.dtype}" if isinstance(x, (np.ndarray, np.generic)) else type(x).__name__
