"""Multi-head attention: several attentions side by side, each on its own projection of the input."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np

from .._tensor import Tensor
from ..create import empty, zeros
from ..ops.attention import attend, attention_dropout, split_mask
from ..ops.checks import need_tensor
from ..ops.dropout import Dropout, check_probability
from ..ops.joining import cat
from ..recording import record_op
from . import functional as F, init
from .linear import Linear
from .module import Module
from .parameter import Parameter


class MultiheadAttention(Module):
    """Attention in `num_heads` subspaces (Vaswani et al. 2017, section 3.2.2):

        head_n = attention(query W_q,nᵀ, key W_k,nᵀ, value W_v,nᵀ)          each of embed_dim / num_heads numbers
        output = [head_1 … head_N] W_oᵀ + b_o

    kdim, vdim     features of key and value if they differ from embed_dim
    bias           False leaves out the biases of all projections
    add_bias_kv    append a learned key and value to each sequence
    add_zero_attn  append a key and value of zeros to each sequence
    batch_first    (B, T, E) instead of (T, B, E)
    dropout        drops attention weights while training

    Parameters: in_proj_weight (3 E, E), the rows of W_q, W_k and W_v, or q_proj_weight, k_proj_weight, v_proj_weight
    if kdim or vdim differ; in_proj_bias (3 E,); out_proj.weight (E, E), out_proj.bias (E,); bias_k, bias_v (1, 1, E).
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
        add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"MultiheadAttention: embed_dim and num_heads must be greater than 0, got {embed_dim} and {num_heads}"
            )
        if embed_dim % num_heads:
            raise AssertionError(
                f"MultiheadAttention: embed_dim ({embed_dim}) must be divisible by num_heads ({num_heads})"
            )
        check_probability("MultiheadAttention", dropout)
        self.embed_dim: int = embed_dim
        self.num_heads: int = num_heads
        self.head_dim: Any = embed_dim // num_heads
        self.kdim: Any = embed_dim if kdim is None else kdim
        self.vdim: Any = embed_dim if vdim is None else vdim
        self.dropout: float = dropout
        self.batch_first: bool = batch_first
        self.add_zero_attn: bool = add_zero_attn
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        shapes: dict[str, tuple[int, ...] | None] = dict.fromkeys(
            ("q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_weight")
        )
        if self._qkv_same_embed_dim:
            shapes["in_proj_weight"] = (3 * embed_dim, embed_dim)
        else:
            shapes["q_proj_weight"] = (embed_dim, embed_dim)
            shapes["k_proj_weight"], shapes["v_proj_weight"] = (embed_dim, self.kdim), (embed_dim, self.vdim)
        shapes["in_proj_bias"] = (3 * embed_dim,) if bias else None
        shapes["bias_k"] = shapes["bias_v"] = (1, 1, embed_dim) if add_bias_kv else None
        for name, shape in shapes.items():
            p = None if shape is None else Parameter(empty(shape, dtype=dtype, device=device))
            self.register_parameter(name, p)
        self.out_proj: Linear = Linear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw new starting values: matrices by Glorot's rule, biases 0."""
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if getattr(self, name) is not None:
                init.xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        if self.bias_k is not None:
            init.xavier_normal_(self.bias_k)
            init.xavier_normal_(self.bias_v)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
        need_weights: bool = True, attn_mask: Tensor | None = None, average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """Attend from query (L, B, E) to key (S, B, kdim) and value (S, B, vdim).

        With batch_first B comes first; a single sequence comes without B.

        key_padding_mask      (B, S), true where a key is padding (or numbers added to its scores)
        attn_mask             (L, S) or (B · heads, L, S), true where a query may not look (or numbers to add)
        need_weights          return the attention weights too
        average_attn_weights  their mean over the heads, (B, L, S), instead of (B, heads, L, S)
        is_causal             says that attn_mask is causal; it must be given all the same, as in PyTorch

        Returns (output (L, B, E), weights or None).
        """
        self._check(query, key, value)
        batched = query.ndim == 3
        if is_causal and attn_mask is None:
            raise RuntimeError("MultiheadAttention: is_causal=True needs attn_mask too, as PyTorch does")
        same_kv, same_qk = key is value, query is key
        if not batched:
            query, key, value = (x.unsqueeze(self._batch_axis) for x in (query, key, value))
            if key_padding_mask is not None:
                key_padding_mask = key_padding_mask.unsqueeze(0)
        q, k, v = self._project(query, key, value, same_qk and same_kv, same_kv)
        k, v, extra = self._extend(k, v)
        q, k, v = self._heads(q), self._heads(k), self._heads(v)
        bias, hidden = self._masks(attn_mask, key_padding_mask, q, k, extra)
        drop = attention_dropout(q, k, self.dropout if self.training else 0.0)
        y, weights = attend(q, k, v, bias, hidden, drop)
        output = self.out_proj(self._joined(y))
        if not batched:
            output = output.squeeze(self._batch_axis)
        if not need_weights:
            return output, None
        if drop is not None:
            weights = record_op(Dropout, weights, mask=drop)
        if average_attn_weights:
            weights = weights.mean(1)
        return output, weights if batched else weights.squeeze(0)

    # --- steps of forward -----------------------------------------------------------------------------

    @property
    def _batch_axis(self) -> int:
        return 0 if self.batch_first else 1

    @property
    def _time_axis(self) -> int:
        return 1 - self._batch_axis

    def _project(self, query: Tensor, key: Tensor, value: Tensor, all_same: bool, same_kv: bool) -> tuple[Tensor, ...]:
        """query, key and value in the features of the heads, by one product where they are the same tensor."""
        size, b = self.embed_dim, self.in_proj_bias
        if not self._qkv_same_embed_dim:
            b_q, b_k, b_v = (None, None, None) if b is None else b.chunk(3)
            return (
                F.linear(query, self.q_proj_weight, b_q),
                F.linear(key, self.k_proj_weight, b_k),
                F.linear(value, self.v_proj_weight, b_v),
            )
        if all_same:
            return F.linear(query, self.in_proj_weight, b).chunk(3, -1)
        sizes = [size, 2 * size] if same_kv else [size, size, size]
        weights = self.in_proj_weight.split(sizes)
        biases = [None] * len(sizes) if b is None else b.split(sizes)
        q = F.linear(query, weights[0], biases[0])
        if same_kv:
            return q, *F.linear(key, weights[1], biases[1]).chunk(2, -1)
        return q, F.linear(key, weights[1], biases[1]), F.linear(value, weights[2], biases[2])

    def _extend(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, int]:
        """k and v with bias_k, bias_v and zeros appended in time; and how many were appended."""
        extra, time = 0, self._time_axis
        shape = list(k.array.shape)
        shape[time] = 1
        if self.bias_k is not None:
            k, v = cat([k, self.bias_k.expand(shape)], time), cat([v, self.bias_v.expand(shape)], time)
            extra += 1
        if self.add_zero_attn:
            nothing = zeros(shape, dtype=k.dtype)
            k, v = cat([k, nothing], time), cat([v, nothing], time)
            extra += 1
        return k, v, extra

    def _heads(self, x: Tensor) -> Tensor:
        """(T, B, E) or (B, T, E) -> (B, heads, T, E / heads)."""
        x = x.reshape(*x.array.shape[:2], self.num_heads, self.head_dim)
        return x.permute(0, 2, 1, 3) if self.batch_first else x.permute(1, 2, 0, 3)

    def _joined(self, y: Tensor) -> Tensor:
        """(B, heads, T, E / heads) -> (T, B, E) or (B, T, E)."""
        y = y.permute(0, 2, 1, 3) if self.batch_first else y.permute(2, 0, 1, 3)
        return y.reshape(*y.array.shape[:2], self.embed_dim)

    def _masks(
        self, attn_mask: Tensor | None, key_padding_mask: Tensor | None, q: Tensor, k: Tensor, extra: int
    ) -> tuple[Tensor | None, np.ndarray | None]:
        """Both masks as one: (numbers to add, true where a query may not look), broadcast to (B, heads, L, S)."""
        batch, heads, length, _ = q.array.shape
        keys = k.array.shape[-2] - extra
        bias: Any = None
        hidden: Any = None
        if attn_mask is not None:
            attn_mask = self._checked_mask("attn_mask", attn_mask, ((length, keys), (batch * heads, length, keys)))
            if attn_mask.ndim == 3:
                attn_mask = attn_mask.reshape(batch, heads, length, keys)
            bias, hidden = split_mask("MultiheadAttention", attn_mask)
            hidden = None if hidden is None else ~hidden  # here true hides, there true shows
        if key_padding_mask is not None:
            padding = self._checked_mask("key_padding_mask", key_padding_mask, ((batch, keys),))
            padding = padding.reshape(batch, 1, 1, keys)
            if padding.dtype == bool:
                hidden = padding.array if hidden is None else hidden | padding.array
            else:
                bias = padding if bias is None else bias + padding
        if extra:
            if bias is not None:
                bias = cat([bias, zeros((*bias.array.shape[:-1], extra), dtype=bias.dtype)], -1)
            if hidden is not None:
                hidden = np.concatenate([hidden, np.zeros((*hidden.shape[:-1], extra), bool)], -1)
        return bias, hidden

    def _checked_mask(self, name: str, mask: Any, shapes: tuple[tuple[int, ...], ...]) -> Tensor:
        need_tensor("MultiheadAttention", mask, name)
        if mask.array.shape not in shapes:
            expected = " or ".join(str(list(shape)) for shape in shapes)
            raise RuntimeError(f"MultiheadAttention: {name} should have shape {expected}, got {list(mask.shape)}")
        if mask.dtype.kind not in "bf":
            raise AssertionError(f"MultiheadAttention: {name} must be bool or floating point, got {mask.dtype}")
        return mask

    def _check(self, query: Any, key: Any, value: Any) -> None:
        expected = (("query", query, self.embed_dim), ("key", key, self.kdim), ("value", value, self.vdim))
        for name, x, features in expected:
            need_tensor("MultiheadAttention", x, name)
            if x.ndim not in (2, 3) or x.ndim != query.ndim:
                raise AssertionError(
                    f"MultiheadAttention: query, key and value must all be 3-D, or all 2-D for a single sequence; "
                    f"{name} has shape {list(x.shape)}, query {list(query.shape)}"
                )
            if x.array.shape[-1] != features:
                raise AssertionError(
                    f"MultiheadAttention: {name} has {x.shape[-1]} features, expected {features} (shape {list(x.shape)})"
                )
        same_batch = query.ndim == 2 or (
            query.array.shape[self._batch_axis]
            == key.array.shape[self._batch_axis]
            == value.array.shape[self._batch_axis]
        )
        time = self._time_axis if query.ndim == 3 else 0
        if not same_batch or key.array.shape[time] != value.array.shape[time]:
            raise AssertionError(
                f"MultiheadAttention: key and value must have one length, and one batch size with query: query "
                f"{list(query.shape)}, key {list(key.shape)}, value {list(value.shape)} (batch_first={self.batch_first})"
            )


class SDPBackend:
    """PyTorch's ways to compute attention; here is one."""

    MATH = FLASH_ATTENTION = EFFICIENT_ATTENTION = CUDNN_ATTENTION = 0


def sdpa_kernel(backends: Any, set_priority: bool = False) -> Any:
    """A block in which attention is computed as always."""
    return nullcontext()
