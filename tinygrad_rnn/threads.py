"""How many threads NumPy's matrix products may use, by PyTorch's names.

NumPy hands products to a BLAS library, which splits large ones between threads, by default one per core. On an idle
machine that helps large matrices and leaves small ones alone. While other programs keep the cores busy, the parts wait for
each other, and a product of two 256 x 256 matrices took nine times as long as with one thread: a training loop with small
matrices should ask for one.

Switching product by product is no way out: the number belongs to the whole process, so it would change under the products
of other threads, and setting it costs as much as a small product.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

OWN = {"numpy", "numpy.libs"}  # folders where NumPy brings its own BLAS, and those that `follow` it


def set_num_threads(n: int) -> None:
    """Let NumPy's matrix products use up to `n` threads, in the whole process, from now on.

    Other libraries keep their own number, unless they share NumPy's BLAS. Without effect where the BLAS takes no orders:
    that of Apple (Accelerate), which decides by itself.

    >>> tinygrad_rnn.set_num_threads(1)
    >>> tinygrad_rnn.get_num_threads()
    1
    """
    if not isinstance(n, int) or isinstance(n, bool):
        raise TypeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, got {n}")
    for library in libraries():
        library.set_num_threads(n)


def get_num_threads() -> int:
    """How many threads a matrix product may use."""
    return max((library.num_threads for library in libraries()), default=os.cpu_count() or 1)


def follow(*folders: str) -> None:
    """From now on the BLAS in these folders, just loaded, has NumPy's number of threads: compiled kernels use SciPy's."""
    n = get_num_threads()
    OWN.update(folders)
    if any(library.num_threads != n for library in libraries()):
        set_num_threads(n)


def libraries() -> list[Any]:
    """The BLAS of NumPy: the one in its own folder, or all there are where packages share one."""
    from threadpoolctl import ThreadpoolController

    found = ThreadpoolController().select(user_api="blas").lib_controllers
    return [library for library in found if OWN & set(Path(library.filepath).parts)] or found
