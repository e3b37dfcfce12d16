"""Backward, played: a picture in which each gradient appears when the engine sends it. A style sheet, no script.

The order is that of the engine: the node that was born last runs first.
"""

from __future__ import annotations

from ..model.boxes import Arrow, Box, Picture

BEAT, REST = 0.45, 2.5  # seconds: from node to node, and at the end


class Play:
    """When each arrow and each box has its turn."""

    def __init__(self, picture: Picture):
        born: dict[Arrow, float] = {}
        for arrow in picture.arrows():
            births = [link.target.node.birth for link in arrow.links if link.norm is not None and link.target.node]
            if births:
                born[arrow] = max(births)
        turn = {birth: k for k, birth in enumerate(sorted(set(born.values()), reverse=True))}
        self.turns: int = len(turn)
        self.of_arrow: dict[Arrow, int] = {arrow: turn[birth] for arrow, birth in born.items()}
        self.of_box: dict[Box, int] = {}
        for arrow, k in self.of_arrow.items():
            if arrow.head.kind in ("op", "module"):
                self.of_box[arrow.head] = min(k, self.of_box.get(arrow.head, k))

    def css(self) -> str:
        """A rule for each turn; all still for readers who want no motion."""
        whole = self.turns * BEAT + REST
        rules = []
        for k in range(self.turns):
            start, end = 100 * k * BEAT / whole, 100 * (k + 1) * BEAT / whole
            rules.append(
                f".tg .tg-p{k}{{animation:tg-a{k} {whole:.1f}s infinite}}"
                f"@keyframes tg-a{k}{{0%,{start:.1f}%{{opacity:0}}{start + 0.5:.1f}%,100%{{opacity:1}}}}"
                f".tg .tg-n{k} .tg-b{{animation:tg-b{k} {whole:.1f}s infinite}}"
                f"@keyframes tg-b{k}{{0%,{start:.1f}%,{end:.1f}%,100%{{stroke-width:1}}{start + 0.5:.1f}%,"
                f"{end - 0.5:.1f}%{{stroke-width:4}}}}"
            )
        return "".join(rules) + "@media (prefers-reduced-motion:reduce){.tg *{animation:none!important}}"
