"""PyTorch's switches of NVIDIA's libraries: they may be set, and change nothing."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

matmul: SimpleNamespace = SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=True)


def is_built() -> bool:
    """False."""
    return False


def enable_flash_sdp(enabled: bool) -> None:
    """Does nothing."""


def sdp_kernel(*enabled: bool, **kinds: bool) -> Any:
    """A block in which attention is computed as always."""
    return nullcontext()


enable_mem_efficient_sdp = enable_math_sdp = enable_flash_sdp
