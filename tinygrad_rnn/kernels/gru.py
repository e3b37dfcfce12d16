"""The GRU over a whole sequence, both reset placements: equals `cells.gru_step` applied step by step.

    r, z = σ(W_i x + b_i + W_h h + b_h)
    n = tanh(x_n + r (W_hn h + b_hn))           reset after the matrix
    n = tanh(x_n + W_hn (r h) + b_hn)           reset before it
    h = n + z (h - n)                           z keeps the old state

The part of x is one product for all steps. As σ(a) = 1 / (1 + e⁻ᵃ), multiplying by a gate is dividing by
D = 1 + e⁻ᵃ: forward never computes r and z, and the minus is folded into the matrices. update="write" is the same
with W_z and b_z negated, since 1 - σ(a) = σ(-a): `forward` negates them and `backward` negates their gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import batch_major, block_length, blocks, from_outside, running, side_by_side
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
    steps, batch, features = x.shape
    hidden = h0.shape[1]
    W_x, W_h, b_n = _pack(weight_ih, weight_hh, bias_ih, bias_hh, write)
    xs = take((steps, features + 1, batch), x.dtype)  # [x; 1]
    xs[:, :-1] = (x[::-1] if reverse else x).transpose(0, 2, 1)
    xs[:, -1] = 1
    gates = take((steps, 3 * hidden, batch), x.dtype)  # r, z, n
    np.matmul(W_x, xs, gates)
    h = take((steps + 1, hidden, batch), x.dtype)
    h[0] = h0.T
    inner = take((steps, hidden, batch), x.dtype)  # what n sees of h: W_hn h + b_hn, or r h
    run = _run_before if before else _run_after
    with np.errstate(over="ignore"):  # exp = inf is a closed gate: 1 / inf = 0
        run(W_h, b_n[:, None], gates, h, inner, running(sizes, steps, batch))
    outputs = batch_major(h[1:], reverse), h[-1].T.copy()
    if not keep:
        give(xs, gates, h, inner)
        return outputs, None
    workspace = Workspace((W_x, W_h, xs, h, gates, inner, before, write, reverse, sizes))
    workspace.buffers = xs, gates, h, inner
    return outputs, workspace


def _pack(weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any, write: bool) -> tuple[Any, ...]:
    """W_x = [W_ih b] (3H, I + 1), W_h (3H, H) and b_hn (H,): r negated for 1 + e⁻ᵃ, z too unless it writes."""
    hidden = weight_hh.shape[1]
    b_x, b_n = np.zeros(3 * hidden, weight_hh.dtype), np.zeros(hidden, weight_hh.dtype)
    if bias_ih is not None:
        b_x += bias_ih
        b_x[: 2 * hidden] += bias_hh[: 2 * hidden]
        b_n += bias_hh[2 * hidden :]
    W_x, W_h = np.concatenate([weight_ih, b_x[:, None]], 1), weight_hh.copy()
    for part in (W_x, W_h):
        part[: hidden if write else 2 * hidden] *= -1
    return W_x, W_h, b_n


def _run_after(W_h: Any, b_n: Any, gates: Any, h: Any, inner: Any, sizes: list[int]) -> None:
    """The steps with the reset gate after the matrix; gates become D_r, D_z, n."""
    hidden, batch = h.shape[1:]
    one = np.array(1, h.dtype)  # NumPy takes an array faster than a Python number
    from_h = np.empty((3 * hidden, batch), h.dtype)
    to_rz, to_n = from_h[: 2 * hidden], from_h[2 * hidden :]
    scratch = np.empty((hidden, batch), h.dtype)
    D, n = gates[:, : 2 * hidden], gates[:, 2 * hidden :]
    dot, exp, tanh, divide, add, subtract = np.dot, np.exp, np.tanh, np.divide, np.add, np.subtract
    for D_t, D_r, D_z, n_t, m, h_before, h_t, size in zip(
        D, D[:, :hidden], D[:, hidden:], n, inner, h[:-1], h[1:], sizes, strict=True
    ):
        dot(W_h, h_before, from_h)
        add(D_t, to_rz, D_t)
        exp(D_t, D_t)
        add(D_t, one, D_t)
        add(to_n, b_n, m)
        divide(m, D_r, scratch)
        add(n_t, scratch, n_t)
        tanh(n_t, n_t)
        subtract(h_before, n_t, scratch)
        divide(scratch, D_z, scratch)
        add(n_t, scratch, h_t)
        if size < batch:
            h_t[:, size:] = h_before[:, size:]


def _run_before(W_h: Any, b_n: Any, gates: Any, h: Any, inner: Any, sizes: list[int]) -> None:
    """The steps with the reset gate before the matrix; gates become D_r, D_z, n."""
    hidden, batch = h.shape[1:]
    one = np.array(1, h.dtype)
    W_rz, W_n = W_h[: 2 * hidden], np.ascontiguousarray(W_h[2 * hidden :])
    to_rz = np.empty((2 * hidden, batch), h.dtype)
    scratch = np.empty((hidden, batch), h.dtype)
    gates[:, 2 * hidden :] += b_n
    D, n = gates[:, : 2 * hidden], gates[:, 2 * hidden :]
    dot, exp, tanh, divide, add, subtract = np.dot, np.exp, np.tanh, np.divide, np.add, np.subtract
    for D_t, D_r, D_z, n_t, m, h_before, h_t, size in zip(
        D, D[:, :hidden], D[:, hidden:], n, inner, h[:-1], h[1:], sizes, strict=True
    ):
        dot(W_rz, h_before, to_rz)
        add(D_t, to_rz, D_t)
        exp(D_t, D_t)
        add(D_t, one, D_t)
        divide(h_before, D_r, m)
        dot(W_n, m, scratch)
        add(n_t, scratch, n_t)
        tanh(n_t, n_t)
        subtract(h_before, n_t, scratch)
        divide(scratch, D_z, scratch)
        add(n_t, scratch, h_t)
        if size < batch:
            h_t[:, size:] = h_before[:, size:]


def backward(workspace: Any, d_output: Any, d_h: Any, wants_dx: bool = True) -> tuple[Any, ...]:
    """Gradients from d_output (T, B, H) and d_h (B, H), either of them None.

    Returns dx (T, B, I) or None if it is not wanted, dh0 (B, H), dW_ih, dW_hh, db_ih, db_hh.

    The gradient of every pre-activation is that of h, or of r h, times a slope known beforehand. So slopes are computed
    for a block of steps at once and become gradients when the steps run, last first; then dW and dx follow.
    """
    W_x, W_h, xs, h, gates, inner, before, write, reverse, sizes = workspace
    steps, hidden, batch = inner.shape
    W_x, W_h = W_x[:, :-1].copy(), W_h.copy()
    for part in (W_x, W_h):
        part[: 2 * hidden] *= -1  # the folded minus
    to_h = _transposed(W_h, before)
    dh_all = from_outside(d_output, d_h, inner, reverse)
    dh = np.zeros((hidden, batch), h.dtype)
    dx = np.empty((steps, batch, W_x.shape[1]), h.dtype) if wants_dx else None
    dW_x: Any = 0
    dW_rz, dW_n, db_n = 0, 0, 0
    counts = running(sizes, steps, batch)
    run = _run_back_before if before else _run_back_after
    for block in blocks(steps, block_length(steps, 4 * hidden * batch)):
        hs = h[block.start : block.stop + 1]
        da = run(to_h, hs, gates[block], inner[block], dh_all[block], dh, counts[block])
        columns, seen, x_seen = side_by_side(da), side_by_side(hs[:-1]), side_by_side(xs[block])
        n_seen = side_by_side(inner[block]) if before else seen
        n, rz, all_x = columns[:hidden], columns[-3 * hidden : -hidden], columns[-3 * hidden :]
        if before:
            n = columns[2 * hidden :]
        dW_x = dW_x + np.dot(all_x, x_seen.T)
        dW_rz, dW_n, db_n = dW_rz + np.dot(rz, seen.T), dW_n + np.dot(n, n_seen.T), db_n + n.sum(1)
        if dx is not None:
            dx[block] = np.dot(W_x.T, all_x).reshape(-1, len(da), batch).transpose(1, 2, 0)
        give(da, columns, seen, x_seen)
    give(dh_all)
    db_x = dW_x[:, -1]
    dW_h, db_h = np.concatenate([dW_rz, dW_n]), np.concatenate([db_x[: 2 * hidden], db_n])
    if write:
        for part in (dW_x, dW_h, db_h):  # db_x is a part of dW_x
            part[hidden : 2 * hidden] *= -1
    dx = dx[::-1] if dx is not None and reverse else dx
    return dx, dh.T.copy(), dW_x[:, :-1], dW_h, db_x, db_h


def _transposed(W_h: Any, before: bool) -> Any:
    """What takes gradients back to h: W_hᵀ with the columns of n first, or the two parts W_rzᵀ and W_nᵀ."""
    hidden = W_h.shape[1]
    W_rz, W_n = W_h[: 2 * hidden], W_h[2 * hidden :]
    if before:
        return np.ascontiguousarray(W_rz.T), np.ascontiguousarray(W_n.T)
    return np.ascontiguousarray(np.concatenate([W_n, W_rz]).T)


def _slopes(h: Any, gates: Any, rows: int) -> tuple[Any, ...]:
    """For a block of steps: r, z, and their complements 1 - r, 1 - z; and the last `rows` · H rows of slopes, of which
    the last two are set:  ∂h/∂a_z = (h_{t-1} - n) z (1 - z),  ∂h/∂a_n = (1 - z) (1 - n²)."""
    steps, batch, hidden = len(gates), h.shape[2], h.shape[1]
    rz, rest = [take((steps, 2 * hidden, batch), h.dtype) for _ in range(2)]
    np.divide(1, gates[:, : 2 * hidden], rz)
    np.subtract(1, rz, rest)
    slopes = take((steps, rows * hidden, batch), h.dtype)
    to_z, to_n, n = slopes[:, -2 * hidden : -hidden], slopes[:, -hidden:], gates[:, 2 * hidden :]
    np.subtract(h[:-1], n, to_z)
    to_z *= rz[:, hidden:]
    to_z *= rest[:, hidden:]
    np.multiply(n, n, to_n)
    np.subtract(1, to_n, to_n)
    to_n *= rest[:, hidden:]
    return rz, rest, slopes


def _run_back_after(W: Any, h: Any, gates: Any, inner: Any, dh_all: Any, dh: Any, sizes: list[int]) -> Any:
    """A block of steps; `dh` becomes the gradient of the state before it. Returns the gradients of W_hn h, a_r, a_z, a_n.

    da_z = dh ∂h/∂a_z,  da_n = dh ∂h/∂a_n,  d(W_hn h) = da_n r,  da_r = da_n (W_hn h + b_hn) r (1 - r)
    dh_{t-1} = (gradient of output t-1) + z dh + W_hᵀ [d(W_hn h), da_r, da_z]
    """
    steps, hidden, batch = inner.shape
    rz, rest, slopes = _slopes(h, gates, 4)
    to_inner, to_r = slopes[:, :hidden], slopes[:, hidden : 2 * hidden]
    np.multiply(slopes[:, 3 * hidden :], rz[:, :hidden], to_inner)
    np.multiply(to_inner, rest[:, :hidden], to_r)
    to_r *= inner
    by_gate = slopes.reshape(steps, 4, hidden, batch)
    from_h = np.empty_like(dh)
    dot, add, multiply = np.dot, np.add, np.multiply
    for dh_t, z_t, da_t, for_h, n in zip(
        dh_all[::-1], rz[::-1, hidden:], by_gate[::-1], slopes[::-1, : 3 * hidden], sizes[::-1], strict=True
    ):
        add(dh, dh_t, dh)
        if n < batch:  # gradients of ended sequences pass through
            passing = dh[:, n:].copy()
        multiply(da_t, dh, da_t)
        if n < batch:
            da_t[:, :, n:] = 0
        dot(W, for_h, from_h)
        multiply(dh, z_t, dh)
        add(dh, from_h, dh)
        if n < batch:
            dh[:, n:] = passing
    give(rz, rest)
    return slopes


def _run_back_before(W: Any, h: Any, gates: Any, inner: Any, dh_all: Any, dh: Any, sizes: list[int]) -> Any:
    """A block of steps; `dh` becomes the gradient of the state before it. Returns the gradients of a_r, a_z, a_n.

    da_n = dh ∂h/∂a_n,  d(r h) = W_hnᵀ da_n,  da_r = d(r h) h_{t-1} r (1 - r),  da_z = dh ∂h/∂a_z
    dh_{t-1} = (gradient of output t-1) + z dh + r d(r h) + W_hrzᵀ [da_r, da_z]
    """
    steps, hidden, batch = inner.shape
    W_rz, W_n = W
    rz, rest, slopes = _slopes(h, gates, 3)
    to_r = slopes[:, :hidden]
    np.multiply(inner, rest[:, :hidden], to_r)  # inner is r h_{t-1}
    to_zn = slopes[:, hidden:].reshape(steps, 2, hidden, batch)
    d_rh, from_h = np.empty_like(dh), np.empty_like(dh)
    dot, add, multiply = np.dot, np.add, np.multiply
    for dh_t, r_t, z_t, da_r, da_rz, da_zn, da_n, n in zip(
        dh_all[::-1], rz[::-1, :hidden], rz[::-1, hidden:], to_r[::-1], slopes[::-1, : 2 * hidden], to_zn[::-1],
        slopes[::-1, 2 * hidden :], sizes[::-1], strict=True,
    ):  # fmt: skip
        add(dh, dh_t, dh)
        if n < batch:  # gradients of ended sequences pass through
            passing = dh[:, n:].copy()
            dh[:, n:] = 0
        multiply(da_zn, dh, da_zn)
        dot(W_n, da_n, d_rh)
        multiply(da_r, d_rh, da_r)
        dot(W_rz, da_rz, from_h)
        multiply(dh, z_t, dh)
        add(dh, from_h, dh)
        multiply(d_rh, r_t, d_rh)
        add(dh, d_rh, dh)
        if n < batch:
            dh[:, n:] = passing
    give(rz, rest)
    return slopes
