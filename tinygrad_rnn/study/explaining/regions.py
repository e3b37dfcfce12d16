"""Part of a tensor, such as one time step of an input or one row of an embedding: where it goes in the graph.

A part passes operations that only move numbers. It ends at one that does not read it, which is then the reason why no
gradient comes back; or it meets one that computes with it, and from there on the question is about that operation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph import Edge, Node
from ...ops.gathering import places
from ..history import History
from .operands import Why


class Region:
    """A part of a value, followed through the graph.

    edges    the values in which it is computed with; they may hold more than the part
    met      (operation, input, mask) of the operations that compute with it
    unread   (operation, input, why) of the operations that leave the part out
    """

    def __init__(self, past: History, edge: Edge, mask: np.ndarray | None = None):
        self.edges: list[Edge] = []
        self.met: list[tuple[Node, int, np.ndarray]] = []
        self.unread: list[tuple[Node, int, Why]] = []
        self._ends: set[Edge] = set(past.edges)
        self._users: dict[Edge, list[tuple[Node, int]]] = {}
        for node in past.nodes:
            for k, source in enumerate(node.edges):
                if source is not None:
                    self._users.setdefault(source, []).append((node, k))
        waiting = [(edge, np.ones(edge[0].shapes[edge[1]], bool) if mask is None else mask)]
        while waiting:
            waiting += self._follow(*waiting.pop())

    def _follow(self, edge: Edge, mask: np.ndarray) -> list[tuple[Edge, np.ndarray]]:
        users = self._users.get(edge, [])
        moved = [moved_by(node, k, mask) for node, k in users]
        if edge in self._ends or None in moved:
            self.edges.append(edge)
            if mask.all():
                return []
        if not users and edge not in self._ends:
            self.unread.append(
                (edge[0], 0, Why("not selected", "nothing that the loss uses reads that part of its output"))
            )
        further: list[tuple[Edge, np.ndarray]] = []
        for (node, k), parts in zip(users, moved, strict=True):
            if parts is None:
                self.met.append((node, k, mask))
                continue
            kept = [((node, number), part) for number, part in parts if part.any()]
            if not kept:
                self.unread.append((node, k, why_unread(node, mask)))
            further += kept
        return further


def moved_by(node: Node, k: int, mask: np.ndarray) -> list[tuple[int, np.ndarray]] | None:
    """Where the numbers under `mask`, of input k, stand in each output; None if the operation computes with them."""
    op: Any = node
    name = type(node).__name__
    if name == "Unbind":
        return list(enumerate(np.moveaxis(mask, op.dim, 0)))
    if name == "Split":
        ends = np.cumsum([shape[op.dim] for shape in node.shapes])[:-1]
        return list(enumerate(np.split(mask, ends, op.dim)))
    if name in ("Index", "BasicIndex"):
        return [(0, np.asarray(mask[op.index]))]
    if name == "Gather":
        return [(0, mask[places(op.index, op.dim)])]
    if name == "Embedding":
        rows = mask.any(1) & (np.arange(len(mask)) != (-1 if op.padding_idx is None else op.padding_idx))
        return [(0, np.broadcast_to(rows[op.index][..., None], node.shape))]
    if name == "Reshape":
        return [(0, mask.reshape(node.shape))]
    if name in ("Stack", "Cat"):
        return [(0, _joined(op, k, mask))]
    if mask.all():  # what follows would only move a part
        return None
    if name in ("Add", "Sub", "Neg", "Cast", "Clone") and mask.shape == node.shape:
        return [(0, mask)]
    if name == "Linear" and k == 0:
        return [(0, np.broadcast_to(mask.any(-1, keepdims=True), node.shape))]
    return None


def _joined(node: Any, k: int, mask: np.ndarray) -> np.ndarray:
    result = np.zeros(node.shape, bool)
    before = (slice(None),) * node.dim
    if type(node).__name__ == "Stack":
        result[(*before, k)] = mask
    else:
        start = sum(node.lengths[:k])
        result[(*before, slice(start, start + node.lengths[k]))] = mask
    return result


def why_unread(node: Node, mask: np.ndarray) -> Why:
    """Why an operation leaves out what is under the mask."""
    op: Any = node
    if type(node).__name__ == "Embedding":
        rows = np.flatnonzero(mask.any(1))
        if op.padding_idx in rows:
            all_of_it = "the input asks for nothing else, and " if len(rows) > 1 else ""
            return Why(
                "padding_idx",
                f"{all_of_it}row {op.padding_idx} is the padding_idx of the embedding, whose gradient is set to 0",
                "That is meant so; leave padding_idx out if the row is to learn",
                {"row": op.padding_idx},
            )
        words = f"row {rows[0]} is" if len(rows) == 1 else f"its {len(rows)} rows are"
        return Why(
            "row not used",
            f"{words} not among the {np.unique(op.index).size} rows that the input asks for",
            "Rows learn only from batches in which they occur",
            {"rows": rows.tolist()},
        )
    lengths = packed_lengths(op.index) if hasattr(op, "index") else None
    if lengths is not None and mask.ndim >= 2:
        t, b = (int(places[0]) for places in np.nonzero(mask)[:2])
        length = lengths[b] if b < len(lengths) else 0
        return Why(
            "sequence ended",
            f"sequence {b} is packed with length {length}: its last step is t={length - 1}, and t={t} "
            f"is padding after its end",
            "Nothing to mend: padding gets no gradient",
            {"t": t, "length": length},
        )
    return Why(
        "not selected",
        f"this operation reads other elements, none of the {int(mask.sum())} asked about",
        "",
        {"size": int(mask.sum())},
    )


def packed_lengths(index: Any) -> list[int] | None:
    """The lengths of the sequences if an index (t, b) is that of a packed batch, else None."""
    if not (
        isinstance(index, tuple) and len(index) == 2 and all(isinstance(i, np.ndarray) and i.ndim == 1 for i in index)
    ):
        return None
    t, b = index
    if not t.size or (np.diff(t) < 0).any():
        return None
    lengths = np.bincount(b)
    return lengths.tolist() if all((t[b == k] == np.arange(n)).all() for k, n in enumerate(lengths)) else None
