"""What a model read, step by step: words, its guesses at the next one, attention, and every unit of gates and states.

A page lays them along the time axis; the script calls the whole `reading`. One sample of the batch is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._figure import numbers
from ..._quiet import quiet
from ..model.items import Item, Model, value_of
from ..write.quote import clean
from .summary import tidy

MOST_VALUES = 150_000  # numbers of all gates and states together; where there are more, the first units are shown
BEST = 5  # guesses at each step
LONGEST = 2_000  # steps


@dataclass
class Reading:
    """The options of a page that carry data. See `write_page`."""

    text: Sequence[str] | None = None
    scores: Any = None
    vocabulary: Sequence[str] | None = None
    targets: Sequence[str] | None = None
    attention: Any = None
    sources: Sequence[str] | None = None
    sample: int = 0

    def collect(self, model: Model, row_title: Callable[[int], str]) -> tuple[dict[str, Any], list[str]]:
        """What the script needs, and remarks on what was left out. Raises ValueError if lengths do not fit."""
        times = sorted({place.step for place in model.tiles})
        words = list(self.text) if self.text is not None else [str(t) for t in times]
        self._check(len(words), times, model)
        series, remarks = self._series(model, row_title, times[: len(words)] or list(range(len(words))))
        if not (self.text is not None or series or self.attention is not None):
            return {}, remarks
        found = {
            "words": list(map(sign, words)),
            "given": self.text is not None,
            "times": times[: len(words)] or list(range(len(words))),
            "guesses": self._guesses(len(words)),
            "targets": None if self.targets is None else list(map(sign, self.targets)),
            "attention": self._attention(len(words)),
            "sources": list(map(sign, self.sources if self.sources is not None else words)),
            "series": series,
        }
        return found, remarks

    def _check(self, length: int, times: list[int], model: Model) -> None:
        runs = [len(run) for run, scope in zip(model.runs, model.rows, strict=True) if scope.step is not None]
        if self.text is not None and times and length not in {len(times), *runs}:
            raise ValueError(
                f"page: text has {length} entries, but the graph has {len(times)} time steps: one for each"
            )
        if length > LONGEST:
            raise ValueError(f"page: a text of {length:,} entries is too long to be looked at (limit {LONGEST:,})")
        if self.targets is not None and len(self.targets) != length:
            raise ValueError(f"page: targets has {len(self.targets)} entries, text has {length}: one for each")

    @quiet
    def _guesses(self, length: int) -> list[list[list[Any]]] | None:
        """For each step the most probable entries of the vocabulary: [[word, probability], …]."""
        if self.scores is None:
            return None
        scores = _of_sample(numbers(self.scores), 2, self.sample, "scores")
        if len(scores) != length:
            raise ValueError(
                f"page: scores are for {len(scores)} steps, text has {length}: expected (T, V) or (T, B, V)"
            )
        names = self.vocabulary if self.vocabulary is not None else range(scores.shape[1])
        if len(names) != scores.shape[1]:
            raise ValueError(f"page: scores are over {scores.shape[1]} entries, vocabulary has {len(names)}")
        chances = np.exp(scores - scores.max(1, keepdims=True))
        chances /= chances.sum(1, keepdims=True)
        best = np.argsort(-chances, axis=1)[:, :BEST]
        found = [
            [[sign(str(names[k])), tidy(row[k], 3)] for k in order] for row, order in zip(chances, best, strict=True)
        ]
        for t, target in enumerate(self.targets or ()):  # where it is not among the best, at their end
            place = next((k for k, name in enumerate(names) if str(name) == target), None)
            if place is not None and place not in best[t]:
                found[t].append([sign(target), tidy(chances[t, place], 3)])
        return found

    def _attention(self, length: int) -> list[list[list[Any]]] | None:
        """Heads of rows: (N, T, S)."""
        if self.attention is None:
            return None
        weights = numbers(self.attention)
        weights = weights[None] if weights.ndim == 2 else weights[self.sample] if weights.ndim == 4 else weights
        n_sources = length if self.sources is None else len(self.sources)
        if weights.ndim != 3 or weights.shape[1:] != (length, n_sources):
            raise ValueError(
                f"page: attention has shape {np.shape(numbers(self.attention))}, expected (T, S), (N, T, S) or "
                f"(B, N, T, S) with T = {length} entries of text and S = {n_sources} of {'text' if self.sources is None else 'sources'}"
            )
        return [[[tidy(w, 3) for w in row] for row in head] for head in weights[:8]]

    def _series(
        self, model: Model, row_title: Callable[[int], str], times: list[int]
    ) -> tuple[list[dict[str, Any]], list[str]]:
        """Every named value of a step that has units: {name, gate, values: one list of units for each time}."""
        by_name: dict[str, dict[int, np.ndarray]] = {}
        for place, items in model.tiles.items():
            for item in items:
                name = _named(item)
                value = value_of(item) if name and _is_time(item) else None
                if value is None or value.ndim not in (1, 2) or value.dtype.kind != "f" or value.shape[-1] < 2:
                    continue
                units = value if value.ndim == 1 else value[self.sample] if self.sample < len(value) else None
                if units is not None:
                    by_name.setdefault(row_title(place.row) + name, {})[place.step] = units
        kept = {name: at for name, at in by_name.items() if len({len(v) for v in at.values()}) == 1 and len(at) > 1}
        most = MOST_VALUES // max(1, len(kept) * len(times))
        remarks = []
        if any(len(next(iter(at.values()))) > most for at in kept.values()):
            remarks.append(f"the first {most} units of gates and states are shown, to keep the file small")
        return [_one_series(name, at, times, most) for name, at in kept.items()], remarks


def _one_series(name: str, at: dict[int, np.ndarray], times: list[int], most: int) -> dict[str, Any]:
    gate = all(v.min(initial=0) >= 0 and v.max(initial=0) <= 1 for v in at.values())
    values = [[tidy(x, 3) for x in at[t][:most]] if t in at else None for t in times]
    return {"name": clean(name), "gate": gate, "units": min(most, len(next(iter(at.values())))), "values": values}


def _is_time(item: Item) -> bool:
    return item.kind == "op" and item.place is not None


def _named(item: Item) -> str:
    """What the cell calls the result, else what the user does."""
    role = (item.node.roles or {}).get(0) if item.node is not None and item.node.n_outputs == 1 else None
    return role[1] if role is not None else item.name


def _of_sample(array: np.ndarray, dims: int, sample: int, what: str) -> np.ndarray:
    """(T, V) of (T, V) or (T, B, V)."""
    if array.ndim == dims + 1:
        if not 0 <= sample < array.shape[1]:
            raise ValueError(f"page: sample={sample}, but {what} of shape {array.shape} have {array.shape[1]} samples")
        return array[:, sample]
    if array.ndim != dims:
        raise ValueError(f"page: {what} have shape {array.shape}, expected (T, V) or (T, B, V)")
    return array


def sign(word: str) -> str:
    """A word as a page shows it: line ends and tabs, which are characters like others, have signs."""
    return clean(word.replace("\n", "⏎").replace("\t", "⇥"))
