"""Datasets: what the samples are."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

import numpy as np

from ..._tensor import Tensor
from ...random import Generator, source

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Samples by index. Write `__getitem__(index)`, and `__len__` for the samplers that need to know.

    A `__getitems__(indices)` that returns a list of samples is used, where there is one, to fetch a whole batch.
    `a + b` is the samples of a, then those of b.
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} needs a method __getitem__(index)")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Samples that come one after the other, as from a stream. Write `__iter__`."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} needs a method __iter__()")


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample k is (a[k], b[k], ...) for tensors of the same length.

    Raises ValueError if the lengths differ.
    """

    def __init__(self, *tensors: Tensor):
        for t in tensors:
            if not isinstance(t, Tensor) or t.ndim == 0:
                found = "one of 0 axes" if isinstance(t, Tensor) else type(t).__name__
                hint = "" if isinstance(t, Tensor) else "; tensor(...) makes one, DataLoader takes columns as they are"
                raise TypeError(f"TensorDataset: expected tensors with at least one axis, got {found}{hint}")
        if len({len(t) for t in tensors}) != 1:
            raise ValueError(f"TensorDataset: the tensors differ in length: {[len(t) for t in tensors]}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(t[index] for t in self.tensors)

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Tensor, ...]]:
        """Several samples at once: one indexing per tensor instead of one per sample."""
        if any(t.requires_grad for t in self.tensors):
            return [self[k] for k in indices]
        columns = [[Tensor._of(np.asarray(row)) for row in t.array[list(indices)]] for t in self.tensors]
        return list(zip(*columns, strict=True))

    def __len__(self) -> int:
        return len(self.tensors[0])


class Subset(Dataset[T_co]):
    """The samples of `dataset` at `indices`, in that order."""

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]):
        self.dataset = dataset
        self.indices: Sequence[int] = indices

    def __getitem__(self, index: Any) -> T_co:
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: Sequence[int]) -> list[T_co]:
        """Several samples at once."""
        return fetch(self.dataset, [self.indices[k] for k in indices])

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[Any]):
    """The samples of several datasets, one dataset after the other."""

    def __init__(self, datasets: Iterable[Dataset[Any]]):
        self.datasets: list[Any] = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: got no datasets")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise TypeError(f"ConcatDataset: {type(dataset).__name__} is an IterableDataset, which has no indices")
        self.cumulative_sizes: list[Any] = list(accumulate(len(d) for d in self.datasets))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"ConcatDataset: index {index} is out of range for {len(self)} samples")
        which = bisect_right(self.cumulative_sizes, place)
        return self.datasets[which][place - ([0, *self.cumulative_sizes][which])]


def fetch(dataset: Any, indices: Sequence[Any]) -> list[Any]:
    """The samples at `indices`, at once if the dataset can."""
    if hasattr(dataset, "__getitems__") and dataset.__getitems__ is not None:
        samples = dataset.__getitems__(indices)
        if len(samples) != len(indices):
            raise ValueError(
                f"{type(dataset).__name__}.__getitems__: returned {len(samples)} samples for {len(indices)} indices"
            )
        return samples
    return [dataset[k] for k in indices]


def random_split(
    dataset: Dataset[T_co], lengths: Sequence[float], generator: Generator | None = None
) -> list[Subset[T_co]]:
    """Split at random into subsets of the given lengths, or of the given fractions, which sum to 1.

    With fractions each length is rounded down, and what is left goes to the first subsets, one sample each.

    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    size = len(dataset)  # type: ignore[arg-type]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _from_fractions(size, lengths)
    if sum(lengths) != size:
        raise ValueError(
            f"random_split: the lengths {list(lengths)} sum to {sum(lengths)}, the dataset has {size} samples"
        )
    order = source(generator).permutation(size).tolist()
    ends = list(accumulate(int(n) for n in lengths))
    return [Subset(dataset, order[end - int(n) : end]) for n, end in zip(lengths, ends, strict=True)]


def _from_fractions(size: int, fractions: Sequence[float]) -> list[int]:
    for number, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"random_split: fraction {number} is {fraction}, not between 0 and 1")
    lengths = [math.floor(size * fraction) for fraction in fractions]
    for k in range(size - sum(lengths)):
        lengths[k % len(lengths)] += 1
    for number, length in enumerate(lengths):
        if length == 0:
            warnings.warn(
                f"random_split: subset {number} is empty ({size} samples, fractions {list(fractions)})", stacklevel=3
            )
    return lengths
