"""The LSTM over a whole sequence: equals `cells.lstm_transition` applied step by step.

With z_t = [x_t; h_{t-1}; 1] and one matrix W, which is [W_ih W_hh b] times -1, for the rows of g times -2, a step is

    a = W z_t                       four blocks of rows: o, f, i, g
    D = 1 + exp(a)                  the denominators of σ(z) = 1 / (1 + e⁻ᶻ)
    g = 2 / D_g - 1                 tanh(z) = 2 σ(2z) - 1: all four gates are sigmoids, from one exp
    P = [c_{t-1}; g] / D_fi         f c_{t-1} and i g: dividing by D saves computing f and i
    c_t = P_f + P_i
    h_t = tanh(c_t) / D_o           written straight into z_{t+1}

Backward needs U = 1 / D, that is o, f, i and s = σ(2z), in g = 2s - 1. As σ' = σ (1 - σ), the four derivatives have
one form, A (1 - U), so that whole blocks of steps are done in three operations:

    ∂h/∂z_o = h (1 - o),   ∂c/∂z_f = f c_{t-1} (1 - f),   ∂c/∂z_i = i g (1 - i),   ∂c/∂z_g = 4 · i s (1 - s)

The 4 is left out here and multiplied into the matrices instead (`SQUARES`).
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

ORDER = [3, 1, 0, 2]  # PyTorch's rows are i, f, g, o; ours o, f, i, g
BACK = [2, 1, 3, 0]  # and the way back
SCALES = np.array([-1, -1, -1, -2], np.float32)[:, None, None]
SQUARES = SCALES * SCALES
FEW, NARROW = 2, 16  # steps, and sequences, for which W is not packed unless there is a backward


def _pack(weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> np.ndarray:
    """W (4H, I + H + 1), gates in our order."""
    hidden = weight_hh.shape[1]
    bias = np.zeros(4 * hidden, weight_hh.dtype) if bias_ih is None else bias_ih + bias_hh
    packed = np.concatenate([weight_ih, weight_hh, bias[:, None]], 1).reshape(4, hidden, -1).take(ORDER, 0)
    packed *= SCALES
    return packed.reshape(4 * hidden, -1)


def _unpack(dW: np.ndarray, features: int) -> tuple[np.ndarray, ...]:
    """dW_ih, dW_hh and db in PyTorch's order, from the sum over all steps."""
    hidden = len(dW) // 4
    dW = dW.reshape(4, hidden, -1)
    dW *= SQUARES
    dW_ih, dW_hh, db = [part.take(BACK, 0) for part in (dW[..., :features], dW[..., features:-1], dW[..., -1])]
    return dW_ih.reshape(4 * hidden, -1), dW_hh.reshape(4 * hidden, -1), db.reshape(-1)


class ForwardSpace(Workspace):
    """What forward writes, from the start state at z[0] on; unless `for_backward` only z is there for every step."""

    def __init__(self, steps: int, batch: int, features: int, hidden: int, dtype: np.dtype, for_backward: bool):
        length = steps if for_backward else 1
        self.z = z = np.empty((steps + 1, features + hidden + 1, batch), dtype)
        self.h = h = z[:, features:-1]  # h[t] is the state before step t
        self.D = D = np.empty((length, 4 * hidden, batch), dtype)
        self.P = P = np.empty((length, 2 * hidden, batch), dtype)
        self.tanh_c: np.ndarray = np.empty((length, hidden, batch), dtype)
        self.a: np.ndarray = np.empty((4 * hidden, batch), dtype)
        self.cg: np.ndarray = np.empty((2 * hidden, batch), dtype)  # [c; g] of the running step
        z[:, -1] = 1
        D_o, D_fi, D_g = D[:, :hidden], D[:, hidden : 3 * hidden], D[:, 3 * hidden :]
        self.views: list[tuple[Array, ...]] = each_step(
            steps, z[:-1], h[1:], D, D_o, D_fi, D_g, P, P[:, :hidden], P[:, hidden:], self.tanh_c
        )


def lstm_forward(
    x: Array, states: tuple[Array, ...], weights: tuple[Array | None, ...], reverse: bool, for_backward: bool,
    sizes: list[int] | None = None,
) -> tuple[tuple[Array, ...], Lease | None]:  # fmt: skip
    """Run over x (T, B, I) from the states h0, c0 (B, H).

    sizes   how many sequences, counted from the first, still run at each step; ended ones keep their state

    Returns (output (T, B, H), h_T (B, H), c_T (B, H)) and what `lstm_backward` needs, None unless `for_backward`.
    """
    h0, c0 = states
    steps, batch, features = x.shape
    hidden = h0.shape[1]
    if not for_backward and are_few(x, sizes):
        return few_steps(x, states, weights, reverse), None
    W = _pack(*weights)
    space = ForwardSpace.take(steps, batch, features, hidden, x.dtype, for_backward)
    feature_major(x, space.z[:-1, :features], reverse)
    space.h[0], space.cg[:hidden] = h0.T, c0.T
    _steps(W, space, running(sizes, steps, batch))  # exp(a) = inf is a closed gate: 1 / inf = 0
    outputs = batch_major(space.h[1:], reverse), space.h[-1].T.copy(), space.cg[:hidden].T.copy()
    if for_backward:
        return outputs, Lease((space, W, reverse, sizes))
    space.give()
    return outputs, None


