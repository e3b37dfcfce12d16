"""The GRU over a whole sequence, both reset placements: equals `cells.gru_step` applied step by step.

    r, z = σ(W_i x + b_i + W_h h + b_h)
    n = tanh(x_n + r (W_hn h + b_hn))           reset after the matrix
    n = tanh(x_n + W_hn (r h) + b_hn)           reset before it
    h = n + z (h - n)                           z keeps the old state

The part of x is one product for all steps. update="write" is the same with W_z and b_z negated, since
1 - σ(a) = σ(-a): `forward` negates them and `backward` negates their gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import apart, batch_major, feature_major, half, running, side_by_side
from .pool import Workspace, give, take


def forward(
    x: Any,
    h0: Any,
    weights: tuple[Any, ...],
    before: bool,
    write: bool,
    reverse: bool,
    keep: bool,
    sizes: list[int] | None = None,
) -> tuple[Any, Any]:
    """Run over x (T, B, I) from h0 (B, H); `before`: reset before the matrix, `write`: z writes the new state.

    sizes   how many sequences, counted from the first, still run at each step; ended ones keep their state

    Returns (output (T, B, H), h_T (B, H)) and what `backward` needs, None unless `keep`.
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    steps, batch, _ = x.shape
    hidden = h0.shape[1]
    W_x, W_h, b_x, b_n = _pack(weight_ih, weight_hh, bias_ih, bias_hh, write)
    xs = feature_major(x, reverse)
    gates = np.matmul(
        W_x, xs, out=take((steps, 3 * hidden, batch), x.dtype)
    )  # (T, 3H, B): r, z, n; what x gives to each
    gates += b_x[:, None]
    h = take((steps + 1, hidden, batch), x.dtype)
    h[0] = h0.T
    inner = take((steps, hidden, batch), x.dtype)  # what n sees of h: W_hn h + b_hn, or r h
    run = _run_before if before else _run_after
    run(W_h, b_n[:, None], gates, h, inner, running(sizes, steps, batch))
    outputs = batch_major(h[1:], reverse), h[-1].T.copy()
    if not keep:
        give(xs, gates, h, inner)
        return outputs, None
    workspace = Workspace((W_x, W_h, xs, h, gates, inner, before, write, reverse, sizes))
    workspace.buffers = xs, gates, h, inner
    return outputs, workspace


def _pack(weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any, write: bool) -> tuple[Any, ...]:
    """W_x, W_h (3H, ·), b_x (3H,) and b_hn (H,): r and z halved for σ(a) = ½ tanh(½ a) + ½, z negated if it writes."""
    hidden = weight_hh.shape[1]
    W_x, W_h = weight_ih.copy(), weight_hh.copy()
    b_x, b_n = np.zeros(3 * hidden, W_x.dtype), np.zeros(hidden, W_x.dtype)
    if bias_ih is not None:
        b_x += bias_ih
        b_x[: 2 * hidden] += bias_hh[: 2 * hidden]
        b_n += bias_hh[2 * hidden :]
    for part in (W_x, W_h, b_x):
        part[: 2 * hidden] *= half(part.dtype)
        if write:
            part[hidden : 2 * hidden] *= -1
    return W_x, W_h, b_x, b_n


def _run_after(W_h: Any, b_n: Any, gates: Any, h: Any, inner: Any, sizes: list[int]) -> None:
    """The steps with the reset gate after the matrix; gates become r, z, n."""
    hidden, batch = h.shape[1:]
    h_ = half(h.dtype)
    from_h = np.empty((3 * hidden, batch), h.dtype)
    to_rz, to_n = from_h[: 2 * hidden], from_h[2 * hidden :]
    scratch = np.empty((hidden, batch), h.dtype)
    rz, r, z, n = gates[:, : 2 * hidden], gates[:, :hidden], gates[:, hidden : 2 * hidden], gates[:, 2 * hidden :]
    dot, tanh, multiply, add, subtract = np.dot, np.tanh, np.multiply, np.add, np.subtract
    for rz_t, r_t, z_t, n_t, m, h_before, h_t, size in zip(rz, r, z, n, inner, h[:-1], h[1:], sizes, strict=True):
        dot(W_h, h_before, from_h)
        add(rz_t, to_rz, rz_t)
        tanh(rz_t, rz_t)
        multiply(rz_t, h_, rz_t)
        add(rz_t, h_, rz_t)
        add(to_n, b_n, m)
        multiply(r_t, m, scratch)
        add(n_t, scratch, n_t)
        tanh(n_t, n_t)
        subtract(h_before, n_t, scratch)
        multiply(z_t, scratch, scratch)
        add(n_t, scratch, h_t)
        if size < batch:
            h_t[:, size:] = h_before[:, size:]


