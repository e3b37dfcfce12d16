"""What a graph keeps in memory until backward: by operation, by time step, and what would be freed."""

from __future__ import annotations

import gc
import math
import sys
import weakref
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from .._figure import COLOURS, folded, new_figure
from .._mode import Scope
from ..graph import FREED, Leaf, Node, ancestors, memory_of
from ..notes import Constant, Notes, entry_of
from ..ops.inplace import edge_of
from .history import checked
from .results import Result, Table, counted
from .steps import Steps

COUNTED = (np.ndarray, tuple, list, dict, str, weakref.ref, Notes, Constant, Scope)
ATTRIBUTES = 32  # bytes that Python keeps beside a node, for its attributes without slots


class Ledger(Result):
    """Bytes that are kept as long as the graph of a loss lives.

    operations  by name of the operation: (how many, bytes of arrays that their rules keep)
    steps       by time step, the same bytes; None: outside time. A fused layer's are spread evenly over its steps
    values      bytes of these arrays in all, each memory counted once
    objects     bytes of Python's objects: nodes, edges, headers of arrays
    noted       bytes of arrays that only the notes of `record()` hold
    given       bytes of constants that rules keep and no operation of the graph made, such as inputs; not in `total`
    state       bytes of the states that one step hands to the next
    """

    def __init__(self, nodes: list[Node]):
        self.operations: dict[str, tuple[int, int]] = {}
        self.steps: dict[int | None, int] = {}
        self.values: int = 0
        self.objects: int = 0
        self.noted: int = 0
        self.given: int = 0
        tracks = Steps(nodes, {})
        self.state: int = _state_bytes(nodes, tracks)
        self.released: bool = any(node.saved_tensors is FREED for node in nodes)
        self._met: set[int] = set()
        self._seen: set[int] = {
            id(memory_of(n.variable.array)) for n in nodes if isinstance(n, Leaf) and n.variable is not None
        }
        for node in nodes:
            self._add(node, tracks)
        for node in nodes:
            if node.notes is None:
                continue
            self.given += self._memory(
                [c.array for c in node.notes.constants.values() if isinstance(c.array, np.ndarray)]
            )
            parts = list(self._reachable(_noted(node)))
            self.noted += self._memory([part for part in parts if isinstance(part, np.ndarray)])
            self.objects += sum(map(_header, parts))

    @property
    def total(self) -> int:
        """Values, objects and notes."""
        return self.values + self.objects + self.noted

    def _add(self, node: Node, steps: Steps) -> None:
        self.given += self._memory(_constants(node))
        parts = list(self._reachable(gc.get_referents(node)))  # to read `__dict__` would make one, and leave it there
        size = self._memory([part for part in parts if isinstance(part, np.ndarray)])
        self.values += size
        self.objects += sum(map(_header, [*parts, node, node.birth])) + ATTRIBUTES
        if isinstance(node, Leaf):
            return
        name = node.name().removesuffix("Backward0")
        many, before = self.operations.get(name, (0, 0))
        self.operations[name] = many + 1, before + size
        for t, part in _in_time(node, size, steps.time(node)):
            self.steps[t] = self.steps.get(t, 0) + part

    def _reachable(self, values: list[Any]) -> Iterator[Any]:
        """Arrays and containers behind values, workspaces of kernels too, that were not met yet."""
        for value in values:  # grows while it is read
            if id(value) in self._met or (not isinstance(value, COUNTED) and not hasattr(value, "give")):
                continue
            self._met.add(id(value))
            yield value
            if isinstance(value, dict):
                values += value.values()
            elif isinstance(value, (tuple, list)):
                values += value
            elif isinstance(value, np.ndarray):
                values.append(value.base)
            elif hasattr(value, "give"):
                values.append(vars(value))

    def _memory(self, arrays: Any) -> int:
        """Bytes of the memory behind arrays that was not counted yet."""
        found = 0
        for array in arrays:
            owner = memory_of(array)
            if id(owner) not in self._seen:
                self._seen.add(id(owner))
                found += owner.nbytes
        return found

    # --- what would be freed ---------------------------------------------------------------------------------

    @property
    def _in_time(self) -> list[int]:
        return [size for t, size in sorted((t, size) for t, size in self.steps.items() if t is not None)]

    def freed_by_truncation(self, window: int) -> int:
        """Bytes that truncated BPTT with k2 = `window` would not keep: those of all but the last `window` steps."""
        if window < 1:
            raise ValueError(f"ledger: a window must be at least 1 step, got {window}")
        return sum(self._in_time[:-window])

    def kept_by_recomputation(self, every: int | None = None) -> int:
        """Bytes at most with a state kept every so many steps, and each stretch computed again when backward comes.

        every  by default about √(T · state / step), where the sum is smallest (Chen et al. 2016)
        """
        sizes = self._in_time
        if not sizes:
            return self.values
        every = every or self.best_stretch
        stretch = max(sum(sizes[k : k + every]) for k in range(0, len(sizes), every))
        return self.steps.get(None, 0) + stretch + math.ceil(len(sizes) / every) * self.state

    @property
    def best_stretch(self) -> int:
        """How many steps between two kept states need the least memory."""
        sizes = self._in_time
        mean = sum(sizes) / max(1, len(sizes))
        return min(max(1, round(math.sqrt(len(sizes) * self.state / mean))) if mean else 1, max(1, len(sizes)))

    # --- as a result -----------------------------------------------------------------------------------------

    def finding(self) -> str:
        """How much, which operation most of it, and what half a window and recomputation would free."""
        if self.released and not self.values:
            return f"backward has released its values; {in_bytes(self.total)} of nodes and notes are left"
        words = f"the graph keeps {in_bytes(self.values)} for backward"
        if self.values:
            name, (many, size) = max(self.operations.items(), key=lambda item: item[1][1])
            words += f", {size / self.values:.0%} of it for {many} {name}"
        words += f"; its Python objects take {in_bytes(self.objects)}"
        if self.noted:
            words += f", the notes of record() {in_bytes(self.noted)}"
        T = len(self._in_time)
        if T > 3 and any(self._in_time):
            k = self.best_stretch
            words += (
                f". Truncation to {T // 2} of {T} steps would free {in_bytes(self.freed_by_truncation(T // 2))}; a state kept "
                f"every {counted(k, 'step').removeprefix('1 ')}, and the rest computed again, {in_bytes(max(0, self.values - self.kept_by_recomputation(k)))}"
            )
        return words

    def table(self) -> Table:
        """Operation, how many, bytes, share: largest first; then objects, and notes and constants if there are any."""
        largest = sorted(self.operations.items(), key=lambda item: -item[1][1])
        rows: list[tuple[Any, ...]] = [(name, many, size) for name, (many, size) in largest]
        more = (
            ("Python's objects", self.objects),
            ("notes of record()", self.noted),
            ("constants, not counted", self.given),
        )
        rows += [(name, None, size) for name, size in more if size]
        whole = self.total or 1
        shares = [None if row[0].startswith("constants") else row[2] / whole for row in rows]
        return Table(("operation", "how many", "bytes", "share"), [(*r, s) for r, s in zip(rows, shares, strict=True)])

    def plot(self) -> Any:
        """Bytes by operation, and by time step."""
        figure, [[left, right]] = new_figure(1, 2, (9.0, 3.6))
        largest = [item for item in sorted(self.operations.items(), key=lambda item: item[1][1])[-8:] if item[1][1]]
        left.barh([name for name, _ in largest], [size / 1024 for _, (_, size) in largest], color=COLOURS[0])
        left.set(xlabel="KiB", title="by operation")
        steps = sorted(t for t in self.steps if t is not None)
        right.bar(steps, [self.steps[t] / 1024 for t in steps], color=COLOURS[0], width=1.0)
        if self.state and any(self._in_time):
            right.axhline(self.state / 1024, color=COLOURS[1], linestyle="--", label="state that a step hands on")
            right.set_ylim(top=1.25 * max([*self._in_time, self.state]) / 1024)  # room for the legend
            right.legend(frameon=False, loc="upper left", fontsize="small")
        right.set(xlabel="time step t", ylabel="KiB", title="by time step")
        figure.suptitle(folded(self.finding(), 110), fontsize="medium")
        return figure


