"""Reading a saved state: which values may stand in it, and what is wrong with one that does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._tensor import Tensor
from ..create import as_tensor


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict(strict=False)` did not find, and what it had no place for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not (self.missing_keys or self.unexpected_keys):
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def read_state(state: Mapping[str, Any], own: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """The values of `state` for the keys of `own`, as Tensors, and what is wrong with the others.

    A value may be whatever NumPy can read: a Tensor, an array, nested lists, another library's tensor.
    """
    values, problems = {}, []
    for key, target in own.items():
        if key not in state:
            continue
        given = state[key]
        try:
            value = as_tensor(given.detach() if hasattr(given, "detach") else given).detach()
        except (TypeError, ValueError, RuntimeError) as error:
            problems.append(f"{key}: expected numbers, got {type(given).__name__} ({error})")
            continue
        if value.array.shape != target.array.shape:
            problems.append(
                f"size mismatch for {key}: the state has shape {list(value.shape)}, the module {list(target.shape)}"
            )
        values[key] = value
    return values, problems
