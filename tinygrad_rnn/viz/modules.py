"""The module view: one box per module and time step, nested as the modules are.

What a module computes inside is one box; what runs outside every module stays visible as operations.
"""

from __future__ import annotations

from .labels import Labels, short
from .model import Item, Link, Model
from .picture import Arrow, Box, Cluster, Picture, Tile
from .steps import Place
from .tiles import value_name

ENDS, UNFOLDED = 3, 12
Key = tuple[object, ...]


def modules(model: Model, wanted: object) -> Picture:
    """One tile with a box per module call; steps far from both ends are folded."""
    from .views import finish

    picture = Picture("module")
    labels = getattr(wanted, "labels", None) or Labels()
    hidden = _hidden(model)
    tile = Tile(kind="graph")
    boxes: dict[Key, Box] = {}
    key_of: dict[Item, Key] = {}
    for item in model.items:
        if item.kind == "op":
            key = key_of[item] = _key(item, hidden, key_of)
            if key not in boxes:
                boxes[key] = _box(key, item, model, labels, len(boxes))
                tile.boxes.append(boxes[key])
    _arrows(model, tile, boxes, key_of, labels)
    tile.clusters = _clusters(boxes)
    picture.tiles.append(tile)
    if hidden:
        picture.notes.append(f"{len(hidden)} of {len(model.tiles)} steps are folded into '…' boxes")
    return finish(picture, model, wanted)  # type: ignore[arg-type]


def _hidden(model: Model) -> set[Place]:
    hidden: set[Place] = set()
    for row in range(len(model.rows)):
        run = [place for place in model.tiles if place.row == row]
        if len(run) > UNFOLDED:
            hidden.update(run[ENDS:-ENDS])
    return hidden


def _key(item: Item, hidden: set[Place], key_of: dict[Item, Key]) -> Key:
    """What box an operation belongs to: a fold, a module call (in a step), or itself."""
    if item.place in hidden:
        assert item.place is not None
        return ("fold", item.place.row)
    if item.place is not None:
        return ("step", item.place, item.scope.path)
    if not item.scope.path:
        return ("op", item.id)
    return ("call", item.scope.path, item.scope.call, _stretch(item, key_of))


def _stretch(item: Item, key_of: dict[Item, Key]) -> int:
    """A module that computes, calls another and computes on has two boxes: else the boxes would form a circle."""
    here = (item.scope.path, item.scope.call)
    stretch = 0
    for link in item.inputs:
        key = key_of.get(link.source)
        if key is None or key[0] != "call":
            continue
        stretch = max(stretch, int(str(key[3])))
        if (key[1], key[2]) != here:
            stretch = max(stretch, _reaches(link.source, here, key_of))
    return stretch


def _reaches(source: Item, here: tuple[str, int], key_of: dict[Item, Key]) -> int:
    """One more than the stretch of this call from which `source`'s module got its inputs."""
    best = 0
    for link in source.inputs:
        key = key_of.get(link.source)
        if key is not None and key[0] == "call" and (key[1], key[2]) == here:
            best = max(best, int(str(key[3])) + 1)
    return best


def _box(key: Key, item: Item, model: Model, labels: Labels, number: int) -> Box:
    id = f"m{number}"
    if key[0] == "op":
        return labels.box(item, id)
    if key[0] == "fold":
        run = [p for p in model.tiles if p.row == key[1]][ENDS:-ENDS]
        steps = sorted(place.step for place in run)
        box = Box(id, "fold", ["…", f"{len(run)} steps", f"t = {steps[0]} … {steps[-1]}"])
    else:
        name = short(item.scope.path.rpartition(".")[2]) or "step"
        lines = [name] if item.place is None else [name, f"t = {item.place.step}"]
        if item.scope.layer is not None:
            lines.insert(1, f"layer {item.scope.layer}" + (" ←" if item.scope.direction == "reverse" else ""))
        box = Box(id, "module", lines, tip=item.scope.path)
        if item.place is not None:
            box.data |= {"t": str(item.place.step), "row": str(item.place.row)}
    box.measure()
    return box


def _arrows(model: Model, tile: Tile, boxes: dict[Key, Box], key_of: dict[Item, Key], labels: Labels) -> None:
    """One arrow per value between boxes, with its name and, if asked, its gradient."""
    made: dict[tuple[Box, Box, str], Arrow] = {}
    chips: dict[object, Box] = {}
    for link in model.links:
        head = boxes[key_of[link.target]]
        source = link.source
        if source.kind == "op":
            tail, name = boxes[key_of[source]], _value(link)
        elif source.kind == "parameter" or head.kind == "fold":
            continue  # listed in the legend
        else:
            tail, name = chips.get(source), ""
            if tail is None:
                tail = chips[source] = labels.box(source, f"c{len(chips)}")
                tile.boxes.append(tail)
        if tail is head:
            continue
        kind = "cut" if link.cut else "state" if _over_time(link) else "value"
        arrow = made.get((tail, head, name))
        if arrow is None:
            arrow = made[tail, head, name] = Arrow(tail, head, kind, link.norm, name)
            tile.arrows.append(arrow)
        elif link.norm is not None:
            arrow.norm = (link.norm**2 + (arrow.norm or 0.0) ** 2) ** 0.5


def _over_time(link: Link) -> bool:
    return link.source.place is not None and link.target.place is not None and link.source.place != link.target.place


def _value(link: Link) -> str:
    if not link.source.label_of(link.number):
        return ""
    return value_name(link.source, link.number)


def _clusters(boxes: dict[Key, Box]) -> list[Cluster]:
    """Frames for modules that contain several boxes."""
    found: dict[str, Cluster] = {}
    for key, box in boxes.items():
        path = str(key[2] if key[0] == "step" else key[1] if key[0] == "call" else "")
        parts = path.split(".") if path else []
        for depth in range(len(parts)):
            prefix = ".".join(parts[: depth + 1])
            found.setdefault(prefix, Cluster(short(parts[depth]), [], depth)).boxes.append(box)
    return sorted((c for c in found.values() if len(c.boxes) > 1), key=lambda cluster: cluster.depth)