def _run_before(W_h: Any, b_n: Any, gates: Any, h: Any, inner: Any, sizes: list[int]) -> None:
    """The steps with the reset gate before the matrix; gates become r, z, n."""
    hidden, batch = h.shape[1:]
    h_ = half(h.dtype)
    W_rz, W_n = W_h[: 2 * hidden], np.ascontiguousarray(W_h[2 * hidden :])
    to_rz = np.empty((2 * hidden, batch), h.dtype)
    scratch = np.empty((hidden, batch), h.dtype)
    gates[:, 2 * hidden :] += b_n
    rz, r, z, n = gates[:, : 2 * hidden], gates[:, :hidden], gates[:, hidden : 2 * hidden], gates[:, 2 * hidden :]
    dot, tanh, multiply, add, subtract = np.dot, np.tanh, np.multiply, np.add, np.subtract
    for rz_t, r_t, z_t, n_t, m, h_before, h_t, size in zip(rz, r, z, n, inner, h[:-1], h[1:], sizes, strict=True):
        dot(W_rz, h_before, to_rz)
        add(rz_t, to_rz, rz_t)
        tanh(rz_t, rz_t)
        multiply(rz_t, h_, rz_t)
        add(rz_t, h_, rz_t)
        multiply(r_t, h_before, m)
        dot(W_n, m, scratch)
        add(n_t, scratch, n_t)
        tanh(n_t, n_t)
        subtract(h_before, n_t, scratch)
        multiply(z_t, scratch, scratch)
        add(n_t, scratch, h_t)
        if size < batch:
            h_t[:, size:] = h_before[:, size:]


def backward(workspace: Any, d_output: Any, d_h: Any) -> tuple[Any, ...]:
    """Gradients from d_output (T, B, H) and d_h (B, H), either of them None.

    Returns dx (T, B, I), dh0 (B, H), dW_ih, dW_hh, db_ih, db_hh.
    """
    W_x, W_h, xs, h, gates, inner, before, write, reverse, sizes = workspace
    hidden = h.shape[1]
    W_x, W_h = W_x.copy(), W_h.copy()
    for part in (W_x, W_h):
        part[: 2 * hidden] *= np.array(2, part.dtype)  # the folded ½ stands in the slopes instead
    dh_all = np.zeros_like(inner) if d_output is None else feature_major(d_output, reverse)
    if d_h is not None:
        dh_all[-1] += d_h.T
    run = _run_back_before if before else _run_back_after
    dh, da, da_h = run(
        W_h, h, gates, inner, dh_all, running(sizes, *inner.shape[::2])
    )  # da: r, z, n as x sees them; da_h: as h does
    steps, da, hs = len(da), side_by_side(da), side_by_side(h[:-1])
    dx = np.dot(W_x.T, da)
    dW_x, db_x = np.dot(da, side_by_side(xs).T), da.sum(1)
    if before:
        to_rz, to_n = da[: 2 * hidden], da[2 * hidden :]
        dW_h = np.concatenate([np.dot(to_rz, hs.T), np.dot(to_n, side_by_side(inner).T)])
        db_h = db_x.copy()
    else:
        assert da_h is not None
        da_h = side_by_side(da_h)
        dW_h, db_h = np.dot(da_h, hs.T), da_h.sum(1)
    if write:
        for part in (dW_x, dW_h, db_x, db_h):
            part[hidden : 2 * hidden] *= -1
    return apart(dx, steps, reverse), dh.T.copy(), dW_x, dW_h, db_x, db_h


def _slopes(h: Any, gates: Any) -> tuple[Any, ...]:
    """r, z, n, and ∂h/∂a_z = (h_{t-1} - n) z (1 - z), ∂h/∂a_n = (1 - z)(1 - n²), for all steps."""
    hidden = h.shape[1]
    r, z, n = (gates[:, k * hidden : (k + 1) * hidden] for k in range(3))
    to_z = h[:-1] - n
    to_z *= z - z * z
    to_n = (1 - z) * (1 - n * n)
    return r, z, n, to_z, to_n


