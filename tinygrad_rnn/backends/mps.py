"""PyTorch's question for Apple's GPUs."""

from ..torch_paths import is_available, is_built

__all__ = ["is_available", "is_built"]
