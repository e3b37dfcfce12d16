"""The interactive page: one HTML file with the picture, the numbers behind it, and a script of our own.

Nothing is fetched: a content security policy forbids it, and allows no script but ours, by its hash. What users
name can reach the page only as text: in the SVG through `xml_text`, everywhere else as JSON shown by the script
through `textContent`. A page carries data (values, gradients, names, file names of recorded sources) but no code.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._quiet import quiet
from ...study.walking.events import Event
from ...study.walking.rules import formula, is_small, numbers
from ..errors import DrawError
from ..model.items import Item, Model, value_of
from ..model.labels import shape_text
from ..place.views import full_name
from ..write.quote import clean, xml_text
from .reading import Reading
from .replay import replay
from .studies import Studies
from .summary import SIDE, cells_of, summary, tidy

if TYPE_CHECKING:
    from ..drawing import Drawing

MOST_CELLS = 250_000  # heat map cells in a page; larger graphs get coarser heat maps
MOST_NODES = 20_000  # nodes that the script knows; a page of more shows the newest
MOST_SVG = 8_000_000  # characters of all views together
MOST_WRITTEN = 300  # events of which the rule is shown with its numbers
MOST_BYTES = 20_000_000  # of the whole file: what the three limits above lead to
BOX = 1500  # characters that a box and its arrows take, generously
OTHER_VIEWS = ("op", "folded", "module", "rolled")
SCRIPTS = ("numbers.js", "graph.js", "charts.js", "panel.js", "play.js", "flow.js", "reading.js", "table.js", "main.js")


def write_page(
    drawing: Drawing, *, text: Sequence[str] | None = None, scores: Any = None, vocabulary: Sequence[str] | None = None,
    targets: Sequence[str] | None = None, attention: Any = None, sources: Sequence[str] | None = None, sample: int = 0,
    losses: Sequence[float] | None = None, gradient_flow: bool = False, title: str | None = None,
) -> str:  # fmt: skip
    """The page of a drawing, as the text of an HTML file.

    text           what was read at each time step: a str of T characters, or T words. A click on one shows its gates
    scores         (T, V) or (T, B, V), before softmax: the most probable of `vocabulary` at each step, with probabilities
    vocabulary     V characters or words
    targets        what should have been guessed at each step: T characters or words
    attention      weights (T, S), (N, T, S) or (B, N, T, S), of N heads; `sources` are the S words, if not `text`
    sample         which of the batch is shown in text, guesses, gates and attention
    losses         training losses, for a curve
    gradient_flow  how much of the loss at each time reaches the states before it: one backward pass per time
                   step, so at most 200 steps
    title          instead of the model's name and the counts of the drawing

    Raises ValueError where lengths do not fit. The file stays below 20 MB, and is a few hundred kB for graphs one can
    read: arrays are stored as statistics and at most 32 × 32 block means, fewer in large graphs. Backward is run once
    more to be played; `.grad` and the graph stay as they were.
    """
    reading = Reading(text, scores, vocabulary, targets, attention, sources, sample)
    studies = Studies(drawing.model, drawing.tensors, drawing.variables, gradient_flow)
    data = PageData(drawing.model, losses, studies, reading).collect()
    pictures = _views(drawing)
    counts = drawing.picture.title.rpartition(" · view")[0]  # the view can be changed
    title = " · ".join(filter(None, [_model_name(drawing.model), counts])) if title is None else title
    data |= {"title": clean(title), "view": drawing.view, "views": list(pictures), "stats": drawing.stats}
    svgs = "".join(
        f'<div class="view" data-view="{name}"{"" if name == drawing.view else " hidden"}>{svg}</div>'
        for name, svg in pictures.items()
    )
    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    filled = {
        "theme": drawing.theme,
        "policy": f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'",
        "title": xml_text(title),
        "style": _asset("page.css"),
        "views": svgs,
        "data": to_json(data),
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: filled[hole[1]], _asset("page.html"))


@cache
def _asset(name: str) -> str:
    return (resources.files("tinygrad_rnn.viz.page") / "assets" / name).read_text(encoding="utf-8")


@cache
def _script() -> str:
    """The parts of the script, in a function so that they leave no global names."""
    return '(() => {\n"use strict";\n' + "\n".join(map(_asset, SCRIPTS)) + "\n})();"


def to_json(data: Any) -> str:
    """JSON that may stand inside a script element: nothing in it can end the element or open a comment."""
    # ASCII only: U+2028 and surrogates are escaped
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), default=_plain)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(x: Any) -> Any:
    """Steps and layers may be NumPy's numbers, or anything that a user tags a scope with."""
    return x.item() if isinstance(x, np.generic) else clean(str(x))


