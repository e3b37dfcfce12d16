"""Reading labels out of CTC's frame-by-frame probabilities (Graves et al. 2006): the loss is `F.ctc_loss`.

A path says one label or blank per frame; its labels are what is left when repeats are merged and blanks dropped:
"aa-ab-" reads "aab". The probability of a labelling is the sum over all its paths.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._quiet import quiet
from .._tensor import Tensor
from ..ops.checks import need_tensor
from .masks import lengths_of


def ctc_greedy(log_probs: Tensor, lengths: Any = None, blank: int = 0) -> list[list[int]]:
    """The labels of the most likely path: the best label of each frame, merged. Fast; misses labellings that are
    likely by many paths.

    log_probs   (T, B, K), as for `F.ctc_loss`
    lengths     (B,) frames of each sequence
    """
    sizes = _check("ctc_greedy", log_probs, lengths, blank)
    best = log_probs.array.argmax(-1)
    found = []
    for b, size in enumerate(sizes):
        path = best[:size, b]
        starts = np.append(True, path[1:] != path[:-1])
        found.append([int(k) for k in path[starts] if k != blank])
    return found


def ctc_beam(
    log_probs: Tensor, lengths: Any = None, blank: int = 0, width: int = 10
) -> list[list[tuple[list[int], float]]]:
    """The `width` most likely labellings of each sequence with their log-probabilities, best first: prefix beam search.

    Paths that read the same so far are one prefix l, with two probabilities, because a repeated label reads
    differently after a blank (Hannun et al. 2014):

        p_b(l)   of paths that end in a blank          p_n(l)   of paths that end in the last label of l

    With width at least the number of prefixes the result is exact.
    """
    if width < 1:
        raise ValueError(f"ctc_beam: width must be at least 1, got {width}")
    sizes = _check("ctc_beam", log_probs, lengths, blank)
    frames = log_probs.array.astype(np.float64)
    return [_prefix_search(frames[:size, b], blank, width) for b, size in enumerate(sizes)]


@quiet
def _prefix_search(frames: np.ndarray, blank: int, width: int) -> list[tuple[list[int], float]]:
    beams = {(): (0.0, -np.inf)}  # prefix -> ln p_b, ln p_n
    for frame in frames:
        grown: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [-np.inf, -np.inf])
        for prefix, (with_blank, without) in beams.items():
            either = np.logaddexp(with_blank, without)
            same = grown[prefix]
            same[0] = np.logaddexp(same[0], either + frame[blank])
            for label, logp in enumerate(frame):
                if label == blank:
                    continue
                longer = grown[(*prefix, label)]
                if prefix and label == prefix[-1]:
                    same[1] = np.logaddexp(same[1], without + logp)  # said on: still the same label
                    longer[1] = np.logaddexp(longer[1], with_blank + logp)  # after a blank: a second one
                else:
                    longer[1] = np.logaddexp(longer[1], either + logp)
        total = {prefix: _either(both) for prefix, both in grown.items()}
        likely = sorted((prefix for prefix in grown if total[prefix] > -np.inf), key=lambda prefix: -total[prefix])
        beams = {prefix: (grown[prefix][0], grown[prefix][1]) for prefix in likely[:width]}
    return [(list(prefix), _either(both)) for prefix, both in beams.items()]


def _either(both: Sequence[float]) -> float:
    return float(np.logaddexp(both[0], both[1]))


def _check(name: str, log_probs: Any, lengths: Any, blank: int) -> np.ndarray:
    need_tensor(name, log_probs, "log_probs")
    if log_probs.ndim != 3 or 0 in log_probs.array.shape:
        raise ValueError(f"{name}: expected log_probs (T, B, K), got shape {list(log_probs.shape)}")
    steps, batch, classes = log_probs.array.shape
    if not 0 <= blank < classes:
        raise ValueError(f"{name}: blank must be one of the {classes} classes 0..{classes - 1}, got {blank}")
    return np.full(batch, steps) if lengths is None else lengths_of(name, lengths, batch, steps)
