"""DataLoader: batches of a dataset, in some order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, ClassVar, Generic, TypeVar

from ...random import Generator
from .collate import default_collate, default_convert
from .columns import as_dataset
from .dataset import Dataset, IterableDataset, fetch
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

T_co = TypeVar("T_co", covariant=True)


class DataLoader(Generic[T_co]):
    """Iterate over the batches of a dataset; each `for` loop is one epoch.

    dataset        with `__getitem__` and `__len__`, or an IterableDataset; a dict of columns (arrays, tensors, lists) or a
                   pandas table, whose samples and batches are dicts; a pandas column; any other iterable, in its order
    batch_size     samples in a batch; None for single samples, not collated
    shuffle        a new random order each epoch
    sampler        the order, as indices, instead of shuffle
    batch_sampler  the order, as lists of indices: instead of batch_size, shuffle, sampler and drop_last
    collate_fn     makes a batch from a list of samples (default: `default_collate`)
    drop_last      leave out a last batch that is smaller
    generator      where random orders come from

    num_workers, pin_memory, timeout, worker_init_fn, multiprocessing_context, prefetch_factor,
    persistent_workers, pin_memory_device and in_order are accepted and change nothing: samples are loaded in
    this process, when they are needed, in the same order as PyTorch's workers would deliver them. num_workers > 0
    warns once.
    """

    _warned: ClassVar[bool] = False

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None, num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None, pin_memory: bool = False, drop_last: bool = False,
        timeout: float = 0, worker_init_fn: Callable[[int], None] | None = None, multiprocessing_context: Any = None,
        generator: Generator | None = None, *, prefetch_factor: int | None = None, persistent_workers: bool = False,
        pin_memory_device: str = "", in_order: bool = True,
    ):  # fmt: skip
        if num_workers < 0:
            raise ValueError(f"DataLoader: num_workers must not be negative, got {num_workers}; use 0")
        if timeout < 0:
            raise ValueError(f"DataLoader: timeout must not be negative, got {timeout}")
        if generator is not None and not isinstance(generator, Generator):
            raise TypeError(f"DataLoader: generator must be a tinygrad_rnn.Generator, got {type(generator).__name__}")
        if num_workers and not DataLoader._warned:
            DataLoader._warned = True
            warnings.warn(
                f"DataLoader: num_workers={num_workers}, but samples are loaded in this process: sending arrays between "
                f"processes takes longer than making the batches of a sequence task",
                stacklevel=2,
            )
        dataset = as_dataset(dataset)
        self.dataset: Any = dataset
        self.generator: Generator | None = generator
        self.num_workers: int = num_workers
        self.pin_memory: bool = pin_memory
        self.timeout: float = timeout
        self.worker_init_fn: Any = worker_init_fn
        self.multiprocessing_context: Any = multiprocessing_context
        self.prefetch_factor: int | None = prefetch_factor
        self.persistent_workers: bool = persistent_workers
        self.pin_memory_device: str = pin_memory_device
        self.in_order = in_order
        self._streams = isinstance(dataset, IterableDataset)

        if self._streams and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError(
                "DataLoader: an IterableDataset has its own order; shuffle, sampler and batch_sampler do not apply"
            )
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: sampler and shuffle=True exclude each other")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError("DataLoader: batch_sampler excludes batch_size, shuffle, sampler and drop_last")
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("DataLoader: drop_last=True needs a batch_size")
        if sampler is None and not self._streams:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler([] if sampler is None else sampler, batch_size, drop_last)  # checks the size
        self.batch_size: int | None = batch_size
        self.drop_last: bool = drop_last
        self.sampler: RandomSampler | SequentialSampler | Sampler[Any] | Iterable[Any] | None = sampler
        self.batch_sampler = batch_sampler
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate
        self.collate_fn = collate_fn

    def __iter__(self) -> Iterator[Any]:
        if self._streams:
            return self._from_stream()
        if self.batch_sampler is None:
            assert self.sampler is not None
            return (self.collate_fn(self.dataset[k]) for k in self.sampler)
        return (self.collate_fn(fetch(self.dataset, indices)) for indices in self.batch_sampler)

    def _from_stream(self) -> Iterator[Any]:
        samples = iter(self.dataset)
        if self.batch_size is None:
            yield from (self.collate_fn(sample) for sample in samples)
            return
        while batch := list(islice(samples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def __len__(self) -> int:
        """The number of batches (of samples, with batch_size=None)."""
        if self._streams:
            samples = len(self.dataset)
            if self.batch_size is None:
                return samples
            return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]


def get_worker_info() -> None:
    """None, as in PyTorch's main process: there are no worker processes."""


__all__ = ["DataLoader", "Dataset", "default_collate", "get_worker_info"]
