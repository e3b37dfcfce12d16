"""How far to go along a direction: a line search for the strong Wolfe conditions.

With φ(t) the loss at distance t along the direction, and φ'(t) its slope there, a good t has

    φ(t) ≤ φ(0) + c₁ t φ'(0)         the loss fell enough
    |φ'(t)| ≤ c₂ |φ'(0)|             and the line became flat

First steps grow until an interval must hold such a point, then the interval is narrowed. (Nocedal & Wright,
Numerical Optimization, 2006, algorithms 3.5 and 3.6; constants and safeguards as in PyTorch, so that the same
points are visited.)
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple

import numpy as np

ENOUGH_DECREASE, ENOUGH_FLATNESS = 1e-4, 0.9  # c₁ and c₂


class Point(NamedTuple):
    """One place on the line."""

    t: float  # the distance from the start
    loss: float
    g: np.ndarray  # the gradient
    slope: float  # the gradient along the line


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, t: float, tolerance: float, max_tries: int
) -> tuple[Point, int]:
    """The point to go to, and how many were evaluated.

    evaluate   gives the point at a distance
    start      where we are, with t = 0 and a negative slope
    t          the distance to try first
    tolerance  stop when the interval is shorter
    max_tries  how often the interval is moved or narrowed at most
    """

    def too_high(point: Point) -> bool:
        return point.loss > start.loss + ENOUGH_DECREASE * point.t * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -ENOUGH_FLATNESS * start.slope

    previous, point, tries = start, evaluate(t), 0
    while tries < max_tries:
        if too_high(point) or (tries > 1 and point.loss >= previous.loss):
            break
        if flat(point):
            return point, tries + 1
        if point.slope >= 0:
            break
        t = cubic_minimum(previous, point, point.t + 0.01 * (point.t - previous.t), point.t * 10)
        previous, point, tries = point, evaluate(t), tries + 1
    else:
        return (start if start.loss <= point.loss else point), tries + 1

    ends = [previous, point]
    low = 0 if ends[0].loss <= ends[1].loss else 1
    was_near_end = False
    while tries < max_tries and abs(ends[1].t - ends[0].t) >= tolerance:
        t, was_near_end = _inside(ends, was_near_end)
        point, tries = evaluate(t), tries + 1
        if too_high(point) or point.loss >= ends[low].loss:
            ends[1 - low] = point
            low = 0 if ends[0].loss <= ends[1].loss else 1
        elif flat(point):
            return point, tries + 1
        else:
            if point.slope * (ends[1 - low].t - ends[low].t) >= 0:
                ends[1 - low] = ends[low]
            ends[low] = point
    return ends[low], tries + 1


def _inside(ends: list[Point], was_near_end: bool) -> tuple[float, bool]:
    """The next distance to try, and whether it is close to an end; a second time it is moved away from there."""
    first, last = sorted(end.t for end in ends)
    t = cubic_minimum(ends[0], ends[1], first, last)
    margin = 0.1 * (last - first)
    if min(last - t, t - first) >= margin:
        return t, False
    if was_near_end or t >= last or t <= first:
        return (last - margin if last - t < t - first else first + margin), False
    return t, True


def cubic_minimum(a: Point, b: Point, lowest: float, highest: float) -> float:
    """Where the cubic with the losses and slopes of `a` and `b` is least, held in [lowest, highest].

    (Nocedal & Wright, equation 3.59; the middle of the bounds if the cubic has no minimum.)
    """
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (lowest + highest) / 2
    d2 = sqrt(square)
    below = b.slope - a.slope + 2 * d2
    if below == 0:
        return (lowest + highest) / 2
    return min(max(b.t - (b.t - a.t) * ((b.slope + d2 - d1) / below), lowest), highest)
