"""Attention as the papers introduced it: five ways to score a query against keys, one way to use the scores.

    weights = softmax over s of score(query_l, key_s)          context_l = Σ_s weights_ls value_s

Every class answers `(query, keys, values, mask) -> (context, weights)` and differs in `scores` only. The lectures
call Q Kᵀ "also known as the cosine similarity"; it is that only if queries and keys have length 1, which is what
`CosineAttention` sees to. Several heads side by side are in nn/attention.py.
"""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..create import empty
from ..nn import functional as F, init
from ..nn.linear import Linear
from ..nn.module import Module
from ..nn.parameter import Parameter
from ..nn.recurrent.cells import check_sizes
from ..ops.checks import need_tensor
from .masks import masked_softmax


class SequenceAttention(Module):
    """What all kinds share. A subclass defines `scores(query, keys)`: (…, L, Q), (…, S, K) -> (…, L, S)."""

    def forward(
        self, query: Tensor, keys: Tensor, values: Tensor | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """query (…, L, Q), keys (…, S, K), values (…, S, D) (the keys, if left out) -> context (…, L, D), weights (…, L, S).

        mask   broadcasts to (…, L, S): bool, true where a query may look (see masks.py), or numbers added to the
               scores. A query that may look nowhere gets weights and context 0.
        """
        values = keys if values is None else values
        self._check(query, keys, values)
        weights = masked_softmax(self.scores(query, keys), mask)
        return weights @ values, weights

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """How well each query fits each key."""
        raise NotImplementedError

    def sizes(self, query: Tensor, keys: Tensor) -> tuple[int, int]:
        """The features expected of query and keys."""
        return keys.array.shape[-1], keys.array.shape[-1]

    def _check(self, query: Any, keys: Any, values: Any) -> None:
        name = type(self).__name__
        for argument, x in (("query", query), ("keys", keys), ("values", values)):
            need_tensor(name, x, argument)
            if x.ndim < 2:
                raise ValueError(f"{name}: {argument} must be (…, length, features), got shape {list(x.shape)}")
        if keys.array.shape[-2] != values.array.shape[-2]:
            raise ValueError(
                f"{name}: {keys.shape[-2]} keys and {values.shape[-2]} values (keys {list(keys.shape)}, values "
                f"{list(values.shape)}): each key needs its value"
            )
        for argument, x, size in zip(("query", "keys"), (query, keys), self.sizes(query, keys), strict=True):
            if x.array.shape[-1] != size:
                raise ValueError(
                    f"{name}: {argument} has {x.shape[-1]} features, expected {size} (query {list(query.shape)}, keys "
                    f"{list(keys.shape)})"
                )


class DotAttention(SequenceAttention):
    """score = q · k (Luong et al. 2015, "dot"). No parameters; query and keys have the same features."""

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """(…, L, E), (…, S, E) -> (…, L, S)."""
        return query @ keys.mT


class ScaledDotAttention(SequenceAttention):
    """score = q · k / √E (Vaswani et al. 2017).

    For independent entries of variance 1 the product q · k has variance E; divided by √E it has 1 whatever the
    size, and softmax stays away from where it is flat.
    """

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """(…, L, E), (…, S, E) -> (…, L, S)."""
        return (query * (1 / math.sqrt(query.array.shape[-1]))) @ keys.mT


class CosineAttention(SequenceAttention):
    """score = scale · q · k / (‖q‖ ‖k‖), between -scale and scale (Graves et al. 2014, where scale is β).

    scale   the larger, the sharper the weights can be; at 1 no weight is more than e² times another
    """

    def __init__(self, scale: float = 1.0):
        super().__init__()
        self.scale = scale

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """(…, L, E), (…, S, E) -> (…, L, S)."""
        return (F.normalize(query, dim=-1) * self.scale) @ F.normalize(keys, dim=-1).mT

    def extra_repr(self) -> str:
        return f"scale={self.scale}"


class GeneralAttention(SequenceAttention):
    """score = qᵀ W k (Luong et al. 2015, "general"). W (Q, K), uniform in ±1/√K: query and keys may differ in size."""

    def __init__(self, query_size: int, key_size: int, device: Any = None, dtype: Any = None):
        super().__init__()
        check_sizes("GeneralAttention", query_size=query_size, key_size=key_size)
        self.query_size: int = query_size
        self.key_size: int = key_size
        self.weight: Parameter = Parameter(empty(query_size, key_size, dtype=dtype, device=device))
        init.uniform_(self.weight, -1 / math.sqrt(key_size), 1 / math.sqrt(key_size))

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """(…, L, Q), (…, S, K) -> (…, L, S)."""
        return query @ self.weight @ keys.mT

    def sizes(self, query: Tensor, keys: Tensor) -> tuple[int, int]:
        """As constructed."""
        return self.query_size, self.key_size

    def extra_repr(self) -> str:
        return f"{self.query_size}, {self.key_size}"


class AdditiveAttention(SequenceAttention):
    """score = vᵀ tanh(W_q q + W_k k + b): a small network decides (Bahdanau et al. 2015).

    query_size, key_size   Q and K
    hidden_size            A, the width of that network

    Parameters: query.weight (A, Q), keys.weight (A, K), keys.bias (A,), score.weight (1, A).
    """

    def __init__(self, query_size: int, key_size: int, hidden_size: int, device: Any = None, dtype: Any = None):
        super().__init__()
        check_sizes("AdditiveAttention", query_size=query_size, key_size=key_size, hidden_size=hidden_size)
        self.query: Linear = Linear(query_size, hidden_size, bias=False, device=device, dtype=dtype)
        self.keys: Linear = Linear(key_size, hidden_size, device=device, dtype=dtype)
        self.score: Linear = Linear(hidden_size, 1, bias=False, device=device, dtype=dtype)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """(…, L, Q), (…, S, K) -> (…, L, S)."""
        both = self.query(query).unsqueeze(-2) + self.keys(keys).unsqueeze(-3)  # (…, L, S, A)
        return self.score(both.tanh()).squeeze(-1)

    def sizes(self, query: Tensor, keys: Tensor) -> tuple[int, int]:
        """As constructed."""
        return self.query.in_features, self.keys.in_features
