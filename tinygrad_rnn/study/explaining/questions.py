"""One tensor's gradient, traced from the loss: where it died, or where NaN and Inf were born."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..._quiet import quiet
from ...graph import Edge, Node
from ..history import History
from .answers import Explanation
from .missing import Missing
from .nonfinite import Origin, backward_cause, forward_cause, has, origin_of
from .operands import Case, Why, short
from .regions import Region
from .scales import Scale
from .tracing import Hop, Stat, Trace, Turn, noted, operation, place, stat
from .vanished import CHOOSING, zero_cause


class Question:
    """One tensor's gradient, traced.

    edge  the tensor's place in the graph; mask: the part of it that is asked about, None for all
    at    what arrives there
    """

    def __init__(self, past: History, edge: Edge, mask: np.ndarray | None, name: str, replay: bool):
        self.past: History = past
        self.name: str = name
        self.edge: Edge = edge
        self.region: Region = Region(past, edge, mask)
        self.trace: Trace = Trace(past, self.region.edges or [edge], edge)
        self.trace = self.trace.run() if replay else self.trace.run_noted()
        self.at: Stat = self._at(mask)

    def _at(self, mask: np.ndarray | None) -> Stat:
        notes = self.edge[0].notes
        if not self.trace.replay and notes is not None and notes.arrived is not None:
            return noted(notes.arrived)
        g = self.trace.found
        if g is None:
            nodes = [
                node
                for node in self.trace.order
                if not any((node, k) in self.trace.sent for k in self.trace.ways(node))
            ]
            words = f"{place(self.past, nodes[-1])} sends None there" if nodes else "an operation on the way sends None"
            raise Missing(
                Why("nothing sent", words, "Let its backward return a gradient for that input"),
                nodes[-1] if nodes else None,
            )
        return stat(g if mask is None else g[mask])

    @quiet
    def answer(self) -> Explanation:
        """The Explanation, `.grad` left aside."""
        if not self.at.finite:
            return self._nonfinite("nan" if self.at.nan else "inf")
        bad = next((loss for loss in self.past.losses if not np.isfinite(loss.array).all()), None)
        if bad is not None:
            test = np.isnan if np.isnan(bad.array).any() else np.isinf
            origin = origin_of(self.past, self.past.edges[self.past.losses.index(bad)], test)
            if origin is not None:
                verdict = "nan" if test is np.isnan else "inf"
                return self._born(
                    origin,
                    test,
                    verdict,
                    f"the loss is {verdict}, though the gradient of {self.name} has finite "
                    f"numbers (norm {short(self.at.norm)})",
                )
        return self._zero() if self.at.zero else Scale(self.past, self.trace, self.at, self.name).answer(self._found)

    def _found(self, verdict: str, why: Why, sentences: list[str], node: Node | None = None, position: int | None = None,
               way: list[Hop] | None = None) -> Explanation:  # fmt: skip
        found = Explanation(self.name, verdict, why, sentences)
        found.values.setdefault("norm", self.at.norm)
        if way is None:
            way = [] if node is None else self.trace.way_to(node)
            way += [] if node is None or position is None else self.trace.way_on(node, position)
        found.way = [self._row(node, k) for node, k in way]
        return found.at(node, None if node is None else self.past.steps.time(node))

    def _row(self, node: Node, k: int) -> tuple[Any, ...]:
        arrived, sent = self.trace.arrived.get(node), self.trace.sent.get((node, k))
        line = None if node.source is None else os.path.basename(node.source)
        return operation(node), self.past.steps.time(node), arrived and arrived.norm, sent and sent.norm, line

    # --- zero -----------------------------------------------------------------------------------------------

    def _zero(self) -> Explanation:
        first = f"the gradient of {self.name} is exactly zero, though there is a path from the loss"
        if self.region.unread and not self.region.edges:
            node, k, why = self.region.unread[0]
            return self._found("zero", why, [first, f"it ends at {place(self.past, node)}: {why.words}"], node)
        turns = self.trace.turns(lambda s: s.zero)
        turn = next((t for t in turns if type(t.node).__name__ not in CHOOSING), turns[0] if turns else None)
        node, k, why = self._died(turn)
        more = len({t.node for t in turns if type(t.node).__name__ not in CHOOSING} - {node})
        others = f"it dies on {more} other way{'s' if more > 1 else ''} too" if more else ""
        if node is None:
            return self._found("zero", why, [first, why.words])
        sentences = [first, f"it dies at {place(self.past, node)}: {why.words}", others]
        if why.cause == "underflow":
            sentences[2] = Scale(self.past, self.trace, self.at, self.name, node).pace()
        on_way = k is not None and k in self.trace.ways(node)
        found = self._found("zero", why, sentences, node, k if on_way else None)
        if turn is not None:
            found.values["arrives"] = turn.before.norm
        return found

    def _died(self, turn: Turn | None) -> tuple[Any, int | None, Why]:
        """(operation, input, why) for the place where all became zero."""
        if turn is None:
            return self._within(self.region) or (None, None, Why("zero", "it dies bit by bit, at no single operation"))
        if turn.position is None:
            return turn.node, None, self._on_arrival(turn)
        node, k = turn.node, turn.position
        return node, k, zero_cause(Case(self.past, node, k, *self.trace.fetch(node, k)))

    def _within(self, region: Region) -> tuple[Node, int, Why] | None:
        """Where the gradient of a part of a value dies, while the rest may live."""
        regions = [region]
        for now in regions:  # grows while it is read
            if now.unread:
                return now.unread[0]
            for node, k, mask in now.met:
                g, part = self.trace.fetch(node, k)
                if (
                    g is None
                    or isinstance(g, list)
                    or np.shape(part) != mask.shape
                    or part[mask].any()
                    or not np.any(g)
                ):
                    continue
                alike = np.shape(g) == mask.shape
                if alike and not g[mask].any():
                    regions.append(Region(self.past, (node, 0), mask))
                    continue
                case = Case(self.past, node, k, np.where(mask, g, 0) if alike else g, np.where(mask, part, 0))
                return node, k, zero_cause(case)
        return None

    def _on_arrival(self, turn: Turn) -> Why:
        if turn.node.hooks and any(turn.node.hooks.values()):
            return Why(
                "hook",
                f"a hook on it returned {'zeros' if turn.after.zero else 'NaN or Inf'} for a gradient of norm "
                f"{short(turn.before.norm)}",
                "Remove the hook, or correct what it returns",
            )
        if turn.after.zero:
            return Why("cancelled", "what arrives there on several ways adds up to exactly 0", "")
        return Why(
            "overflow",
            "what arrives there on several ways adds up to more than its dtype can hold",
            "Scale the loss down",
        )

    # --- NaN and Inf ------------------------------------------------------------------------------------------

    def _nonfinite(self, verdict: str) -> Explanation:
        of = f"{self.at.nan or self.at.inf} of {self.at.size} numbers" if self.trace.replay else "some of its numbers"
        first = f"the gradient of {self.name} is {verdict} ({of})"
        for loss, edge in zip(self.past.losses, self.past.edges, strict=True):
            origin = origin_of(self.past, edge, np.isnan) if has(np.isnan, loss.array) else None
            if origin is not None:
                return self._born(origin, np.isnan, verdict, first)
        turn = next(iter(self.trace.turns(lambda s: not s.finite)), None)
        if turn is None:
            return self._found(verdict, Why("born in backward", "no single operation made it"), [first])
        node, k = turn.node, turn.position
        if k is None:
            why = self._on_arrival(turn)
            return self._found(verdict, why, [first, f"it was born at {place(self.past, node)}: {why.words}"], node)
        born = self._forward_origin(node)
        if born is not None:
            return self._born(*born, verdict, first, (node, k))
        why = backward_cause(Case(self.past, node, k, *self.trace.fetch(node, k)))
        sentences = [first, f"it was born in backward, at {place(self.past, node)}: {why.words}", self._then_nan(turn)]
        return self._found(verdict, why, sentences, node, k)

    def _forward_origin(self, node: Node) -> tuple[Origin, Any] | None:
        """Where the forward pass made the NaN or Inf that a rule works with; None if it has none to work with."""
        edges = [edge for edge in node.edges if edge is not None]
        if type(node).__name__ not in ("Log", "Log2", "Log10", "Log1p", "Div", "Pow") or has(
            np.isnan, self.past.value((node, 0))
        ):
            edges.append((node, 0))
        for test in (np.isnan, np.isinf):
            for edge in edges:
                origin = origin_of(self.past, edge, test)
                if origin is not None:
                    return origin, test
        return None

    def _born(self, origin: Origin, test: Any, verdict: str, first: str, hop: Hop | None = None) -> Explanation:
        """It was in the forward values already."""
        why = forward_cause(self.past, origin, test)
        node, what = origin.node, "NaN" if test is np.isnan else "Inf"
        where = f"the forward pass already has it: the first {what} is in the output of {place(self.past, node)}: {why.words}"
        if not node.edges:
            where = f"it is in the data: {why.words}"
        further = ""
        if test is np.isnan and why.cause in ("inf − inf", "0·inf", "inf / inf"):
            inf = next((o for o in (origin_of(self.past, e, np.isinf) for e in node.edges if e) if o is not None), None)
            if inf is not None:
                further = (
                    f"its inf comes from {place(self.past, inf.node)}: {forward_cause(self.past, inf, np.isinf).words}"
                )
        elif hop is not None and all(np.isfinite(loss.array).all() for loss in self.past.losses):
            further = f"the loss does not show it, but the rule of {operation(hop[0])} multiplies by it: 0 times {what} is nan"
        way = None if hop is None else self.trace.way_to(hop[0]) + self.trace.way_on(*hop)
        return self._found(verdict, why, [first, where, further], node, way=[] if way is None else way)

    def _then_nan(self, turn: Turn) -> str:
        """Where Inf turned into NaN on the way."""
        if not self.at.nan or turn.after.nan:
            return ""
        nan = next(iter(self.trace.turns(lambda s: s.nan > 0)), None)
        return "" if nan is None else f"{place(self.past, nan.node)} then makes nan of the inf (0·inf or inf − inf)"
