"""PyTorch's switches of NVIDIA's cuDNN."""

from ..torch_paths import benchmark, deterministic, enabled, is_available

allow_tf32: bool = True


def version() -> None:
    """None: it is not there."""


__all__ = ["allow_tf32", "benchmark", "deterministic", "enabled", "is_available", "version"]
