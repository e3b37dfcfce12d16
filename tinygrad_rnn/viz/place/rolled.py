"""The rolled view: one step per row that stands for all, with edges back to it; and whether it may.

Steps are compared by what they compute, not by which step they are. If they are not all alike the
picture says which step is first unlike the others, and how.
"""

from __future__ import annotations

from ..model.boxes import Box, Picture, Tile
from ..model.items import Item, Link, Model
from ..model.tiles import TileBuilder, step_tile, value_name
from ..model.time_steps import Place
from .align import same_exits
from .grid import Grid


def roll(model: Model, builder: TileBuilder, grid: Grid) -> None:
    """One tile per row standing for all its steps, with edges that carry a value to the next step."""
    picture = builder.picture
    chosen: dict[int, Place] = {}
    tiles: dict[Place, Tile] = {}
    for row, run in enumerate(model.runs):
        place = chosen[row] = run[len(run) // 2]  # neither the first nor the last: those may differ
        tile = step_tile(builder, model.tiles[place], grid.tile_for(place))
        steps = sorted(p.step for p in run)
        tile.title = f"{grid.row_title(row)}one step, × {len(run)} · t = {steps[0]} … {steps[-1]}".strip()
        tile.data = {}
        tiles[place] = tile
        picture.remarks.extend(unlike(model, run, grid.row_title(row)))
    if picture.lanes:
        shown = ", ".join(str(step) for step in sorted({place.step for place in chosen.values()}))
        picture.remarks.append(f"dashed: the gradient of step t = {shown}; the strip below has all steps")
    same_exits(model, builder)
    _roll_hops(model, builder, chosen)
    _name_by_t(picture, builder, tiles)


def _roll_hops(model: Model, builder: TileBuilder, chosen: dict[int, Place]) -> None:
    """Where a value comes from another step of the same row, draw it as coming from this one, delayed."""

    def stand_in(link: Link) -> tuple[Tile, Box] | None:
        source = link.source
        if source.place is None:
            return None
        k, items = source.index, model.tiles[chosen[source.place.row]]
        if k >= len(items) or items[k].op != source.op or items[k] not in builder.tile_of:
            return None
        return builder.tile_of[items[k]], builder.exit(items[k], link.number)

    builder.connect(stand_in)
    for hop in builder.picture.hops:
        if hop.tail is hop.head:
            hop.arrow.kind = "delay"
    cuts = sum(bool(link.cut) and link.source.place != link.target.place for link in model.links)
    if cuts:
        builder.picture.remarks.append(
            f"✕ {cuts} of the values carried between steps are cut: no gradient comes back there"
        )


def _name_by_t(picture: Picture, builder: TileBuilder, tiles: dict[Place, Tile]) -> None:
    """Write h[t] and h[t-1] instead of the numbers of the step that stands for all."""
    for entry in builder.entries:
        source, target = entry.links[0].source, entry.links[0].target
        if source.op == "Unbind" and target.place is not None:
            entry.port.lines = [value_name(source, 0).removesuffix("[0]") + "[t]"]
            entry.port.measure()
        if source.place is None or target.place is None or any(link.source is not source for link in entry.links):
            continue
        lag = source.place.step - target.place.step
        name = entry.port.lines[0].rpartition("[")[0]
        t = f"t{lag:+d}".replace("-", "−") if lag else "t"
        entry.port.lines = [f"{name}[{t}]"]
        entry.port.measure()
        for hop in picture.hops:
            if hop.arrow.head is entry.port and hop.arrow.kind == "delay":
                hop.arrow.label = f"{name}, {abs(lag)} step{'s' if abs(lag) > 1 else ''} later"
    for place, tile in tiles.items():
        for box in tile.boxes:
            if box.kind == "input" and box.lines[0].endswith(f"[{place.step}]"):
                box.lines[0] = box.lines[0].removesuffix(f"[{place.step}]") + "[t]"
    for (item, _), port in builder.exits.items():
        if item.place is not None:
            port.lines = [port.lines[0].rpartition("[")[0] + "[t]"]
            port.measure()


def unlike(model: Model, run: list[Place], title: str = "") -> list[str]:
    """Say which step is first unlike the others of its row, and why; nothing if all are alike."""
    if len(run) < 3:
        return []
    forms = {place: form_of(model.tiles[place]) for place in run}
    usual = forms[run[len(run) // 2]]
    for place in run:
        if forms[place] != usual:
            return [f"{title}steps are not all alike: t = {place.step} {difference(forms[place], usual)}"]
    return []


def form_of(items: list[Item]) -> list[tuple[object, ...]]:
    """What one step computes, apart from which step it is: op, shapes, and where each input comes from."""
    number = {item: k for k, item in enumerate(items)}
    form = []
    for item in items:
        inputs = []
        for link in item.inputs:
            source = link.source
            if source in number:
                inputs.append((number[source], link.number))
            elif source.kind == "parameter":
                inputs.append((source.id, 0))
            else:
                inputs.append(("input", 0))  # a state, the start of one, or x_t
        form.append((item.op, item.shapes, tuple(inputs)))
    return form


def difference(form: list[tuple[object, ...]], usual: list[tuple[object, ...]]) -> str:
    """How a step departs from the usual one, in words."""
    for k, (a, b) in enumerate(zip(form, usual, strict=False)):
        if a[0] != b[0]:
            return f"has {a[0]} as operation {k + 1}, the others {b[0]}"
        if a[1] != b[1]:
            return f"gives shape {a[1]} at operation {k + 1} ({a[0]}), the others {b[1]}"
        if a[2] != b[2]:
            return f"takes other inputs at operation {k + 1} ({a[0]})"
    return f"has {len(form)} operations, the others {len(usual)}"
