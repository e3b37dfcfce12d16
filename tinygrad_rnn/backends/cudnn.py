"""PyTorch's switches of NVIDIA's cuDNN."""

from ..torch_paths import benchmark, deterministic, enabled, is_available

__all__ = ["benchmark", "deterministic", "enabled", "is_available"]
