"""The lines under a picture: shared parameters once, what shapes, colours and lines mean, and the gradient scale.

Only what occurs in the picture is explained.
"""

from __future__ import annotations

from ..model.boxes import Arrow, Box, Picture
from ..model.labels import number_text
from ..style import GradientScale, level, text_width
from .quote import xml_text
from .shapes import arrowhead, box_svg, cross, path, ring

LEGEND_LINE = 26.0
SIGNS = {
    "state": "value carried to another step",
    "delay": "comes back in the next step",
    "cut": "cut: the value passes, no gradient comes back (detach or no_grad)",
    "zero": "gradient exactly zero",
    "unreached": "no gradient here: not connected",
    "differs": "the other graph has no such operation",
}
SHAPES = {"op": "operation", "port": "enters or leaves a step", "parameter": "parameter", "input": "input or constant", "output": "result", "module": "module"}  # fmt: skip
ROLES = {
    "i": "input gate", "f": "forget gate", "g": "candidate", "o": "output gate", "c": "cell state", "h": "state",
    "r": "reset gate", "z": "update gate", "n": "candidate",
}  # fmt: skip


def scale_text(scale: GradientScale) -> str:
    """What the widths of the gradient tracks mean, in words."""
    ticks = " … ".join(map(tick_text, scale.ticks()))
    return f"gradient norm, log scale: {ticks}; {scale.count} of {scale.of} edges carry one"


def tick_text(norm: float) -> str:
    """A number on the scale."""
    return number_text(float(f"{norm:.2g}"))


def border_text(picture: Picture) -> str:
    """What the numbers at the steps' borders and in the strip mean."""
    name = picture.lanes[0].label.partition(" ")[0]
    at_borders = (
        f"∂ 0.1: ‖∂L/∂{name}[t]‖, the norm of its whole gradient, whatever way it came; " if picture.tile_of else ""
    )
    return f"{at_borders}×0.5: its factor back over one step; L is the whole loss"


class Legend:
    """The legend of a picture, as parts of an SVG with its own width and height."""

    def __init__(self, picture: Picture):
        self.parts: list[str] = []
        self.x: float = 16.0
        self.y: float = 14.0
        self.w: float = 0.0
        self.limit: float = max(680.0, picture.w - 32)
        for id, label, uses in picture.parameters[:40]:
            self._parameter(id, f"{label} · used {uses}×" if uses > 1 else label)
        self._break()
        self._shapes(picture)
        self._break()
        for sign in picture.signs:
            self._sign(sign)
        if picture.scale is not None and picture.scale.count:
            self._scale(picture.scale)
        if picture.lanes:
            self._room(text_width(border_text(picture)))
            self._says(border_text(picture), -6)
        self._break()
        self.h: float = self.y + 4

    def _break(self) -> None:
        if self.x > 16:
            self.x, self.y = 16.0, self.y + LEGEND_LINE

    def _room(self, width: float) -> None:
        if self.x + width > self.limit:
            self._break()
        self.w = max(self.w, self.x + width + 16)

    def _parameter(self, id: str, text: str) -> None:
        box = Box(f"legend-{id}", "parameter", [text])
        box.data["param"] = id
        box.measure()
        self._room(box.w)
        box.x, box.y = self.x + box.w / 2, self.y
        box_svg(self.parts, box)
        self.x += box.w + 12

    def _shapes(self, picture: Picture) -> None:
        kinds = {box.kind for box in picture.boxes()}
        for kind, text in SHAPES.items():
            if kind in kinds:
                self._sample(Box(f"legend-{kind}", kind, [""]), text)
        roles = {box.role for box in picture.boxes() if box.kind == "op"}
        for role, text in ROLES.items():
            if role in roles:
                self._sample(Box(f"legend-{role}", "op", [role], role), text)

    def _sample(self, box: Box, text: str) -> None:
        box.w, box.h = 22.0, 16.0
        self._room(28 + text_width(text))
        box.x, box.y = self.x + box.w / 2, self.y
        box_svg(self.parts, box)
        self._says(text, box.w)

    def _says(self, text: str, drawn: float) -> None:
        self.parts.append(
            f'<text class="tg-says" x="{self.x + drawn + 6:.1f}" y="{self.y + 4:.1f}">{xml_text(text)}</text>'
        )
        self.x += drawn + text_width(text) + 26

    def _sign(self, sign: str) -> None:
        self._room(34 + text_width(SIGNS[sign]))
        points = [(self.x + dx, self.y) for dx in (0, 8, 20, 28)]
        if sign in ("unreached", "differs"):
            self.parts.append(
                f'<g><rect class="tg-b tg-{sign}" x="{self.x:.1f}" y="{self.y - 8:.1f}" width="28" height="16" rx="5"/></g>'
            )
        elif sign == "zero":
            self.parts.append(f'<path class="tg-zero" d="{path(points)}"/>{ring(*points[1])}')
        else:
            self.parts.append(f'<path class="tg-{sign}" d="{path(points)}{arrowhead(points)}"/>')
        if sign == "cut":
            self.parts.append(f'<path class="tg-x" d="{cross(points)}"/>')
        self._says(SIGNS[sign], 28)

    def _scale(self, scale: GradientScale) -> None:
        text = f"gradient norm on its way back, log scale ({scale.count} of {scale.of} edges carry one)"
        ticks = scale.ticks()
        self._room(76.0 * len(ticks) + text_width(text))
        for norm in ticks:
            place, label = scale.at(norm) or 0.0, tick_text(norm)
            x = self.x
            track = Arrow(_NOWHERE, _NOWHERE, points=[(x + 28, self.y), (x + 20, self.y), (x + 8, self.y), (x, self.y)])
            self.parts.append(
                f'<path class="tg-grad tg-g{level(place)}" style="stroke-width:{scale.width(place):.2f}" '
                f'd="{path(track.points)}"/>'
            )
            self.parts.append(f'<text class="tg-says" x="{x + 32:.1f}" y="{self.y + 4:.1f}">{xml_text(label)}</text>')
            self.x += 42 + text_width(label)
        self._says(text, -6)


_NOWHERE = Box("", "op", [])
