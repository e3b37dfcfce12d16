"""PyTorch's `torch.version`."""

__version__ = "0.2.0"
cuda: None = None
hip: None = None
git_version: None = None
