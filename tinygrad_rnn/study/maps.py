"""Which loss reaches which state: the norms ‖∂L_s/∂h_t‖ of every loss by every state, from one recorded graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, folded, headline, new_figure
from .._tensor import Tensor
from .history import History, ones
from .outside import Start, inputs_in_time, losses_in_time
from .results import Result, Table, norm
from .steps import Track
from .weights import signed_shares, target_edge, uses_of

LONGEST = 200  # losses that are all taken unless the caller chooses


class GradientMap(Result):
    """‖∂L_s/∂h_t‖ for losses s (rows) and time steps t (columns).

    name     of what the gradients are by: "h", "x", a weight
    rows     the time step of each loss, or its number in the list that was given
    columns  the time steps t
    norms    (rows, columns), or (rows, columns, B) with per_sample. nan: not connected; 0: connected, and exactly zero
    shares   (rows, columns), of a weight alone, else None: how much of the whole gradient the loss s gives by the use at
             t, signed, as `Contributions.shares`; the sum of a row is the share of that loss, and all of them add up to
             1 but for uses outside time and losses that were not asked for
    """

    def __init__(
        self, name: str, rows: list[int], columns: list[int], norms: np.ndarray, shares: np.ndarray | None = None
    ):
        self.name: str = name
        self.rows: list[int] = rows
        self.columns: list[int] = columns
        self.norms: np.ndarray = norms
        self.shares: np.ndarray | None = shares

    @property
    def _whole(self) -> np.ndarray:
        """The norms over the batch, too."""
        return self.norms if self.norms.ndim == 2 else np.sqrt((self.norms**2).sum(-1))

    def finding(self) -> str:
        """How much smaller the gradient of the last loss is at the first step that it reaches."""
        last = self._whole[-1]
        reached = np.flatnonzero(np.isfinite(last))
        if not len(reached):
            return f"the last loss is connected to no {self.name}"
        first, own = reached[0], reached[-1]
        ratio = last[first] / last[own] if last[own] else np.nan
        words = (
            f"‖∂L/∂{self.name}‖ of the loss at {self.rows[-1]} is {last[own]:.3g} at t={self.columns[own]} and "
            f"{last[first]:.3g} at t={self.columns[first]}, {ratio:.2g} of it"
        )
        if self.shares is None:
            return words
        by_loss = np.nansum(self.shares, 1)
        most = int(np.abs(by_loss).argmax())
        return f"{words}; of the whole gradient the loss at {self.rows[most]} gives {by_loss[most]:.0%}"

    def table(self) -> Table:
        """A row for each loss: its norm at each t, "-" where they are not connected; of a weight its share as well."""
        shown = [[None if np.isnan(n) else float(n) for n in row] for row in self._whole]
        rows = [(s, *row) for s, row in zip(self.rows, shown, strict=True)]
        if self.shares is None:
            return Table(("loss", *map(str, self.columns)), rows)
        by_loss = np.nansum(self.shares, 1).tolist()
        return Table(("loss", *map(str, self.columns), "share"), [(*r, n) for r, n in zip(rows, by_loss, strict=True)])

    def plot(self) -> Any:
        """A heat map on a log scale: losses down, time to the right. White: not connected; a cross: exactly zero. Of a
        weight the signed share of each loss stands beside it."""
        if self.shares is None:
            figure, [[ax]] = new_figure(size=(7.0, 5.0))
        else:
            figure, [[ax, beside]] = new_figure(1, 2, (8.5, 5.0), width_ratios=[4, 1])
            by_loss = np.nansum(self.shares, 1)
            beside.barh(range(len(by_loss)), by_loss, color=[COLOURS[0] if n >= 0 else COLOURS[1] for n in by_loss])
            beside.axvline(0, color=SOFT, linewidth=0.8)
            beside.set(xlabel="signed share", ylim=(len(by_loss) - 0.5, -0.5), yticks=[])
        image = draw_map(ax, self, scale_of([self]))
        figure.colorbar(image, ax=ax, label=f"‖∂L_s/∂{self.name} at t‖")
        if self.shares is None:
            headline(ax, self.finding())
        else:
            figure.suptitle(folded(self.finding(), 110), fontsize="small")
        return figure


def scale_of(maps: Sequence[GradientMap]) -> Any:
    """One logarithmic scale for the norms of all the maps, over eight decades at most."""
    from matplotlib.colors import LogNorm

    values = np.concatenate([found._whole.ravel() for found in maps])
    positive = values[np.isfinite(values) & (values > 0)]
    low, high = (positive.min(), positive.max()) if len(positive) else (1e-12, 1.0)
    return LogNorm(max(low, high * 1e-8), high if high > low else low * 10)


def draw_map(ax: Any, found: GradientMap, scale: Any) -> Any:
    """Draw a map, with numbers where there is room; returns the image."""
    values = found._whole
    image = ax.imshow(np.where(values > 0, values, np.nan), norm=scale, cmap="cividis", aspect="auto")
    zeros = np.argwhere(values == 0)
    ax.plot(zeros[:, 1], zeros[:, 0], "x", color="black", markersize=4, linestyle="none")
    for set_ticks, labels in ((ax.set_xticks, found.columns), (ax.set_yticks, found.rows)):
        every = max(1, -(-len(labels) // 12))
        set_ticks(range(0, len(labels), every), [str(label) for label in labels[::every]])
    for (s, t), n in np.ndenumerate(values) if values.size <= 144 else ():
        if n > 0:
            colour = "white" if scale(n) < 0.5 else "black"
            ax.text(t, s, f"{n:.2g}", ha="center", va="center", color=colour, fontsize=8)
    ax.set(xlabel="time step t", ylabel="loss s")
    return image


def gradient_map(
    losses: Any, states: Any = "h", *, rows: Iterable[int] | None = None, per_sample: bool = False
) -> GradientMap:
    """‖∂L_s/∂h_t‖ for each loss s and time step t.

    losses      a list of scalar losses; or one loss, split by the time step at which it looks at the recurrence
    states      "h", "c" …, as the layer names them (with the layer where there are several: see the message that names
                them); "x" for the inputs of the steps, where a gradient goes there; a weight, for its gradient by use
    rows        which losses, if not all: time steps of one loss, places in a list. Needed beyond 200 losses
    per_sample  norms over features alone: an axis for the batch is added

    Raises ValueError for a state that is not there or too many losses, RuntimeError if the graph has no time steps.
    """
    many = isinstance(losses, (list, tuple))
    with History.of(losses) as past:
        past.steps.need()
        starts = _starts(past, many)
        wanted = _chosen(starts, rows)
        name, columns, arriving, total = _measure(past, states)
        found, shares = [], []
        for s in wanted:
            gradients = arriving(starts[s])
            found.append({t: norm(g, per_sample and total is None) for t, g in gradients.items()})
            if total is not None:
                shares.append(dict(zip(gradients, signed_shares(gradients.values(), total), strict=True)))
    norms = _as_array(found, columns, per_sample and total is None)
    return GradientMap(name, wanted, columns, norms, None if total is None else _as_array(shares, columns, False))


def _starts(past: History, many: bool) -> dict[int, Start]:
    if many:
        return {k: ([edge], [ones(edge)]) for k, edge in enumerate(past.edges)}
    return {place[1]: seed.both() for place, seed in losses_in_time(past).items() if place is not None}


def _chosen(starts: dict[int, Start], rows: Iterable[int] | None) -> list[int]:
    if rows is None:
        if len(starts) > LONGEST:
            raise ValueError(
                f"gradient_map: {len(starts)} losses take as many runs of backward: choose some with rows=, for example "
                f"rows=range({min(starts)}, {max(starts) + 1}, {-(-len(starts) // 50)})"
            )
        return list(starts)
    chosen = list(rows)
    missing = [s for s in chosen if s not in starts]
    if missing:
        raise ValueError(f"gradient_map: no loss at {missing[:5]}; there are losses at {min(starts)} to {max(starts)}")
    return chosen


def _measure(past: History, states: Any) -> tuple[str, list[int], Any, Any]:
    """The name of what is asked for, its time steps, a function from where to start to its gradient by step; and of a
    weight its whole gradient."""
    if isinstance(states, Tensor):
        target = target_edge(past, states)
        name = past.name_of(target[0]) if not target[0].edges else states.name or "the tensor"

        def by_use(start: Start | None) -> dict[int | None, Any]:
            found: dict[int | None, Any] = {}
            for use in uses_of(past, target, start):
                t = None if use.place is None else use.place[1]
                found[t] = use.gradient if t not in found else found[t] + use.gradient
            return found

        def in_time(start: Start) -> dict[int | None, Any]:
            return {t: g for t, g in by_use(start).items() if t is not None}

        whole = by_use(None)
        return name, sorted(t for t in whole if t is not None), in_time, sum(whole.values())
    if states == "x":
        edges, name = inputs_in_time(past.nodes, past.steps), "x"
    else:
        track = _one_track(past.steps.chosen(states), states)
        edges, name = track.edges, track.label
    at = {edge: t for t, edge in edges.items()}

    def by_state(start: Start) -> dict[int, Any]:
        return {at[edge]: g for edge, g in past.arriving(list(at), *start).items()}

    return name, sorted(edges), by_state, None


def _one_track(tracks: Sequence[Track], state: str) -> Track:
    if len(tracks) > 1:
        known = ", ".join(repr(track.label) for track in tracks)
        raise ValueError(f"gradient_map: several states are called {state!r}: choose one of {known}")
    return tracks[0]


def _as_array(found: list[dict[int, Any]], columns: list[int], per_sample: bool) -> np.ndarray:
    shape: tuple[int, ...] = (len(found), len(columns))
    if per_sample:
        shape += (max((len(n) for row in found for n in row.values()), default=0),)
    norms, column = np.full(shape, np.nan), {t: k for k, t in enumerate(columns)}
    for s, row in enumerate(found):
        for t, n in row.items():
            place = (s, column[t])
            norms[(*place, slice(len(n))) if per_sample else place] = n
    return norms
