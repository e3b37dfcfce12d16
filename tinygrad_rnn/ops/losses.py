"""Losses with a rule of their own: fewer passes over (N, K) numbers, and stable where a composition is not."""

from __future__ import annotations

import numpy as np

from .._mode import thread
from .activations import Softmax, SoftmaxGradient, powers
from .choosing import plain, select
from .elementwise import Log
from .function import Function, call
from .shape import sum_along


class CrossEntropy(Function):
    """loss_b = pick_b (lse_b - x[b, t_b]) + spread_b Σ_k u_k (lse_b - x[b, k]),   lse_b = ln Σ_k e^(x[b, k])

    x (N, K); t, pick and spread (N,); u (K,). pick carries the class weight and the 1/n of the mean; spread and u
    are label smoothing, None without it. Rows with `ignored` true count nothing, whatever their numbers.
    The output is (N,), or its sum if `total`.

        dL/dx = dL/dloss_b (pick_b (softmax - onehot(t_b)) + spread_b (softmax Σu - u))
    """

    saves = ("x",)
    fresh = True
    powers = None  # of e, and their sums, kept from forward for the first backward

    def forward(ctx, x, t, pick, spread, u, ignored, total):
        ctx.options = {"t": t, "pick": pick, "spread": spread, "u": u}
        y, top = powers(x, 1)
        sums = sum_along(y, 1)[:, 0]
        ctx.powers = y, sums
        if top is None:  # one logarithm of the quotient: the difference of two would lose digits near 0
            losses = np.log(sums / y.ravel()[places(t, y)])
        else:
            losses = np.log(sums) - (x - top).ravel()[places(t, y)]
        losses *= pick
        if u is not None:
            above = x if top is None else x - top
            losses += spread * (np.log(sums) * u.sum() - above @ u)
        if ignored is not None:
            losses[ignored] = 0
        return losses.sum() if total else losses

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        kept = None
        if thread.mode.lift is None:  # the first backward takes the powers and turns them into the gradient, in place
            kept, ctx.powers = ctx.powers, None
        return call(CrossEntropyGradient, x, g, kept=kept, **ctx.options)


class CrossEntropyGradient(Function):
    """y = g_b (a_b p - pick_b onehot(t_b) - spread_b u),   p = softmax(x),   a = pick + spread Σu

    What CrossEntropy sends back for g, (N,) or (). With h = dL/dy:
        dL/dx = g_b a_b p (h - Σ_k h_k p_k),   dL/dg_b = Σ_k h_k (y / g)_k
    """

    saves = ("x", "g")

    def forward(ctx, x, g, t, pick, spread, u, kept=None):
        ctx.t, ctx.pick, ctx.spread, ctx.u = t, pick, spread, u
        if kept is None:
            y, _ = powers(x, 1)
            kept = y, sum_along(y, 1)[:, 0]
        y, sums = kept
        y *= (g * ctx.factor() / sums)[:, None]
        y.reshape(-1)[places(t, y)] -= g * pick  # powers are in reading order, so this writes into y itself
        if u is not None:
            y -= (g * spread)[:, None] * u
        return y

    def factor(ctx):
        """a, the factor of the softmax in each row."""
        return ctx.pick if ctx.u is None else ctx.pick + ctx.spread * ctx.u.sum()

    def backward(ctx, h):
        x, g = ctx.saved_tensors
        a, p = ctx.factor(), call(Softmax, x, dim=1)
        dx = (g * a)[:, None] * call(SoftmaxGradient, h, p, dim=1)
        dg = (h * p).sum(1) * a - call(Pick, h, t=ctx.t) * ctx.pick
        if ctx.u is not None:
            dg = dg - (h * ctx.u).sum(1) * ctx.spread
        return dx, dg


def places(t, x):
    """Where the numbers x[b, t_b] stand among those of x (N, K) in a row: NumPy finds them so in half the time."""
    return np.arange(0, x.size, x.shape[1]) + t


class Pick(Function):
    """y_b = x[b, t_b], one number of each row          dL/dx = dL/dy_b at (b, t_b), else 0"""

    def forward(ctx, x, t):
        ctx.t, ctx.columns = t, x.shape[1]
        return x[np.arange(len(t)), t]

    def backward(ctx, g):
        return call(Place, g, t=ctx.t, columns=ctx.columns)


class Place(Function):
    """y (N, columns) = zeros, with v_b at (b, t_b)          dL/dv_b = dL/dy[b, t_b]"""

    def forward(ctx, v, t, columns):
        ctx.t = t
        y = np.zeros((len(t), columns), v.dtype)
        y[np.arange(len(t)), t] = v
        return y

    def backward(ctx, g):
        return call(Pick, g, t=ctx.t)


class BinaryCrossEntropy(Function):
    """loss = -(y ln x + (1 - y) ln(1 - x)), logarithms not below -100

        dL/dx = dL/dloss · (x - y) / max(x (1 - x), 1e-12),   dL/dy = dL/dloss · (ln(1 - x) - ln x)

    The bounds are PyTorch's: the loss of a certain and wrong prediction is 100, not infinite.
    """

    saves = ("x", "y")

    def forward(ctx, x, y):
        return -(y * np.maximum(np.log(x), -100) + (1 - y) * np.maximum(np.log1p(-x), -100))

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        product = x * (1 - x)
        dx = g * (x - y) / select(plain(product) > 1e-12, product, 1e-12) if to_x else None
        dy = g * (_bounded_log(1 - x) - _bounded_log(x)) if to_y else None
        return dx, dy


def _bounded_log(x):
    """ln x, not below -100."""
    tiny = plain(x) <= 0.0
    logs = call(Log, select(tiny, 1.0, x))
    return select(tiny | (plain(logs) < -100), -100.0, logs)
