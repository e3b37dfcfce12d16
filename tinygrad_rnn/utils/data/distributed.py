"""The sampler of PyTorch's `DistributedSampler`, for rank `rank` of `num_replicas` processes: this one and no others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized
from typing import Any

import numpy as np

from .sampler import Sampler


class DistributedSampler(Sampler):
    """Every num_replicas-th index of one order, shuffled anew for each `set_epoch`; short ranks repeat the first ones."""

    def __init__(self, dataset: Any, num_replicas: int = 1, rank: int = 0, shuffle: bool = True, seed: int = 0, drop_last: bool = False):  # fmt: skip
        if not 0 <= rank < num_replicas:
            raise ValueError(f"DistributedSampler: rank must be in 0..{num_replicas - 1}, got {rank}")
        self.dataset: Sized = dataset
        self.num_replicas: int = num_replicas
        self.rank: int = rank
        self.shuffle: bool = shuffle
        self.seed: int = seed
        self.epoch = 0
        n = len(dataset)
        self.num_samples: int = n // num_replicas if drop_last else math.ceil(n / num_replicas)

    def __iter__(self) -> Iterator[int]:
        n, total = len(self.dataset), self.num_samples * self.num_replicas
        order = np.random.default_rng(self.seed + self.epoch).permutation(n) if self.shuffle else np.arange(n)
        return iter(np.resize(order, total)[self.rank :: self.num_replicas].tolist())

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Another order from now on."""
        self.epoch: int = epoch
