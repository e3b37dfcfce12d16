"""PyTorch's `torch.testing`: are two results the same?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._tensor import Tensor
from .create import as_tensor

TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Any = None,
) -> None:
    """Raise an AssertionError unless |actual - expected| ≤ atol + rtol |expected| everywhere, with one shape and type.

    Tolerances are by type: 1e-7 and 1e-7 for float64, 1.3e-6 and 1e-5 for float32, 1e-3 and 1e-5 for float16, none for
    integers. Also for lists, dicts and numbers; `msg` is what to say instead, or a function of what would be said.
    """
    if (rtol is None) != (atol is None):
        raise ValueError(f"assert_close(): give rtol and atol, both or neither, got {rtol} and {atol}")
    wrong = _difference(actual, expected, rtol, atol, equal_nan, check_dtype, "")
    if wrong:
        raise AssertionError(msg(wrong) if callable(msg) else msg or wrong)


def _difference(a: Any, b: Any, rtol: Any, atol: Any, equal_nan: bool, check_dtype: bool, where: str) -> str:
    """What is not the same, or an empty text."""
    options = (rtol, atol, equal_nan, check_dtype)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if a.keys() != b.keys():
            return f"The keys of the mappings do not match{where}: {sorted(map(str, a))} and {sorted(map(str, b))}"
        return next(filter(None, (_difference(a[k], b[k], *options, f"{where}[{k!r}]") for k in a)), "")
    if isinstance(a, Sequence) and isinstance(b, Sequence) and not isinstance(a, str):
        if len(a) != len(b):
            return f"The length of the sequences do not match{where}: {len(a)} != {len(b)}"
        pairs = enumerate(zip(a, b, strict=True))
        return next(filter(None, (_difference(x, y, *options, f"{where}[{k}]") for k, (x, y) in pairs)), "")
    x, y = (v.array if isinstance(v, Tensor) else as_tensor(v).array for v in (a, b))
    if x.shape != y.shape:
        return f"The values for attribute 'shape' do not match{where}: {list(x.shape)} != {list(y.shape)}."
    if check_dtype and x.dtype != y.dtype and isinstance(a, Tensor) and isinstance(b, Tensor):
        return f"The values for attribute 'dtype' do not match{where}: {x.dtype} != {y.dtype}."
    loose = [TOLERANCES.get(str(v.dtype), (0.0, 0.0)) for v in (x, y)]
    r, t = max(loose) if rtol is None else (rtol, atol)
    close = np.isclose(x.astype(np.float64), y.astype(np.float64), r, t, equal_nan)
    if close.all():
        return ""
    with np.errstate(all="ignore"):
        distance = np.where(close, 0, np.abs(x.astype(np.float64) - y.astype(np.float64)))
    at = tuple(map(int, np.unravel_index(int(np.nanargmax(distance)) if not np.isnan(distance).all() else 0, x.shape)))
    return (
        f"Tensor-likes are not close{where}!\n\nMismatched elements: {int((~close).sum())} / {x.size}\n"
        f"Greatest absolute difference: {distance[at]} at index {at} (up to {t} allowed; rtol is {r})"
    )


assert_allclose = assert_close
