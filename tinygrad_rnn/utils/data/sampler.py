"""Samplers: in which order the samples come.

A sampler is iterated anew for each epoch. All random orders come from `generator`, or from the default
generator, so that the same seed gives the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any, Generic, TypeVar

from ..._tensor import Tensor
from ...create import as_tensor
from ...dtypes import float64
from ...random import Generator, source

T_co = TypeVar("T_co", covariant=True)
AT_ONCE = 1024  # indices drawn in one go, where an epoch may be endless


class Sampler(Generic[T_co]):
    """Base of all samplers: write `__iter__`, which gives indices, and `__len__` if the number is known."""

    def __init__(self, data_source: Any = None):
        pass

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} needs a method __iter__()")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ..., len(data_source) - 1."""

    def __init__(self, data_source: Sized):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Every index once in random order, or with replacement.

    replacement  draw each index anew; an index may come again before others came at all
    num_samples  how many indices (default: as many as there are samples). They are drawn while they are used,
                 so 10**10 is a way to say "without end"
    generator    where the random numbers come from
    """

    def __init__(
        self, data_source: Sized, replacement: bool = False, num_samples: int | None = None,
        generator: Generator | None = None,
    ):  # fmt: skip
        if not isinstance(replacement, bool):
            raise TypeError(f"RandomSampler: replacement must be True or False, got {replacement!r}")
        self.data_source: Sized = data_source
        self.replacement: bool = replacement
        self.generator: Generator | None = generator
        self._num_samples = None if num_samples is None else _positive("RandomSampler", num_samples)

    @property
    def num_samples(self) -> int:
        """How many indices one epoch has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        generator = _one_epoch(self.generator)
        size, left = len(self.data_source), self.num_samples
        if size == 0 and left:
            raise ValueError(f"RandomSampler: cannot draw {left} samples from an empty dataset")
        while left > 0:
            if self.replacement:
                drawn = source(generator).integers(size, size=min(left, AT_ONCE)).tolist()
            else:
                drawn = source(generator).permutation(size)[:left].tolist()
            yield from drawn
            left -= len(drawn)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None):
        self.indices: Sequence[int] = indices
        self.generator: Generator | None = generator

    def __iter__(self) -> Iterator[int]:
        for k in source(self.generator).permutation(len(self.indices)).tolist():
            yield self.indices[k]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices 0 .. len(weights)-1, drawn with chances proportional to the weights.

    weights      numbers that need not sum to 1
    num_samples  how many indices
    replacement  may an index come more than once?
    """

    def __init__(
        self, weights: Sequence[float] | Tensor, num_samples: int, replacement: bool = True,
        generator: Generator | None = None,
    ):  # fmt: skip
        if not isinstance(replacement, bool):
            raise TypeError(f"WeightedRandomSampler: replacement must be True or False, got {replacement!r}")
        self.weights: Any = as_tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            raise ValueError(f"WeightedRandomSampler: weights must have one axis, got shape {list(self.weights.shape)}")
        self.num_samples: Any = _positive("WeightedRandomSampler", num_samples)
        self.replacement: bool = replacement
        self.generator: Generator | None = generator

    def __iter__(self) -> Iterator[int]:
        drawn = self.weights.multinomial(self.num_samples, self.replacement, generator=self.generator)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of `batch_size` indices of another sampler; the last one may be shorter, or is dropped."""

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool):
        if not isinstance(drop_last, bool):
            raise ValueError(f"BatchSampler: drop_last must be True or False, got {drop_last!r}")
        self.sampler: Iterable[Any] = sampler
        self.batch_size: Any = _positive("BatchSampler", batch_size, "batch_size")
        self.drop_last: bool = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        samples = len(self.sampler)  # type: ignore[arg-type]
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)


def _one_epoch(generator: Generator | None) -> Generator:
    """The generator to draw one epoch from. The default one gives only a seed: what the training loop
    draws from it between two batches must not depend on how far ahead the order was drawn."""
    if generator is not None:
        return generator
    return Generator().manual_seed(int(source().integers(2**63)))


def _positive(name: str, value: Any, argument: str = "num_samples") -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"{name}: {argument} must be a positive int, got {value!r}")
    return value
