"""Which tile goes where: columns are time, rows are layers and directions, and what has no step stands beside.

A row that starts from the last state of another (a decoder after its encoder, the next segment of
truncated backpropagation) continues to the right of it; rows that run over the same steps stack upwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..model.boxes import Tile
from ..model.items import Item, Model
from ..model.labels import short
from ..model.time_steps import Place


@dataclass(eq=False, slots=True)
class Piece:
    """Operations outside every step that depend on the same rows."""

    items: list[Item]
    rows: int  # bit mask of the rows they depend on
    tile: Tile
    sources: set[Place] = field(default_factory=set)
    before: list[Piece] = field(default_factory=list)


class Grid:
    """Columns and rows for the tiles of a model. `one_column`: a row takes one column, as when rolled."""

    def __init__(self, model: Model, one_column: bool = False):
        self.model: Model = model
        self.one_column: bool = one_column
        self.runs: Any = model.runs
        self.pieces: Any = _pieces(model)
        self.start: list[int] = []  # first column of each row
        self.level: list[int] = []  # which row of the picture each row is drawn in
        self._arrange_rows()
        self._arrange_pieces()

    def column(self, place: Place) -> int:
        """The column of a time step."""
        if self.one_column:
            return self.start[place.row]
        return self.start[place.row] + place.step - self._low(place.row)

    def _ends(self, row: int) -> tuple[Place, Place]:
        return self.runs[row][0], self.runs[row][-1]

    def _width(self, row: int) -> int:
        first, last = self._ends(row)
        return 1 if self.one_column else abs(last.step - first.step) + 1

    def _arrange_rows(self) -> None:
        sources: dict[Place, set[Place]] = {}
        for link in self.model.links:
            here, there = link.target.place, link.source.place
            if here is not None and there is not None and here.row != there.row:
                sources.setdefault(here, set()).add(there)
        through = self._bridges()
        taken: list[list[tuple[int, int]]] = []  # per level: first and last column used
        lags = self._lags()
        for row, run in enumerate(self.runs):
            beside = [q for q in range(row) if self._beside(row, q, lags)]
            reached = sources.get(run[0], set()) | through.get(run[0], set())
            earlier = [] if beside else [q for q in range(row) if self._follows(row, q, reached)]
            start = max((self.start[q] + self._width(q) for q in earlier), default=0)
            start += bool(earlier and through.get(run[0]))
            if beside:
                start = self.start[beside[-1]] + (0 if self.one_column else self._low(row) - self._low(beside[-1]))
            self.start.append(start)
            span = (start, start + self._width(row) - 1)
            level = max(
                (self.level[q] for q in earlier), default=max((self.level[q] + 1 for q in beside), default=len(taken))
            )
            while level < len(taken) and any(a <= span[1] and span[0] <= b for a, b in taken[level]):
                level += 1
            while level >= len(taken):
                taken.append([])
            taken[level].append(span)
            self.level.append(level)
        self._first_on_top(taken)
        self.taken: set[tuple[int, int]] = {
            (level, c) for level, spans in enumerate(taken) for a, b in spans for c in range(a, b + 1)
        }

    def _first_on_top(self, taken: list[list[tuple[int, int]]]) -> None:
        """Where graphs are compared, the first is above the second."""
        titles = list(dict.fromkeys(self.model.title_of_row.values()))
        if len(titles) < 2:
            return
        of = {level: titles.index(self.model.title_of_row.get(row, titles[0])) for row, level in enumerate(self.level)}
        order = sorted(of, key=lambda level: (-of[level], level))
        now = {level: k for k, level in enumerate(order)}
        self.level[:] = [now[level] for level in self.level]
        taken[:] = [taken[level] for level in order]

    def _bridges(self) -> dict[Place, set[Place]]:
        """Last steps that alone reach a step through operations outside the steps, as from encoder to decoder."""
        only_last: dict[Item, dict[int, bool]] = {}  # for operations outside: rows they see, and if only their end
        found: dict[Place, set[Place]] = {}
        for item in self.model.items:
            lasts: dict[int, bool] = {}
            for link in item.inputs:
                place = link.source.place
                if place is not None:
                    lasts[place.row] = lasts.get(place.row, True) and place == self.runs[place.row][-1]
                for row, last in only_last.get(link.source, {}).items():
                    if item.place is None:
                        lasts[row] = lasts.get(row, True) and last
                    elif last and item.place.row != row:
                        found.setdefault(item.place, set()).add(self.runs[row][-1])
            if item.place is None and lasts:
                only_last[item] = lasts
        return found

    def _lags(self) -> dict[tuple[int, int], set[int]]:
        """For each pair of rows: by how many steps values from the second are older than the first."""
        lags: dict[tuple[int, int], set[int]] = {}
        for link in self.model.links:
            here, there = link.target.place, link.source.place
            if here is not None and there is not None and here.row != there.row:
                lags.setdefault((here.row, there.row), set()).add(here.step - there.step)
        return lags

    def _beside(self, row: int, q: int, lags: dict[tuple[int, int], set[int]]) -> bool:
        """Do two rows run over the same steps: layers of one module, or one fed by the other step by step?"""
        a, b = self.model.rows[row], self.model.rows[q]
        one_module = a.path == b.path and a.call == b.call and (a.layer, a.direction) != (b.layer, b.direction)
        if one_module and a.layer is not None:
            return True
        fed = lags.get((row, q), set()) | lags.get((q, row), set())
        return fed == {0} and (len(self.runs[row]) > 1 or len(self.runs[q]) > 1)

    def _low(self, row: int) -> int:
        return min(place.step for place in self._ends(row))

    def _follows(self, row: int, q: int, reached: set[Place]) -> bool:
        last, first = self.runs[q][-1], self.runs[row][0]
        return last in reached and (last.step != first.step or self._width(q) == 1)

    def _arrange_pieces(self) -> None:
        for piece in self.pieces:
            tile = piece.tile
            if piece.sources or piece.before:
                columns = [self.column(p) for p in piece.sources] + [b.tile.column for b in piece.before]
                rows = [self.level[p.row] for p in piece.sources] + [b.tile.row for b in piece.before]
                tile.column, tile.row = max(columns) + 1, max(rows)
            else:
                places = [link.target.place for item in piece.items for link in item.uses]
                used_by = [p for p in places if p is not None]
                tile.column = min((self.column(p) for p in used_by), default=0) - 1
                tile.row = min((self.level[p.row] for p in used_by), default=0)
            while (tile.row, tile.column) in self.taken:
                tile.column += 1 if piece.sources or piece.before else -1
            self.taken.add((tile.row, tile.column))

    def row_title(self, row: int) -> str:
        """What to write before 't = 3' where there are several rows."""
        scope, scopes = self.model.rows[row], self.model.rows
        parts = [short(self.model.title_of_row[row])] if row in self.model.title_of_row else []
        if not parts and len({s.path for s in scopes}) > 1:
            parts.append(short(scope.path.rpartition(".")[2]))
        if len({s.layer for s in scopes} - {None}) > 1 and scope.layer is not None:
            parts.append(f"layer {scope.layer}")
        if scope.direction is not None and len({s.direction for s in scopes}) > 1:
            parts.append("← reverse" if scope.direction == "reverse" else "→ forward")
        return " · ".join(parts) + " · " if parts else ""

    def tile_for(self, place: Place) -> Tile:
        """An empty tile for a time step."""
        mirrored = self.model.rows[place.row].direction == "reverse"
        data = {"t": str(place.step), "row": str(place.row)}
        title = f"{self.row_title(place.row)}t = {place.step}"
        return Tile(title, "step", self.level[place.row], self.column(place), mirrored, data=data)


def _pieces(model: Model) -> list[Piece]:
    """Operations outside the steps, grouped by which rows they depend on, in the order of their making."""
    depends: dict[Item, int] = {}
    pieces: dict[int, Piece] = {}
    for item in model.items:
        mask = 0
        for link in item.inputs:
            mask |= depends.get(link.source, 0)
        if item.place is not None:
            mask |= 1 << item.place.row
        elif item.kind == "op":
            piece = pieces.setdefault(mask, Piece([], mask, Tile(kind="rest")))
            piece.items.append(item)
            for link in item.inputs:
                _note_source(piece, link.source, pieces, depends)
        depends[item] = mask
    for piece in pieces.values():
        paths = {item.scope.path for item in piece.items}
        piece.tile.title = short(paths.pop()) if len(paths) == 1 else ""
    return list(pieces.values())


def _note_source(piece: Piece, source: Item, pieces: dict[int, Piece], depends: dict[Item, int]) -> None:
    if source.place is not None:
        piece.sources.add(source.place)
    elif source.kind == "op":
        other = pieces[depends[source]]
        if other is not piece and other not in piece.before:
            piece.before.append(other)
