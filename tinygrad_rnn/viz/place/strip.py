"""The strip under the picture: a band for each state, the norm of its gradient at every step, folded ones too.

A step's bar stands under its tile, those of folded steps side by side under the fold, with numbers at both ends.
Where one tile stands for all steps, they are spread over the width.
"""

from __future__ import annotations

import math
from itertools import pairwise

from ..model.boxes import Mark, Picture, Tile
from ..model.gradients import Lane
from ..model.labels import number_text, short

BAND, CAUSE, BARS, AXIS = 54.0, 34.0, 18.0, 16.0  # heights: a band, a line of causes, the largest bar, the time axis
LEAST = 46.0  # a number needs this width
Stretch = tuple[float, float, list[int]]  # x, width, and the steps that share it


def strip(picture: Picture, y: float, in_lines: bool) -> None:
    """Fill `picture.marks`, from height y downwards, and make the picture as high as that needs."""
    picture.marks = []
    if not picture.lanes and not picture.causes:
        return
    spread = in_lines or not picture.tile_of  # steps are not side by side, or no tile belongs to one step
    written: set[tuple[int, float]] = set()  # (step, where), for the axis
    for lane in picture.lanes:
        stretches = _stretches(picture, lane, spread)
        if stretches:
            _band(picture, lane, stretches, y)
            y += BAND
            _times(stretches, written)
    y += 10 if picture.causes else 0
    for label, values in picture.causes:
        picture.marks.append(Mark("head", 16.0, y + 10, text=label))
        for t, x in sorted(written):
            if values.get(t, math.nan) == values.get(t):
                picture.marks.append(Mark("number", x, y + 24, text=number_text(float(f"{values[t]:.2g}"))))
        y += CAUSE
    picture.marks += [Mark("time", x, y + 10, text=f"t = {t}") for t, x in sorted(written)]
    picture.h = y + AXIS + 10


def _stretches(picture: Picture, lane: Lane, spread: bool) -> list[Stretch]:
    """Where the steps of a lane are, from left to right."""
    if spread:
        steps = sorted({t for other in picture.lanes for t in other.norms})  # one axis for all
        return [(16.0, max(picture.w, 640.0) - 32, steps)]
    found: dict[Tile, list[int]] = {}
    for t, place in lane.places.items():
        found.setdefault(picture.tile_of[place], []).append(t)
    width: dict[int, float] = {}
    for tile in picture.tile_of.values():  # all rows have a step's bar at the same place
        width[tile.column] = max(width.get(tile.column, 0.0), tile.w)
    return sorted((tile.x, width[tile.column], sorted(steps)) for tile, steps in found.items())


def _times(stretches: list[Stretch], written: set[tuple[int, float]]) -> None:
    for x, w, steps in stretches:
        for t in _numbered(w, steps):
            written.add((t, round(_middle(x, w, steps, t), 1)))


def _numbered(w: float, steps: list[int]) -> list[int]:
    """The steps that get a number: as many as there is room for, the first and the last in any case."""
    every = math.ceil(len(steps) * LEAST / w)
    chosen = list(range(len(steps) - 1, -1, -every))[::-1]
    if len(chosen) > 1:
        chosen[0] = 0
    return [steps[k] for k in chosen]


def _middle(x: float, w: float, steps: list[int], t: int) -> float:
    """Where a step is; the outer ones far enough from the edge for their number."""
    share = (steps.index(t) + 0.5) / len(steps)
    return min(max(x + share * w, x + min(LEAST, w) / 2), x + w - min(LEAST, w) / 2)


def _band(picture: Picture, lane: Lane, stretches: list[Stretch], y: float) -> None:
    marks, base = picture.marks, y + 16 + BARS
    marks.append(Mark("head", stretches[0][0], y + 10, text=title_of(lane)))
    previous: Stretch | None = None
    for x, w, steps in stretches:
        marks.append(Mark("line", x, base, w))
        if not any(lane.norms.get(t, math.nan) >= 0 for t in steps):
            marks.append(Mark("note", x + w / 2, base - 4, text="no gradient here" if w > 90 else "–"))
        else:
            _bars(picture, lane, (x, w, steps), base)
        if previous is not None:
            _between(picture, lane, previous, (x, w, steps), base)
        previous = x, w, steps


def title_of(lane: Lane) -> str:
    """'‖∂L/∂h‖', after the title of the graph where several are compared."""
    return f"{short(lane.title)} · ‖∂L/∂{short(lane.label, 40)}‖" if lane.title else f"‖∂L/∂{short(lane.label, 40)}‖"


def _bars(picture: Picture, lane: Lane, stretch: Stretch, base: float) -> None:
    (x, w, steps), marks, scale = stretch, picture.marks, picture.scale
    cell = w / len(steps)
    width = min(24.0, max(1.0, (0.4 if cell > LEAST else 0.7) * cell))  # between wide cells stand the factors
    every = math.ceil(len(steps) / w)  # a bar is not narrower than a pixel
    for k, t in list(enumerate(steps))[::every]:
        middle, norm = x + (k + 0.5) * cell, lane.norms.get(t)
        place = None if scale is None else scale.at(norm)
        if place is not None:
            marks.append(Mark("bar", middle - width / 2, base, width, 2 + (BARS - 2) * place, place=place))
        elif norm == 0:
            marks.append(Mark("ring", middle, base - 4))
    numbered = _numbered(w, steps)
    for t in filter(lane.norms.__contains__, numbered):
        norm = lane.norms[t]
        text = "–" if norm != norm else number_text(norm)
        marks.append(Mark("number", _middle(x, w, steps, t), base + 11, text=text))
    mean = _mean_factor(lane, steps)
    if len(steps) > len(numbered) and mean and w > LEAST + 60:
        marks.append(Mark("factor", x + w / 2, base - BARS - 6, text=f"×{number_text(mean)} a step"))
    elif len(steps) == len(numbered):
        for a, b in pairwise(steps):
            _factor(picture, lane, a, b, (_middle(x, w, steps, a) + _middle(x, w, steps, b)) / 2, base)


def _between(picture: Picture, lane: Lane, left: Stretch, right: Stretch, base: float) -> None:
    _factor(picture, lane, left[2][-1], right[2][0], (left[0] + left[1] + right[0]) / 2, base)


def _factor(picture: Picture, lane: Lane, a: int, b: int, x: float, base: float) -> None:
    """The factor between two neighbouring steps; time may run to the left."""
    if abs(b - a) != 1:
        return
    later = b if lane.line.order[-1] >= lane.line.order[0] else a
    factor = lane.factors.get(later, math.nan)
    if later in lane.cuts:
        picture.marks.append(Mark("factor", x, base - 6, text="✕"))
    elif factor == factor:
        picture.marks.append(Mark("factor", x, base - 6, text=factor_text(factor)))


def factor_text(factor: float) -> str:
    """'×0.42'."""
    return f"×{number_text(float(f'{factor:.2g}'))}"


def _mean_factor(lane: Lane, steps: list[int]) -> float:
    """The geometric mean of the factors within these steps, 0 if there is none."""
    a, b = lane.norms.get(steps[0], math.nan), lane.norms.get(steps[-1], math.nan)
    if not (a > 0 and b > 0 and len(steps) > 1):
        return 0.0
    ratio = a / b if lane.line.order[-1] >= lane.line.order[0] else b / a
    return float(f"{ratio ** (1 / (len(steps) - 1)):.2g}")
