"""What training programs need around the model: PyTorch's `torch.utils`."""

from . import checkpoint, data
