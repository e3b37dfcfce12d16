"""The first thing to ask: one page and one figure about a loss, and the most noteworthy findings in words."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, folded, new_figure
from ..graph import FREED, Leaf, Node, memory_of
from .decays import Decay, Line, decay
from .full_report import draw_more, more_of
from .history import History
from .ledgers import ledger
from .outside import losses_in_time
from .reaching import Cut, Reach, cuts_of, reach
from .results import Result, Table, counted, norm

MOST = 8  # weights that the page names


class WeightInTime:
    """A weight's gradient: its norm, and the norms of what each time step adds to it."""

    def __init__(self, leaf: Leaf, name: str, size: float, by_step: dict[int, float]):
        self.leaf: Leaf = leaf
        self.name: str = name
        self.norm: float = size
        self.by_step: dict[int, float] = by_step


class Report(Result):
    """One page about a loss.

    loss      its value
    decay     each state's gradient by time step: see Decay
    weights   the weights with the largest gradients
    inputs    how far back ∂L/∂x_t reaches, None if no gradient goes there
    cuts      detach, no_grad, integer operations: see Cut
    memory    bytes that the graph keeps for backward, by time step (None: outside time)
    noteworthy  findings in words, the most noteworthy first
    more      of a full report: step Jacobians, paths, uses and truncation of a weight, ledger; by what they are about
    """

    def __init__(self, past: History, epsilon: float):
        self.loss: float = float(sum(loss.array.item() for loss in past.losses))
        self.losses: int = sum(place is not None for place in losses_in_time(past))
        self.decay: Decay = decay(past, epsilon=epsilon)
        self.weights: list[WeightInTime] = _weights(past)
        self.inputs: Reach | None = _inputs(past, epsilon)
        self.cuts: list[Cut] = cuts_of(past)
        self.recorded: bool = any(node.notes is not None for node in past.nodes)
        self.memory: dict[int | None, int] = memory_by_step(past)
        self.operations: int = sum(not isinstance(node, Leaf) for node in past.nodes)
        self.more: dict[str, Result] = {}
        self.noteworthy: list[str] = _noteworthy(self)

    def finding(self) -> str:
        """The most noteworthy of all."""
        return self.noteworthy[0]

    def table(self) -> Table:
        """A row for each state: steps, norms at the first and the last, factor per step, how far back."""
        rows = []
        for label, line in self.decay.lines.items():
            there = line.reach(self.decay.epsilon)
            rows.append((
                label, f"{line.steps[0]}…{line.steps[-1]}", *(_number(line.whole[line.order[k]]) for k in (-1, 0)),
                _number(line.factor), "all" if there is None else f"{there[0] - 1} steps",
            ))  # fmt: skip
        return Table(("state", "steps", "norm, newest", "norm, oldest", "factor per step", "reaches back"), rows)

    def _sections(self) -> list[tuple[str, Any]]:
        weights = Table(("weight", "‖gradient‖", "steps", "most from", "its share of the norms"), [
            (w.name, w.norm, len(w.by_step), *_most(w)) for w in self.weights
        ])  # fmt: skip
        units = [
            (label, name, float(np.nanmean(v)), float(np.nanmax(v)))
            for label, line in self.decay.lines.items()
            for name, v in line.causes.items()
            if np.isfinite(v).any()
        ]
        total = sum(self.memory.values())
        kept = f"{_bytes(total)} for {self.operations:,} operations, {_bytes(max(self.memory.values(), default=0))} at most in a step"
        cuts = "\n".join(map(repr, self.cuts)) or (
            "none" if self.recorded else "known only of what runs inside record()"
        )
        return [
            ("gradient of the states " + f"({self.decay.of})", self.table()),
            ("what a step multiplies it with", Table(("state", "cause", "mean", "largest"), units)),
            ("gradient of the weights", weights),
            ("gradient of the inputs", "none goes there" if self.inputs is None else self.inputs.finding()),
            ("cuts", cuts),
            ("memory kept for backward", kept),
            *((title, result.finding()) for title, result in self.more.items()),
        ]

    def __repr__(self) -> str:
        steps = {t for line in self.decay.lines.values() for t in line.steps}
        lines = [f"loss {self.loss:.6g}, {counted(len(steps), 'time step')}, {self.losses} of them with a loss", ""]
        lines += [f"{k}. {words}" for k, words in enumerate(self.noteworthy[:3], start=1)]
        for title, body in self._sections():
            lines += ["", title, *("  " + line for line in str(body).splitlines())]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        found = "".join(f"<li>{html.escape(words)}</li>" for words in self.noteworthy[:3])
        parts = "".join(
            f"<h4>{html.escape(title)}</h4>"
            + (body._repr_html_() if isinstance(body, Table) else f"<p>{html.escape(body)}</p>")
            for title, body in self._sections()
        )
        return f"<p>loss {self.loss:.6g}</p><ol>{found}</ol>{parts}"

    def plot(self) -> Any:
        """Panels over time: states, factor and causes, weights by step, memory; of a full report four more: products of
        step Jacobians, shares along the cell, uses of a weight, truncation."""
        if self.more:
            figure, axes = new_figure(2, 4, (19.0, 7.5))
            states, causes, weights, memory = axes[0]
            draw_more(axes[1], self.more)
        else:
            figure, axes = new_figure(2, 2, (11.0, 7.0))
            (states, causes), (weights, memory) = axes
        for k, (label, line) in enumerate(self.decay.lines.items()):
            _draw(states, line.steps, line.whole, k, label)
            _draw(causes, line.steps, line.factors, k, f"{label}: factor")
            for name in ("tanh′", "relu′", "kept"):
                if name in line.causes:
                    causes.plot(line.steps, line.causes[name], color=COLOURS[k % len(COLOURS)], linestyle=":",
                                label=f"{label}: {name}")  # fmt: skip
        if self.inputs is not None and self.inputs.connected:
            _draw(states, self.inputs.steps, self.inputs.norms, len(self.decay.lines), self.inputs.name)
        causes.axhline(1, color=SOFT, linewidth=0.8, linestyle="--")
        for k, weight in enumerate([w for w in self.weights if len(w.by_step) > 1][:6]):
            steps = sorted(weight.by_step)
            _draw(weights, steps, np.array([weight.by_step[t] for t in steps]), k, weight.name)
        kept = {t: size for t, size in self.memory.items() if t is not None}
        memory.bar(list(kept), [size / 1024 for size in kept.values()], color=COLOURS[0], width=1.0)
        for ax, title, label in (
            (states, f"∂L/∂state and ∂L/∂x ({self.decay.of})", "norm"),
            (causes, "factor of a step, and what it comes from", "factor, mean"),
            (weights, "what each step adds to a weight's gradient", "norm"),
            (memory, "kept for backward", "KiB"),
        ):
            ax.set(xlabel="time step t", ylabel=label)
            ax.set_title(folded(title, 60), fontsize="small")
            if ax.get_legend_handles_labels()[0]:
                ax.legend(framealpha=0.7, edgecolor="none", fontsize="small")
        figure.suptitle(folded(self.finding(), 200 if self.more else 110), fontsize="medium")
        return figure


