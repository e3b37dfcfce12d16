"""What training programs need around the model: PyTorch's `torch.utils`."""

from . import checkpoint as checkpoint, data as data
