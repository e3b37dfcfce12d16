"""PyTorch's path `torch.serialization`."""

from .interop import load as load, save as save
from .interop.module_files import (
    add_safe_globals as add_safe_globals,
    clear_safe_globals as clear_safe_globals,
    get_safe_globals as get_safe_globals,
    safe_globals as safe_globals,
)
