"""Two recordings on one scale: RNN beside LSTM, truncated beside full, before beside after training: `study.compare`.

Cells trained and compared on a task are in comparing/.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, folded, new_figure
from ..graph import Edge, Leaf
from .decays import Decay, Line, decay
from .differing import Census, Difference, census_of, differences
from .history import History
from .maps import GradientMap, draw_map, gradient_map, scale_of
from .outside import losses_in_time
from .reaching import Cut, cuts_of
from .results import Result, Table, norm

ROWS = 24  # losses at most in a map
NAMED = 3  # differences that a sentence names
MARKS = "os"  # of a, hollow, and of b: they may lie on each other


class Snapshot:
    """What is kept of a recording to be compared later, when its graph is gone or its weights have changed.

    name        what the caller calls the loss
    loss        its value
    decay       each state's gradient by time step: see Decay
    map         ‖∂L_s/∂h_t‖ of the first state for losses s, 24 at most: see GradientMap; None with one loss alone
    gradients   by name of the weight, as `.grad` would be
    operations  how many of each kind, by place and time step
    cuts        detach, no_grad, integer operations: see Cut
    """

    def __init__(self, past: History, state: str | None, epsilon: float):
        self.name: str = next((name for name, value in past.variables.items() if value is past.losses[0]), "")
        self.loss: float = float(sum(loss.array.item() for loss in past.losses))
        self.decay: Decay = decay(past, state, epsilon=epsilon)
        self.map: GradientMap | None = _map(past, next(iter(self.decay.lines)))
        self.gradients: dict[str, np.ndarray] = _gradients(past)
        self.census: tuple[Census, Census] = census_of(past)
        self.cuts: list[Cut] = cuts_of(past)

    @property
    def operations(self) -> int:
        """How many operations the graph has."""
        return sum(counts.total() for counts in self.census[0].values())

    def __repr__(self) -> str:
        return f"<snapshot of {self.name or 'a loss'}: {self.loss:.6g}, {self.operations:,} operations>"


class Comparison(Result):
    """Two recordings, a and b.

    a, b         see Snapshot
    names        what they are called
    cosines      of the gradients of weights that both have, by name; nan where one is zero
    differences  operations that one has and the other has not, most first; where the operations are the same, those that
                 read something else: see Difference
    """

    def __init__(self, a: Snapshot, b: Snapshot, names: tuple[str, str]):
        self.a: Snapshot = a
        self.b: Snapshot = b
        self.names: tuple[str, str] = names
        self.cosines: dict[str, float] = {
            name: _cosine(g, b.gradients[name])
            for name, g in a.gradients.items()
            if name in b.gradients and b.gradients[name].shape == g.shape
        }
        self.differences: list[Difference] = differences(a.census, b.census)

    def finding(self) -> str:
        """How the states' gradients fall in each, the gradient that differs most, and what was added."""
        return "; ".join(filter(None, (self._states(), self._weights(), self._graphs())))

    def _states(self) -> str:
        said = (
            f"in {name} {' and '.join(_falls(line, side.decay.epsilon) for line in side.decay.lines.values())}"
            for name, side in zip(self.names, (self.a, self.b), strict=True)
        )
        return f"per step {', '.join(said)}"

    def _weights(self) -> str:
        known = {name: cosine for name, cosine in self.cosines.items() if not np.isnan(cosine)}
        if not known:
            return ""
        name = min(known, key=lambda name: known[name])
        ratio = norm(self.b.gradients[name]) / norm(self.a.gradients[name])
        same = known[name] > 1 - 1e-9 and abs(ratio - 1) < 1e-9
        return (
            "all gradients of weights are equal"
            if same
            else f"∂L/∂{name} has cosine {known[name]:.3g}, and {self.names[1]} has {ratio:.3g} times the length"
        )

    def _graphs(self) -> str:
        if not self.differences and len(self.a.cuts) == len(self.b.cuts):
            return "the graphs have the same operations"
        words = []
        for name, k in zip(self.names, (0, 1), strict=True):
            more = [d for d in self.differences if d.counts[k] > d.counts[1 - k]]
            named = [repr(d) for d in more[:NAMED]]
            named += [f"{len(more) - NAMED} kinds more"] if len(more) > NAMED else []
            cuts = len((self.a, self.b)[k].cuts) - len((self.a, self.b)[1 - k].cuts)
            named += [f"{cuts} cuts, the first: {(self.a, self.b)[k].cuts[0]!r}"] if cuts > 0 else []
            words += [f"only {name} has {', '.join(named)}"] if named else []
        return "; ".join(words)

    def table(self) -> Table:
        """A row for each number: of what, what, its value in a and in b, b by a; then differences of the graphs."""
        rows: list[tuple[Any, ...]] = [("loss", "value", self.a.loss, self.b.loss, None)]
        lines = self.a.decay.lines, self.b.decay.lines
        for label in dict.fromkeys((*lines[0], *lines[1])):
            both = [_numbers(found[label], self.a.decay.epsilon) if label in found else {} for found in lines]
            rows += [
                (f"∂L/∂{label}", what, *(n.get(what) for n in both), None)
                for what in dict.fromkeys((*both[0], *both[1]))
            ]
        gradients = self.a.gradients, self.b.gradients
        for name in dict.fromkeys((*gradients[0], *gradients[1])):
            rows.append((f"∂L/∂{name}", "norm", *(norm(g[name]) if name in g else None for g in gradients), None))
            if name in self.cosines:
                rows.append((f"∂L/∂{name}", "cosine", None, self.cosines[name], None))
        rows += [(d.where or "graph", d.what, *d.counts, None) for d in self.differences]
        rows.append(("graph", "cuts", len(self.a.cuts), len(self.b.cuts), None))
        return Table(
            ("of", "what", *_apart(self.names), "ratio"), [(*row[:4], _ratio(row[2], row[3])) for row in rows], 40
        )

    def plot(self) -> Any:
        """Both maps on one colour scale; below the decay of all states, and the norms of the weights' gradients."""
        maps = [side.map for side in (self.a, self.b)]
        rows = 2 if all(maps) else 1
        figure, axes = new_figure(rows, 2, (11.0, 3.8 * rows))
        if rows == 2:
            scale = scale_of([found for found in maps if found is not None])
            for ax, name, found in zip(axes[0], self.names, maps, strict=True):
                assert found is not None
                image = draw_map(ax, found, scale)
                ax.set_title(f"‖∂L_s/∂{found.name} at t‖, {name}", fontsize="small")
            figure.colorbar(image, ax=list(axes[0]), label="norm, one scale for both")
        self._plot_decay(axes[-1, 0])
        self._plot_weights(axes[-1, 1])
        figure.suptitle(folded(self.finding(), 130), fontsize="medium")
        return figure

    def _plot_decay(self, ax: Any) -> None:
        labels = list(dict.fromkeys((*self.a.decay.lines, *self.b.decay.lines)))
        for k, (side, name) in enumerate(zip((self.a, self.b), self.names, strict=True)):
            for label, line in side.decay.lines.items():
                lags, left = _left(line)
                which = labels.index(label)
                ax.plot(lags, left, ("-", "--", "-.", ":")[which % 4], color=COLOURS[k], markersize=(6, 4)[k], label=f"{label}, {name}",
                        marker="" if which else MARKS[k], markerfacecolor=("white", COLOURS[1])[k], markevery=max(1, len(lags) // 16))  # fmt: skip
        ax.axhline(self.a.decay.epsilon, color=SOFT, linestyle=":", linewidth=0.8)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set(xlabel="steps back from the newest that is reached", ylabel="‖∂L/∂state‖, of its newest", yscale="log")
        ax.set_title(f"how the gradient falls on its way back (dotted: {self.a.decay.epsilon:.0%})", fontsize="small")
        ax.legend(frameon=False, fontsize="small")

    def _plot_weights(self, ax: Any) -> None:
        gradients = self.a.gradients, self.b.gradients
        names = list(dict.fromkeys((*gradients[0], *gradients[1])))[:12]
        for k, (side, name) in enumerate(zip(gradients, self.names, strict=True)):
            known = [(norm(side[weight]), at) for at, weight in enumerate(names) if weight in side]
            known = [(size, at) for size, at in known if size > 0]
            ax.plot([size for size, _ in known], [at for _, at in known], MARKS[k], color=COLOURS[k], markersize=(9, 5)[k], label=name,
                    markerfacecolor=("white", COLOURS[1])[k])  # fmt: skip
        said = [f"{name}\ncosine {self.cosines[name]:.3f}" if name in self.cosines else name for name in names]
        ax.set_yticks(range(len(names)), said, fontsize=7)
        ax.grid(axis="y", color=SOFT, alpha=0.3)
        ax.set(xlabel="‖∂L/∂weight‖", xscale="log", ylim=(len(names) - 0.5, -0.5))
        ax.set_title("gradients of the weights", fontsize="small")
        ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))


