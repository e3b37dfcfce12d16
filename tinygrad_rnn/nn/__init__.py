"""Layers: PyTorch's `torch.nn`."""

from . import functional, init
from .linear import Linear
from .module import Module
from .parameter import Parameter
