"""Embedding: a table of vectors, looked up by integers."""

from __future__ import annotations

from typing import Any

from .._mode import no_grad
from .._tensor import Tensor
from ..create import empty
from ..ops.checks import need_ints
from ..ops.rows import wrapped_row
from . import functional as F, init
from .module import Module
from .parameter import Parameter


class Embedding(Module):
    """y = the rows of a table (num_embeddings, embedding_dim) at integer indices (…); starts normal, mean 0, std 1.

    padding_idx    a row that starts at 0 and gets no gradient
    max_norm       rows that are used are first shortened to this norm, of order norm_type
    scale_grad_by_freq  the gradient of a row is divided by how often it is used in the call
    sparse         accepted: gradients are dense tensors here, with the same numbers
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        need_ints("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if padding_idx is not None:
            padding_idx = wrapped_row("Embedding", padding_idx, num_embeddings)
        self.num_embeddings: int = num_embeddings
        self.embedding_dim: int = embedding_dim
        self.padding_idx: int | None = padding_idx
        self.max_norm: float | None = max_norm
        self.norm_type: float = norm_type
        self.scale_grad_by_freq: bool = scale_grad_by_freq
        self.sparse: bool = sparse
        table = empty(num_embeddings, embedding_dim, dtype=dtype, device=device) if _weight is None else _weight
        self.weight: Parameter = Parameter(table, requires_grad=not _freeze)
        if _weight is None:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new starting values; the padding row becomes 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """An Embedding on a given table (V, E), whose memory it shares; not trained unless freeze=False."""
        if not isinstance(embeddings, Tensor):
            raise TypeError(
                f"Embedding.from_pretrained: the table must be a Tensor, got {type(embeddings).__name__}; tensor(table)"
            )
        if embeddings.ndim != 2:
            raise AssertionError(
                f"Embedding.from_pretrained: the table must be 2-dimensional (V, E), got shape {list(embeddings.shape)}"
            )
        rows, columns = embeddings.array.shape
        options = (padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        return cls(rows, columns, *options, _weight=embeddings, _freeze=freeze)

    def forward(self, input: Tensor) -> Tensor:
        """input (…) of ints in 0..num_embeddings-1 -> (…, embedding_dim)."""
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)  # fmt: skip

    def extra_repr(self) -> str:
        shown = f"{self.num_embeddings}, {self.embedding_dim}"
        shown += f", padding_idx={self.padding_idx}" if self.padding_idx is not None else ""
        shown += f", max_norm={self.max_norm}" if self.max_norm is not None else ""
        return shown + (f", norm_type={self.norm_type}" if self.norm_type != 2 else "")


class EmbeddingBag(Embedding):
    """The sum, mean or maximum of the rows at several indices: `F.embedding_bag`."""

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ):
        options = (padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, _weight)
        super().__init__(num_embeddings, embedding_dim, *options, device=device, dtype=dtype)
        self.mode: str = mode
        self.include_last_offset: bool = include_last_offset

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:  # type: ignore[override]
        """input (B, N), or all indices in a row with the places `offsets` (B,) where bags begin -> (B, embedding_dim)."""
        return F.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode, self.sparse,
            per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, mode={self.mode!r}"
