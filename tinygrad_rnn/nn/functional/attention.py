"""Scaled dot-product attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...functions.arguments import need_float, need_tensor
from ...functions.widening import widening_by_input
from ...ops.attention import Attention
from ...recording import record
from ...tensor import Tensor
from .dropout import check_probability, dropout_mask


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
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
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor | None,
    hidden: np.ndarray | None,
    drop: np.ndarray | None = None,
    scale: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Attention and its weights (before dropout); `hidden` is true where a query may not look."""
    q, k = query.array.shape, key.array.shape
    if scale is None:
        scale = 1.0 / math.sqrt(max(q[-1], 1))  # without features all scores are 0, and so is any multiple
    try:
        return record(Attention, query, key, value, bias, scale=scale, hidden=hidden, drop=drop)
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
