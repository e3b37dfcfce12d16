"""How a tensor prints: its numbers, then what is special about it, as PyTorch writes it."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes


def tensor_text(t: Any) -> str:
    """`tensor([1., 2.], requires_grad=True)`; large tensors show their edges."""
    prefix = "tensor("
    body = numbers_text(t.array, len(prefix))
    notes = []
    if t.array.size == 0 and t.array.ndim != 1:
        notes.append(f"size={tuple(t.array.shape)}")
    if t.dtype not in (dtypes.get_default_dtype(), np.int64, np.bool_):
        notes.append(f"dtype={t.dtype}")
    if t.grad_fn is not None:
        notes.append(f"grad_fn={t.grad_fn!r}")
    elif t.requires_grad:
        notes.append("requires_grad=True")
    return prefix + ", ".join([body, *notes]) + ")"


def numbers_text(array: np.ndarray, indent: int) -> str:
    """The numbers in columns: 4 decimals, none if all are whole, exponents if the range is wide."""
    if array.size == 0:
        return "[]"
    if (
        array.dtype.kind == "f"
        and array.ndim == 0
        and np.isfinite(array)
        and array == np.trunc(array)
        and abs(array) < 1e8
    ):
        return f"{float(array):.0f}."
    options: dict[str, Any] = {"separator": ", ", "threshold": 1000, "edgeitems": 3, "precision": 4}
    if array.dtype.kind == "f":
        finite = array[np.isfinite(array)]
        whole = bool((finite == np.trunc(finite)).all())
        sizes = np.abs(finite[finite != 0])
        wide = sizes.size and (
            sizes.max() > 1e8 or sizes.min() < 1e-4 or (sizes.max() / sizes.min() > 1000 and not whole)
        )
        if whole and not (sizes.size and sizes.max() >= 1e8):
            return np.array2string(
                array, prefix=" " * indent, precision=0, floatmode="fixed", **_without(options, "precision")
            )
        if wide and (sizes.max() > 1e8 or sizes.min() < 1e-4 or sizes.max() / sizes.min() > 1000):
            formatter: Any = {"float_kind": lambda v: f"{v:.4e}"}
            return np.array2string(array, prefix=" " * indent, formatter=formatter, **options)
        return np.array2string(array, prefix=" " * indent, floatmode="fixed", **options)
    return np.array2string(array, prefix=" " * indent, **options)


def _without(options: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key != name}