def report(loss: Any, *, epsilon: float = 0.01, full: bool = False) -> Report:
    """What happened in time, on one page: states, weights, inputs, cuts, units, memory, and the findings in words.

        with tinygrad_rnn.record():
            loss = model(x)
        print(study.report(loss))

    epsilon  the share of a gradient's last value under which it counts as gone
    full     answer as well: step Jacobians of each cell, paths of each gated state, uses of the weight with the largest
             gradient and what truncation would make of it, the ledger (`more`, by name)

    Raises RuntimeError if the graph has no time steps, or values of it are gone.
    """
    with History.of(loss) as past:
        past.steps.need()
        found = Report(past, epsilon)
        if full:
            found.more = more_of(past, [w.leaf for w in found.weights if len(w.by_step) > 1])
    if full:
        found.more["memory"] = ledger(loss)
    return found


def memory_by_node(past: History) -> dict[Node, int]:
    """Bytes of the arrays that each rule saved, each counted once; weights are there anyway."""
    leaves = [node.variable for node in past.nodes if isinstance(node, Leaf) and node.variable is not None]
    counted = {id(memory_of(leaf.array)) for leaf in leaves}
    found: dict[Node, int] = {}
    for node in past.nodes:
        for value in () if node.saved_tensors is FREED else node.saved_tensors:
            owner = memory_of(value) if isinstance(value, np.ndarray) else None
            if owner is not None and id(owner) not in counted:
                counted.add(id(owner))
                found[node] = found.get(node, 0) + owner.nbytes
    return found


def memory_by_step(past: History) -> dict[int | None, int]:
    """The same by time step."""
    found: dict[int | None, int] = {}
    for node, size in memory_by_node(past).items():
        t = past.steps.time(node)
        found[t] = found.get(t, 0) + size
    return found


