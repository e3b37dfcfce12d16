"""The picture without a picture: lines for the terminal."""

from __future__ import annotations

from ..model.boxes import Picture
from ..model.gradients import Lane
from ..model.items import Item, Link, Model
from ..model.labels import cuts_text, how, number_text
from ..place.fold import steps_text
from ..place.strip import title_of
from .quote import clean

HEAD, TAIL = 12, 4  # operations of a long part that are listed


def write_text(model: Model, picture: Picture) -> str:
    """Each step once, its operations one per line with where their inputs come from."""
    lines = [picture.title, *picture.remarks]
    shown = {
        tile.data["t"] + "/" + tile.data["row"] for tile in picture.tiles if tile.kind == "step" and "t" in tile.data
    }
    if model.parameters:
        lines.append(
            "parameters: " + ", ".join(f"{_name(p)} {_shape(p)} used {len(p.uses)}×" for p in model.parameters)
        )
    lines += [_lane(lane) for lane in picture.lanes]
    hidden: list[list[Item]] = []
    lines += _part("outside the steps" if model.tiles else "", model.rest)
    for place, items in model.tiles.items():
        if picture.view in ("folded", "auto") and f"{place.step}/{place.row}" not in shown:
            hidden.append(items)
            continue
        lines += _fold(hidden)
        hidden = []
        row = f" (row {place.row})" if len(model.rows) > 1 else ""
        lines += _part(f"t = {place.step}{row}", items)
    lines += _fold(hidden)
    return "\n".join(clean_line(line) for line in lines)


def _lane(lane: Lane) -> str:
    """The gradient by a state at each step, of many steps the first and the last."""
    steps = sorted(lane.norms)
    shown = steps if len(steps) <= 12 else [*steps[:3], *steps[-3:]]
    numbers = ["–" if lane.norms[t] != lane.norms[t] else number_text(lane.norms[t]) for t in shown]
    if len(shown) < len(steps):
        numbers.insert(3, "…")
    return f"{title_of(lane)} at t = {steps[0]} … {steps[-1]}: {', '.join(numbers)}"


def _fold(hidden: list[list[Item]]) -> list[str]:
    """A line for the steps that are left out."""
    return [f"… {steps_text(len(hidden))}{_cuts([item for items in hidden for item in items])} …"] if hidden else []


def _cuts(items: list[Item]) -> str:
    count = sum(bool(link.cut) for item in items for link in item.inputs)
    return f", {cuts_text(count)}" if count else ""


def _part(title: str, items: list[Item]) -> list[str]:
    if not items:
        return []
    indent = "  " if title else ""
    lines = [title] if title else []
    cut = items if len(items) <= 60 else items[:40] + items[-10:]
    for k, item in enumerate(cut):
        if len(cut) < len(items) and k == 40:
            lines.append(f"{indent}… {len(items) - 50} operations{_cuts(items[40:-10])} …")
        lines.append(indent + _line(item))
    return lines


def _line(item: Item) -> str:
    sources = ", ".join(_source(link) for link in item.inputs)
    arrived = item.node.notes.arrived if item.node is not None and item.node.notes is not None else None
    grad = f"   |∂| {number_text(arrived)}" if arrived is not None else ""
    return f"{_name(item)} = {how(item)}({sources})   {_shape(item)}{grad}"


def _source(link: Link) -> str:
    source, target = link.source, link.target
    name = _output(source, link.number)
    step = source.place.step if source.place is not None else None
    here = target.place.step if target.place is not None else None
    at = f"[{step}]" if step is not None and step != here else ""
    cut = " ✕" + link.cut if link.cut else ""
    return f"{name}{at}{cut}"


def _output(item: Item, number: int) -> str:
    """The name of one output."""
    own = item.names.get(number)
    return own or (_name(item) if len(item.shapes) == 1 or item.name else f"{item.id}.{number}")


def _name(item: Item) -> str:
    if item.names and not item.name and len(item.shapes) <= 8:
        return ", ".join(_output(item, number) for number in range(len(item.shapes)))
    return item.name or item.id


def _shape(item: Item) -> str:
    shape = item.shapes[0] if item.shapes else ()
    return "×".join(map(str, shape)) or "scalar"


def clean_line(line: str) -> str:
    """A line for the terminal: as other labels, but as long as it is."""
    return "".join(clean(line[k : k + 100]) for k in range(0, len(line), 100))
