"""Order and counts: medians and quantiles, running extremes, distinct values, histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._quiet import quiet
from ..arrays import plain
from .checks import is_tensor, need_float, need_numbers, need_tensor, wrap_dim
from .extremes import RESULTS, nonempty
from .function import Recorded
from .widening import widening
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Statistics(Recorded):
    """Tensor's order and counts. Values that are elements of the input lead back to them."""

    __slots__ = ()

    @worded
    def median(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
        """The element in the middle, the lower one of two; along `dim` (values, indices). NaN if there is one."""
        return _ranked("median", input, None, dim, keepdim)

    @worded
    def kthvalue(input: Tensor, k: int, dim: Any = -1, keepdim: bool = False) -> Any:
        """(values, indices) of the k-th smallest elements along `dim`; k counts from 1."""
        return _ranked("kthvalue", input, k, dim, keepdim)

    @worded
    @widening
    def quantile(
        input: Tensor, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
    ) -> Tensor:
        """The number below which a part q of the elements lies, between two elements by `interpolation`.

        q is a number or a vector; a vector's quantiles are the first axis of the result.
        """
        need_float("quantile", input, error=RuntimeError)
        parts = q.array if is_tensor(q) else np.asarray(q, input.dtype)
        if parts.ndim > 1 or not ((parts >= 0) & (parts <= 1)).all():
            raise RuntimeError(f"quantile(): q must be numbers in 0..1, one or a vector of them, got {parts.tolist()}")
        axes = (1,) * input.ndim
        x, dim = (input.reshape(-1), 0) if dim is None else (input, wrap_dim("quantile", dim, input.ndim))
        nonempty("quantile", x, dim)
        at = parts.reshape(-1).astype(np.float64) * (x.array.shape[dim] - 1)
        rows = x.sort(dim)[0].movedim(dim, 0)
        found = _between(rows, at, interpolation)
        if np.isnan(x.array).any():
            found = found.masked_fill(x.movedim(dim, 0).isnan().any(0), float("nan"))
        if keepdim:
            found = found.unsqueeze(dim + 1) if len(axes) == x.ndim else found.reshape(-1, *axes)
        return found if parts.ndim else found.squeeze(0)

    @worded
    def cummax(input: Tensor, dim: Any) -> Any:
        """(values, indices) of the largest element up to each place along `dim`; of equal ones the last."""
        return _running_extreme("cummax", np.greater_equal, input, dim)

    @worded
    def cummin(input: Tensor, dim: Any) -> Any:
        """(values, indices) of the smallest element up to each place along `dim`; of equal ones the last."""
        return _running_extreme("cummin", np.less_equal, input, dim)

    @worded
    def aminmax(input: Tensor, *, dim: Any = None, keepdim: bool = False) -> Any:
        """(min, max), of all elements or along `dim`."""
        need_tensor("aminmax", input)
        dims = () if dim is None else dim
        return RESULTS["aminmax"](input.amin(dims, keepdim), input.amax(dims, keepdim))

    def unique(
        input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
    ) -> Any:
        """The distinct elements (or slices along `dim`) in order; with their places in input, and how often they occur."""
        need_tensor("unique", input)
        x = input.array if dim is None else np.moveaxis(input.array, wrap_dim("unique", dim, input.ndim), 0)
        values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True, axis=None if dim is None else 0)
        if dim is None:
            inverse = inverse.reshape(input.array.shape)
        return _distinct(input, values, inverse, counts, return_inverse, return_counts, dim)

    def unique_consecutive(
        input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
    ) -> Any:
        """Each run of equal elements (or slices along `dim`) once; with the run of each element, and their lengths."""
        need_tensor("unique_consecutive", input)
        x = input.array.reshape(-1) if dim is None else np.moveaxis(input.array, wrap_dim("unique", dim, input.ndim), 0)
        starts = np.ones(len(x), bool)
        starts[1:] = (x[1:] != x[:-1]).reshape(len(x[1:]), -1).any(1)
        inverse, first = np.cumsum(starts) - 1, np.flatnonzero(starts)
        counts = np.diff(np.append(first, len(x)))
        if dim is None:
            inverse = inverse.reshape(input.array.shape)
        return _distinct(input, x[first], inverse, counts, return_inverse, return_counts, dim)

    def bincount(input: Tensor, weights: Any = None, minlength: int = 0) -> Tensor:
        """How often each of 0, 1, 2 … occurs in a vector of ints; or the sum of the weights there."""
        need_tensor("bincount", input)
        x = input.array
        if x.ndim != 1 or x.dtype.kind not in "iu" or (x.size and x.min() < 0):
            raise RuntimeError(
                f"bincount(): expected a vector of ints from 0 up, got {x.dtype} of shape {list(x.shape)}"
            )
        counts = np.bincount(x.astype(np.int64), None if weights is None else weights.array, minlength)
        kind = np.int64 if weights is None else weights.dtype if weights.dtype.kind == "f" else np.float64
        return input._of(plain("bincount", counts.astype(kind)))

    @quiet
    def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
        """How many elements fall into each of `bins` equal parts of min..max, or of their own range."""
        need_float("histc", input, error=RuntimeError)
        if not bins > 0:
            raise RuntimeError(f"histc(): bins must be positive, got {bins}")
        low, high = (input.array.min(), input.array.max()) if min == max and input.array.size else (min, max)
        low, high = (low - 1, high + 1) if low == high else (low, high)
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise RuntimeError(f"histc(): min must be below max and both finite, got {low} and {high}")
        return input._of(np.histogram(input.array, bins, (low, high))[0].astype(input.dtype))

    @quiet
    def histogram(input: Tensor, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False) -> Any:
        """(hist, bin_edges): how many elements, or how much weight, lies between edges; density: divided by both sums."""
        need_float("histogram", input, error=RuntimeError)
        edges = bins.array if is_tensor(bins) else bins
        weights = None if weight is None else weight.array
        counts, edges = np.histogram(input.array, edges, range, density=density, weights=weights)
        return RESULTS["histogram"](input._of(counts.astype(input.dtype)), input._of(edges.astype(input.dtype)))


