"""A language model of causal transformer blocks, which remembers keys and values while it writes.

    P(x_1 .. x_T) = Π_t P(x_t | x_1 .. x_{t-1})

A step looks only at steps before it, so their keys and values never change: generation keeps them in a cache and
computes one new step at a time, instead of the whole text again for each token.
"""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..nn import init
from ..nn.container import ModuleList
from ..nn.dropout import Dropout
from ..nn.linear import Linear
from ..nn.module import Module
from ..nn.normalization import LayerNorm
from ..nn.sparse import Embedding
from ..nn.transformer import TransformerEncoderLayer
from ..ops.attention import attend, attention_dropout
from ..ops.checks import need_tensor
from ..ops.joining import cat
from .masks import causal_mask
from .positions import LearnedEncoding, SinusoidalEncoding

KeysValues = tuple[Tensor, Tensor]  # of one layer, each (B, heads, S, E / heads)
Cache = tuple[KeysValues, ...]  # of all layers; never changed, each call returns a new one


class CausalBlock(TransformerEncoderLayer):
    """A TransformerEncoderLayer (batch first) that looks back only, also at the steps of earlier calls.

    Without a past it equals the encoder layer under a causal mask.
    """

    def forward(self, src: Tensor, past: KeysValues | None = None) -> tuple[Tensor, KeysValues]:
        """src (B, T, E), past: keys and values of S earlier steps -> (B, T, E), keys and values of all S + T."""
        present: list[KeysValues] = []

        def attention(x: Tensor) -> Tensor:
            y, keys_values = self._look_back(x, past)
            present.append(keys_values)
            return self.dropout1(y)

        x = self._add(src, self.norm1, attention)
        x = self._add(x, self.norm2, lambda x: self.dropout2(self._feed_forward(x)))
        return x, present[0]

    def _look_back(self, x: Tensor, past: KeysValues | None) -> tuple[Tensor, KeysValues]:
        heads = self.self_attn
        q, k, v = (heads._heads(part) for part in heads._project(x, x, x, True, True))
        if past is not None:
            k, v = cat([past[0], k], 2), cat([past[1], v], 2)
        steps, known = x.array.shape[1], k.array.shape[2]
        hidden = ~causal_mask(steps, known - steps).array
        drop = attention_dropout(q, k, heads.dropout if self.training else 0.0)
        y, _ = attend(q, k, v, None, hidden, drop)
        return heads.out_proj(heads._joined(y)), (k, v)


class TransformerLM(Module):
    """Tokens in, scores of the next token out: embedding + positions, causal blocks, a norm, a linear readout.

    vocabulary        V
    d_model, nhead    features and attention heads
    num_layers        blocks; they normalise before attention and before the network (Xiong et al. 2020)
    dim_feedforward   4 · d_model if left out
    max_length        learned positions for texts up to this length; None: sinusoidal ones for any length
    tied              the readout uses the embedding's matrix (Press & Wolf 2017)

    >>> model = models.TransformerLM(vocabulary=10, d_model=16, nhead=2, num_layers=2)
    >>> scores, cache = model(tinygrad_rnn.tensor([[1, 2, 3]]))
    >>> scores.shape
    Size([1, 3, 10])
    """

    position: Any

    def __init__(
        self, vocabulary: int, d_model: int, nhead: int, num_layers: int, dim_feedforward: int | None = None,
        dropout: float = 0.0, max_length: int | None = None, tied: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        made: dict[str, Any] = {"device": device, "dtype": dtype}
        self.embedding: Embedding = Embedding(vocabulary, d_model, **made)
        init.normal_(self.embedding.weight, 0.0, d_model**-0.5)  # scores of size 1 through the tied readout
        sinusoidal = max_length is None
        self.position = SinusoidalEncoding(d_model) if sinusoidal else LearnedEncoding(max_length, d_model, **made)
        self.dropout: Dropout = Dropout(dropout)
        width = 4 * d_model if dim_feedforward is None else dim_feedforward
        options: dict[str, Any] = {"activation": "gelu", "batch_first": True, "norm_first": True, **made}
        self.blocks: ModuleList = ModuleList(
            [CausalBlock(d_model, nhead, width, dropout, **options) for _ in range(num_layers)]
        )
        self.norm: LayerNorm = LayerNorm(d_model, **made)
        self.readout: Linear = Linear(d_model, vocabulary, **made)
        if tied:
            self.readout.weight = self.embedding.weight

    def forward(self, tokens: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """tokens (B, T) ints, the cache of the steps before them -> scores (B, T, V), the cache of all steps."""
        self._check(tokens, cache)
        known = 0 if not cache else cache[0][0].array.shape[2]
        x = self.embedding(tokens) * math.sqrt(self.embedding.embedding_dim)
        x = self.dropout(self.position(x, start=known))
        present = []
        for block, past in zip(self.blocks, cache or [None] * len(self.blocks), strict=True):
            x, keys_values = block(x, past)
            present.append(keys_values)
        return self.readout(self.norm(x)), tuple(present)

    def next_scores(self, cache: Cache | None, tokens: Tensor) -> tuple[Tensor, Cache]:
        """One step as `greedy`, `sample` and `beam_search` want it: tokens (B,) -> scores (B, V), the longer cache."""
        scores, longer = self(tokens.unsqueeze(1), cache)
        return scores[:, 0], longer

    def _check(self, tokens: Any, cache: Cache | None) -> None:
        need_tensor("TransformerLM", tokens, "tokens")
        if tokens.ndim != 2 or tokens.array.shape[1] == 0:
            raise ValueError(f"TransformerLM: expected tokens (B, T) with T > 0, got shape {list(tokens.shape)}")
        if cache is not None and (len(cache) != len(self.blocks) or len(cache[0][0]) != len(tokens)):
            raise ValueError(
                f"TransformerLM: the cache has {len(cache)} layers for {len(cache[0][0]) if cache else 0} sequences, the model "
                f"{len(self.blocks)} layers and the tokens {len(tokens)} sequences"
            )
