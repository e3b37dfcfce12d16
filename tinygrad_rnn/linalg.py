"""The part of PyTorch's `linalg` that sequence programs use."""

from .functions.reduce import vector_norm

__all__ = ["vector_norm"]