def ledger(loss: Any) -> Ledger:
    """The bytes that the graph of a loss keeps for backward, by operation and by time step.

    The graph is taken as it is: a fused layer is one operation. Weights are not counted, nor constants that came from
    elsewhere. What `tracemalloc` says of the same forward pass is `total`, to a few percent.
    """
    return Ledger(ancestors([edge_of(one)[0] for one in checked(loss)])[::-1])


def in_bytes(n: int) -> str:
    """A number of bytes in a unit that fits."""
    return f"{n:,} bytes" if n < 10_240 else f"{n / 1024:,.0f} KiB" if n < 10 * 2**20 else f"{n / 2**20:,.0f} MiB"


def _constants(node: Node) -> list[np.ndarray]:
    """Arrays that the rule saved of inputs without an edge; of a fused layer: its x, start and weights."""
    if node.saved_tensors is FREED:
        return []
    saved: Any = node.saved_tensors
    if hasattr(node, "recompute"):
        pairs = zip(saved, node.edges, strict=False)
        return [value for value, edge in pairs if edge is None and isinstance(value, np.ndarray)]
    plan: Any = getattr(node, "_saved_plan", ())
    return [
        value
        for value, (position, _) in zip(saved, plan, strict=False)
        if isinstance(value, np.ndarray) and 0 <= position < len(node.edges) and node.edges[position] is None
    ]


def _noted(node: Node) -> list[Any]:
    """What `record()` keeps beside a node."""
    notes = node.notes
    kept: list[Any] = [notes, node.source, *(getattr(notes, name) for name in notes.__slots__)]
    for constant in notes.constants.values():
        kept.append(constant.array)
        entry = entry_of(constant.array)
        for known in (constant, entry[1] if entry else None):  # of this use, and of the array wherever it is used
            if known is not None:
                kept += [known, known.cut, known.made_of, known.source]
        kept.append(entry)
    return kept


def _header(part: Any) -> int:
    """Bytes of a Python object; of an array without its numbers."""
    owner = isinstance(part, np.ndarray) and part.base is None
    return sys.getsizeof(part) - (part.nbytes if owner else 0)


def _in_time(node: Node, size: int, t: int | None) -> list[tuple[int | None, int]]:
    """The bytes of a node by time step; a fused layer has all of them at once."""
    if not hasattr(node, "recompute") or node.n_outputs < 2:
        return [(t, size)]
    T = node.shapes[0][0]
    return [(k, size * (k + 1) // T - size * k // T) for k in range(T)]


def _state_bytes(nodes: list[Node], steps: Steps) -> int:
    """Bytes of all states at one step."""
    found: Counter[int] = Counter()
    for k, track in enumerate(steps.tracks):
        found[k] = max(_bytes_of(node, number) for node, number in track.edges.values())
    fused = [node for node in nodes if hasattr(node, "recompute") and node.n_outputs > 1]
    return sum(found.values()) + sum(_bytes_of(node, number) for node in fused for number in range(1, node.n_outputs))


def _bytes_of(node: Node, number: int) -> int:
    dtype = node.dtype if node.n_outputs == 1 else node.dtype[number]
    return int(np.prod(node.shapes[number])) * dtype.itemsize
