"""PyTorch's `torch.backends`: switches of libraries that are not used here (cuda.py, cudnn.py, mps.py). Each says that
it is not available.
"""

from . import cuda as cuda, cudnn as cudnn, mps as mps