def _run_back_after(W_h: Any, h: Any, gates: Any, inner: Any, dh_all: Any, sizes: list[int]) -> tuple[Any, Any, Any]:
    """Every pre-activation's gradient is dh times a slope known beforehand, so a step is one product and one dot.

    da_z = dh ∂h/∂a_z,  da_n = dh ∂h/∂a_n,  d(W_hn h) = da_n r,  da_r = da_n (W_hn h + b_hn) r (1 - r)
    dh_{t-1} = (gradient of output t-1) + z dh + W_hᵀ [da_r, da_z, d(W_hn h)]
    """
    steps, hidden, batch = inner.shape
    r, z, _, to_z, to_n = _slopes(h, gates)
    slopes = take((steps, 4, hidden, batch), h.dtype)  # r, z, n inside the reset, n
    np.multiply(to_n, r, slopes[:, 2])
    np.multiply(slopes[:, 2] - slopes[:, 2] * r, inner, slopes[:, 0])
    slopes[:, 1], slopes[:, 3] = to_z, to_n
    W_back = np.ascontiguousarray(W_h.T)
    flat = slopes.reshape(steps, 4 * hidden, batch)
    dh = np.zeros((hidden, batch), h.dtype)
    from_h = np.empty_like(dh)
    for dh_t, z_t, da_t, for_h, n in zip(
        dh_all[::-1], z[::-1], slopes[::-1], flat[::-1, : 3 * hidden], sizes[::-1], strict=True
    ):
        np.add(dh, dh_t, dh)
        if n < batch:  # gradients of ended sequences pass through
            passing = dh[:, n:].copy()
        np.multiply(da_t, dh, da_t)
        if n < batch:
            da_t[:, :, n:] = 0
        np.dot(W_back, for_h, from_h)
        np.multiply(dh, z_t, dh)
        np.add(dh, from_h, dh)
        if n < batch:
            dh[:, n:] = passing
    da = np.concatenate([flat[:, : 2 * hidden], flat[:, 3 * hidden :]], 1)
    return dh, da, flat[:, : 3 * hidden]


def _run_back_before(W_h: Any, h: Any, gates: Any, inner: Any, dh_all: Any, sizes: list[int]) -> tuple[Any, Any, None]:
    """da_n = dh ∂h/∂a_n,  d(r h) = W_hnᵀ da_n,  da_r = d(r h) h_{t-1} r (1 - r),  da_z = dh ∂h/∂a_z
    dh_{t-1} = (gradient of output t-1) + z dh + r d(r h) + W_hrzᵀ [da_r, da_z]
    """
    steps, hidden, batch = inner.shape
    r, z, _, to_z, to_n = _slopes(h, gates)
    da = np.concatenate([(r - r * r) * h[:-1], to_z, to_n], 1)  # slopes first, gradients in the end
    W_rz, W_n = np.ascontiguousarray(W_h[: 2 * hidden].T), np.ascontiguousarray(W_h[2 * hidden :].T)
    zn = da[:, hidden:].reshape(steps, 2, hidden, batch)
    dh = np.zeros((hidden, batch), h.dtype)
    d_rh, from_h = np.empty_like(dh), np.empty_like(dh)
    for dh_t, z_t, r_t, da_t, da_zn, n in zip(
        dh_all[::-1], z[::-1], r[::-1], da[::-1], zn[::-1], sizes[::-1], strict=True
    ):
        da_r, da_rz, da_n = da_t[:hidden], da_t[: 2 * hidden], da_t[2 * hidden :]
        np.add(dh, dh_t, dh)
        if n < batch:  # gradients of ended sequences pass through
            passing = dh[:, n:].copy()
            dh[:, n:] = 0
        np.multiply(da_zn, dh, da_zn)
        np.dot(W_n, da_n, d_rh)
        np.multiply(da_r, d_rh, da_r)
        np.dot(W_rz, da_rz, from_h)
        np.multiply(dh, z_t, dh)
        np.add(dh, from_h, dh)
        np.multiply(d_rh, r_t, d_rh)
        np.add(dh, d_rh, dh)
        if n < batch:
            dh[:, n:] = passing
    return dh, da, None
