"""PyTorch's switches of NVIDIA's cuDNN. They may be set; nothing here reads them, and results never vary anyway."""

enabled = False
deterministic = True
benchmark = False


def is_available() -> bool:
    """False."""
    return False
