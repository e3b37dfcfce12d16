"""Masks: which elements of a sequence count, and which steps may look at which.

A boolean mask is true where there is something to see, as in `F.scaled_dot_product_attention`; a float mask is
added to the scores, so -inf hides. Boolean masks combine by `&`:

    causal_mask(T) & padding_mask(lengths, T).unsqueeze(1)          (B, T, T)

`MultiheadAttention` keeps PyTorch's opposite convention for its boolean masks (true hides): give it `~mask`, or
`additive_mask(mask)`, which means the same everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from .._tensor import Tensor
from ..ops.checks import array


def lengths_of(name: str, lengths: Any, batch: int | None = None, most: int | None = None) -> np.ndarray:
    """`lengths` (list, array or tensor of B ints in 1..most) as int64 (B,), or a ValueError that names `name`."""
    given = np.asarray([array(n) for n in lengths] if isinstance(lengths, (list, tuple)) else array(lengths))
    if given.ndim != 1 or given.dtype.kind not in "iu" or (batch is not None and len(given) != batch):
        expected = "one int for each sequence" if batch is None else f"{batch} ints, one for each sequence"
        raise ValueError(f"{name}: lengths must be {expected}, got {given.dtype} of shape {list(given.shape)}")
    if given.size and (given.min() < 1 or (most is not None and given.max() > most)):
        limit = "at least 1" if most is None else f"in 1..{most}, the steps of the batch"
        raise ValueError(f"{name}: lengths must be {limit}, got {given.tolist()}")
    return given.astype(np.int64)


def padding_mask(lengths: Any, steps: int | None = None) -> Tensor:
    """bool (B, T): true where a sequence still runs; T is `steps`, or the longest length.

    >>> models.padding_mask([2, 1])
    tensor([[ True,  True],
            [ True, False]])
    """
    sizes = lengths_of("padding_mask", lengths, most=steps)
    return Tensor._of(np.arange(sizes.max() if steps is None else steps) < sizes[:, None])


def causal_mask(steps: int, past: int = 0) -> Tensor:
    """bool (steps, past + steps): step i sees the `past` steps before the first, and steps 0..i.

    >>> models.causal_mask(2, past=1)
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """
    if steps < 0 or past < 0:
        raise ValueError(f"causal_mask: steps and past must not be negative, got {steps} and {past}")
    return Tensor._of(np.arange(past + steps) <= past + np.arange(steps)[:, None])


def additive_mask(mask: Tensor, dtype: Any = None) -> Tensor:
    """A boolean mask as numbers to add to scores: 0 where it is true, -inf where it is false."""
    if mask.dtype != bool:
        raise TypeError(f"additive_mask: expected a boolean mask, got {mask.dtype}")
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.supported(dtype)
    return Tensor._of(np.where(mask.array, 0.0, -np.inf).astype(kind))


def masked_softmax(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Softmax over the last axis of what the mask leaves; a row of which nothing is left becomes zeros.

    mask   broadcasts to the scores: bool, true where an entry counts; or numbers to add, -inf where it does not
    """
    if mask is None:
        return scores.softmax(-1)
    if mask.dtype == bool:
        hidden = ~mask.array
    elif mask.dtype.kind == "f":
        scores, hidden = scores + mask, np.isneginf(mask.array)
    else:
        raise TypeError(f"attention: the mask must be boolean or floating point, got {mask.dtype}")
    try:
        hidden = Tensor._of(np.broadcast_to(hidden, scores.array.shape))
    except ValueError:
        raise ValueError(
            f"attention: the mask of shape {list(mask.shape)} must broadcast to the scores (…, L, S) = "
            f"{list(scores.shape)}"
        ) from None
    # the lowest number instead of -inf: a row without anything left would give inf - inf = NaN
    lowest = float(np.finfo(scores.dtype).min)
    return scores.masked_fill(hidden, lowest).softmax(-1).masked_fill(hidden, 0.0)
