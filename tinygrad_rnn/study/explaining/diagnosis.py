"""Why a gradient is None, zero, NaN, Inf, tiny or huge: the first operation where it died or was born."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._tensor import Tensor
from ...graph import Edge, ancestors
from ...ops.inplace import base_of, edge_of, places_in
from ..history import History, callers_variables
from ..steps import Steps
from .answers import Explanation
from .missing import RECORD, Missing, backward_ran, check_connected, check_loss, check_wants, lost
from .operands import Why, short
from .questions import Question
from .tracing import Stat, stat

ZEROED = "Something set it after backward: zero_grad(set_to_none=False), .grad.zero_(), or clipping while another gradient is Inf"


def explain(loss: Any, x: Tensor) -> Explanation:
    """Why is the gradient of `loss` by `x` None, zero, NaN, Inf, tiny or huge? Or is nothing wrong with it?

        with tinygrad_rnn.record():
            loss = model(data)
        explain(loss, model.rnn.weight_hh_l0)

    loss  a single number, or a list of them
    x     any Tensor: a weight, an input, a computed state; also a part of one, such as `inputs[5]` or `table[0]`

    Works before and after backward(). Without record() the lines of the program and the places of detach() and no_grad()
    are not known, and after backward() the values are gone: the answer then says so. Backward is run again, with hooks.

    Tiny is: over time, less than 0.1 % of what the last step has; else less than 0.01 % of what the loss sends, sums, means
    and number factors left aside; or too small for the dtype. Huge likewise, by 1,000 and 10,000.

    Raises TypeError for what is no Tensor, RuntimeError if the loss is not a single number.
    """
    losses = _losses(loss)
    if not isinstance(x, Tensor):
        raise TypeError(f"explain: expected a Tensor, got {type(x).__name__}")
    past = _closed(losses)
    name = _called(past, x)
    try:
        return _explained(past, losses, x, name)
    except Missing as missing:
        node = missing.node
        found = Explanation(name, "none", missing.why, [f"no gradient reaches {name}", missing.why.words])
        return found.at(node, None if node is None else past.steps.time(node), missing.source)


def _losses(loss: Any) -> list[Tensor]:
    losses = list(loss) if isinstance(loss, (list, tuple)) else [loss]
    for one in losses:
        if not isinstance(one, Tensor):
            raise TypeError(f"explain: the loss must be a Tensor, got {type(one).__name__}")
        if one.array.size != 1:
            raise RuntimeError(
                f"explain: the loss must be a single number, got shape {tuple(one.array.shape)}: reduce it first, "
                f"for example with .sum()"
            )
    if not losses:
        raise ValueError("explain: got an empty list of losses")
    return losses


def _closed(losses: list[Tensor]) -> History:
    """The graph as it is, without opening layers: enough to see what is connected."""
    past = History(losses, callers_variables())
    past.edges = [edge for edge in map(edge_of, losses) if edge is not None]
    past.nodes = ancestors([edge[0] for edge in past.edges])[::-1]
    past.steps = Steps(past.nodes, past.variables)
    return past


def _called(past: History, x: Tensor) -> str:
    edge = edge_of(x)
    if edge is not None and not edge[0].edges:
        return past.name_of(edge[0])
    for name, value in past.variables.items():
        if value is x:
            return name
    base = base_of(x)
    if base is not None and base is not x and x.name is None:
        return f"this part of {_called(past, base)}"
    return x.name or "this tensor"


def _explained(graph: History, losses: list[Tensor], x: Tensor, name: str) -> Explanation:
    check_loss(losses)
    base, mask = _part(graph, x)
    check_wants(graph.nodes, base, name)
    edge: Edge = edge_of(base)  # type: ignore[assignment]
    check_connected(graph, edge, base, name)
    ran, gone = backward_ran(graph.nodes), lost(graph.nodes)
    noted = all(e[0].notes is not None and e[0].notes.arrived is not None for e in graph.edges)
    if gone == "released" or (gone and (not noted or mask is not None)):
        return _by_grad(x, name, gone)
    with History.of([loss for loss in losses if edge_of(loss) is not None]) as past:
        past.variables = graph.variables
        question = Question(past, past.opened.get(edge, edge), mask, name, replay=not gone)
        found = question.answer()
    return found if mask is not None else _with_grad(found, question.at, x, ran)


def _part(past: History, x: Tensor) -> tuple[Tensor, np.ndarray | None]:
    """(x, None); or if `x` is a part of a tensor in the graph and not there itself, that tensor and where x is in it."""
    edge, base, nodes = edge_of(x), base_of(x), set(past.nodes)
    if base is None or (edge is not None and edge[0] in nodes):
        return x, None
    edge = edge_of(base)
    if edge is None or edge[0] not in nodes:
        return x, None
    mask = np.zeros(base.array.size, bool)
    mask[places_in(base.array, x.array).ravel()] = True
    return base, mask.reshape(base.array.shape)


# --- .grad ------------------------------------------------------------------------------------------------


def _with_grad(found: Explanation, at: Stat, x: Tensor, ran: bool) -> Explanation:
    """What `.grad` holds beside what backward sends."""
    name = found.name
    if x._grad is not None:
        held = stat(x._grad)
        if found.verdict not in ("nan", "inf") and not held.finite:
            why = Why(
                "changed afterwards",
                "",
                "Another gradient was NaN or Inf when clip_grad_norm_ scaled all of them, most likely",
            )
            return Explanation(
                name,
                "nan" if held.nan else "inf",
                why,
                [
                    f"{name}.grad is {'nan' if held.nan else 'inf'}, though backward "
                    f"sends finite numbers (norm {short(at.norm)})"
                ],
            )
        if held.zero and not at.zero and found.verdict not in ("nan", "inf"):
            why = Why("changed afterwards", "", ZEROED, {"norm": at.norm})
            return Explanation(
                name,
                "zero",
                why,
                [f"{name}.grad is exactly zero, though backward sends a gradient of norm {short(at.norm)}"],
            )
        return found
    if not x.is_leaf and not x.retains_grad:
        return _remark(
            found,
            "none" if ran else found.verdict,
            "not retained",
            f"{name}.grad is None because it is a computed tensor, not a leaf: its gradient passes on and is not kept",
            f"Call {name}.retain_grad() before backward()",
        )
    if not ran:
        return _remark(
            found,
            found.verdict,
            "backward not called",
            f"{name}.grad is None because backward() has not been called yet",
            "",
        )
    return _remark(
        found,
        "none",
        "cleared",
        f"{name}.grad is None though backward() ran and sent a gradient: zero_grad() cleared it, or "
        f"backward(inputs=…) left it out",
        "",
    )


def _remark(found: Explanation, verdict: str, cause: str, words: str, advice: str) -> Explanation:
    if found.verdict == "healthy":
        found.verdict, found.cause, found.advice = verdict, cause, advice
        found.sentences.append(words)
    return found


def _by_grad(x: Tensor, name: str, gone: str) -> Explanation:
    """The answer where the values of the graph are gone: by `.grad` alone."""
    ask = (
        "backward() has released the values"
        if gone == "released"
        else "values were changed in place since, as by optimizer.step()"
    )
    advice = (
        RECORD.replace("where a path was cut", "which operation it was")
        if gone == "released"
        else "Ask before they change"
    )
    if x._grad is None:
        if not x.is_leaf:
            why = Why("not retained", "", f"Call {name}.retain_grad() before backward()")
            return Explanation(
                name,
                "none",
                why,
                [
                    f"{name}.grad is None because it is a computed tensor, not a leaf: backward() passes its "
                    f"gradient on and does not keep it",
                    f"There is a path from the loss; how large the gradient is, is not known, for {ask}",
                ],
            )
        why = Why("cleared", "", "")
        return Explanation(
            name,
            "none",
            why,
            [
                f"{name}.grad is None though there is a path and backward() ran: zero_grad() cleared it, or "
                f"backward(inputs=…) left it out"
            ],
        )
    at = stat(x._grad)
    verdict = "nan" if at.nan else "inf" if at.inf else "zero" if at.zero else "healthy"
    if verdict == "healthy" and (at.norm < 1e-12 or at.norm > 1e8):
        verdict = "tiny" if at.norm < 1 else "huge"
    state = f"nothing is wrong with its numbers: its norm is {short(at.norm)}"
    if verdict != "healthy":
        state = (
            "it is exactly zero"
            if at.zero
            else f"it is {verdict}: {at.nan + at.inf} of {at.size} numbers"
            if not at.finite
            else (f"it is {verdict}: its norm is {short(at.norm)}")
        )
    why = Why("" if verdict == "healthy" else f"values {gone}", "", advice, {"norm": at.norm})
    return Explanation(name, verdict, why, [f"only {name}.grad is left to look at, for {ask}", state])
