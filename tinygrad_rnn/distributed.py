"""PyTorch's `torch.distributed`, as seen by one process that is not part of a group."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """False: there are no groups of processes here."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def get_rank(group: Any = None) -> int:
    """0: this process is the only one."""
    return 0


def get_world_size(group: Any = None) -> int:
    """1."""
    return 1


def barrier(*args: Any, **options: Any) -> None:
    """Nobody to wait for."""


def init_process_group(*args: Any, **options: Any) -> None:
    """Raises: for several processes hand the model over to PyTorch, its state_dict has the same names."""
    raise RuntimeError(
        "init_process_group(): tinygrad_rnn runs in one process. For more, hand over to PyTorch: save "
        "model.state_dict() as .safetensors, and load it into PyTorch's module of the same name"
    )
