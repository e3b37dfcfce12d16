"""The libraries we compare with, imported when first asked for; a missing one is remembered and skipped."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import warnings
from typing import Any

NAMES = {"torch": "PyTorch", "jax": "JAX", "autograd": "HIPS autograd", "mygrad": "MyGrad"}
missing: list[str] = []


@functools.cache
def peer(module: str) -> Any:
    """The library, or None if it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            library = importlib.import_module(module)
    except ImportError:
        missing.append(NAMES[module])
        return None
    if module == "torch":
        library.set_num_threads(1)
    return library


def versions() -> dict[str, str]:
    """The versions of what is installed."""
    found = {}
    for module in ("numpy", "tinygrad-rnn", *NAMES):
        try:
            found[module] = importlib.metadata.version(module)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
