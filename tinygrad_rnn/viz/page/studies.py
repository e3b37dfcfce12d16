"""What the studies say about a drawn graph, put where it belongs: findings for the page, numbers for single nodes.

The studies open the graph themselves, so a whole-sequence layer has other nodes there than in the picture. What they
found is brought back by place: module, layer, direction, name and time step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph import Leaf
from ...study.decays import Decay, Line
from ...study.explaining.diagnosis import explain
from ...study.history import History
from ...study.ledgers import ledger
from ...study.maps import gradient_map
from ...study.pathways import paths
from ...study.reporting import Report, memory_by_node
from ...study.results import norm
from ...study.steps import Track
from ...study.weights import contributions
from ..errors import DrawError
from ..model.items import Item, Model
from ..write.quote import clean
from ..write.text import clean_line
from .summary import tidy

LONGEST_FLOW = 200  # time steps for which the gradient flow is computed: one backward pass each
MOST_NODES = 20_000  # in a larger graph nothing is studied
MOST_PARTS = 5_000_000  # numbers of a weight's gradient, by use
MOST_EXPLAINED = 100_000  # items times weights: each weight is explained by a run of backward
CAUSES = {
    "‖W‖": "W multiplies by, at most", "tanh′": "tanh′, mean", "relu′": "units that are on", "saturated": "units saturated",
    "kept": "the gate keeps, mean", "other ways": "share of other ways",
}  # fmt: skip


class Studies:
    """Asks about `losses`, the tensors that were drawn, and answers in terms of the model's items.

    findings  sentences, the most noteworthy first
    flow      gradient maps: [{name, times, nodes, norms}]
    about     for an item: [[title, [[name, number], …], sentence], …]
    kept      for an item: bytes that its rule keeps for backward, each memory counted once
    memory    a sentence: what the whole graph keeps for backward
    """

    def __init__(self, model: Model, losses: list[Any], variables: dict[str, Any], flow: bool):
        self.model = model
        self.findings: list[str] = []
        self.flow: list[dict[str, Any]] = []
        self.about: dict[Item, list[list[Any]]] = {}
        self.kept: dict[Item, int] = {}
        self.memory: str = ""
        self.remarks: list[str] = []
        self._places: dict[Any, Item] = {}
        if flow and model.steps > LONGEST_FLOW:
            raise DrawError(
                f"gradient_flow runs backward once for each time step, for at most {LONGEST_FLOW}; "
                f"this graph has {model.steps}: draw a shorter sequence"
            )
        if not losses or len(model.items) > MOST_NODES or not model.tiles:
            return
        for item in model.items:
            if item.place is not None:
                self._places[_key(item.scope, item.name, item.place.step)] = item
        try:
            with History(losses, variables) as past:
                if past.steps.tracks:
                    self._ask(past, flow)
                self._memory(past, losses)
        except (RuntimeError, ValueError) as error:  # the graph was freed, or a value changed
            self.remarks.append(
                clean_line(f"no gradient flow, and nothing was studied: {str(error).removeprefix('study: ')}")
            )

    def _ask(self, past: History, flow: bool) -> None:
        report = Report(past, 0.01)
        told = [words for words in report.noteworthy if not words.startswith("backward keeps")]  # `memory` says it
        self.findings = [clean(words) for words in told[:4]]
        tracks = {track.label: track for track in past.steps.tracks}
        for label, line in report.decay.lines.items():
            self._state(tracks[label], line, report.decay)
            self._ways(past, tracks[label])
        for item in self.model.parameters:
            self._weight(past, item)
            self._why(past, item)
        for track in past.steps.tracks if flow else ():
            self._map(past, track)

    def _state(self, track: Track, line: Line, decay: Decay) -> None:
        sentence = clean(decay.about(line))
        for k, t in enumerate(line.steps):
            item = self._item(track, t)
            if item is None:
                continue
            rows = [["‖∂L‖ here", line.whole[k]], ["factor to the step before", line.factors[k]]]
            rows += [[CAUSES.get(name, name), values[k]] for name, values in line.causes.items()]
            self._tell(item, f"{track.label} through time", rows, sentence)

    def _tell(self, item: Item, title: str, rows: list[list[Any]], sentence: str) -> None:
        self.about.setdefault(item, []).append([clean(title), _known(rows), clean(sentence)])

    def _ways(self, past: History, track: Track) -> None:
        """Of a state that a gate carries along: how much of its gradient came along, how much through the gates."""
        try:
            found = paths(past, track.label)
        except ValueError:  # no gate does
            return
        for k, t in enumerate(found.steps):
            item = self._item(track, t)
            if item is not None:
                ways = [("along the cell", found.along), ("through the gates", found.through)]
                rows = [[f"‖∂L‖ {way}", norm(parts[k])] for way, parts in ways]
                self._tell(item, "By which way", [*rows, ["share along the cell", found.shares[k]]], found.finding())

    def _why(self, past: History, item: Item) -> None:
        """What is wrong with the gradient of a weight, or that nothing is."""
        leaf = item.node
        tensor = leaf.variable if isinstance(leaf, Leaf) else None
        if leaf is None or tensor is None or len(self.model.items) * len(self.model.parameters) > MOST_EXPLAINED:
            return
        found = explain(past.losses, tensor)
        if found.verdict == "none" and past.arriving([(leaf, 0)]):
            return  # it is about `.grad` alone, which drawing leaves empty: what arrives is shown above
        self._tell(item, f"Its gradient is {found.verdict}", [], found.finding())

    def _memory(self, past: History, losses: list[Any]) -> None:
        for node, size in memory_by_node(past).items():
            item = self.model.item_of.get(node)
            if item is not None and size:
                self.kept[item] = self.kept.get(item, 0) + size
        self.memory = clean(ledger(losses).finding().partition(". ")[0])

    def _weight(self, past: History, item: Item) -> None:
        tensor = item.node.variable if isinstance(item.node, Leaf) else None
        if tensor is None or len(item.uses) < 2 or tensor.array.size * len(item.uses) > MOST_PARTS:
            return
        try:
            found = contributions(past, tensor)
        except RuntimeError:  # drawn, but not behind the loss
            return
        shares = [
            [f"share of t = {t}", share] for t, share in zip(found.steps, found.shares, strict=True) if t is not None
        ]
        shares.sort(key=lambda row: -abs(row[1]))
        self._tell(item, "Contributions of time steps", shares[:6], found.finding())

    def _map(self, past: History, track: Track) -> None:
        found = gradient_map(past, track.label)
        items = [self._item(track, t) for t in found.columns]
        self.flow.append({
            "name": clean(track.label),
            "rows": found.rows,
            "times": found.columns,
            "items": items,
            "norms": [[None if np.isnan(x) else tidy(x, 4) for x in row] for row in found.norms],
            "finding": clean(found.finding()),
        })  # fmt: skip

    def _item(self, track: Track, t: int) -> Item | None:
        """The drawn item of a state at a step."""
        node, _ = track.edges[t]
        return self.model.item_of.get(node) or self._places.get(_key(node.scope, track.name, t))


def _key(scope: Any, name: str, t: Any) -> Any:
    return scope.path, scope.layer, scope.direction, name, t


def _known(rows: list[list[Any]]) -> list[list[Any]]:
    return [[name, tidy(x, 4)] for name, x in rows if not np.isnan(x)]
