"""All that is compiled: for each cell the loop over time and back, with one pass over the units inside.

A step is one product (BLAS) and one pass in which a unit's numbers stay in registers. Axes: a (T, B, gates, H) holds what x
sends to the gates, then the gates; h (T + 1, B, H) the states, h[t] the one before step t; sizes (T,) how many sequences,
counted from the first, still run at each step; d… are gradients; gemm is the address of the product, and `turned` says that
W stands as (gates · H, H), for a Wᵀ. The gates' axis stands alone because an index like `3 * H + j` would keep the compiler
from taking 8 or 16 units at a time, and so, forward, would the rows in the same function.
All stands in one file, because numba's cache on disk compares only the file that a function stands in.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from .blas import call_gemm
from .compiling import compiled, one_pass

# --- σ and tanh: the compiler turns polynomials, but no library calls, into vector code ---------------------


def parts_of_exp(x: Any) -> Any:
    """q and s with eˣ = (1 + q) s, s a power of two and q = eʳ - 1 exact for small x; |r| ≤ ln(2) / 2.

    s is inf where eˣ is; below -87 (float32) or -708 (float64) eˣ stays what it is there; nan stays nan.
    float32: the polynomial of Cephes (Moshier). float64: the series up to r¹³.
    """


def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ)."""


def tanh(x: Any) -> Any:
    """(e²ˣ - 1) / (e²ˣ + 1), by way of e²ˣ - 1, which keeps the digits of small x."""


def rest(x: Any) -> Any:
    """1 - x, in the dtype of x."""


F = np.float32
LOW, HIGH, LOG2E, LN2_A, LN2_B, HALF, ONE = map(F, (-87, 89, 1.44269504, 0.693359375, -2.12194440e-4, 0.5, 1))
P0, P1, P2, P3, P4 = map(F, (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1))


@overload(parts_of_exp)
def _parts_of_exp(x: Any) -> Any:
    def single(x: Any) -> Any:
        x = HIGH if x > HIGH else (LOW if x < LOW else x)
        n = np.floor(x * LOG2E + HALF)
        r = x - n * LN2_A - n * LN2_B
        y = ((((P0 * r + P1) * r + P2) * r + P3) * r + P4) * r + HALF
        return y * r * r + r, np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)

    def double(x: Any) -> Any:
        x = 710.0 if x > 710.0 else (-708.0 if x < -708.0 else x)
        n = np.floor(x * 1.44269504088896341 + 0.5)
        r = x - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6
        y = ((1 / 6227020800.0 * r + 1 / 479001600.0) * r + 1 / 39916800.0) * r + 1 / 3628800.0
        y = (((y * r + 1 / 362880.0) * r + 1 / 40320.0) * r + 1 / 5040.0) * r + 1 / 720.0
        y = (((y * r + 1 / 120.0) * r + 1 / 24.0) * r + 1 / 6.0) * r + 0.5
        return y * r * r + r, np.int64((np.int64(n) + 1023) << 52).view(np.float64)

    return single if x == types.float32 else double


@overload(sigmoid)
def _sigmoid(x: Any) -> Any:
    one = ONE if x == types.float32 else np.float64(1)

    def function(x: Any) -> Any:
        q, s = parts_of_exp(-x)
        return one / (one + (one + q) * s)

    return function


@overload(tanh)
def _tanh(x: Any) -> Any:
    one, end = (ONE, F(10)) if x == types.float32 else (np.float64(1), np.float64(20))  # ±1 from there on

    def function(x: Any) -> Any:
        x = end if x > end else (-end if x < -end else x)
        q, s = parts_of_exp(x + x)
        e = q * s + (s - one)
        return e / (e + one + one)

    return function


@overload(rest)
def _rest(x):
    one = ONE if x == types.float32 else np.float64(1)
    return lambda x: one - x


# --- what all loops use -------------------------------------------------------------------------------------


