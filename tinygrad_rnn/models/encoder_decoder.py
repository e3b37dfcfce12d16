"""Encoder–decoder: read a sequence of tokens, then write another (Sutskever et al. 2014, Cho et al. 2014).

Without attention all the decoder knows is the encoder's last state. With attention it looks back at every state of
the encoder, at each step anew (Bahdanau et al. 2015, Luong et al. 2015).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .. import random
from .._mode import step as time_step
from .._tensor import Tensor
from ..nn import init
from ..nn.linear import Linear
from ..nn.module import Module
from ..nn.recurrent.cells import GRUCell, check_choice
from ..nn.recurrent.layers import GRU
from ..nn.sparse import Embedding
from ..ops.checks import need_tensor
from ..ops.joining import cat, stack
from .attention_scores import (
    AdditiveAttention,
    CosineAttention,
    DotAttention,
    GeneralAttention,
    ScaledDotAttention,
    SequenceAttention,
)
from .masks import padding_mask
from .over_time import last_output
from .task_shapes import read

KINDS = ("additive", "dot", "scaled_dot", "general", "cosine")


class Memory(NamedTuple):
    """The state of the decoder: its own h (B, H), and what the encoder left: keys (B, S, H), visible (B, S) bool."""

    h: Tensor
    keys: Tensor
    visible: Tensor


class Seq2Seq(Module):
    """A GRU reads the source, a GRU cell writes the target, looking back by attention after each step (Luong 2015):

        h_t = cell(embedding(y_{t-1}), h_{t-1})
        context_t = Σ_s weight_ts key_s                          weights from (h_t, key_s), see attention_scores.py
        scores_t = readout(tanh(combine([context_t, h_t])))      attention=None: readout(h_t)

    source_vocabulary, target_vocabulary   numbers of tokens
    embedding, hidden   sizes of a token's vector and of the state
    attention           "additive", "dot", "scaled_dot", "general", "cosine", or None for the plain encoder–decoder
    start               the token that the decoder sees first
    tied                readout and target embedding share one matrix (Press & Wolf 2017); needs embedding == hidden
    """

    attention: Any
    combine: Any

    def __init__(
        self, source_vocabulary: int, target_vocabulary: int, embedding: int, hidden: int,
        attention: str | None = "additive", start: int = 0, tied: bool = False,
    ):  # fmt: skip
        super().__init__()
        self.source: Embedding = Embedding(source_vocabulary, embedding)
        self.encoder: GRU = GRU(embedding, hidden, batch_first=True)
        self.target: Embedding = Embedding(target_vocabulary, embedding)
        self.cell: GRUCell = GRUCell(embedding, hidden)
        self.attention = _attention(attention, hidden)
        self.combine = None if attention is None else Linear(2 * hidden, hidden)
        self.readout: Linear = Linear(hidden, target_vocabulary)
        if tied:
            if embedding != hidden:
                raise ValueError(f"Seq2Seq: tied=True needs embedding == hidden, got {embedding} and {hidden}")
            init.normal_(self.target.weight, 0.0, hidden**-0.5)  # scores of size 1 through the readout
            self.readout.weight = self.target.weight
        self.start = start

    def encode(self, source: Tensor, lengths: Any = None) -> Memory:
        """source (B, S) ints, lengths of its sequences if they differ -> the decoder's first state."""
        need_tensor("Seq2Seq", source, "source")
        if source.ndim != 2:
            raise ValueError(f"Seq2Seq: expected source tokens (B, S), got shape {list(source.shape)}")
        keys = read(self.encoder, self.source(source), lengths)
        batch, steps = source.array.shape
        visible = padding_mask([steps] * batch if lengths is None else lengths, steps)
        return Memory(last_output(keys, lengths), keys, visible)

    def look(self, memory: Memory, tokens: Tensor) -> tuple[Tensor, Memory, Tensor | None]:
        """One step: tokens y_{t-1} (B,) -> scores of y_t (B, V), the new state, attention weights (B, S) or None."""
        h = self.cell(self.target(tokens), memory.h)
        memory = memory._replace(h=h)
        if self.attention is None or self.combine is None:
            return self.readout(h), memory, None
        context, weights = self.attention(h.unsqueeze(1), memory.keys, mask=memory.visible.unsqueeze(1))
        mixed = self.combine(cat([context.squeeze(1), h], -1)).tanh()
        return self.readout(mixed), memory, weights.squeeze(1)

    def next_scores(self, memory: Memory, tokens: Tensor) -> tuple[Tensor, Memory]:
        """One step as `greedy`, `sample` and `beam_search` want it: tokens (B,) -> scores (B, V), the new state."""
        return self.look(memory, tokens)[:2]

    def forward(
        self, source: Tensor, target: Tensor, lengths: Any = None, teacher_forcing: float = 1.0
    ) -> tuple[Tensor, Tensor | None]:
        """Scores (B, T, V) of target (B, T) given source (B, S), and the attention weights (B, T, S) or None.

        teacher_forcing   the probability, for each sequence and step, of being fed the right token y_{t-1} rather
                          than the model's own best guess: 1 is teacher forcing, 0 free running, between them
                          scheduled sampling (Bengio et al. 2015); no gradient passes through the guess
        """
        if not 0 <= teacher_forcing <= 1:
            raise ValueError(f"Seq2Seq: teacher_forcing is a probability in 0..1, got {teacher_forcing}")
        if target.ndim != 2 or len(target) != len(source) or target.array.shape[1] == 0:
            raise ValueError(
                f"Seq2Seq: expected target (B, T) with T > 0 beside source (B, S), got {list(target.shape)} and {list(source.shape)}"
            )
        memory = self.encode(source, lengths)
        tokens = Tensor._of(np.full(len(source), self.start))
        all_scores, all_weights = [], []
        for t, right in enumerate(target.unbind(1)):
            with time_step(t):
                scores, memory, weights = self.look(memory, tokens)
            all_scores.append(scores)
            all_weights.append(weights)
            tokens = right if teacher_forcing == 1 else _mixed(right, scores, teacher_forcing)
        return stack(all_scores, 1), None if self.attention is None else stack(all_weights, 1)