def searchsorted(
    sorted_sequence: Any, input: Any = None, *, values: Any = None, out_int32: bool = False, right: bool = False,
    side: str = "left",
) -> Tensor:  # fmt: skip
    """Where in a sorted vector each number belongs: before its equals, or after them with `right` (or side="right").

    `values` is another name of input.
    """
    input = values if input is None else input
    if side not in ("left", "right"):
        raise RuntimeError(f"searchsorted(): side must be 'left' or 'right', got {side!r}")
    need_tensor("searchsorted", sorted_sequence, "sorted_sequence")
    if sorted_sequence.ndim != 1:
        raise RuntimeError(f"searchsorted(): expected a sorted vector, got shape {list(sorted_sequence.shape)}")
    sought = input.array if is_tensor(input) else np.asarray(input)
    places = np.searchsorted(sorted_sequence.array, sought, "right" if right else side)
    return sorted_sequence._of(np.asarray(places, np.int32 if out_int32 else np.int64))


def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """Between which boundaries, a sorted vector, each number lies."""
    need_tensor("bucketize", input)
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def _ranked(name: str, input: Tensor, k: Any, dim: Any, keepdim: bool) -> Any:
    """The k-th smallest along `dim`, of all elements without it; the middle one if k is None."""
    need_numbers(name, input)
    if input.ndim == 0:
        return input.clone() if dim is None else RESULTS[name](input.clone(), input._of(np.zeros((), np.int64)))
    x, axis = (input.reshape(-1), 0) if dim is None else (input, wrap_dim(name, dim, input.ndim))
    if dim is None and not x.array.size:
        return input._of(np.full((), np.nan, input.dtype))
    nonempty(name, x, axis)
    n = x.array.shape[axis]
    if k is not None and not 1 <= k <= n:
        raise RuntimeError(f"{name}(): k is {k}, but dimension {axis} has {n} elements")
    order = x.argsort(axis)
    places = order.narrow(axis, (n - 1) // 2 if k is None else k - 1, 1)
    nans = np.isnan(x.array)
    if k is None and nans.any():
        first = nans.argmax(axis, keepdims=True)
        places = x._of(np.where(nans.any(axis, keepdims=True), first, places.array))
    values = x.gather(axis, places)
    if dim is None:
        return values.reshape(())
    return RESULTS[name](*((values, places) if keepdim else (values.squeeze(axis), places.squeeze(axis))))


def _between(rows: Tensor, at: np.ndarray, interpolation: str) -> Tensor:
    """Rows at fractional places."""
    below, above = np.floor(at).astype(np.int64), np.ceil(at).astype(np.int64)
    nearest = np.rint(at).astype(np.int64)
    chosen = {"lower": below, "higher": above, "nearest": nearest}.get(interpolation)
    if chosen is not None:
        return rows[rows._of(chosen)]
    if interpolation not in ("linear", "midpoint"):
        raise RuntimeError(
            f"quantile(): interpolation must be linear, lower, higher, midpoint or nearest, got {interpolation!r}"
        )
    part = at - below if interpolation == "linear" else np.full(at.shape, 0.5)
    weight = rows._of(part.astype(rows.dtype).reshape(-1, *[1] * (rows.ndim - 1)))
    low, high = rows[rows._of(below)], rows[rows._of(above)]
    return low + (high - low) * weight


def _running_extreme(name: str, better: Any, input: Tensor, dim: Any) -> Any:
    need_numbers(name, input)
    if input.ndim == 0:
        return RESULTS[name](input.clone(), input._of(np.zeros((), np.int64)))
    dim = wrap_dim(name, dim, input.ndim)
    x = np.moveaxis(input.array, dim, 0)
    places = np.zeros(x.shape, np.int64)
    for k in range(1, len(x)):
        best = np.take_along_axis(x, places[k - 1 : k], 0)[0]
        places[k] = np.where(better(x[k], best) | np.isnan(x[k]), k, places[k - 1])
    indices = input._of(np.ascontiguousarray(np.moveaxis(places, 0, dim)))
    return RESULTS[name](input.gather(dim, indices), indices)


def _distinct(input, values, inverse, counts, return_inverse, return_counts, dim):
    values = values if dim is None else np.moveaxis(values, 0, wrap_dim("unique", dim, input.ndim))
    found = [plain("unique", np.ascontiguousarray(values))]
    found += [inverse] * return_inverse + [counts] * return_counts
    made = tuple(input._of(part.astype(np.int64) if k else part) for k, part in enumerate(found))
    return made if len(made) > 1 else made[0]