def compare(
    a: Any, b: Any, state: str | None = None, *, names: tuple[str, str] | None = None, epsilon: float = 0.01
) -> Comparison:
    """Two recordings on one scale: how gradients fall in each, which gradients they give, what one graph has more.

        with tinygrad_rnn.record():
            full, short = loss_of(model, x), loss_of(model, x, cut_at=10)
        print(study.compare(full, short))

    a, b     losses, or lists of losses; or what `snapshot` kept of one, say before training
    state    "h", "c", …: compare this one alone
    names    what to call them; by default the names of your variables, else a and b
    epsilon  the share under which a gradient counts as gone

    States and weights of the same name are compared with each other. Raises what `decay` raises.
    """
    sides = [x if isinstance(x, Snapshot) else snapshot(x, state, epsilon=epsilon) for x in (a, b)]
    found = [side.name or other for side, other in zip(sides, "ab", strict=True)]
    if names is not None:
        found = [str(name) for name in names]
        if len(found) != 2:
            raise ValueError(f"compare: names must be two, got {len(found)}: {names!r}")
    elif found[0] == found[1]:
        found = ["a", "b"]
    return Comparison(sides[0], sides[1], (found[0], found[1]))


def snapshot(loss: Any, state: str | None = None, *, epsilon: float = 0.01) -> Snapshot:
    """Keep what `compare` asks of a recording: weights change in training, and a graph can be asked only before.

    before = study.snapshot(loss)
    ...                                                  # train
    study.compare(before, loss_of(model, x))
    """
    with History.of(loss) as past:
        past.steps.need()
        return Snapshot(past, state, epsilon)


