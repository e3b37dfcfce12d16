"""Device words: there is one device, the CPU. Others can be named; moving a tensor there is an error that says so."""

from __future__ import annotations

import re
from typing import Any

KINDS = ("cpu", "cuda", "mps", "xpu", "hip", "mtia", "meta", "vulkan", "xla")


class device:
    """The name of a place for tensors. Any of PyTorch's can be named; tensors live on the "cpu" alone."""

    def __init__(self, type: Any = "cpu", index: int | None = None):
        if isinstance(type, device):
            type = str(type)
        if isinstance(type, int):  # the number of a GPU
            type = f"cuda:{type}"
        if not isinstance(type, str):
            raise TypeError(f"device(): expected a string such as 'cpu', got {type!r}")
        kind, _, number = type.partition(":")
        if re.fullmatch(r"(u?int|b?float|bool|double|half|long)\d*", kind):
            raise RuntimeError(
                f"{type!r} is an element type, not a device; give it without quotes: tinygrad_rnn.{kind}"
            )
        if kind not in KINDS:
            raise RuntimeError(f"device {type!r}: expected one of {', '.join(KINDS)} at the start of a device string")
        if number and not number.isdigit():
            raise RuntimeError(f"invalid device string: {type!r}")
        self.type = kind
        self.index: Any = int(number) if number else index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type='{self.type}'" + (")" if self.index is None else f", index={self.index})")


cpu = device("cpu")


def check_device(wanted: Any) -> None:
    """Raise unless `wanted` is None or means the CPU."""
    if wanted is not None and wanted is not cpu and device(wanted).type != "cpu":
        raise RuntimeError(
            f"device {str(wanted)!r} is not available: tinygrad_rnn computes on the CPU with NumPy. "
            f"Use 'cpu', or choose with: device('cuda' if cuda.is_available() else 'cpu')"
        )


def get_default_device() -> device:
    """Where new tensors are made: the CPU."""
    return cpu


def set_default_device(wanted: Any) -> None:
    """Accepts the CPU (and None); raises RuntimeError for every other device."""
    check_device(wanted)