def _weights(past: History) -> list[WeightInTime]:
    """The leaves with the largest gradients; one run of backward."""
    sizes: dict[Leaf, float] = {}
    by_step: dict[Leaf, dict[int, float]] = {}

    def watch(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        if isinstance(node, Leaf):
            sizes[node] = norm(gradient)
            return
        t = past.steps.time(node)
        for edge, part in zip(node.edges, contributions, strict=True):
            if t is not None and part is not None and edge is not None and isinstance(edge[0], Leaf):
                found = by_step.setdefault(edge[0], {})
                found[t] = float(np.hypot(found.get(t, 0.0), norm(part)))

    past.backward(watch)
    largest = sorted(sizes, key=lambda leaf: -sizes[leaf])[:MOST]
    return [WeightInTime(leaf, past.name_of(leaf), sizes[leaf], by_step.get(leaf, {})) for leaf in largest]


def _inputs(past: History, epsilon: float) -> Reach | None:
    try:
        return reach(past, "x", epsilon=epsilon)
    except RuntimeError:
        return None


# --- what is noteworthy -----------------------------------------------------------------------------------


def _noteworthy(report: Report) -> list[str]:
    """All findings: first the gravest of each kind, gravest kind first, then the others."""
    found: list[tuple[float, str, str]] = []  # (gravity, kind, words)
    for line in report.decay.lines.values():
        found += _about_state(line, report.decay)
    if report.cuts:
        found.append((0.8, "cut", f"the graph is cut at {len(report.cuts)} places; the first: {report.cuts[0]!r}"))
    for weight in report.weights:
        found += _about_weight(weight)
    if report.inputs is not None and report.inputs.connected:
        found.append((0.4, "inputs", report.inputs.finding()))
    kept = f"backward keeps {_bytes(sum(report.memory.values()))} for {counted(report.operations, 'operation')}"
    found.append((0.02, "memory", kept))
    found.append((0.01, "losses", f"the loss looks at {counted(report.losses, 'time step')}"))
    found.sort(key=lambda item: -item[0])
    firsts = {kind: words for _, kind, words in reversed(found)}
    first = [words for _, _, words in found if words in firsts.values()]
    return [*first, *(words for _, _, words in found if words not in firsts.values())]


def _about_state(line: Line, decay: Decay) -> list[tuple[float, str, str]]:
    found = []
    norms, there = line.whole, line.reach(decay.epsilon)
    if np.isinf(norms).any():
        found.append((3.0, "state", f"∂L/∂{line.label} is infinite"))
    elif there is not None:
        found.append((1 + (len(line.steps) - there[0]) / len(line.steps), "state", decay.about(line)))
    else:
        found.append((1.5 if line.factor > 1.05 else 0.5, "state", decay.about(line)))
    saturated = line.causes.get("saturated")
    share = 0.0 if saturated is None or not np.isfinite(saturated).any() else float(np.nanmean(saturated))
    if share > 0.2:
        kind = "off" if "relu′" in line.causes else "saturated"
        found.append((1.2, "units", f"{share:.0%} of the units of {line.label} are {kind} in the mean over time"))
    return found


def _about_weight(weight: WeightInTime) -> list[tuple[float, str, str]]:
    at, share = _most(weight)
    if not np.isfinite(weight.norm):
        words = f"the gradient of {weight.name} is {weight.norm}: explain(loss, {weight.name}) says where it began"
        return [(3.0, "weight", words)]
    if weight.norm == 0:
        return [(0.9, "weight", f"the gradient of {weight.name} is exactly zero")]
    if share is None or len(weight.by_step) <= 4:
        return []
    return [(0.3 * share, "weight", f"of ∂L/∂{weight.name} the largest part comes from {at}: {share:.0%} of the norms")]


def _most(weight: WeightInTime) -> tuple[str, float | None]:
    if not weight.by_step:
        return "outside time", None
    t = max(weight.by_step, key=lambda step: weight.by_step[step])
    total = sum(weight.by_step.values())
    return f"t={t}", weight.by_step[t] / total if total else None


def _number(n: Any) -> float | None:
    return None if np.isnan(n) else float(n)


def _bytes(n: int) -> str:
    return f"{n:,} bytes" if n < 10_240 else f"{n / 1024:,.0f} KiB" if n < 10 * 2**20 else f"{n / 2**20:,.0f} MiB"


def _draw(ax: Any, steps: list[int], values: np.ndarray, k: int, label: str) -> None:
    style = {
        "color": COLOURS[k % len(COLOURS)],
        "linestyle": ("-", "--", "-.", ":")[k % 4],
        "marker": ".",
        "markersize": 3,
    }
    ax.plot(steps, np.where(values > 0, values, np.nan), label=label, **style)
    if (values > 0).any():
        ax.set_yscale("log")
