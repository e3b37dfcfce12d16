"""An event of backward in a terminal: at most 25 lines of 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph import Leaf
from .events import Event, Sent, gradients_of
from .results import shown
from .rules import array_text, formula, input_symbols, is_small, numbers, output_symbol

if TYPE_CHECKING:
    from .debugger import Walk

WIDTH = 100
ROWS = 8  # inputs, or weights, that are listed; at most
LONGEST = 40  # characters of a name


def clean(name: Any) -> str:
    """A name as a terminal, a table and a figure can show it: one line, not too long, no control characters, no "$",
    which starts a formula in a figure."""
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in str(name)).replace("$", "\uff04")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def event_lines(walk: Walk) -> list[str]:
    """What there is to say about the present event."""
    event = walk.now
    lines = [
        f"event {event.number} of 0…{len(walk) - 1}   {_title(event)}",
        *_entry("arrives", _arrives(event)),
        *_entry("rule", _rule(event)),
        *_entry("numbers", _numbers(event)),
        *_entry("sends", _sends(walk, event)),
        *_entry(".grad", _running(walk, event)),
    ]
    return [_cut(line) for line in lines]


def _entry(title: str, lines: Iterable[str]) -> list[str]:
    return [f"{title if k == 0 else '':9}{line}" for k, line in enumerate(lines)]


def _title(event: Event) -> str:
    layer = "" if event.layer is None else f"layer {event.layer}"
    reverse = "reverse" if event.direction == "reverse" else ""
    place = ", ".join(part for part in (clean(event.module), layer, reverse) if part)
    name = f"{event.name} = {event.op}" if event.name and event.node.edges else f"{event.name} {event.op}".strip()
    at = "" if event.step is None else f"t={event.step}"
    source = clean(event.node.source.replace("\\", "/").rpartition("/")[2]) if event.node.source else ""
    return "   ".join(part for part in (at, name, place, source) if part)


def _arrives(event: Event) -> list[str]:
    at = f" at t={event.step}" if event.step is not None else ""
    of = f"dL/d{output_symbol(event.node) or '(output)'}" + (f" = ∂L/∂{event.name}{at}" if event.name else "")
    parts = [g for g in gradients_of(event.gradient) if g is not None]
    shapes = " and ".join(str(tuple(g.shape)) for g in parts[:4]) + (" …" if len(parts) > 4 else "")
    line = f"{of}, shape {shapes}, norm {shown(event.norm)}"
    return [line + (f": {array_text(parts[0])}" if len(parts) == 1 and is_small(parts[0]) else "")]


def _rule(event: Event) -> list[str]:
    written = [clean_line for text in formula(event.node) for clean_line in textwrap.wrap(text, WIDTH - 9)]
    return written[:3]


def _numbers(event: Event) -> list[str]:
    """The derivative with numbers, if it takes four lines at most."""
    try:
        lines = [part for line in numbers(event) for part in textwrap.wrap(line, WIDTH - 9, subsequent_indent="    ")]
    except RuntimeError:  # a value was changed in place since
        return ["cannot be computed any more: values of this graph were changed in place since"]
    return lines if len(lines) <= 4 else []


def _sends(walk: Walk, event: Event) -> list[str]:
    """A line for each input: where its gradient goes, or why none goes."""
    if isinstance(event.node, Leaf):
        return ["nothing: the way ends in .grad"]
    by_place, symbols = {sent.position: sent for sent in event.sent}, input_symbols(event.node)
    lines = [
        f"{symbols[k]}: {_sent(walk, by_place[k]) if k in by_place else f'nothing, {_why_nothing(event, k)}'}"
        for k in range(len(event.node.edges))
        if k in by_place or _is_there(event, k)
    ]
    return _some(lines)


def _sent(walk: Walk, sent: Sent) -> str:
    number = walk.number_of(sent.edge[0])
    assert number is not None
    target = walk.events[number]
    at = f" at t={target.step}" if target.step is not None else ""
    name = f"{target.name} ({target.op})" if target.name else target.op
    sums = "" if sent.running in (None, sent.norm) else f", {shown(sent.running)} with what came before"
    return f"norm {shown(sent.norm)} to event {number}, {name}{at}{sums}"


def _is_there(event: Event, position: int) -> bool:
    """Is there such an input? A layer without a bias has none."""
    notes = event.node.notes
    return (
        notes is None or notes.output is None or position in notes.constants or event.node.edges[position] is not None
    )


def _why_nothing(event: Event, position: int) -> str:
    notes = event.node.notes
    constant = notes.constants.get(position) if notes is not None else None
    if event.node.edges[position] is not None:
        return "the rule gives none"
    if constant is None:
        return "it needs no gradient"
    if constant.cut is not None:
        return f"the way is cut by {constant.how}"
    value = f" {array_text(constant.array)}" if is_small(constant.array) else ""
    return f"it is a constant{value}"


def _running(walk: Walk, event: Event) -> list[str]:
    """The running gradient of each weight; those that the event sent to come first."""
    now = {sent.edge[0] for sent in event.sent}
    leaves = sorted(walk.leaves, key=lambda leaf: leaf.node not in now)
    arrays = _arrays(walk) if all(leaf.node.shape and is_small(leaf.gradient) for leaf in leaves[:ROWS]) else {}
    return _some([_weight(walk, leaf, arrays.get(leaf.name), leaf.node in now) for leaf in leaves])


def _arrays(walk: Walk) -> dict[str, np.ndarray | None]:
    try:
        return walk.grads
    except RuntimeError:  # a value was changed in place since
        return {}


def _weight(walk: Walk, leaf: Event, array: np.ndarray | None, now: bool) -> str:
    uses = walk.uses(leaf)
    so_far = [norm for number, norm in uses if number <= walk.position]
    total = [leaf.norm] if leaf.number <= walk.position else so_far  # a hook may have changed it
    norm = f"norm {shown(total[-1])}" if total else "nothing yet"
    value = f": {array_text(array)}" if array is not None else ""
    return f"{'→' if now else ' '} {leaf.name}   {len(so_far)} of {len(uses)} uses, {norm}{value}"


def _some(lines: list[str]) -> list[str]:
    return lines if len(lines) <= ROWS else [*lines[: ROWS - 1], f"… and {len(lines) - ROWS + 1} more"]


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
