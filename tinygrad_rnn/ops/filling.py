"""Drawing at random, and filling a tensor in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import random
from .._quiet import quiet
from ..arrays import check_fits
from .checks import is_tensor, need_tensor
from .function import Recorded
from .inplace import overwrite
from .making import filled, numbers

if TYPE_CHECKING:
    from .._tensor import Tensor


class Filling(Recorded):
    """Tensor's random draws and fillings."""

    __slots__ = ()

    def bernoulli(input: Tensor, p: Any = None, *, generator: Any = None) -> Tensor:
        """Ones with the probabilities in `input` (or all with p), zeros else."""
        need_tensor("bernoulli", input)
        chances = input.array if p is None else np.full(input.array.shape, p)
        if chances.size and not 0 <= chances.min() <= chances.max() <= 1:
            raise RuntimeError(f"bernoulli(): probabilities must lie in 0..1, got {chances.min()} .. {chances.max()}")
        drawn = random.source(generator).random(chances.shape) < chances
        return input._of(np.asarray(drawn).astype(input.dtype))

    @quiet
    def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Tensor:
        """Draw `num_samples` indices per row (of a vector or matrix) with probabilities proportional to the numbers."""
        need_tensor("multinomial", input)
        weights = input.array.astype(np.float64)
        if weights.ndim not in (1, 2):
            raise RuntimeError(f"multinomial(): the weights must be 1 or 2 dim, got shape {list(input.shape)}")
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise RuntimeError("multinomial(): the weights must not be negative, NaN or infinite")
        rows = np.atleast_2d(weights)
        possible = (rows > 0).sum(1).min() if rows.size else 0
        if possible == 0:
            raise RuntimeError("multinomial(): a row of weights has sum 0")
        if num_samples <= 0 or (not replacement and num_samples > possible):
            raise RuntimeError(
                f"multinomial(): cannot draw {num_samples} samples without replacement from {possible} entries of nonzero weight"
            )
        source = random.source(generator)
        if replacement or num_samples == 1:
            ends = np.cumsum(rows, axis=1)
            drawn = source.random((rows.shape[0], num_samples)) * ends[:, -1:]
            picks = np.stack([np.searchsorted(e, d, side="right") for e, d in zip(ends, drawn, strict=True)])
            picks = np.minimum(picks, rows.shape[1] - 1)
        else:  # the largest of uniform^(1/weight) are a draw without replacement (Efraimidis & Spirakis 2006)
            keys = np.where(rows > 0, np.log(source.random(rows.shape)) / rows, -np.inf)
            picks = np.argsort(-keys, axis=1, kind="stable")[:, :num_samples]
        return input._of(picks.reshape((*weights.shape[:-1], num_samples)).astype(np.int64))

    def copy_(input: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
        """Put the numbers of `src`, broadcast, into input; the gradient goes to `src`."""
        need_tensor("copy_", src, "src")
        return overwrite(input, src.to(input.dtype).expand(input.array.shape))

    def fill_(input: Tensor, value: Any) -> Tensor:
        """Set every element to `value`."""
        need_tensor("fill_", input)
        if is_tensor(value):
            if value.array.ndim:
                raise RuntimeError(f"fill_(): expected a number or a 0-d tensor, got {value.array.ndim} dimensions")
            return overwrite(input, value.to(input.dtype).expand(input.array.shape).clone())
        return overwrite(input, input._of(filled("fill_", input.array.shape, value, input.dtype)))

    def zero_(input: Tensor) -> Tensor:
        """Set every element to 0."""
        need_tensor("zero_", input)
        return input.fill_(0)

    def fill_diagonal_(input: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
        """Set the elements whose indices are all equal; with `wrap` the diagonal begins anew below a tall matrix's square."""
        need_tensor("fill_diagonal_", input)
        if input.ndim < 2 or (input.ndim > 2 and len(set(input.shape)) > 1):
            raise RuntimeError(f"fill_diagonal_(): expected a matrix, or axes of one size, got {list(input.shape)}")
        mask = np.zeros(input.array.shape, bool)
        np.fill_diagonal(mask, True, wrap)
        return input.masked_fill_(input._of(mask), fill_value)

    @quiet
    def normal_(input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
        """Fill with normal random numbers."""
        drawn = random.source(generator).normal(mean, std, input.array.shape)
        return overwrite(input, input._of(np.asarray(drawn, dtype=input.dtype)))

    @quiet
    def uniform_(input: Tensor, *bounds: Any, generator: Any = None, **named: Any) -> Tensor:
        """Fill with uniform random numbers from [from, to), 0 and 1 by default."""
        low, high = _bounds(bounds, named)
        drawn = random.source(generator).uniform(low, high, input.array.shape)
        return overwrite(input, input._of(np.asarray(drawn, dtype=input.dtype)))

    @quiet
    def bernoulli_(input: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
        """Fill with ones with probability p, else zeros."""
        drawn = random.source(generator).random(input.array.shape) < (p.array if is_tensor(p) else p)
        return overwrite(input, input._of(np.asarray(drawn).astype(input.dtype)))

    @quiet
    def random_(input: Tensor, low: Any = 0, to: Any = None, *, generator: Any = None) -> Tensor:
        """Fill with random integers from [low, to); with one number, from [0, that)."""
        low, high = (0, low) if to is None else (low, to)
        if high <= low:
            high = low + (2**24 if input.dtype.kind == "f" else np.iinfo(input.dtype).max)
        for bound in (low, high - 1):
            check_fits("random_", bound, input.dtype)
        drawn = random.source(generator).integers(low, high, input.array.shape)
        return overwrite(input, input._of(drawn.astype(input.dtype)))

    def apply_(input: Tensor, function: Any) -> Tensor:
        """Replace each element by `function` of it, one Python call each (no gradient)."""
        values = [function(v) for v in input.array.reshape(-1).tolist()]
        return overwrite(input, input._of(numbers("apply_", values, input.dtype).reshape(input.array.shape)))


def _bounds(bounds, named):
    """`from` is a word of Python, so the two bounds come as positions or by name in a dict."""
    values = dict(zip(("from", "to"), bounds, strict=False))
    unknown = set(named) - {"from", "to"}
    if unknown or len(bounds) > 2:
        raise TypeError(f"uniform_(): takes 'from' and 'to', got {sorted(unknown) or bounds}")
    values.update(named)
    low, high = values.get("from", 0.0), values.get("to", 1.0)
    if not low <= high:
        raise RuntimeError(f"uniform_(): 'from' must not be larger than 'to', got {low} and {high}")
    return low, high
