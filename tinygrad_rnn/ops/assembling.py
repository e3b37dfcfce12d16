"""Tensors put together from several: columns, blocks, combinations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .checks import broadcast_shapes as common_shape, flat_ints, is_tensor
from .joining import cat, stack
from .making import Size

if TYPE_CHECKING:
    from .._tensor import Tensor


def atleast_1d(*tensors: Any) -> Any:
    """A 0-d tensor as a vector of one; others as they are."""
    return _each(tensors, lambda x: x if x.ndim else x.reshape(1))


def atleast_2d(*tensors: Any) -> Any:
    """A vector as one row; matrices as they are."""
    return _each(tensors, lambda x: x if x.ndim > 1 else x.reshape(1, -1))


def atleast_3d(*tensors: Any) -> Any:
    """A matrix with a new last axis, a vector between two new ones; larger tensors as they are."""
    return _each(tensors, lambda x: x if x.ndim > 2 else x.unsqueeze(-1) if x.ndim == 2 else x.reshape(1, -1, 1))


def _each(tensors: Any, change: Any) -> Any:
    several = tensors[0] if len(tensors) == 1 and not is_tensor(tensors[0]) else tensors
    return change(tensors[0]) if len(tensors) == 1 and is_tensor(tensors[0]) else tuple(map(change, several))


def dstack(tensors: Any) -> Tensor:
    """Join along the third axis."""
    return cat([atleast_3d(x) for x in tensors], 2)


def column_stack(tensors: Any) -> Tensor:
    """Vectors as the columns of a matrix; matrices side by side."""
    return cat([x.reshape(x.array.size, 1) if x.ndim < 2 else x for x in tensors], 1)


def block_diag(*tensors: Any) -> Tensor:
    """Matrices along the diagonal of a larger one, zeros around them."""
    blocks = [atleast_2d(x) for x in tensors]
    width = sum(b.array.shape[1] for b in blocks)
    rows, before = [], 0
    for b in blocks:
        h, w = b.array.shape
        rows.append(cat([b.new_zeros(h, before), b, b.new_zeros(h, width - before - w)], 1))
        before += w
    return cat(rows, 0)


def cartesian_prod(*tensors: Any) -> Tensor:
    """All combinations of the elements of vectors, a row each."""
    if len(tensors) == 1:
        return tensors[0]
    sizes = [x.array.size for x in tensors]
    at = np.indices(sizes).reshape(len(sizes), -1)
    return stack([x[x._of(places)] for x, places in zip(tensors, at, strict=True)], 1)


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes have in common."""
    return Size(common_shape("broadcast_shapes", *[flat_ints("broadcast_shapes", (s,)) for s in shapes]))