def _mixed(right: Tensor, scores: Tensor, teacher_forcing: float) -> Tensor:
    forced = random.source().random(len(right)) < teacher_forcing
    return Tensor._of(np.where(forced, right.array, scores.array.argmax(-1)))


def _attention(kind: str | None, hidden: int) -> SequenceAttention | None:
    if kind is None:
        return None
    check_choice("Seq2Seq", "attention", kind, KINDS)
    if kind == "additive":
        return AdditiveAttention(hidden, hidden, hidden)
    if kind == "general":
        return GeneralAttention(hidden, hidden)
    if kind == "cosine":
        return CosineAttention(scale=math.sqrt(hidden))  # in ±1 weights would stay nearly even
    return DotAttention() if kind == "dot" else ScaledDotAttention()


# --- how teacher forcing may fade during training (Bengio et al. 2015, section 2.4) ---------------------------


def linear_decay(step: int, slope: float, least: float = 0.0) -> float:
    """max(least, 1 - slope · step)."""
    return max(least, 1.0 - slope * step)


def exponential_decay(step: int, k: float) -> float:
    """k^step with k < 1."""
    if not 0 < k < 1:
        raise ValueError(f"exponential_decay: k must lie between 0 and 1, got {k}")
    return k**step


def inverse_sigmoid_decay(step: int, k: float) -> float:
    """k / (k + e^(step/k)) with k ≥ 1: slow, then fast around step k ln k, then slow."""
    if not k >= 1:
        raise ValueError(f"inverse_sigmoid_decay: k must be at least 1, got {k}")
    return k / (k + math.exp(min(step / k, 700.0)))  # e^709 is the largest that float64 holds
