"""PyTorch's `torch.cuda`: there is no GPU here, and programs can ask."""

from .torch_paths import device_count, empty_cache, is_available, seed_gpus as manual_seed, seed_gpus as manual_seed_all

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all"]
