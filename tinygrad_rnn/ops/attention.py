"""Scaled dot-product attention as one op (Vaswani et al. 2017, Attention Is All You Need, equation 1)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels.choice import passes
from ..recording import record_op
from .basic import sum_along
from .checks import need_float, need_tensor
from .dropout import check_probability, dropout_mask
from .function import Array, Function, Saves, Value, call
from .softmax import SoftmaxGradient, moderate, rows
from .widening import widening_by_input

if TYPE_CHECKING:
    from .._tensor import Tensor


class Attention(Function):
    """p = softmax(scale · q kᵀ + bias),   y = (p · drop) v          outputs: y and p

    q (…, L, E), k (…, S, E), v (…, S, D); y (…, L, D), p (…, L, S). `bias` broadcasts to (…, L, S) and is added to
    the scores, -inf where a query may not look; a row of which nothing is left gives p = 0. `drop` is a dropout mask.

        dL/dv = (p · drop)ᵀ dL/dy
        dL/dp gets (dL/dy vᵀ) · drop,  and with ds = p (dL/dp - Σ dL/dp · p), the gradient of the scores:
        dL/dq = scale · ds k,   dL/dk = scale · dsᵀ q,   dL/dbias = ds
    """

    saves: Saves = ("q", "k", "v", "out")
    fresh = True
    scale: Any
    drop: Any

    def forward(
        ctx, q: Array, k: Array, v: Array, bias: Array, scale: Any, hidden: Any = None, drop: Any = None
    ) -> Array:
        ctx.scale, ctx.drop = scale, drop
        p = np.matmul(q * scale, k.mT)
        if bias is not None:
            p += bias
        _softmax_in_place(p, hidden, may_be_empty=bias is not None or hidden is not None)
        return np.matmul(p if drop is None else p * drop, v), p

    def backward(ctx, g: Value, g_p: Value) -> Value:
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
    twin = passes("softmax", scores)
    if twin:
        if hidden is not None:
            np.copyto(scores, -np.inf, where=hidden)
        twin.softmax(rows(scores), rows(scores), may_be_empty)
        return
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


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """softmax(scale · query keyᵀ + mask) value.

    query (…, L, E), key (…, S, E), value (…, S, D); returns (…, L, D).

    attn_mask   broadcasts to (…, L, S): bool, true where a query may look; or numbers added to the scores
    dropout_p   drops attention weights; 0 it yourself outside training, as in PyTorch
    is_causal   query i looks at keys 0..i only
    scale       1/√E if left out
    enable_gqa  key and value have fewer heads (axis -3), each used for several query heads

    A query that may look nowhere gets zeros.
    """
    check_inputs("scaled_dot_product_attention", query, key, value)
    check_probability("scaled_dot_product_attention", dropout_p)
    if is_causal and attn_mask is not None:
        raise RuntimeError("scaled_dot_product_attention(): give attn_mask or is_causal=True, not both")
    if enable_gqa:
        key, value = _repeat_heads(query, key), _repeat_heads(query, value)
    bias, hidden = split_mask("scaled_dot_product_attention", attn_mask)
    if is_causal:
        hidden = causal_mask(query.array.shape[-2], key.array.shape[-2])
    drop = attention_dropout(query, key, dropout_p)
    return attend(query, key, value, bias, hidden, drop, scale)[0]


@widening_by_input
def attend(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, hidden: np.ndarray | None,
    drop: np.ndarray | None = None, scale: float | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Attention and its weights (before dropout); `hidden` is true where a query may not look."""
    q, k = query.array.shape, key.array.shape
    if scale is None:
        scale = 1.0 / math.sqrt(max(q[-1], 1))  # without features all scores are 0, and so is any multiple
    try:
        return record_op(Attention, query, key, value, bias, scale=scale, hidden=hidden, drop=drop)
    except (RuntimeError, ValueError):
        mask = hidden if hidden is not None else None if bias is None else bias.array
        raise RuntimeError(
            f"attention: query {list(q)}, key {list(k)}, value {list(value.shape)} and mask "
            f"{None if mask is None else list(mask.shape)} do not fit; the mask must broadcast to "
            f"(…, {q[-2]}, {k[-2]})"
        ) from None


def attention_dropout(query: Tensor, key: Tensor, p: float) -> np.ndarray | None:
    """A dropout mask for attention weights, None for p = 0."""
    if p == 0:
        return None
    q, k = query.array.shape, key.array.shape
    return dropout_mask((*np.broadcast_shapes(q[:-2], k[:-2]), q[-2], k[-2]), p, query.array.dtype)


def check_inputs(name: str, query: Any, key: Any, value: Any) -> None:
    """Raise unless the three are (…, L, E), (…, S, E) and (…, S, D) of one dtype."""
    for argument, x in (("query", query), ("key", key), ("value", value)):
        need_float(name, x, argument)
        if x.ndim < 2:
            raise RuntimeError(
                f"{name}(): {argument} needs at least 2 dimensions (length, features), got {list(x.shape)}"
            )
        if x.dtype != query.dtype:
            raise RuntimeError(
                f"{name}(): expected one dtype, got query {query.dtype}, key {key.dtype} and value {value.dtype}"
            )
    q, k, v = query.array.shape, key.array.shape, value.array.shape
    if q[-1] != k[-1]:
        raise RuntimeError(f"{name}(): query has {q[-1]} features and key has {k[-1]} ({list(q)} and {list(k)})")
    if k[-2] != v[-2]:
        raise RuntimeError(f"{name}(): key has length {k[-2]} and value has length {v[-2]} ({list(k)} and {list(v)})")


def split_mask(name: str, mask: Tensor | None) -> tuple[Tensor | None, np.ndarray | None]:
    """A mask as (numbers to add, true where a query may not look), one of them None."""
    if mask is None:
        return None, None
    need_tensor(name, mask, "attn_mask")
    if mask.dtype == bool:
        return None, ~mask.array
    if mask.dtype.kind != "f":
        raise RuntimeError(f"{name}(): attn_mask must be bool or floating point, got {mask.dtype}")
    return mask, None


def causal_mask(length: int, keys: int) -> np.ndarray:
    """(L, S), true where key j lies after query i."""
    return np.arange(keys) > np.arange(length)[:, None]


def _repeat_heads(query: Tensor, x: Tensor) -> Tensor:
    """Each head of x (…, few, S, E) as often as query has heads for it."""
    if query.ndim < 3 or x.ndim < 3 or query.array.shape[-3] % x.array.shape[-3]:
        raise RuntimeError(
            f"scaled_dot_product_attention(): enable_gqa needs a number of query heads that is a multiple of the key "
            f"and value heads, got query {list(query.shape)} and {list(x.shape)}"
        )
    return x.repeat_interleave(query.array.shape[-3] // x.array.shape[-3], -3)
