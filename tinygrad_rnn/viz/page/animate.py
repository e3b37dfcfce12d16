"""Backward as an animated SVG: boxes light up in the engine's order, and gradient goes along its tracks. No script.

A style sheet is added to the picture: each box and each track has an animation of its own, in steps.
"""

from __future__ import annotations

import re

from ..errors import DrawError
from ..model.items import Model
from .replay import replay

PAUSE = 2.0  # seconds at the end, with everything lit
MOST = 400  # events; a longer film nobody watches
NOW, DONE = "stroke:#d55e00;stroke-width:4.5px", "stroke:#d55e00;stroke-width:1.8px"
_BOX = re.compile(r'<g id="([\w-]+)"(?: data-node="(\w+)")?')
_TRACK = re.compile(r'class="tg-grad"[^>]*? data-from="([\w-]+)" data-to="([\w-]+)"')


def animated(svg: str, model: Model, seconds: float = 0.4) -> str:
    """The SVG of a drawing with gradients, playing backward over and over, `seconds` for each event.

    Raises DrawError if backward cannot be played or has more than 400 events.
    """
    events = replay(model, lambda event, gradient: None)
    if not events:
        raise DrawError("backward cannot be played: the graph was freed. Draw before backward(), or use tg.record()")
    if len(events) > MOST:
        raise DrawError(f"play=True is for at most {MOST} events of backward, this graph has {len(events):,}")
    length = len(events) * seconds + PAUSE
    node_of = dict(_BOX.findall(svg))
    boxes: dict[str, list[str]] = {}
    for box, node in node_of.items():
        boxes.setdefault(node, []).append(box)
    into: dict[str, list[str]] = {}
    for start, end in dict.fromkeys(_TRACK.findall(svg)):
        into.setdefault(end, []).append(start)
    rules, lit = [], set[tuple[str, str]]()
    for k, event in enumerate(events):
        at, after = (100 * seconds * moment / length for moment in (k, k + 1))
        mine = boxes.get(model.item_of[event.node].id, [])
        tracks = [track for track in _reaching(mine, into, node_of) if track not in lit]
        lit.update(tracks)
        if mine:
            rules.append(f"@keyframes b{k}{{{at:.2f}%{{{NOW}}}{after:.2f}%{{{DONE}}}}}")
            rules.append(",".join(f"#{box}>.tg-b" for box in mine) + _play(f"b{k}", length))
        if tracks:
            paths = [f'.tg-grad[data-from="{start}"][data-to="{end}"]' for start, end in tracks]
            rules.append(f"@keyframes g{k}{{0%{{opacity:0}}{at:.2f}%{{opacity:1}}}}")
            rules.append(",".join(f"{path},{path}+.tg-tip" for path in paths) + _play(f"g{k}", length))
    style = f"<style>@media (prefers-reduced-motion:no-preference){{{''.join(rules)}}}</style>"
    return svg.replace("</style>", f"</style>\n{style}", 1)


def _play(name: str, length: float) -> str:
    return f"{{animation:{name} {length:.2f}s step-end infinite}}"


def _reaching(boxes: list[str], into: dict[str, list[str]], node_of: dict[str, str]) -> list[tuple[str, str]]:
    """The tracks into these boxes, on through ports, up to the boxes of nodes."""
    found, waiting = dict[tuple[str, str], None](), [*boxes]
    while waiting:
        end = waiting.pop()
        for start in into.get(end, ()):
            if (start, end) not in found:
                found[start, end] = None
                if not node_of.get(start):
                    waiting.append(start)
    return [*found]