def _views(drawing: Drawing) -> dict[str, str]:
    """The SVG of the drawing's own view, and of the others while there is room; ids made different."""
    svg = drawing.svg()
    if len(svg) > MOST_SVG:
        raise DrawError(
            f"the picture alone is {len(svg) / 1e6:.0f} MB (limit {MOST_SVG / 1e6:.0f} MB for a page): "
            f"try view='folded' or view='module', or steps=range(0, 10)"
        )
    found = {drawing.view: _own_ids(svg, 0)}
    room = MOST_SVG / 2 - len(svg)
    for view in OTHER_VIEWS:
        useful = drawing.model.tiles or view in ("op", "module")
        if view in found or not useful or drawing.wanted.steps is not None or _fewest(drawing.model, view) * BOX > room:
            continue
        other = drawing.with_view(view)
        if other.stats["drawn"] * BOX < room:
            with contextlib.suppress(DrawError):  # a layout that takes too long
                svg = other.svg()
                room -= len(svg)
                found[view] = _own_ids(svg, len(found))
    return found


def _fewest(model: Model, view: str) -> int:
    """How many boxes a view has at least, known without building it."""
    if view == "op":
        return sum(item.kind == "op" for item in model.items)
    scopes = {item.scope if item.scope.path or item.place else item for item in model.items}
    return len(scopes) if view == "module" else 0


def _own_ids(svg: str, number: int) -> str:
    """Boxes of several pictures in one page need ids of their own. Quotes in texts are escaped: none can match."""
    return re.sub(r'\b(id|data-from|data-to)="([\w-]+)"', rf'\1="v{number}-\2"', svg)


def _model_name(model: Model) -> str:
    """The modules that were called, outermost alone: "CharModel"; "" without any."""
    names = dict.fromkeys(item.scope.path.partition(".")[0] for item in model.items if item.scope.path)
    return ", ".join([*names][:3])


