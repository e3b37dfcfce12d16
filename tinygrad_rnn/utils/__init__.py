"""What training programs need around the model: PyTorch's `torch.utils`: data/ (datasets and loaders), checkpoint.py
(recomputation).
"""

from . import checkpoint as checkpoint, data as data