@compiled
def product(gemm: int, a: Any, W: Any, turned: bool, c: Any, n: int) -> None:
    """The first n rows of c = a W, or of a Wᵀ if `turned`; what lies behind the first axis counts as one row."""
    if n:
        call_gemm(gemm, turned, n, c.size // len(c), a.size // len(a), a, W, c)  # pyright: ignore[reportCallIssue]


@one_pass
def carry(before: Any, now: Any, n: int) -> None:
    """Sequences that have ended keep their state."""
    for k in range(n, len(now)):
        now[k] = before[k]


@one_pass
def pass_by(outside: Any, dh: Any, d: Any, d_h: Any, n: int) -> None:
    """Gradients of sequences that have ended pass by the step, whose gates get none."""
    for k in range(n, len(dh)):
        d[k], d_h[k] = 0, 0
        for j in range(dh.shape[1]):
            dh[k, j] += outside[k, j]


# --- RNN ------------------------------------------------------------------------------------------------


@one_pass
def rnn_row(a: Any, u: Any, b: Any, h: Any, k: int, bends: bool) -> None:
    zero = b.dtype.type(0)
    if bends:
        for j in range(h.shape[1]):
            h[k, j] = tanh(a[k, j] + u[k, j] + b[j])
    else:
        for j in range(h.shape[1]):
            z = a[k, j] + u[k, j] + b[j]
            h[k, j] = zero if z < zero else z  # nan stays


@compiled
def rnn_forward(gemm: int, a: Any, b: Any, W: Any, turned: bool, h: Any, u: Any, sizes: Any, bends: bool) -> None:
    for t in range(len(a)):
        n = sizes[t]
        product(gemm, h[t], W, turned, u, n)
        a_t, new = a[t], h[t + 1]
        for k in range(n):
            rnn_row(a_t, u, b, new, k, bends)
        carry(h[t], h[t + 1], n)


@one_pass
def rnn_units_back(h: Any, outside: Any, dh: Any, d: Any, n: int, bends: bool) -> None:
    zero = h.dtype.type(0)
    for k in range(n):
        if bends:
            for j in range(h.shape[1]):
                d[k, 0, j] = (dh[k, j] + outside[k, j]) * rest(h[k, j] * h[k, j])
        else:
            for j in range(h.shape[1]):
                e = dh[k, j] + outside[k, j]
                d[k, 0, j] = e * zero if h[k, j] <= zero else e


@compiled
def rnn_backward(gemm: int, W: Any, h: Any, outside: Any, d: Any, dh: Any, sizes: Any, bends: bool) -> None:
    for t in range(len(d) - 1, -1, -1):
        n = sizes[t]
        rnn_units_back(h[t + 1], outside[t], dh, d[t], n, bends)
        product(gemm, d[t], W, False, dh, n)
        pass_by(outside[t], dh, d[t], d[t], n)


# --- LSTM: gates i, f, g, o -----------------------------------------------------------------------------


@one_pass
def lstm_row(a: Any, u: Any, b: Any, c_before: Any, c: Any, tanh_c: Any, h: Any, k: int) -> None:
    for j in range(h.shape[1]):
        i = sigmoid(a[k, 0, j] + u[k, 0, j] + b[0, j])
        f = sigmoid(a[k, 1, j] + u[k, 1, j] + b[1, j])
        g = tanh(a[k, 2, j] + u[k, 2, j] + b[2, j])
        o = sigmoid(a[k, 3, j] + u[k, 3, j] + b[3, j])
        a[k, 0, j], a[k, 1, j], a[k, 2, j], a[k, 3, j] = i, f, g, o
        new = f * c_before[k, j] + i * g
        t = tanh(new)
        c[k, j], tanh_c[k, j], h[k, j] = new, t, o * t


@compiled
def lstm_forward(
    gemm: int, a: Any, b: Any, W: Any, turned: bool, h: Any, c: Any, tanh_c: Any, u: Any, sizes: Any
) -> None:
    """c has T + 1 rows and tanh_c T, or 2 and 1 if nobody asks for them later."""
    for t in range(len(a)):
        n, before, now = sizes[t], t % len(c), (t + 1) % len(c)
        product(gemm, h[t], W, turned, u, n)
        a_t, c_before, c_t, tanh_c_t, new = a[t], c[before], c[now], tanh_c[t % len(tanh_c)], h[t + 1]
        for k in range(n):
            lstm_row(a_t, u, b, c_before, c_t, tanh_c_t, new, k)
        carry(h[t], h[t + 1], n)
        carry(c[before], c[now], n)


@one_pass
def lstm_units_back(a: Any, c_before: Any, tanh_c: Any, outside: Any, dh: Any, dc: Any, d: Any, n: int) -> None:
    for k in range(n):
        for j in range(dh.shape[1]):
            i, f, g, o, t = a[k, 0, j], a[k, 1, j], a[k, 2, j], a[k, 3, j], tanh_c[k, j]
            e = dh[k, j] + outside[k, j]
            dc_t = dc[k, j] + e * o * rest(t * t)
            d[k, 0, j] = dc_t * g * i * rest(i)
            d[k, 1, j] = dc_t * c_before[k, j] * f * rest(f)
            d[k, 2, j] = dc_t * i * rest(g * g)
            d[k, 3, j] = e * t * o * rest(o)
            dc[k, j] = dc_t * f


@compiled
def lstm_backward(
    gemm: int, a: Any, W: Any, c: Any, tanh_c: Any, outside: Any, d: Any, dh: Any, dc: Any, sizes: Any
) -> None:
    for t in range(len(d) - 1, -1, -1):
        n = sizes[t]
        lstm_units_back(a[t], c[t], tanh_c[t], outside[t], dh, dc, d[t], n)
        product(gemm, d[t], W, False, dh, n)
        pass_by(outside[t], dh, d[t], d[t], n)


# --- GRU: gates r, z, n; z keeps the old state -----------------------------------------------------------


@one_pass
def gru_row(a: Any, u: Any, b: Any, b_n: Any, inner: Any, h_before: Any, h: Any, k: int) -> None:
    for j in range(h.shape[1]):
        r = sigmoid(a[k, 0, j] + u[k, 0, j] + b[0, j])
        z = sigmoid(a[k, 1, j] + u[k, 1, j] + b[1, j])
        inner[k, j] = m = u[k, 2, j] + b_n[j]
        new = tanh(a[k, 2, j] + b[2, j] + r * m)
        a[k, 0, j], a[k, 1, j], a[k, 2, j] = r, z, new
        h[k, j] = new + z * (h_before[k, j] - new)


@compiled
def gru_forward(
    gemm: int, a: Any, b: Any, b_n: Any, W: Any, turned: bool, h: Any, inner: Any, u: Any, sizes: Any
) -> None:
    """The reset gate after the matrix: `inner` (T, B, H), or (1, B, H), becomes W_hn h + b_n."""
    for t in range(len(a)):
        n = sizes[t]
        product(gemm, h[t], W, turned, u, n)
        a_t, m, old, new = a[t], inner[t % len(inner)], h[t], h[t + 1]
        for k in range(n):
            gru_row(a_t, u, b, b_n, m, old, new, k)
        carry(h[t], h[t + 1], n)


@one_pass
def gru_units_back(a: Any, inner: Any, h: Any, outside: Any, dh: Any, kept: Any, d: Any, d_h: Any, n: int) -> None:
    for k in range(n):
        for j in range(h.shape[1]):
            r, z, new = a[k, 0, j], a[k, 1, j], a[k, 2, j]
            e = dh[k, j] + kept[k, j] + outside[k, j]
            dn, dz = e * rest(z) * rest(new * new), e * (h[k, j] - new) * z * rest(z)
            dr = dn * inner[k, j] * r * rest(r)
            d[k, 0, j], d[k, 1, j], d[k, 2, j] = dr, dz, dn
            d_h[k, 0, j], d_h[k, 1, j], d_h[k, 2, j] = dr, dz, dn * r
            kept[k, j] = e * z


@compiled
def gru_backward(
    gemm: int, a: Any, W: Any, h: Any, inner: Any, outside: Any, d: Any, d_h: Any, dh: Any, kept: Any, sizes: Any
) -> None:
    """d and d_h (T, B, 3, H) become the gradients of what x and what h send to the gates; that of h is dh + kept."""
    for t in range(len(d) - 1, -1, -1):
        n = sizes[t]
        gru_units_back(a[t], inner[t], h[t], outside[t], dh, kept, d[t], d_h[t], n)
        product(gemm, d_h[t], W, False, dh, n)
        pass_by(outside[t], dh, d[t], d_h[t], n)


# the reset gate before the matrix: `inner` is r h, and n needs a product of its own


@one_pass
def reset_row(a: Any, u: Any, b: Any, inner: Any, h_before: Any, k: int) -> None:
    for j in range(inner.shape[1]):
        a[k, 0, j] = sigmoid(a[k, 0, j] + u[k, 0, j] + b[0, j])
        a[k, 1, j] = sigmoid(a[k, 1, j] + u[k, 1, j] + b[1, j])
        inner[k, j] = a[k, 0, j] * h_before[k, j]


@one_pass
def candidate_row(a: Any, v: Any, b: Any, h_before: Any, h: Any, k: int) -> None:
    for j in range(h.shape[1]):
        a[k, 2, j] = new = tanh(a[k, 2, j] + v[k, j] + b[2, j])
        h[k, j] = new + a[k, 1, j] * (h_before[k, j] - new)


@compiled
def gru_before_forward(
    gemm: int, a: Any, b: Any, W_rz: Any, W_n: Any, turned: bool, h: Any, inner: Any, u: Any, v: Any, sizes: Any
) -> None:
    """u (B, 2, H) and v (B, H) are what h and r h send."""
    for t in range(len(a)):
        n, rh, a_t, old, new = sizes[t], inner[t % len(inner)], a[t], h[t], h[t + 1]
        product(gemm, h[t], W_rz, turned, u, n)
        for k in range(n):
            reset_row(a_t, u, b, rh, old, k)
        product(gemm, rh, W_n, turned, v, n)
        for k in range(n):
            candidate_row(a_t, v, b, old, new, k)
        carry(h[t], h[t + 1], n)
        carry(h[t], rh, n)  # any finite numbers: their gradients are 0


@one_pass
def candidate_units_back(a: Any, h: Any, outside: Any, dh: Any, d: Any, d_rz: Any, d_n: Any, kept: Any, n: int) -> None:
    for k in range(n):
        for j in range(h.shape[1]):
            z, new = a[k, 1, j], a[k, 2, j]
            e = dh[k, j] + kept[k, j] + outside[k, j]
            d_n[k, j] = d[k, 2, j] = e * rest(z) * rest(new * new)
            d_rz[k, 1, j] = d[k, 1, j] = e * (h[k, j] - new) * z * rest(z)
            kept[k, j] = e * z


@one_pass
def reset_units_back(a: Any, inner: Any, d_rh: Any, d: Any, d_rz: Any, kept: Any, n: int) -> None:
    for k in range(n):
        for j in range(inner.shape[1]):
            r = a[k, 0, j]
            d_rz[k, 0, j] = d[k, 0, j] = d_rh[k, j] * inner[k, j] * rest(r)
            kept[k, j] += r * d_rh[k, j]


@compiled
def gru_before_backward(
    gemm: int, a: Any, W_rz: Any, W_n: Any, h: Any, inner: Any, outside: Any, d: Any, d_rz: Any, d_n: Any, dh: Any, kept: Any, sizes: Any,
) -> None:  # fmt: skip
    """d (T, B, 3, H) becomes the gradients of the gates; d_rz (B, 2, H) and d_n (B, H) hold a step's, for the products."""
    for t in range(len(d) - 1, -1, -1):
        n = sizes[t]
        candidate_units_back(a[t], h[t], outside[t], dh, d[t], d_rz, d_n, kept, n)
        product(gemm, d_n, W_n, False, dh, n)
        reset_units_back(a[t], inner[t], dh, d[t], d_rz, kept, n)
        product(gemm, d_rz, W_rz, False, dh, n)
        pass_by(outside[t], dh, d[t], d[t], n)
