"""Passes over large arrays: what NumPy does in one pass for each operation, here in one or two while a row is in the cache.

Arrays are (rows, numbers) in reading order, of one dtype; what ends in `_back` writes gradients. Each group of functions is
the twin of a rule in `ops/`, whose docstring says what they compute, and a test holds both equal.
(numba's cache does not look into loops.py for a change of eˣ: remove `__pycache__/passes.*.nb?` then.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from .compiling import compiled, one_pass, summing
from .loops import parts_of_exp, tanh


def exp(x: Any) -> Any:
    """eˣ, 0 where it is smaller than the smallest normal number."""


@overload(exp)
def _exp(x: Any) -> Any:
    kind = np.float32 if x == types.float32 else np.float64
    zero, one, end = kind(0), kind(1), kind(-87 if x == types.float32 else -708)

    def function(x: Any) -> Any:
        q, s = parts_of_exp(x)
        return zero if x < end else (one + q) * s

    return function


@summing
def row_sum(x: Any, k: int) -> Any:
    total = x.dtype.type(0)
    for j in range(x.shape[1]):
        total += x[k, j]
    return total


@summing
def row_product(x: Any, y: Any, k: int) -> Any:
    total = x.dtype.type(0)
    for j in range(x.shape[1]):
        total += x[k, j] * y[k, j]
    return total


@one_pass
def exp_row(x: Any, k: int, top: Any, y: Any) -> None:
    for j in range(x.shape[1]):
        y[0, j] = exp(x[k, j] - top)


@one_pass
def scaled_row(x: Any, factor: Any, y: Any, k: int) -> None:
    for j in range(x.shape[1]):
        y[k, j] = x[0, j] * factor


@compiled
def softmax(x: Any, y: Any, may_be_empty: bool) -> None:
    """Into y, which may be x. A row of -inf alone becomes 0 if it `may_be_empty`, else nan."""
    kind = x.dtype.type
    zero, low, high, row = kind(0), kind(1e-17), kind(1e17), np.empty((1, x.shape[1]), x.dtype)
    for k in range(len(x)):
        exp_row(x, k, zero, row)
        total = row_sum(row, 0)
        if not low < total < high:  # something overflowed, or all but vanished: once more from the largest
            top = x[k, 0]
            for j in range(1, x.shape[1]):
                top = x[k, j] if x[k, j] > top or x[k, j] != x[k, j] else top
            exp_row(x, k, zero if may_be_empty and top == -np.inf else top, row)
            total = row_sum(row, 0)
        scaled_row(row, kind(1) / (total if total != zero else kind(may_be_empty)), y, k)


@one_pass
def softmax_back_row(g: Any, y: Any, z: Any, k: int, s: Any) -> None:
    for j in range(y.shape[1]):
        z[k, j] = (g[k, j] - s) * y[k, j]


@compiled
def softmax_back(g: Any, y: Any, z: Any) -> None:
    for k in range(len(y)):
        softmax_back_row(g, y, z, k, row_product(g, y, k))


# --- GELU: x Φ(x) in float32, and its form with tanh ----------------------------------------------------------

END, ROOT, ONE, HALF, AREA = map(np.float32, (4, 0.5**0.5, 1, 0.5, (2 * np.pi) ** -0.5))
CUBE, SLOPE = map(np.float32, (0.044715, (2 / np.pi) ** 0.5))
THREE_CUBES = np.float32(3 * 0.044715)


@one_pass
def gelu(x: Any, erf: Any, cdf: Any, y: Any) -> None:
    """`erf` (2, 6): the coefficients of a quotient of polynomials, erf(z) / z by z² up to END."""
    up, down = erf[0], erf[1]
    for j in range(len(x)):
        z = x[j] * ROOT
        z = END if z > END else (-END if z < -END else z)
        r = z * z
        above = ((((up[0] * r + up[1]) * r + up[2]) * r + up[3]) * r + up[4]) * r + up[5]
        z *= above / (((((down[0] * r + down[1]) * r + down[2]) * r + down[3]) * r + down[4]) * r + down[5])
        z = ONE if z > ONE else (-ONE if z < -ONE else z)
        cdf[j] = c = (z + ONE) * HALF
        y[j] = x[j] * c


@one_pass
def gelu_back(g: Any, x: Any, cdf: Any, d: Any) -> None:
    for j in range(len(x)):
        d[j] = g[j] * (cdf[j] + x[j] * (exp(-HALF * x[j] * x[j]) * AREA))


@one_pass
def tanh_gelu(x: Any, y: Any) -> None:
    for j in range(len(x)):
        y[j] = x[j] * HALF * (ONE + tanh((x[j] * x[j] * CUBE + ONE) * x[j] * SLOPE))


@one_pass
def tanh_gelu_back(g: Any, x: Any, d: Any) -> None:
    for j in range(len(x)):
        square = x[j] * x[j]
        t = tanh((square * CUBE + ONE) * x[j] * SLOPE)
        slope = (square * THREE_CUBES + ONE) * SLOPE
        d[j] = g[j] * ((ONE + t + x[j] * (ONE - t * t) * slope) * HALF)


# --- layer norm ----------------------------------------------------------------------------------------------


@summing
def row_square(x: Any, k: int, mean: Any) -> Any:
    total = x.dtype.type(0)
    for j in range(x.shape[1]):
        total += (x[k, j] - mean) * (x[k, j] - mean)
    return total


@one_pass
def normal_row(x: Any, k: int, mean: Any, spread: Any, w: Any, b: Any, y: Any) -> None:
    for j in range(x.shape[1]):
        y[k, j] = (x[k, j] - mean) * spread * w[j] + b[j]


@compiled
def layer_norm(x: Any, w: Any, b: Any, eps: float, mean: Any, spread: Any, y: Any) -> None:
    n, one = x.dtype.type(x.shape[1]), x.dtype.type(1)
    for k in range(len(x)):
        mean[k] = m = row_sum(x, k) / n
        spread[k] = s = one / np.sqrt(row_square(x, k, m) / n + x.dtype.type(eps))
        normal_row(x, k, m, s, w, b, y)


@summing
def row_means(g: Any, x: Any, k: int, mean: Any, spread: Any, w: Any) -> Any:
    """The sums of q = g · w and of q · x̂."""
    one = other = x.dtype.type(0)
    for j in range(x.shape[1]):
        q = g[k, j] * w[j]
        one += q
        other += q * ((x[k, j] - mean) * spread)
    return one, other


@one_pass
def normal_row_back(
    g: Any, x: Any, k: int, mean: Any, spread: Any, w: Any, along: Any, across: Any, dx: Any, dw: Any, db: Any
) -> None:
    for j in range(x.shape[1]):
        normal = (x[k, j] - mean) * spread
        dx[k, j] = (g[k, j] * w[j] - along - normal * across) * spread
        dw[j] += g[k, j] * normal
        db[j] += g[k, j]


@compiled
def layer_norm_back(g: Any, x: Any, w: Any, mean: Any, spread: Any, dx: Any, dw: Any, db: Any) -> None:
    """dw and db (D,) in float64: sums of many rows."""
    n = x.dtype.type(x.shape[1])
    for k in range(len(x)):
        one, other = row_means(g, x, k, mean[k], spread[k], w)
        normal_row_back(g, x, k, mean[k], spread[k], w, one / n, other / n, dx, dw, db)


# --- the gradient of an embedding ----------------------------------------------------------------------------------


@one_pass
def add_row(v: Any, k: int, y: Any, row: int) -> None:
    for j in range(v.shape[1]):
        y[row, j] += v[k, j]


@compiled
def add_rows(v: Any, index: Any, y: Any) -> None:
    """Each row of v (N, E) to row index[…] of y; the index int64 (N,), within it."""
    for k in range(len(index)):
        add_row(v, k, y, index[k])


# --- CTC -----------------------------------------------------------------------------------------------------


@one_pass
def three_ways(x: Any, y: Any, z: Any, jump: Any, top: Any, total: Any) -> None:
    """The largest of x, y, z + jump, and the sum of their powers above it; nan stays."""
    for u in range(len(x)):
        far = z[u] + jump[u]
        t = x[u] if (x[u] >= y[u]) | (x[u] != x[u]) else y[u]
        t = t if (t >= far) | (t != t) else far
        top[u], total[u] = t, exp(x[u] - t) + exp(y[u] - t) + exp(far - t)


@compiled
def ctc_forward(emit: Any, jump: Any, steps: Any, last: Any, low: Any, work: Any, a: Any) -> None:
    """α (T, B, U); jump (B, U) is 0 or `low`, the logarithm of impossible; work (3, U + 2)."""
    T, B, U = emit.shape
    before, top, total = work[0], work[1, :U], work[2, :U]
    before[:2] = low
    for b in range(B):
        for u in range(U):
            a[0, b, u] = emit[0, b, u] if u < 2 and u <= last[b] and not emit[0, b, u] < low else low
        for t in range(1, T):
            if t >= steps[b]:
                a[t, b] = a[t - 1, b]
                continue
            before[2:] = a[t - 1, b]
            three_ways(before[2:], before[1:-1], before[:-2], jump[b], top, total)
            for u in range(U):
                e = low if emit[t, b, u] < low else emit[t, b, u]
                a[t, b, u] = top[u] + np.log(total[u]) + e


@compiled
def ctc_backward(emit: Any, jump: Any, steps: Any, last: Any, low: Any, work: Any, z: Any) -> None:
    """β (T, B, U) into z; jump (B, U) is that of the state two ahead."""
    T, B, U = emit.shape
    zero, ahead, top, total = work.dtype.type(0), work[0], work[1, :U], work[2, :U]
    ahead[-2:] = low
    for b in range(B):
        for t in range(T - 1, -1, -1):
            if t == T - 1 or t + 1 >= steps[b]:
                for u in range(U):
                    z[t, b, u] = zero if u == last[b] or u == last[b] - 1 else low
                continue
            for u in range(U):
                e = low if emit[t + 1, b, u] < low else emit[t + 1, b, u]
                ahead[u] = z[t + 1, b, u] + e
            three_ways(ahead[:-2], ahead[1:-1], ahead[2:], jump[b], top, total)
            for u in range(U):
                z[t, b, u] = top[u] + np.log(total[u])


# --- what compiles them ----------------------------------------------------------------------------------------


def run_once(op: str, dtype: Any) -> None:
    """Compile an op's passes for a dtype, by running them on one number."""
    one = np.ones((1, 1), dtype)
    row, x, y = one[0], one.copy(), one.copy()
    if op == "softmax":
        softmax(x, y, False)
        softmax_back(one, y, x)
    elif op == "gelu":
        gelu(row, np.ones((2, 6), dtype), x[0], y[0])
        gelu_back(row, row, y[0], x[0])
    elif op == "tanh_gelu":
        tanh_gelu(row, y[0])
        tanh_gelu_back(row, y[0], x[0])
    elif op == "add_rows":
        add_rows(one, np.zeros(1, np.int64), x)
    elif op == "ctc":
        args = one[None], one, *[np.ones(1, np.int64)] * 2, row[0], np.ones((3, 3), dtype), x[None]
        ctc_forward(*args)
        ctc_backward(*args)
    else:
        layer_norm(one, row, row, 1.0, x[0], x[0], y)
        layer_norm_back(one, one, row, row, row, y, np.ones(1), np.ones(1))
