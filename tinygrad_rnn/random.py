"""Random numbers: generators with a seed, and the one that is used when none is given.

Streams do not equal PyTorch's; the same seed gives the same numbers in every process.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ._device import device as _device
from ._forks import open_after_fork


class Generator:
    """A source of random numbers with its own seed and state (PyTorch's name)."""

    def __init__(self, device: Any = "cpu"):
        self.device: Any = _device(device)
        self.seed()

    def manual_seed(self, seed: int) -> Generator:
        """Start again from `seed`; returns the generator."""
        self._seed = int(seed)
        self.__dict__.pop("numpy", None)
        return self

    @functools.cached_property
    def numpy(self) -> np.random.Generator:
        """NumPy's generator. Made at the first draw: loading numpy.random takes a tenth of the time of loading NumPy."""
        bits = np.random.PCG64(self._seed % 2**64)
        open_after_fork(bits.lock)
        return np.random.Generator(bits)

    def seed(self) -> int:
        """Start from an unpredictable seed, and return it."""
        fresh = int.from_bytes(os.urandom(8), "little")
        return self.manual_seed(fresh % 2**63).initial_seed()

    def initial_seed(self) -> int:
        """The seed that the generator last started from."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """The state as a dict of numbers and strings, for `set_state`. (PyTorch's is a tensor.)"""
        return {"seed": self._seed, "numpy": self.numpy.bit_generator.state}

    def set_state(self, new_state: dict[str, Any]) -> None:
        """Continue from a state that `get_state` returned."""
        self.manual_seed(new_state["seed"])
        self.numpy.bit_generator.state = new_state["numpy"]


@contextlib.contextmanager
def fork_rng(devices: Any = (), enabled: bool = True, **options: Any) -> Iterator[None]:
    """Inside, the default generator may be seeded and drawn from; afterwards it goes on as if nothing had been."""
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)


default_generator: Generator = Generator()


def source(generator: Generator | None = None) -> np.random.Generator:
    """NumPy's generator behind `generator`, or behind the default one."""
    return (default_generator if generator is None else generator).numpy


def manual_seed(seed: int) -> Generator:
    """Seed the default generator, from which layers, dropout and `rand` draw."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seed the default generator unpredictably, and return the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()


def get_rng_state() -> dict[str, Any]:
    """The state of the default generator."""
    return default_generator.get_state()


def set_rng_state(new_state: dict[str, Any]) -> None:
    """Continue the default generator from a state of `get_rng_state`."""
    default_generator.set_state(new_state)
