"""How things look: one palette, safe for colour-blind readers, readable in grey, on light and on dark paper.

Colours are Okabe and Ito's (2008). Colour never stands alone: a gate has its letter, a gradient is
dashed, a parameter has its own shape, a cut has a mark.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Any

from .._figure import OKABE_ITO

GATES = {  # name of a gate or state -> colour; LSTM i, f, g, o, c, h; GRU r, z, n
    "i": "blue", "f": "orange", "g": "green", "o": "purple", "c": "sky", "h": "yellow",
    "r": "orange", "z": "purple", "n": "green",
}  # fmt: skip


def mix(colour: str, other: str, share: float) -> str:
    """`share` of `colour`, the rest `other`; both '#rrggbb'."""
    pairs = [(int(colour[k : k + 2], 16), int(other[k : k + 2], 16)) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


class Theme:
    """The colours of light or dark paper, by what they are for."""

    def __init__(self, paper: str, ink: str, soft: str, tile: str, tint: float):
        self.paper: str = paper
        self.ink: str = ink
        self.soft: str = soft
        self.tile: str = tile
        self.fill: Any = {name: mix(OKABE_ITO[colour], paper, tint) for name, colour in GATES.items()}
        self.fill |= {
            "": mix(ink, paper, 0.04),
            "input": mix(ink, paper, 0.10),
            "parameter": mix("#7F6FB0", paper, 0.35),
            "output": mix(OKABE_ITO["vermillion"], paper, 0.25),
            "port": paper,
            "fold": mix(ink, paper, 0.07),
            "module": mix(OKABE_ITO["sky"], paper, 0.25),
        }
        self.gradient: Any = OKABE_ITO["vermillion"]
        self.strong: Any = mix(OKABE_ITO["vermillion"], ink, 0.75)  # for small text: pale orange is hard to read
        self.state: Any = OKABE_ITO["blue"] if tint > 0.5 else OKABE_ITO["sky"]
        self.cut: Any = mix("#D00000", ink, 0.7)


LIGHT = Theme(paper="#ffffff", ink="#222222", soft="#8a8a8a", tile="#fafafa", tint=0.6)
DARK = Theme(paper="#16181c", ink="#e8e8e8", soft="#8f949c", tile="#1d2026", tint=0.45)
THEMES = {"light": LIGHT, "dark": DARK}

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
FONT_SIZE = 11.0
LINE_HEIGHT = 13.0

NARROW, WIDE = set("iljtf.,:;'|!()[]{} Iσ"), set("mwMW@⊙%…—")


def text_width(text: str, size: float = FONT_SIZE) -> float:
    """About how wide `text` is in the picture's font: layouts need it before anything is drawn."""
    total = 0.0
    for letter in text:
        if letter in NARROW:
            total += 0.36
        elif letter in WIDE or unicodedata.east_asian_width(letter) in "WF":
            total += 1.0
        else:
            total += 0.62 if letter.isupper() or letter in "+−=×÷→" else 0.57
    return total * size


LEVELS = 8  # shades of a gradient: opaque, so that lines that lie on each other do not look like more


class GradientScale:
    """Norm of a gradient -> width and shade, on one log scale for the whole picture.

    norms   of arrows; `others` are norms written elsewhere that should be on the scale
    bounds  (low, high) instead of the smallest and the largest of these
    """

    def __init__(self, norms: list[float], others: list[float] = [], bounds: tuple[float, float] | None = None):  # noqa: B006
        found = [n for n in norms if n > 0 and math.isfinite(n)]
        every = found + [n for n in others if n > 0 and math.isfinite(n)]
        low, high = bounds or ((min(every), max(every)) if every else (1.0, 1.0))
        self.high: float = high
        self.low: float = max(low, high * 1e-12)  # twelve decades are enough for any eye
        self.count: Any = len(found)
        self.of: Any = len(norms)

    def at(self, norm: float | None) -> float | None:
        """0 for the smallest gradient of the picture, 1 for the largest, None where none flows."""
        if norm is None or not norm > 0:
            return None
        if not math.isfinite(norm):
            return 1.0
        if self.high <= self.low * 1.0001:
            return 1.0
        place = math.log(norm / self.low) / math.log(self.high / self.low)
        return min(1.0, max(0.0, place))

    def ticks(self, count: int = 4) -> list[float]:
        """Norms at equal distances on the scale, the ends among them."""
        if self.high <= self.low * 1.0001:
            return [self.high]
        return [self.low * (self.high / self.low) ** (k / (count - 1)) for k in range(count)]

    def width(self, place: float) -> float:
        """Line width in points."""
        return 0.7 + 3.3 * place


def level(place: float) -> int:
    """Which of the shades."""
    return round(place * (LEVELS - 1))


def shade(number: int, theme: Theme) -> str:
    """Pale where little flows, full vermillion where most does."""
    return mix(theme.gradient, theme.paper, 0.4 + 0.6 * number / (LEVELS - 1))
