"""The softmax of large vocabularies in clusters, frequent words first (Grave et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .._tensor import Tensor
from ..ops.joining import cat
from . import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module


class _ASMoutput(NamedTuple):
    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Words below cutoffs[0] and one word per cluster in the head; each cluster with a projection of its own, smaller by `div_value`.

    Words are numbered by frequency, the most frequent first.
    """

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0, head_bias: bool = False
    ):
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        whole = all(int(c) == c for c in cutoffs)
        if cutoffs != sorted(set(cutoffs)) or min(cutoffs) <= 0 or max(cutoffs) > n_classes - 1 or not whole:
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value "
                "is between 1 and n_classes-1"
            )
        self.in_features: int = in_features
        self.n_classes: int = n_classes
        self.div_value: float = div_value
        self.head_bias: bool = head_bias
        self.cutoffs: list[int] = [*cutoffs, n_classes]
        self.shortlist_size: int = cutoffs[0]
        self.n_clusters: int = len(cutoffs)
        self.head_size: int = self.shortlist_size + self.n_clusters
        self.head: Any = Linear(in_features, self.head_size, bias=head_bias)
        self.tail: Any = ModuleList()
        for i in range(self.n_clusters):
            inside = int(in_features // (div_value ** (i + 1)))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(Sequential(Linear(in_features, inside, bias=False), Linear(inside, size, bias=False)))

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for projection in self.tail.children():
            for layer in projection.children():
                layer.reset_parameters()

    def forward(self, input: Tensor, target: Tensor) -> Any:
        """(N, features) and (N,) word numbers -> (output, loss): the log probability of each target, and minus their mean."""
        if input.ndim != target.ndim + 1 or input.shape[: target.ndim] != target.shape:
            raise RuntimeError(
                f"Input {tuple(input.shape)} and target {tuple(target.shape)} should match in the batch dimension."
            )
        single = target.ndim == 0
        if single:
            input, target = input.unsqueeze(0), target.unsqueeze(0)
        if target.numel() and not (int(target.min()) >= 0 and int(target.max()) < self.n_classes):
            raise RuntimeError(f"Target values should be in [0, {self.n_classes - 1}]")
        in_head = F.log_softmax(self.head(input), dim=1)
        head_target = target.clone()
        for i in range(self.n_clusters):
            head_target[target >= self.cutoffs[i]] = self.shortlist_size + i
        output = in_head.gather(1, head_target.unsqueeze(1)).squeeze(1)
        for i, projection in enumerate(self.tail):
            low, high = self.cutoffs[i], self.cutoffs[i + 1]
            rows = ((target >= low) & (target < high)).nonzero().squeeze(1)
            if rows.numel():
                inside = F.log_softmax(projection(input.index_select(0, rows)), dim=1)
                found = inside.gather(1, (target.index_select(0, rows) - low).unsqueeze(1)).squeeze(1)
                output = output.index_add(0, rows, found)
        loss = (-output).mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    def log_prob(self, input: Tensor) -> Tensor:
        """(N, features) -> (N, n_classes): the log probabilities of all words."""
        head = F.log_softmax(self.head(input), dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, projection in enumerate(self.tail):
            parts.append(F.log_softmax(projection(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """(N, features) -> (N,): the word of highest probability."""
        return self.log_prob(input).argmax(dim=1)
