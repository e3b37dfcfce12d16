"""How good an answer is: the losses that training follows, and the metrics that a person reads.

Targets of -100 count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._tensor import Tensor
from ..models.ctc_decoding import ctc_greedy
from ..nn import functional as F

NOTHING = -100


def squares(scores: Tensor, y: Tensor) -> Tensor:
    """The mean squared error."""
    return F.mse_loss(scores, y)


def classes(scores: Tensor, y: Tensor) -> Tensor:
    """The mean negative log-likelihood of the right class in nats: scores (…, K), y (…)."""
    return F.cross_entropy(scores.reshape(-1, scores.array.shape[-1]), y.reshape(-1), ignore_index=NOTHING)


def ctc(scores: Tensor, y: Tensor) -> Tensor:
    """-ln P(labels), over all timings, per label: scores (B, T, K), y (B, S) filled with -100."""
    batch, steps, _ = scores.array.shape
    sizes = (y.array != NOTHING).sum(1)
    logp = scores.log_softmax(-1).transpose(0, 1)
    return F.ctc_loss(logp, Tensor._of(np.maximum(y.array, 0)), [steps] * batch, sizes.tolist())


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"squares": squares, "classes": classes, "ctc": ctc}


class Metric(NamedTuple):
    """A number for people: from scores (arrays) and the batch a sum, and of how many things it is the sum."""

    name: str
    higher: bool  # is better
    add_up: Callable[[np.ndarray, Sequence[np.ndarray], np.ndarray], tuple[float, int]]  # scores, inputs, y
    written: bool = False  # the model writes by itself, token after token; scores are then tokens
    unit: str = ""

    def shown(self, score: float) -> str:
        """A score with its unit; shares in percent."""
        if self.name.startswith("share") or self.name.endswith("rate"):
            return f"{100 * score:.1f}%"
        return f"{score:.4g}{' ' if self.unit else ''}{self.unit}"


def _error(scores: Any, inputs: Any, y: Any) -> tuple[float, int]:
    return float(((scores - y).astype(np.float64) ** 2).sum()), y.size


def _nats(scores: Any, inputs: Any, y: Any) -> tuple[float, int]:
    loss = classes(Tensor._of(scores), Tensor._of(y))
    count = int((y != NOTHING).sum())
    return loss.item() * count, count


def _right(scores: Any, inputs: Any, y: Any) -> tuple[float, int]:
    counts = y != NOTHING
    return float((scores.argmax(-1) == y)[counts].sum()), int(counts.sum())


def _recalled(scores: Any, inputs: Any, y: Any) -> tuple[float, int]:
    return _right(scores, inputs, np.where(y == 0, NOTHING, y))


def _strings(scores: Any, inputs: Any, y: Any) -> tuple[float, int]:
    right = (scores.argmax(-1) == y) | (y == NOTHING)
    return float(right.all(1).sum()), len(y)


def _legal(scores: Any, inputs: Any, y: Any) -> tuple[float, int]:
    found = np.take_along_axis(inputs[-1], scores.argmax(-1)[:, :, None], 2)[:, :, 0]
    return float((found | (y == NOTHING)).all(1).sum()), len(y)


def _exact(tokens: Any, inputs: Any, y: Any) -> tuple[float, int]:
    return float(((tokens == y) | (y == NOTHING)).all(1).sum()), len(y)


def _label_errors(scores: Any, inputs: Any, y: Any) -> tuple[float, int]:
    found = ctc_greedy(Tensor._of(scores).log_softmax(-1).transpose(0, 1))
    truth = [[int(label) for label in row if label != NOTHING] for row in y]
    return float(sum(map(edit_distance, found, truth))), sum(map(len, truth))


def edit_distance(a: Sequence[int], b: Sequence[int]) -> int:
    """How many labels must be put in, taken out or changed to make b of a (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


METRICS: dict[str, Metric] = {
    "error": Metric("mean squared error", False, _error),
    "nats": Metric("negative log-likelihood", False, _nats, unit="nats"),
    "right": Metric("share of right answers", True, _right),
    "recalled": Metric("share of recalled symbols", True, _recalled),
    "strings": Metric("share of strings with every symbol right", True, _strings),
    "legal": Metric("share of strings with every symbol legal", True, _legal),
    "exact": Metric("share of outputs right from end to end", True, _exact, written=True),
    "label errors": Metric("label error rate", False, _label_errors),
}
