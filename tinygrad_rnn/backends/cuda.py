"""PyTorch's switches of NVIDIA's libraries: they may be set, and change nothing."""

from types import SimpleNamespace

matmul: SimpleNamespace = SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=True)


def is_built() -> bool:
    """False."""
    return False


def enable_flash_sdp(enabled: bool) -> None:
    """Does nothing."""


enable_mem_efficient_sdp = enable_math_sdp = enable_flash_sdp
