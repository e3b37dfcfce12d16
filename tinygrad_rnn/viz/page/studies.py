"""What the studies say about a drawn graph, put where it belongs: findings for the page, numbers for single nodes.

The studies open the graph themselves, so a whole-sequence layer has other nodes there than in the picture. What they
found is brought back by place: module, layer, direction, name and time step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph import Leaf
from ...study.decays import Decay, Line
from ...study.history import History
from ...study.maps import gradient_map
from ...study.reporting import Report
from ...study.steps import Track
from ...study.weights import contributions
from ..errors import DrawError
from ..model.items import Item, Model
from ..write.quote import clean
from .summary import tidy

LONGEST_FLOW = 200  # time steps for which the gradient flow is computed: one backward pass each
MOST_NODES = 20_000  # in a larger graph nothing is studied
MOST_PARTS = 5_000_000  # numbers of a weight's gradient, by use
CAUSES = {
    "‖W‖": "W multiplies by, at most", "tanh′": "tanh′, mean", "relu′": "units that are on", "saturated": "units saturated",
    "kept": "the gate keeps, mean", "other ways": "share of other ways",
}  # fmt: skip


class Studies:
    """Asks about `losses`, the tensors that were drawn, and answers in terms of the model's items.

    findings  sentences, the most noteworthy first
    flow      gradient maps: [{name, times, nodes, norms}]
    about     for an item: [title, [[name, number], …], sentence]
    """

    def __init__(self, model: Model, losses: list[Any], variables: dict[str, Any], flow: bool):
        self.model = model
        self.findings: list[str] = []
        self.flow: list[dict[str, Any]] = []
        self.about: dict[Item, list[Any]] = {}
        self.notes: list[str] = []
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
        except (RuntimeError, ValueError) as error:  # the graph was freed, or a value changed
            self.notes.append(clean(f"no gradient flow, and nothing was studied: {error}"))

    def _ask(self, past: History, flow: bool) -> None:
        report = Report(past, 0.01)
        self.findings = [clean(words) for words in report.noteworthy[:4]]
        tracks = {track.label: track for track in past.steps.tracks}
        for label, line in report.decay.lines.items():
            self._state(tracks[label], line, report.decay)
        for item in self.model.parameters:
            self._weight(past, item)
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
            self.about[item] = [f"{track.label} through time", _known(rows), sentence]

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
        self.about[item] = ["Contributions of time steps", _known(shares[:6]), clean(found.finding())]

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
