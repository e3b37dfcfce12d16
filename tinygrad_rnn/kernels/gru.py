"""The GRU over a whole sequence, both reset placements: equals `cells.gru_transition` applied step by step.

    r, z = σ(W_i x + b_i + W_h h + b_h)
    n = tanh(x_n + r (W_hn h + b_hn))           reset after the matrix
    n = tanh(x_n + W_hn (r h) + b_hn)           reset before it
    h = n + z (h - n)                           z keeps the old state

The part of x is one product for all steps. As σ(a) = 1 / (1 + e⁻ᵃ), multiplying by a gate is dividing by
D = 1 + e⁻ᵃ: forward never computes r and z, and the minus is folded into the matrices. update="write" is the same
with W_z and b_z negated, since 1 - σ(a) = σ(-a): `gru_forward` negates them and `gru_backward` negates their gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import (
    Array,
    apart,
    batch_major,
    block_lengths,
    blocks,
    columns,
    each_step,
    feature_major,
    from_outside,
    running,
    side_by_side,
)
from .workspace import Lease, Workspace


class ForwardSpace(Workspace):
    """What forward writes: [x; 1], the gates D_r, D_z, n, the states from h[0] on, and what n sees of h."""

    def __init__(self, steps: int, batch: int, features: int, hidden: int, dtype: np.dtype):
        self.xs: np.ndarray = np.empty((steps, features + 1, batch), dtype)
        self.gates = gates = np.empty((steps, 3 * hidden, batch), dtype)
        self.h = h = np.empty((steps + 1, hidden, batch), dtype)
        self.inner: np.ndarray = np.empty((steps, hidden, batch), dtype)  # W_hn h + b_hn, or r h
        self.from_h: np.ndarray = np.empty((3 * hidden, batch), dtype)
        self.scratch: np.ndarray = np.empty((hidden, batch), dtype)
        self.xs[:, -1] = 1
        D, n = gates[:, : 2 * hidden], gates[:, 2 * hidden :]
        self.views: list[tuple[Array, ...]] = each_step(
            steps, D, D[:, :hidden], D[:, hidden:], n, self.inner, h[:-1], h[1:]
        )


def gru_forward(
    x: Array, states: tuple[Array, ...], weights: tuple[Array | None, ...], reverse: bool, for_backward: bool,
    sizes: list[int] | None = None, reset: str = "after", update: str = "keep",
) -> tuple[tuple[Array, ...], Lease | None]:  # fmt: skip
    """Run over x (T, B, I) from the state h0 (B, H); `reset` and `update` as in `cells.gru_transition`.

    sizes   how many sequences, counted from the first, still run at each step; ended ones keep their state

    Returns (output (T, B, H), h_T (B, H)) and what `gru_backward` needs, None unless `for_backward`.
    """
    (h0,) = states
    before, write = reset == "before", update == "write"
    steps, batch, features = x.shape
    hidden = h0.shape[1]
    W_x, W_h, b_n = _pack(*weights, write=write)
    space = ForwardSpace.take(steps, batch, features, hidden, x.dtype)
    feature_major(x, space.xs[:, :-1], reverse)
    np.matmul(W_x, space.xs, space.gates)
    space.h[0] = h0.T
    steps_of = _steps_before if before else _steps_after
    steps_of(W_h, b_n[:, None], space, running(sizes, steps, batch))  # exp = inf is a closed gate: 1 / inf = 0
    outputs = batch_major(space.h[1:], reverse), space.h[-1].T.copy()
    if for_backward:
        return outputs, Lease((space, W_x, W_h, before, write, reverse, sizes))
    space.give()
    return outputs, None


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


def _steps_after(W_h: Any, b_n: Any, space: ForwardSpace, sizes: list[int]) -> None:
    """The steps with the reset gate after the matrix."""
    from_h, scratch = space.from_h, space.scratch
    hidden, batch = scratch.shape
    to_rz, to_n = from_h[: 2 * hidden], from_h[2 * hidden :]
    one = np.array(1, from_h.dtype)  # NumPy takes an array faster than a Python number
    dot, exp, tanh, divide, add, subtract = W_h.dot, np.exp, np.tanh, np.divide, np.add, np.subtract
    for (D, D_r, D_z, n, inner, h_before, h), size in zip(space.views, sizes, strict=True):
        dot(h_before, from_h)
        add(D, to_rz, D)
        exp(D, D)
        add(D, one, D)
        add(to_n, b_n, inner)
        divide(inner, D_r, scratch)
        add(n, scratch, n)
        tanh(n, n)
        subtract(h_before, n, scratch)
        divide(scratch, D_z, scratch)
        add(n, scratch, h)
        if size < batch:  # ended sequences keep their state
            h[:, size:] = h_before[:, size:]


def _steps_before(W_h: Any, b_n: Any, space: ForwardSpace, sizes: list[int]) -> None:
    """The steps with the reset gate before the matrix."""
    scratch = space.scratch
    hidden, batch = scratch.shape
    W_rz, W_n, to_rz = W_h[: 2 * hidden], W_h[2 * hidden :], space.from_h[: 2 * hidden]
    space.gates[:, 2 * hidden :] += b_n
    one = np.array(1, scratch.dtype)
    dot_rz, dot_n, exp, tanh = W_rz.dot, W_n.dot, np.exp, np.tanh
    divide, add, subtract = np.divide, np.add, np.subtract
    for (D, D_r, D_z, n, inner, h_before, h), size in zip(space.views, sizes, strict=True):
        dot_rz(h_before, to_rz)
        add(D, to_rz, D)
        exp(D, D)
        add(D, one, D)
        divide(h_before, D_r, inner)
        dot_n(inner, scratch)
        add(n, scratch, n)
        tanh(n, n)
        subtract(h_before, n, scratch)
        divide(scratch, D_z, scratch)
        add(n, scratch, h)
        if size < batch:  # ended sequences keep their state
            h[:, size:] = h_before[:, size:]


class BackwardSpace(Workspace):
    """What backward writes: `outside` for all steps, the factors of dW for a stretch, the rest for a block of them.
    `slopes` become the gradients of a_r, a_z, a_n; `after` has rows before them, for W_hn h."""

    def __init__(
        self, steps: int, batch: int, features: int, hidden: int, dtype: np.dtype, length: int, stretch: int,
        after: bool,
    ):  # fmt: skip
        rows = 4 if after else 3
        self.outside: np.ndarray = np.empty((steps, hidden, batch), dtype)
        self.rz, self.rest = [np.empty((length, 2 * hidden, batch), dtype) for _ in range(2)]
        self.slopes = slopes = np.empty((length, rows * hidden, batch), dtype)
        self.da: np.ndarray = np.empty(stretch * rows * hidden * batch, dtype)
        self.h_columns, self.inner_columns = [np.empty(stretch * hidden * batch, dtype) for _ in range(2)]
        self.x_columns: np.ndarray = np.empty(stretch * (features + 1) * batch, dtype)
        self.dh, self.d_rh, self.from_h = [np.empty((hidden, batch), dtype) for _ in range(3)]
        by_gate = slopes.reshape(length, rows, hidden, batch)
        r, z = self.rz[:, :hidden], self.rz[:, hidden:]
        if after:
            parts = z, by_gate, slopes[:, : 3 * hidden]
        else:
            parts = r, z, slopes[:, :hidden], slopes[:, : 2 * hidden], by_gate[:, 1:], slopes[:, 2 * hidden :]
        self.from_output: Any = list(self.outside)
        self.views: list[tuple[Array, ...]] = each_step(length, *parts)


def gru_backward(
    lease: Any, d_output: Array | None, d_h: Array | None, wants_dx: bool = True
) -> tuple[Array | None, ...]:
    """Gradients from d_output (T, B, H) and d_h (B, H), either of them None.

    Returns dx (T, B, I) or None if it is not wanted, dh0 (B, H), dW_ih, dW_hh, db_ih, db_hh.

    The gradient of every pre-activation is that of h, or of r h, times a slope known beforehand. So slopes are computed
    for a block of steps at once and become gradients when the steps run, last first; then dW and dx follow.
    """
    forward, W_x, W_h, before, write, reverse, sizes = lease
    steps, hidden, batch = forward.inner.shape
    features = W_x.shape[1] - 1
    length, stretch = block_lengths(steps, 4 * hidden * batch)
    space = BackwardSpace.take(steps, batch, features, hidden, W_h.dtype, length, stretch, not before)
    W_x, W_h = W_x[:, :-1].copy(), W_h.copy()
    for part in (W_x, W_h):
        part[: 2 * hidden] *= -1  # the folded minus
    to_h = _transposed(W_h, before)
    from_outside(d_output, d_h, space.outside, reverse)
    space.dh[...] = 0
    dx = np.empty((steps, batch, features), W_h.dtype) if wants_dx else None
    dW_x: Any = 0
    dW_rz, dW_n, db_n = 0, 0, 0
    counts = running(sizes, steps, batch)
    steps_back = _steps_back_before if before else _steps_back_after
    for part in blocks(0, steps, stretch):
        n = part.stop - part.start
        da, da_by_step = columns(space.da, space.slopes.shape[1], n, batch)
        for block in blocks(part.start, part.stop, length):
            of_block = slice(block.start - part.start, block.stop - part.start)
            da_by_step[of_block] = steps_back(to_h, forward, space, block, counts[block])
        da_x, da_rz = da[-3 * hidden :], da[-3 * hidden : -hidden]
        h_columns = side_by_side(forward.h[part], space.h_columns)
        da_n, by_W_n = da[:hidden], h_columns
        if before:
            da_n, by_W_n = da[2 * hidden :], side_by_side(forward.inner[part], space.inner_columns)
        dW_x = dW_x + np.dot(da_x, side_by_side(forward.xs[part], space.x_columns).T)
        dW_rz, dW_n, db_n = dW_rz + np.dot(da_rz, h_columns.T), dW_n + np.dot(da_n, by_W_n.T), db_n + da_n.sum(1)
        if dx is not None:
            apart(np.dot(W_x.T, da_x), dx[part])
    dh0 = space.dh.T.copy()
    space.give()
    db_x = dW_x[:, -1]
    dW_h, db_h = np.concatenate([dW_rz, dW_n]), np.concatenate([db_x[: 2 * hidden], db_n])
    if write:
        for part in (dW_x, dW_h, db_h):  # db_x is a part of dW_x
            part[hidden : 2 * hidden] *= -1
    dx = dx[::-1] if dx is not None and reverse else dx
    return dx, dh0, dW_x[:, :-1], dW_h, db_x, db_h


def _transposed(W_h: Any, before: bool) -> Any:
    """What takes gradients back to h: W_hᵀ with the columns of n first, or the two parts W_rzᵀ and W_nᵀ."""
    hidden = W_h.shape[1]
    W_rz, W_n = W_h[: 2 * hidden], W_h[2 * hidden :]
    if before:
        return W_rz.T.copy(), W_n.T.copy()
    return np.concatenate([W_n, W_rz]).T.copy()


def _slopes(forward: ForwardSpace, space: BackwardSpace, block: slice) -> tuple[Any, Any, Any]:
    """For a block of steps: r and z, 1 - r and 1 - z, and the slopes, of which the last two parts are set:

    ∂h/∂a_z = (h_{t-1} - n) z (1 - z),  ∂h/∂a_n = (1 - z) (1 - n²)
    """
    length, hidden = block.stop - block.start, forward.h.shape[1]
    gates = forward.gates[block]
    rz, rest, slopes = space.rz[:length], space.rest[:length], space.slopes[:length]
    to_z, to_n, n = slopes[:, -2 * hidden : -hidden], slopes[:, -hidden:], gates[:, 2 * hidden :]
    np.divide(1, gates[:, : 2 * hidden], rz)
    np.subtract(1, rz, rest)
    np.subtract(forward.h[block], n, to_z)
    to_z *= rz[:, hidden:]
    to_z *= rest[:, hidden:]
    np.multiply(n, n, to_n)
    np.subtract(1, to_n, to_n)
    to_n *= rest[:, hidden:]
    return rz, rest, slopes


def _steps_back_after(W: Any, forward: ForwardSpace, space: BackwardSpace, block: slice, sizes: list[int]) -> Any:
    """A block of steps; `dh` becomes the gradient of the state before it. Returns the gradients of W_hn h, a_r, a_z, a_n.

    da_z = dh ∂h/∂a_z,  da_n = dh ∂h/∂a_n,  d(W_hn h) = da_n r,  da_r = da_n (W_hn h + b_hn) r (1 - r)
    dh_{t-1} = (gradient of output t-1) + z dh + W_hᵀ [d(W_hn h), da_r, da_z]
    """
    dh, from_h = space.dh, space.from_h
    hidden, batch = dh.shape
    rz, rest, slopes = _slopes(forward, space, block)
    to_inner, to_r = slopes[:, :hidden], slopes[:, hidden : 2 * hidden]
    np.multiply(slopes[:, 3 * hidden :], rz[:, :hidden], to_inner)
    np.multiply(to_inner, rest[:, :hidden], to_r)
    to_r *= forward.inner[block]
    dot, add, multiply = W.dot, np.add, np.multiply
    views = zip(space.from_output[block], space.views[: len(sizes)], sizes, strict=True)
    for from_output, (z, da, for_h), n in reversed(list(views)):
        add(dh, from_output, dh)
        if n < batch:  # gradients of ended sequences pass through
            passing = dh[:, n:].copy()
        multiply(da, dh, da)
        if n < batch:
            da[:, :, n:] = 0
        dot(for_h, from_h)
        multiply(dh, z, dh)
        add(dh, from_h, dh)
        if n < batch:
            dh[:, n:] = passing
    return slopes


def _steps_back_before(W: Any, forward: ForwardSpace, space: BackwardSpace, block: slice, sizes: list[int]) -> Any:
    """A block of steps; `dh` becomes the gradient of the state before it. Returns the gradients of a_r, a_z, a_n.

    da_n = dh ∂h/∂a_n,  d(r h) = W_hnᵀ da_n,  da_r = d(r h) h_{t-1} r (1 - r),  da_z = dh ∂h/∂a_z
    dh_{t-1} = (gradient of output t-1) + z dh + r d(r h) + W_hrzᵀ [da_r, da_z]
    """
    dh, d_rh, from_h = space.dh, space.d_rh, space.from_h
    hidden, batch = dh.shape
    _, rest, slopes = _slopes(forward, space, block)
    np.multiply(forward.inner[block], rest[:, :hidden], slopes[:, :hidden])  # inner is r h_{t-1}
    dot_rz, dot_n, add, multiply = W[0].dot, W[1].dot, np.add, np.multiply
    views = zip(space.from_output[block], space.views[: len(sizes)], sizes, strict=True)
    for from_output, (r, z, da_r, da_rz, da_zn, da_n), n in reversed(list(views)):
        add(dh, from_output, dh)
        if n < batch:  # gradients of ended sequences pass through
            passing = dh[:, n:].copy()
            dh[:, n:] = 0
        multiply(da_zn, dh, da_zn)
        dot_n(da_n, d_rh)
        multiply(da_r, d_rh, da_r)
        dot_rz(da_rz, from_h)
        multiply(dh, z, dh)
        add(dh, from_h, dh)
        multiply(d_rh, r, d_rh)
        add(dh, d_rh, dh)
        if n < batch:
            dh[:, n:] = passing
    return slopes