def are_few(x: Array, sizes: list[int] | None) -> bool:
    """So few steps and sequences that `few_steps` is the faster way."""
    return len(x) <= FEW and x.shape[1] <= NARROW and sizes is None


def few_steps(x: Array, states: Any, weights: Any, reverse: bool) -> Any:
    """What `lstm_forward` returns, by the cell's own equations: to pack W takes longer than to use it once or twice, as
    when one token is asked for after the other."""
    (h, c), (W_ih, W_hh, b_ih, b_hh) = states, weights
    hidden = h.shape[1]
    a, output = np.matmul(x, W_ih.T), np.empty((*x.shape[:2], hidden), x.dtype)
    if b_ih is not None:
        a += b_ih + b_hh
    steps: Any = list(zip(a, output, strict=True))
    for a_t, out in reversed(steps) if reverse else steps:
        a_t += h.dot(W_hh.T)
        D, g = 1 + np.exp(-a_t), np.tanh(a_t[:, 2 * hidden : 3 * hidden])
        c = c / D[:, hidden : 2 * hidden] + g / D[:, :hidden]
        out[...] = h = np.tanh(c) / D[:, 3 * hidden :]
    return output, h, c


def _steps(W: Any, space: ForwardSpace, sizes: list[int]) -> None:
    """The steps from first to last."""
    a, cg = space.a, space.cg
    hidden, batch = cg.shape[0] // 2, cg.shape[1]
    c, g = cg[:hidden], cg[hidden:]
    one, two = np.array(1, a.dtype), np.array(2, a.dtype)  # NumPy takes an array faster than a Python number
    dot, exp, tanh, subtract, add, divide = W.dot, np.exp, np.tanh, np.subtract, np.add, np.divide
    for (z_t, h_t, D_t, D_o, D_fi, D_g, P_t, fc, ig, tanh_c), n in zip(space.views, sizes, strict=True):
        if n < batch:
            ended = c[:, n:].copy()
        dot(z_t, a)
        exp(a, a)
        add(a, one, D_t)
        divide(two, D_g, g)
        subtract(g, one, g)
        divide(cg, D_fi, P_t)
        add(fc, ig, c)
        tanh(c, tanh_c)
        divide(tanh_c, D_o, h_t)
        if n < batch:
            c[:, n:] = ended
            h_t[:, n:] = z_t[-1 - hidden : -1, n:]


class BackwardSpace(Workspace):
    """What backward writes: `outside` for all steps, the factors of dW for a stretch, the rest for a block of them."""

    def __init__(self, steps: int, batch: int, features: int, hidden: int, dtype: np.dtype, length: int, stretch: int):
        gates = (length, 4 * hidden, batch)
        self.outside: np.ndarray = np.empty((steps, hidden, batch), dtype)
        self.U = np.empty(gates, dtype)
        self.rest: np.ndarray = np.empty(gates, dtype)
        self.local: np.ndarray = np.empty(gates, dtype)
        self.slope: np.ndarray = np.empty((length, hidden, batch), dtype)
        self.dz: np.ndarray = np.empty(stretch * 4 * hidden * batch, dtype)
        self.z_columns: np.ndarray = np.empty(stretch * (features + hidden + 1) * batch, dtype)
        self.d: np.ndarray = np.empty(
            (4 * hidden, batch), dtype
        )  # [dh; dc; dc; dc], what the four gates are multiplied by
        self.through_h: np.ndarray = np.empty((hidden, batch), dtype)
        # W_ihᵀ and W_hhᵀ, columns of g times 4: what W is times -1 and -2 is multiplied by that again
        self.W_x: np.ndarray = np.empty((features, 4 * hidden), dtype)
        self.W_h: np.ndarray = np.empty((hidden, 4 * hidden), dtype)
        self.scales: np.ndarray = np.repeat(SCALES.astype(dtype), hidden)
        self.from_output: Any = list(self.outside)
        self.views: list[tuple[Array, ...]] = each_step(length, self.slope, self.local, self.U[:, hidden : 2 * hidden])


