"""The picture as a Mermaid flowchart, for pages that draw it themselves."""

from __future__ import annotations

from ..model.boxes import Box, Picture
from .quote import mermaid_text


def write_mermaid(picture: Picture) -> str:
    """A Mermaid flowchart: one subgraph per step, the same boxes and arrows."""
    lines = ["flowchart LR"]
    for k, tile in enumerate(picture.tiles):
        if tile.title:
            lines.append(f"subgraph s{k} [{mermaid_text(tile.title)}]")
        lines += [f"{box.id}{_shaped(box)}" for box in tile.boxes]
        if tile.title:
            lines.append("end")
    for arrow in picture.arrows():
        line = {"cut": "-. cut .->", "delay": "==>", "state": "-->"}.get(arrow.kind, "-->")
        tail, head = (arrow.head, arrow.tail) if picture.reverse else (arrow.tail, arrow.head)
        lines.append(f"{tail.id} {line} {head.id}")
    return "\n".join(lines) + "\n"


def _shaped(box: Box) -> str:
    left, right = {"input": ("([", "])"), "parameter": (">", "]"), "output": ("{{", "}}"), "port": ("((", "))")}.get(
        box.kind, ("[", "]")
    )
    return f"{left}{mermaid_text(*box.lines)}{right}"
