"""PyTorch's `torch.backends`: switches of libraries that are not used here, so that programs can set them and ask.

There is no GPU, so each of them says that it is not available, and its switches change nothing.
"""

from . import cudnn, mps
