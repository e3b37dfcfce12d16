"""To and from the world outside: safe files, models from and to PyTorch, PyTorch's programs."""

from .as_torch import as_torch as as_torch
from .files import load as load, save as save
from .pytorch import from_torch as from_torch, to_torch as to_torch
