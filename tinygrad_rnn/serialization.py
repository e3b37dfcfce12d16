"""PyTorch's path `torch.serialization`."""

from .interop import load as load, save as save
