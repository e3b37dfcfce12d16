"""PyTorch's path `torch.autograd.variable`."""

from ..torch_paths import Variable as Variable
