"""The part of PyTorch's `torch.linalg` that sequence programs use."""

from .ops.reducing import vector_norm as vector_norm
