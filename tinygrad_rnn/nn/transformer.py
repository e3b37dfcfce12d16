"""The transformer (Vaswani et al. 2017): attention and a small network, each added to what it got and normalised."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from .._tensor import Tensor
from . import functional as F, init
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm


def _activation(activation: Any) -> Any:
    if activation in ("relu", "gelu"):
        return getattr(F, activation)
    if not callable(activation):
        raise RuntimeError(f"activation should be 'relu', 'gelu' or a function, got {activation!r}")
    return activation


class _Layer(Module):
    """What encoder and decoder layers share: self-attention, the feed-forward network, dropout, normalisation."""

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1, activation: Any = F.relu,
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        made: dict[str, Any] = {"device": device, "dtype": dtype}
        attends: dict[str, Any] = {"dropout": dropout, "bias": bias, "batch_first": batch_first, **made}
        self.self_attn: MultiheadAttention = MultiheadAttention(d_model, nhead, **attends)
        if self.looks_at_memory:
            self.multihead_attn: MultiheadAttention = MultiheadAttention(d_model, nhead, **attends)
        self.linear1: Linear = Linear(d_model, dim_feedforward, bias=bias, **made)
        self.dropout: Dropout = Dropout(dropout)
        self.linear2: Linear = Linear(dim_feedforward, d_model, bias=bias, **made)
        self.norm_first = norm_first
        blocks = range(1, 4 if self.looks_at_memory else 3)
        for k in blocks:
            self.add_module(f"norm{k}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **made))
        for k in blocks:
            self.add_module(f"dropout{k}", Dropout(dropout))
        self.activation: Any = _activation(activation)

    looks_at_memory = False

    def _add(self, x: Tensor, norm: Module, block: Callable[[Tensor], Tensor]) -> Tensor:
        """x and what `block` makes of it: normalised before the block (norm_first), or after the sum."""
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """x = norm1(x + attention(x));  x = norm2(x + linear2(activation(linear1(x))))

    or, with norm_first, x = x + attention(norm1(x)) and so on (Xiong et al. 2020).

    d_model, nhead    features and attention heads
    dim_feedforward   features between linear1 and linear2
    dropout           in attention, after each block, and between the linear layers
    activation        "relu", "gelu", or a function of a tensor
    bias              False leaves out all biases
    """

    def forward(
        self, src: Tensor, src_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """src (T, B, E), (B, T, E) with batch_first, or (T, E) -> the same shape. Masks as in MultiheadAttention."""

        def attention(x: Tensor) -> Tensor:
            y, _ = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)
            return self.dropout1(y)

        x = self._add(src, self.norm1, attention)
        return self._add(x, self.norm2, lambda x: self.dropout2(self._feed_forward(x)))


class TransformerDecoderLayer(_Layer):
    """As the encoder layer, with a second attention, from the sequence to `memory`, between the two blocks."""

    looks_at_memory = True

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """tgt (T, B, E), memory (S, B, E), or with batch_first B in front, or both without B -> the shape of tgt."""

        def attention(x: Tensor) -> Tensor:
            y, _ = self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)
            return self.dropout1(y)

        def attention_to_memory(x: Tensor) -> Tensor:
            y, _ = self.multihead_attn(
                x, memory, memory, memory_key_padding_mask, False, memory_mask, is_causal=memory_is_causal
            )
            return self.dropout2(y)

        x = self._add(tgt, self.norm1, attention)
        x = self._add(x, self.norm2, attention_to_memory)
        return self._add(x, self.norm3, lambda x: self.dropout3(self._feed_forward(x)))


class TransformerEncoder(Module):
    """`num_layers` copies of an encoder layer one after the other, then `norm`. The copies start equal."""

    def __init__(
        self, encoder_layer: Module, num_layers: int, norm: Module | None = None, enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ):  # fmt: skip
        super().__init__()
        self.layers: ModuleList = ModuleList([copy.deepcopy(encoder_layer) for _ in range(num_layers)])
        self.num_layers: int = num_layers
        self.norm: Module | None = norm

    def forward(
        self, src: Tensor, mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:  # fmt: skip
        """src through all layers; see TransformerEncoderLayer."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal=bool(is_causal))
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """`num_layers` copies of a decoder layer one after the other, then `norm`. The copies start equal."""

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None):
        super().__init__()
        self.layers: ModuleList = ModuleList([copy.deepcopy(decoder_layer) for _ in range(num_layers)])
        self.num_layers: int = num_layers
        self.norm: Module | None = norm

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """tgt through all layers, each looking at `memory`; see TransformerDecoderLayer."""
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks, bool(tgt_is_causal), memory_is_causal)
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder of the source and a decoder of the target, which looks at what the encoder made.

    Matrices start by Glorot's rule. `custom_encoder` and `custom_decoder` replace the two parts; the other
    arguments are those of the layers.
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: Any = F.relu, custom_encoder: Any = None,
        custom_decoder: Any = None, layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False,
        bias: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        layer: tuple[Any, ...] = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
            device, dtype,
        )  # fmt: skip

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)

        self.encoder: Any = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*layer), num_encoder_layers, norm()
        )
        self.decoder: Any = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*layer), num_decoder_layers, norm()
        )
        self.d_model: int = d_model
        self.nhead: int = nhead
        self.batch_first: bool = batch_first
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw new starting values."""
        for p in self.parameters():
            if p.ndim > 1:
                init.xavier_uniform_(p)

    def forward(
        self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None, tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """src (S, B, E) and tgt (T, B, E), or with batch_first B in front, or both without B -> the shape of tgt."""
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.array.shape[batch] != tgt.array.shape[batch]:
            raise RuntimeError(
                f"Transformer: src and tgt must have one batch size, got {list(src.shape)} and {list(tgt.shape)} "
                f"(batch_first={self.batch_first})"
            )
        if src.array.shape[-1] != self.d_model or tgt.array.shape[-1] != self.d_model:
            raise RuntimeError(
                f"Transformer: src and tgt must have d_model={self.d_model} features, got {list(src.shape)} and "
                f"{list(tgt.shape)}"
            )
        memory = self.encoder(src, src_mask, src_key_padding_mask, is_causal=src_is_causal)
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        return self.decoder(tgt, memory, *masks, tgt_is_causal=tgt_is_causal, memory_is_causal=memory_is_causal)

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """(sz, sz): 0 on and below the diagonal, -inf above: step t sees steps 0..t."""
        mask = np.triu(np.full((sz, sz), -np.inf), 1)
        return Tensor._of(mask.astype(dtypes.get_default_dtype() if dtype is None else dtypes.supported(dtype)))