class PageData:
    """Collects what the script needs to know about a model."""

    def __init__(self, model: Model, losses: Sequence[float] | None, studies: Studies, reading: Reading):
        self.model: Model = model
        self.losses: Sequence[float] | None = losses
        self.studies: Studies = studies
        self.reading: Reading = reading
        self.items: Any = model.items[-MOST_NODES:]
        self.number: Any = {item: k for k, item in enumerate(self.items)}
        self.side: Any = self._side()
        self.gradients: dict[Item, dict[str, Any]] = {}
        self.small: list[Event] = []  # events whose numbers can be written out
        self.remarks: list[str] = [*studies.remarks]
        if len(model.items) > MOST_NODES:
            self.remarks.append(f"details of the newest {MOST_NODES:,} of {len(model.items):,} nodes")
        if self.side < SIDE:
            self.remarks.append(f"heat maps are at most {self.side} × {self.side}, to keep the file small")

    def _side(self) -> int:
        """The finest heat maps for which all together stay within MOST_CELLS."""
        for side in (SIDE, 16, 8, 4):
            if sum(2 * cells_of(shape, side) for item in self.items for shape in item.shapes[:1]) <= MOST_CELLS:
                return side
        return 0

    def collect(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        events = self._events()
        reading, left_out = self.reading.collect(self.model, self._row_title)
        self.remarks += left_out
        number = {item.node: k for item, k in self.number.items() if item.node is not None}
        kinds = {item.op: item.node for item in self.items if item.op}
        return {
            "nodes": [self._node(item) for item in self.items],
            "ops": {op: list(map(clean, formula(node))) for op, node in kinds.items()},
            "written": self._in_numbers(),
            "backward": [_event(event, number) for event in events if event.node in number],
            "outputs": [self.number[self.model.item_of[node]] for node, _ in self.model.outputs],
            "flow": [
                {**flow, "items": None, "nodes": [self.number.get(item, -1) for item in flow["items"]]}
                for flow in sorted(self.studies.flow, key=lambda flow: not flow["name"].startswith("h"))
            ],
            "findings": self.studies.findings,
            "memory": self.studies.memory,
            "reading": reading,
            "losses": [tidy(x) for x in self._losses()],
            "remarks": [*self.remarks],
        }

    @quiet
    def _losses(self) -> list[float]:
        """At most 2000 of them, as means of neighbours."""
        losses = np.asarray([] if self.losses is None else self.losses, dtype=np.float64)
        return losses.tolist() if losses.size <= 2000 else [part.mean() for part in np.array_split(losses, 2000)]

    def _events(self) -> list[Event]:
        try:
            events = replay(self.model, self._look)
        except RuntimeError as error:  # such as a value that was changed in place since
            self.remarks.append(clean(f"backward cannot be played: {error}"))
            return []
        if not events:
            self.remarks.append(
                "backward cannot be played: the graph was freed. Draw before backward(), or use tg.record()"
            )
        return events

    def _look(self, event: Event, gradient: Any) -> None:
        item = self.model.item_of[event.node]
        if item in self.number and not isinstance(gradient, (tuple, list)):
            self.gradients[item] = summary(gradient, self.side)
            if is_small(gradient) and event.node.edges and len(self.small) < MOST_WRITTEN:
                event.gradient, event.saved = gradient, event.node.saved_tensors
                self.small.append(event)

    def _in_numbers(self) -> dict[int, list[str]]:
        """The rule of small events with their numbers put in, by the number of the node."""
        found = {self.number[self.model.item_of[event.node]]: list(map(clean, numbers(event))) for event in self.small}
        return {k: lines for k, lines in found.items() if lines}

    def _node(self, item: Item) -> dict[str, Any]:
        value = _value(item)
        numeric = value is not None and value.dtype.kind in "fiub"
        scope = item.scope
        found: dict[str, Any] = {
            "id": item.id,
            "kind": item.kind,
            "op": item.op,
            "symbol": item.symbol,
            "name": clean(full_name(item) if item.kind == "parameter" else item.name),
            "shape": shape_text(item),
            "inputs": [
                [self.number.get(link.source, -1), link.position, link.number, link.cut] for link in item.inputs
            ],
            "value": summary(value, self.side) if value is not None and numeric else None,
            "grad": self.gradients.get(item),
            "t": item.place.step if item.place is not None else scope.step,
            "row": item.place.row if item.place is not None else None,
            "module": clean(scope.path),
            "layer": scope.layer,
            "direction": clean(scope.direction or ""),
        }
        if item in self.studies.about:
            found["study"] = self.studies.about[item]
        if item in self.studies.kept:
            found["kept"] = self.studies.kept[item]
        if item.names:
            found["names"] = [clean(name) for _, name in sorted(item.names.items())]
        if item.node is not None and item.node.source:
            found["source"] = clean(os.path.basename(item.node.source))
        if numeric and value is not None and item.op in ("Sigmoid", "Tanh") and value.size:
            slope = value * (1 - value) if item.op == "Sigmoid" else 1 - value * value
            found["flat"] = tidy(float((slope < 0.05).mean()), 3)
        return {key: content for key, content in found.items() if content not in (None, "")}

    def _row_title(self, row: int) -> str:
        rows = self.model.rows
        layer, direction = rows[row].layer, rows[row].direction
        several = len({scope.layer for scope in rows}) > 1 and layer is not None
        return (f"layer {layer} " if several else "") + ("reverse " if direction == "reverse" else "")


def _value(item: Item) -> np.ndarray | None:
    """The array of an item; of several outputs of one shape, all of them side by side."""
    value = value_of(item)
    parts = item.node.notes.output if value is None and item.node is not None and item.node.notes is not None else None
    return np.stack(parts) if isinstance(parts, tuple) and len({np.shape(part) for part in parts}) == 1 else value


def _event(event: Event, number: dict[Any, int]) -> list[Any]:
    """An event as the script has it: whose turn, the norm, and for each gradient sent to whom, where, and the norms."""
    sent = [
        [number[s.edge[0]], s.position, tidy(s.norm), None if s.running is None else tidy(s.running)]
        for s in event.sent
        if s.edge[0] in number
    ]
    return [number[event.node], tidy(event.norm), sent]