def lstm_backward(
    lease: Any, d_output: Array | None, d_h: Array | None, d_c: Array | None, wants_dx: bool = True
) -> tuple[Array | None, ...]:
    """Gradients from d_output (T, B, H), d_h and d_c (B, H), any of them None.

    Returns dx (T, B, I) or None if it is not wanted, dh0, dc0 (B, H), dW_ih, dW_hh, and the gradient of each bias.

    The steps are taken in blocks, last first: what does not depend on the gradient is computed for a block at once,
    then the steps run. For a stretch of blocks, dW and dx follow, a product each.
    """
    forward, W, reverse, sizes = lease
    steps, hidden, batch = forward.tanh_c.shape
    features = W.shape[1] - hidden - 1
    length, stretch = block_lengths(steps, 4 * hidden * batch)
    space = BackwardSpace.take(steps, batch, features, hidden, W.dtype, length, stretch)
    W_x = np.multiply(W[:, :features].T, space.scales, space.W_x)
    W_h = np.multiply(W[:, features:-1].T, space.scales, space.W_h)
    from_outside(d_output, d_h, space.outside, reverse)
    space.d[...] = 0
    if d_c is not None:
        space.d[hidden : 2 * hidden] = d_c.T
    dx = np.empty((steps, batch, features), W.dtype) if wants_dx else None
    dW: Any = 0
    counts = running(sizes, steps, batch)
    for part in blocks(0, steps, stretch):
        dz, dz_by_step = columns(space.dz, 4 * hidden, part.stop - part.start, batch)
        for block in blocks(part.start, part.stop, length):
            local = _local_derivatives(forward, space, block)
            _steps_back(W_h, space, block, counts[block])
            dz_by_step[block.start - part.start : block.stop - part.start] = local
        dW = dW + dz.dot(side_by_side(forward.z[part], space.z_columns).T)
        if dx is not None:
            apart(W_x.dot(dz), dx[part])
    dh0, dc0 = space.d[:hidden].T.copy(), space.d[hidden : 2 * hidden].T.copy()
    space.give()
    dx = dx[::-1] if dx is not None and reverse else dx
    *d_weights, db = _unpack(dW, features)
    return dx, dh0, dc0, *d_weights, db, db.copy()


def _local_derivatives(forward: ForwardSpace, space: BackwardSpace, block: slice) -> Any:
    """What does not depend on the gradient, for a block of steps: `local` = A (1 - U), the derivatives of h by z_o and
    of c by z_f, z_i, z_g, is returned; `slope` is ∂h/∂c = o (1 - tanh² c) = o - h tanh c."""
    n, hidden = block.stop - block.start, forward.h.shape[1]
    h, tanh_c = forward.h[block.start + 1 : block.stop + 1], forward.tanh_c[block]
    U, rest, local, slope = space.U[:n], space.rest[:n], space.local[:n], space.slope[:n]
    o, fi, g = slice(0, hidden), slice(hidden, 3 * hidden), slice(3 * hidden, None)
    np.divide(1, forward.D[block], U)
    np.subtract(1, U, rest)
    np.multiply(h, rest[:, o], local[:, o])
    np.multiply(forward.P[block], rest[:, fi], local[:, fi])
    np.multiply(U[:, 2 * hidden : 3 * hidden], U[:, g], local[:, g])  # i s
    np.multiply(local[:, g], rest[:, g], local[:, g])
    np.multiply(h, tanh_c, slope)
    np.subtract(U[:, o], slope, slope)
    return local


def _steps_back(W_h: Any, space: BackwardSpace, block: slice, sizes: list[int]) -> None:
    """A block of steps from last to first; `local` becomes dz, and `d` the gradients of the state before the block.

    dh_t = (gradient of output t) + W_hᵀ dz_{t+1}
    dc_t = f_{t+1} dc_{t+1} + dh_t ∂h/∂c
    dz = [dh_t; dc_t; dc_t; dc_t] · local
    """
    d, through_h = space.d, space.through_h
    hidden, batch = through_h.shape
    dh, dc, copies = d[:hidden], d[hidden : 2 * hidden], d[2 * hidden :].reshape(2, hidden, batch)
    dot, multiply, add = W_h.dot, np.multiply, np.add
    views = zip(space.from_output[block], space.views[: len(sizes)], sizes, strict=True)
    for from_output, (slope, dz, f), n in reversed(list(views)):
        add(dh, from_output, dh)
        if n < batch:  # gradients of ended sequences pass through
            passing = dh[:, n:].copy(), dc[:, n:].copy()
        multiply(dh, slope, through_h)
        add(dc, through_h, dc)
        copies[...] = dc
        multiply(dz, d, dz)
        if n < batch:
            dz[:, n:] = 0
        dot(dz, dh)
        multiply(dc, f, dc)
        if n < batch:
            dh[:, n:], dc[:, n:] = passing
