"""PyTorch's `torch.accelerator`, the newer way to ask for a GPU of any kind."""

from .torch_paths import current_accelerator, device_count, is_available

__all__ = ["current_accelerator", "device_count", "is_available"]
