"""PyTorch's `torch.amp`: half precision where it is safe. On the CPU with NumPy it would be slower, so all stays as it is."""

from __future__ import annotations

import warnings
from typing import Any

from ._mode import switch

_said = False


def _say(name: str) -> None:
    global _said
    if not _said:
        _said = True
        warnings.warn(
            f"{name} does nothing here: NumPy computes in float32 at its best. enabled=False silences this",
            UserWarning,
            stacklevel=3,
        )


class autocast(switch):
    """Changes nothing, and says so once: a context manager or a decorator."""

    def __init__(self, device_type: Any = "cuda", dtype: Any = None, enabled: bool = True, cache_enabled: Any = None):
        super().__init__()
        if enabled and device_type is not False:
            _say("autocast")


class GradScaler:
    """Scales by 1: `scale(loss)` is the loss, `step(optimizer)` a step."""

    def __init__(self, device: Any = "cuda", *options: Any, enabled: bool = True, **more: Any):
        if enabled:
            _say("GradScaler")

    def scale(self, outputs: Any) -> Any:
        """The loss itself."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Nothing: gradients have their size."""

    def step(self, optimizer: Any, *args: Any, **options: Any) -> Any:
        """`optimizer.step()`."""
        return optimizer.step(*args, **options)

    def update(self, new_scale: Any = None) -> None:
        """Nothing."""

    def get_scale(self) -> float:
        """1.0"""
        return 1.0

    def is_enabled(self) -> bool:
        """False."""
        return False

    def state_dict(self) -> dict[str, Any]:
        """Empty."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing to take over."""
