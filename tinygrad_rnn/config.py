"""What the library computes with here: kernels, BLAS, threads, versions; and making the kernels ready beforehand."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

import numpy as np

from . import threads
from .dtypes import get_default_dtype
from .kernels import choice
from .kernels.choice import compile_all, kernels_used, state_of_kernels

VERSIONS = ("tinygrad-rnn", "numpy", "numba", "llvmlite", "scipy")


def show_config() -> None:
    """Print which kernels run, which BLAS multiplies, on how many threads, and the versions of what takes part.

    >>> tinygrad_rnn.show_config()
    kernels   compiled; ran last: lstm compiled
    BLAS      openblas 0.3.31 (Haswell), 1 thread
    ...
    """
    for name, value in configuration().items():
        print(f"{name:9} {value}")


def configuration() -> dict[str, str]:
    """The same as a dictionary of texts."""
    ran = ", ".join(f"{cell} {kernels}" for cell, kernels in kernels_used().items())
    kernels = state_of_kernels() + (f"; ran last: {ran}" if ran else "")
    facts = {"kernels": kernels, "BLAS": "; ".join(map(_described, threads.libraries())) or "unknown"}
    return {**facts, "Python": platform.python_version(), "system": platform.platform(), "versions": _versions()}


def warm_up(*dtypes: Any) -> None:
    """Compile the recurrent layers' kernels for these dtypes now (by default for the default dtype), rather than at
    their first call: a few seconds for each the first time, from the cache on disk a fraction of one. Without numba,
    nothing happens.

    >>> tinygrad_rnn.warm_up(tinygrad_rnn.float32, tinygrad_rnn.float64)
    """
    for dtype in dtypes or (get_default_dtype(),):
        if np.dtype(dtype).char not in "fd":
            raise TypeError(f"warm_up expects float32 or float64, which kernels are compiled for, but got {dtype}")
        compile_all(np.dtype(dtype))


def can_compile() -> bool:
    """Are there compiled kernels here? Imports numba, if it is installed."""
    return bool(choice.twins())


def _described(library: Any) -> str:
    facts = library.info()
    n = facts["num_threads"]
    kind = f" ({facts['architecture']})" if facts.get("architecture") else ""
    return f"{facts['internal_api']} {facts['version']}{kind}, {n} thread{'s' if n > 1 else ''}"


def _versions() -> str:
    found = []
    for name in VERSIONS:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)
