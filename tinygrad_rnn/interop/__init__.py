"""To and from the world outside: safe files, models from and to PyTorch, PyTorch's programs.

Files           files.py (save and load), structure.py (what is nested, as JSON and arrays), module_files.py (whole
                modules),
                pt_files.py (files of torch.save); ../atomic.py writes them completely or not at all
Models          pytorch.py (from_torch, to_torch), torch_source.py (layers that PyTorch lacks, as its source)
Programs        as_torch.py (`import torch` is this library), torch_names.py (which names a program uses)
"""

from .as_torch import as_torch as as_torch
from .files import load as load, save as save
from .pytorch import from_torch as from_torch, to_torch as to_torch
