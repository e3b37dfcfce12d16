"""Reshaping inside a Sequential."""

from __future__ import annotations

from collections.abc import Sequence

from .._tensor import Tensor
from .module import Module


class Flatten(Module):
    """Join the axes start_dim..end_dim into one."""

    _shown = ("start_dim", "end_dim")

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim: int = start_dim
        self.end_dim: int = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """(B, n, m) -> (B, n · m), with the usual start_dim=1."""
        return input.flatten(self.start_dim, self.end_dim)


class Unflatten(Module):
    """Split axis `dim` into several of the sizes `unflattened_size`; one may be -1."""

    _shown = ("dim", "unflattened_size")

    def __init__(self, dim: int, unflattened_size: Sequence[int]):
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(f"Unflatten: dim must be an int, axes have no names here; got {type(dim).__name__}")
        if not isinstance(unflattened_size, (tuple, list)) or not all(isinstance(n, int) for n in unflattened_size):
            raise TypeError(f"Unflatten: unflattened_size must be a tuple of ints, got {unflattened_size!r}")
        self.dim: int = dim
        self.unflattened_size: tuple[int, ...] | list[int] = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """(…, n · m, …) -> (…, n, m, …)."""
        return input.unflatten(self.dim, self.unflattened_size)