def _map(past: History, label: str) -> GradientMap | None:
    times = list(dict.fromkeys(place[1] for place in losses_in_time(past) if place is not None))
    if len(times) < 2:
        return None
    return gradient_map(past, label, rows=sorted({times[round(k)] for k in np.linspace(0, len(times) - 1, ROWS)}))


def _gradients(past: History) -> dict[str, np.ndarray]:
    leaves: list[Edge] = [(node, 0) for node in past.nodes if isinstance(node, Leaf)]
    found: dict[str, np.ndarray] = {}
    for (node, _), gradient in past.arriving(leaves).items():
        name = past.name_of(node)
        found[name if name not in found else f"{name} #{len(found)}"] = np.array(gradient)
    return found


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    sizes = norm(a) * norm(b)
    return float((a.astype(np.float64) * b).sum()) / sizes if sizes else float("nan")


def _left(line: Line) -> tuple[list[int], np.ndarray]:
    """How many steps back, and the share of the newest gradient that is left there."""
    norms = line.whole[line.order][::-1]
    there = np.flatnonzero(norms > 0)
    norms = norms[there[0] :] if len(there) else norms[:0]
    return list(range(len(norms))), np.where(norms > 0, norms, np.nan) / (norms[0] if len(norms) else 1)


def _falls(line: Line, epsilon: float) -> str:
    """A state in a few words: its factor, and where its gradient ends."""
    reach, norms = line.reach(epsilon), line.whole[line.order][::-1]
    known = np.flatnonzero(norms > 0)
    if not len(known):
        return f"∂L/∂{line.label} is nowhere"
    words = (
        f"∂L/∂{line.label} is multiplied by {line.factor:.3g}" if len(known) > 1 else f"∂L/∂{line.label} is there once"
    )
    beyond = reach is not None and np.isnan(norms[known[0] + reach[0]])
    if reach is None:
        return words
    return f"{words} ({'not connected' if beyond else f'under {epsilon:.0%}'} {reach[0]} {'step' if reach[0] == 1 else 'steps'} back)"


def _numbers(line: Line, epsilon: float) -> dict[str, Any]:
    norms, reach = line.whole[line.order], line.reach(epsilon)
    found = {"norm, newest": norms[-1], "norm, oldest": norms[0], "factor per step": line.factor}
    numbers: dict[str, Any] = {what: float(n) for what, n in found.items() if not np.isnan(n)}
    return numbers if reach is None else numbers | {f"steps back to {epsilon:.0%}": reach[0]}


def _ratio(a: Any, b: Any) -> float | None:
    return b / a if isinstance(a, float) and isinstance(b, float) and a else None


def _apart(names: tuple[str, str]) -> tuple[str, str]:
    return names if names[0] != names[1] else (f"{names[0]}, a", f"{names[1]}, b")
