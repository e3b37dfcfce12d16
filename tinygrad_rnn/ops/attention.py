"""Scaled dot-product attention as one op (Vaswani et al. 2017, Attention Is All You Need, equation 1)."""

from __future__ import annotations

import numpy as np

from .activations import SoftmaxGradient, moderate
from .function import Function, call
from .shape import sum_along


class Attention(Function):
    """p = softmax(scale · q kᵀ + bias),   y = (p · drop) v          outputs: y and p

    q (…, L, E), k (…, S, E), v (…, S, D); y (…, L, D), p (…, L, S). `bias` broadcasts to (…, L, S) and is added to
    the scores, -inf where a query may not look; a row of which nothing is left gives p = 0. `drop` is a dropout mask.

        dL/dv = (p · drop)ᵀ dL/dy
        dL/dp gets (dL/dy vᵀ) · drop,  and with ds = p (dL/dp - Σ dL/dp · p), the gradient of the scores:
        dL/dq = scale · ds k,   dL/dk = scale · dsᵀ q,   dL/dbias = ds
    """

    n_outputs = 2
    saves = ("q", "k", "v", "out")
    fresh = True

    def forward(ctx, q, k, v, bias, scale, hidden=None, drop=None):
        ctx.scale, ctx.drop = scale, drop
        p = np.matmul(q * scale, k.mT)
        if bias is not None:
            p += bias
        _softmax_in_place(p, hidden, may_be_empty=bias is not None or hidden is not None)
        return np.matmul(p if drop is None else p * drop, v), p

    def backward(ctx, g, g_p):
        q, k, v, p = ctx.saved_tensors
        to_q, to_k, to_v, to_bias = ctx.edges
        dq = dk = dv = ds = None
        if g is not None:
            if to_v:
                dv = (p if ctx.drop is None else p * ctx.drop).mT @ g
            dp = g @ v.mT
            if ctx.drop is not None:
                dp = dp * ctx.drop
            g_p = dp if g_p is None else g_p + dp
        if to_q or to_k or to_bias:
            ds = call(SoftmaxGradient, g_p, p, dim=-1)
            dq = ds @ k * ctx.scale if to_q else None
            dk = ds.mT @ (q * ctx.scale) if to_k else None
        return dq, dk, dv, ds if to_bias else None


def _softmax_in_place(scores: np.ndarray, hidden: np.ndarray | None, may_be_empty: bool) -> None:
    """Softmax along the last axis over what is not hidden; where everything is, or -inf, the row becomes 0."""
    if moderate(scores):
        np.exp(scores, out=scores)
        if hidden is not None:
            np.copyto(scores, 0, where=hidden)
    else:
        if hidden is not None:
            np.copyto(scores, -np.inf, where=hidden)
        top = scores.max(-1, keepdims=True)
        if may_be_empty:
            np.copyto(top, 0, where=np.isneginf(top))
        scores -= top
        np.exp(scores, out=scores)
    total = sum_along(scores, -1)
    if may_be_empty:
        np.copyto(total, 1, where=total == 0)
    scores /= total
