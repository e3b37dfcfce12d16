"""Is a gradient too small or too large, and where did it become so: over many time steps, or at one operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...graph import Node
from ..decays import kept_share
from ..history import History
from .drops import scale_cause, slopes
from .operands import Case, Why, short
from .tracing import Hop, Stat, Trace, operation, place
from .vanished import CHOOSING, LOSSES

CLOSED = 0.2  # a gate that is less in the mean
VANISHED, TINY = 1e-3, 1e-4  # over time, and else: the share that is left
EPSILON = 0.01
# what sums, picks or averages makes numbers smaller by plan, and so does the factor of a mean
BY_PLAN = (
    *CHOOSING,
    *LOSSES,
    "Sum",
    "Mean",
    "Expand",
    "Reshape",
    "Permute",
    "Transpose",
    "Cast",
    "Pick",
    "SetItem",
    "Clone",
)

Found = Callable[..., Any]


class Scale:
    """The strongest way from the loss to the tensor, or to `node`, and the sizes along it.

    ratios  what each operation multiplies the norm by
    steps   (time step, norm of what arrives there first), in the order of backward
    """

    def __init__(self, past: History, trace: Trace, at: Stat, name: str, node: Node | None = None):
        self.past: History = past
        self.trace: Trace = trace
        self.at: Stat = at
        self.name: str = name
        asked, number = trace.asked
        self.dtype: Any = np.dtype(asked.dtype if asked.n_outputs == 1 else asked.dtype[number])
        self.way: list[Hop] = [hop for hop in trace.way_to(node) if hop in trace.sent]
        self.ratios: list[float] = [self._ratio(hop) for hop in self.way]
        self.steps: list[tuple[int, float]] = self._steps()

    def _ratio(self, hop: Hop) -> float:
        arrived = self.trace.arrived[hop[0]].norm
        return self.trace.sent[hop].norm / arrived if arrived else 1.0

    def _steps(self) -> list[tuple[int, float]]:
        found: list[tuple[int, float]] = []
        for node, _ in self.way:
            t = self.past.steps.time(node)
            if t is not None and (not found or found[-1][0] != t):
                found.append((t, self.trace.arrived[node].norm))
        return [(t, norm) for t, norm in found if norm > 0]

    @property
    def over_time(self) -> float:
        """The gradient at the last step on the way (the earliest), by that of the first; 1 for fewer than three steps."""
        return self.end / self.steps[0][1] if len(self.steps) > 2 else 1.0

    @property
    def end(self) -> float:
        """The norm of what the last operation in time on the way sends on."""
        return next(self.trace.sent[hop].norm for hop in self.way[::-1] if self.past.steps.time(hop[0]) is not None)

    @property
    def factor(self) -> float:
        """The mean factor of a step."""
        return self.over_time ** (1 / max(len(self.steps), 1))

    def _own(self, hop: Hop) -> bool:
        """Does an operation change the size otherwise than by plan?"""
        node, k = hop
        if type(node).__name__ in BY_PLAN:
            return False
        if type(node).__name__ not in ("Mul", "Div") or len(node.edges) < 2 or node.edges[1 - k] is not None:
            return True
        factor = Case(self.past, node, k, None, None).x(1 - k)
        return factor is None or factor.size > 1

    @property
    def outside_time(self) -> float:
        """The product of the ratios outside time, and of all where there are no steps, without what is by plan."""
        timed = len(self.steps) > 2
        kept = [r for hop, r in zip(self.way, self.ratios, strict=True)
                if self._own(hop) and not (timed and self.past.steps.time(hop[0]) is not None)]  # fmt: skip
        return float(np.exp(np.sum(np.log(np.maximum(kept, 1e-300)))))

    # --- verdicts -------------------------------------------------------------------------------------------

    def verdict(self) -> str:
        """ "tiny", "huge" or "healthy": see `explain`."""
        norm = self.at.norm
        if self.at.peak < float(np.finfo(self.dtype).tiny) or norm < 1e-12:
            return "tiny"
        if norm < EPSILON and (self.over_time < VANISHED or self.outside_time < TINY):
            return "tiny"
        if norm > 1e3 and (self.over_time > 1 / VANISHED or self.outside_time > 1 / TINY or norm > 1e8):
            return "huge"
        return "healthy"

    def answer(self, found: Found) -> Any:
        """The Explanation, made by `found`."""
        verdict = self.verdict()
        if verdict == "healthy":
            return self._healthy(found)
        small = verdict == "tiny"
        first = f"the gradient of {self.name} is {verdict}: its norm is {short(self.at.norm)}, its largest number {short(self.at.peak)}"
        if (self.over_time < VANISHED) if small else (self.over_time > 1 / VANISHED):
            why, hop = self._in_time(small)
            return self._told(found, verdict, why, [first, self.pace(), why.words], hop, self._gone(small))
        hop = self._steepest(
            small, all_of_them=not (self.outside_time < TINY if small else self.outside_time > 1 / TINY)
        )
        if hop is None:
            return self._told(found, verdict, Why("small factor" if small else "large factor", ""), [first], None, None)
        node, k = hop
        why = scale_cause(Case(self.past, node, k, *self.trace.fetch(node, k)), self._ratio(hop))
        if small and self.at.peak < float(np.finfo(self.dtype).tiny):
            first += f", below {short(np.finfo(self.dtype).tiny)}, where {self.dtype.name} loses its digits"
        return self._told(
            found, verdict, why, [first, f"it changes most at {place(self.past, node)}: {why.words}"], hop, None
        )

    def _told(
        self, found: Found, verdict: str, why: Why, sentences: list[str], hop: Hop | None, step: int | None
    ) -> Any:
        told = found(verdict, why, sentences, None if hop is None else hop[0], None, self.way)
        if step is not None:
            told.step = step
        return told

    def _steepest(self, down: bool, all_of_them: bool) -> Hop | None:
        hops = [
            (r, n)
            for n, (hop, r) in enumerate(zip(self.way, self.ratios, strict=True))
            if all_of_them or self._own(hop)
        ]
        if not hops:
            return None
        return self.way[(min(hops, key=lambda h: h[0]) if down else max(hops, key=lambda h: h[0]))[1]]

    def pace(self) -> str:
        """How the gradient changes from step to step, in words; "" for fewer than three steps."""
        if len(self.steps) < 3:
            return ""
        (last, begin), (first, _), end = self.steps[0], self.steps[-1], self.end
        words = "falls" if self.factor < 1 else "grows"
        gone = self._gone(self.factor < 1)
        bound = "below 1 %" if self.factor < 1 else "above 100 times"
        return (
            f"on its way back through time it {words} by a factor of {short(self.factor)} per step, from {short(begin)} at t={last} "
            f"to {short(end)} at t={first}"
            + ("" if gone is None else f", and is {bound} of the former first at t={gone}")
        )

    def _gone(self, small: bool) -> int | None:
        """The first step where the gradient is below 1 % of that at the last step, or above 100 times."""
        begin = self.steps[0][1] if self.steps else 0.0
        return next(
            (t for t, norm in self.steps if (norm < EPSILON * begin if small else norm * EPSILON > begin)), None
        )

    def _in_time(self, small: bool) -> tuple[Why, Hop | None]:
        """What multiplies the gradient at each step: the cause, and the operation of its first."""
        inside = [hop for hop in self.way if self.past.steps.time(hop[0]) is not None]
        sizes = self._per_step(inside)
        kind = (min if small else max)(sizes, key=lambda op: sizes[op])
        means, kept = slopes([Case(self.past, *hop, None, None) for hop in inside]), self._gate()
        values: dict[str, Any] = {**means, "factor": self.factor, "steps": len(self.steps), kind: sizes[kind]}
        if small and means.get("saturated", 0) > 0.5:
            words = f"tanh is saturated: |h| > 0.999 in {means['saturated']:.0%} of units, so that its derivative 1 - h² is "
            advice, kind = "Scale inputs or weights down", "Tanh"
            why = Why("tanh saturated", f"{words}{short(means['tanh′'])} in the mean", advice, values)
        elif small and kept is not None and kept < CLOSED:
            words = (
                f"the gate that keeps the state (forget or update) is almost closed: it is {short(kept)} in the mean"
            )
            why = Why("gate closed", words, "Raise the bias of that gate", {**values, "gate": kept})
        else:
            why = _pace_cause(small, kind, means, kept, values)
        return why, next((hop for hop in inside if operation(hop[0]) == kind), None)

    def _per_step(self, hops: list[Hop]) -> dict[str, float]:
        """What each kind of operation multiplies the norm by in a step, in the mean."""
        logs: dict[str, float] = {}
        for hop in hops:
            op = operation(hop[0])
            logs[op] = logs.get(op, 0.0) + float(np.log(max(self._ratio(hop), 1e-300)))
        return {op: float(np.exp(total / len(self.steps))) for op, total in logs.items()}

    def _gate(self) -> float | None:
        """The mean of the gate g in s_t = g ⊙ s_{t-1} + …, over states and steps; None without one."""
        means = []
        for track in self.past.steps.tracks:
            for t, edge in track.edges.items():
                before = track.before(t)
                kept = None if before is None else kept_share(edge[0], track.edges[before])
                means += [] if kept is None else [float(np.mean(kept, dtype=np.float64))]
        return float(np.mean(means)) if means else None

    def _healthy(self, found: Found) -> Any:
        """Nothing wrong; and what may look so."""
        first = f"nothing is wrong with the gradient of {self.name}: its norm is {short(self.at.norm)}, its largest number {short(self.at.peak)}"
        remark = ""
        if self.over_time < EPSILON:
            remark = self.pace()
        elif self.at.norm < 1e-4 and self.outside_time > EPSILON:
            remark = (
                "it is small since the loss is: a mean over many, or a small factor; no operation on the way loses it"
            )
        return found(
            "healthy",
            Why("", "", "", {"norm": self.at.norm, "peak": self.at.peak}),
            [first, remark],
            None,
            None,
            self.way,
        )


def _pace_cause(small: bool, kind: str, means: dict[str, float], kept: float | None, values: dict[str, Any]) -> Why:
    """No step is to blame: all of them multiply by about the same."""
    words = f"each step multiplies by {short(values[kind])} at {kind}"
    if small and kept is not None:
        words = f"the gate that keeps the state (forget or update) is {short(kept)} in the mean"
        return Why("vanishing", words, "Raise the bias of that gate, or take shorter lags", {**values, "gate": kept})
    if "tanh′" in means:
        words += f", tanh′ is {short(means['tanh′'])} in the mean"
    if small:
        return Why("vanishing", words, "Use an LSTM or GRU, larger recurrent weights, or shorter lags", values)
    return Why("exploding", words, "Clip the gradient, or start with smaller recurrent weights", values)
