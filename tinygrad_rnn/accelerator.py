"""PyTorch's `torch.accelerator`, the newer way to ask for a GPU of any kind: there is none here."""

from __future__ import annotations

from .device import device


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """None: use `device("cpu")`."""
    return None
