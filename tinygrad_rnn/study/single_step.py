"""One time step taken out of a graph: from the states before it to the states after it, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..graph import Edge, Node
from .history import History

Shape = tuple[int, ...]
MOST_NUMBERS = 2**18  # in the seeds of one run


def users_of(nodes: list[Node]) -> dict[Node, list[Node]]:
    """Which nodes use each node."""
    users: dict[Node, list[Node]] = {}
    for node in nodes:
        for edge in node.edges:
            if edge is not None:
                users.setdefault(edge[0], []).append(node)
    return users


class SingleStep:
    """The nodes between the states of one step and of the next."""

    def __init__(self, past: History, users: dict[Node, list[Node]], before: list[Edge], after: list[Edge]):
        self.past: History = past
        self.before: list[Edge] = before
        self.after: list[Edge] = after
        self.sources: set[Node] = {edge[0] for edge in before}
        self.inside: set[Node] = self._between(users)

    def _between(self, users: dict[Node, list[Node]]) -> set[Node]:
        newest = max(edge[0].birth for edge in self.after)
        later, waiting = set(self.sources), list(self.sources)
        for node in waiting:  # grows while it is read
            for user in users.get(node, ()):
                if user not in later and user.birth <= newest:
                    later.add(user)
                    waiting.append(user)
        inside = {edge[0] for edge in self.after} & later
        waiting = list(inside)
        for node in waiting:
            for edge in node.edges if node not in self.sources else ():
                if edge is not None and edge[0] in later and edge[0] not in inside:
                    inside.add(edge[0])
                    waiting.append(edge[0])
        return inside - self.sources

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Inside, the graph is this step: it ends at the states before, and nothing else goes in."""
        kept = {node: node.edges for node in self.inside | self.sources}
        there = self.inside | self.sources
        try:
            for node in self.inside:
                node.edges = tuple([edge if edge is not None and edge[0] in there else None for edge in node.edges])
            for node in self.sources:
                node.edges = ()
            yield
        finally:
            for node, edges in kept.items():
                node.edges = edges

    def shapes(self) -> list[Shape]:
        """Of the states after the step."""
        return [node.shapes[number] for node, number in self.after]

    def back(self, seeds: list[np.ndarray]) -> list[np.ndarray]:
        """What seeds at the states after the step send to those before it."""
        edges = [edge for edge in self.after if edge[0] in self.inside]
        sent = [seed for edge, seed in zip(self.after, seeds, strict=True) if edge[0] in self.inside]
        found = self.past.arriving(self.before, edges, sent) if edges else {}
        return [found.get(edge, np.zeros(edge[0].shapes[edge[1]])) for edge in self.before]

    def mixes_samples(self) -> bool:
        """Does a sample's state depend on other samples, or is the first axis none of samples?"""
        if any(len(shape) < 2 for shape in self.shapes()):
            return True
        seeds = [np.zeros(shape, np.float64) for shape in self.shapes()]
        for seed in seeds:
            seed[0] = np.random.default_rng(0).normal(size=seed[0].shape)
        with self.alone():
            return any(g[1:].any() for g in self.back(self._typed(seeds)))

    def _typed(self, seeds: list[np.ndarray]) -> list[np.ndarray]:
        kinds = [n.dtype if n.n_outputs == 1 else n.dtype[k] for n, k in self.after]
        return [seed.astype(kind, copy=False) for seed, kind in zip(seeds, kinds, strict=True)]

    def jacobian(self, mixed: bool) -> np.ndarray:
        """(B, n, n); n counts the numbers of all samples, and B is 1, if `mixed`."""
        shapes = [(1, *shape) if mixed else shape for shape in self.shapes()]
        sizes = [int(np.prod(shape[1:])) for shape in shapes]
        with self.alone():
            rows = None if mixed else self._many_rows(sizes)
            if rows is None:
                rows = [self._row(k, i, mixed) for k, size in enumerate(sizes) for i in range(size)]
        found = np.stack(rows, 1).astype(np.float64)  # (B before the step, n, n)
        if found.shape[-1] != found.shape[-2]:
            before = [edge[0].shapes[edge[1]] for edge in self.before]
            raise RuntimeError(f"step_jacobians: the state changes its shape from {before} to {self.shapes()}")
        return found[: shapes[0][0]]  # without sequences that have ended

    def _row(self, k: int, i: int, mixed: bool) -> np.ndarray:
        """(B, n): the gradient of number i of part k."""
        seeds = [np.zeros(shape) for shape in self.shapes()]
        seeds[k].reshape(1 if mixed else len(seeds[k]), -1)[:, i] = 1
        return _flat(self.back(self._typed(seeds)), mixed)

    def _many_rows(self, sizes: list[int]) -> list[np.ndarray] | None:
        """All rows from a few runs, as if the batch held each sample many times, with another seed for each copy.

        None where a rule of the step does not take a batch of another size: random seeds must give what the rows say.
        """
        B, n = self.shapes()[0][0], sum(sizes)
        starts = np.cumsum([0, *sizes])
        random = [np.random.default_rng(0).normal(size=shape) for shape in self.shapes()]
        once = _flat(self.back(self._typed(random)), False)
        rows: list[np.ndarray] = []
        try:
            for first in range(0, n, max(1, MOST_NUMBERS // (B * n))):
                copies = min(n, first + max(1, MOST_NUMBERS // (B * n))) - first
                eye = np.eye(n)[first : first + copies].repeat(B, 0)  # copy by copy, the samples of each
                seeds = [eye[:, a:b].reshape(copies * B, *shape[1:])
                         for a, b, shape in zip(starts, starts[1:], self.shapes(), strict=False)]  # fmt: skip
                with self._copied(B, copies):
                    rows += list(_flat(self.back(self._typed(seeds)), False).reshape(copies, B, -1))
        except (RuntimeError, ValueError, IndexError, TypeError):
            return None
        together = np.einsum("bi,ibj->bj", _flat(random, False), np.stack(rows))
        exact = together.shape == once.shape and np.allclose(together, once, rtol=1e-3, atol=1e-4 * np.abs(once).max())
        return rows if exact else None

    @contextlib.contextmanager
    def _copied(self, B: int, copies: int) -> Iterator[None]:
        """Inside, values with a row for each of B samples have them `copies` times."""

        def copied(value: Any) -> Any:
            rows = isinstance(value, np.ndarray) and value.ndim > 1 and len(value) == B
            return np.concatenate([value] * copies) if rows else value

        def grown(shape: Shape) -> Shape:
            return (copies * B, *shape[1:]) if len(shape) > 1 and shape[0] == B else shape

        kept = {node: (node.shape, node.saved_tensors) for node in self.inside | self.sources}
        try:
            for node, (shape, saved) in kept.items():
                node.shape = grown(shape) if node.n_outputs == 1 else tuple(map(grown, shape))
                node.saved_tensors = tuple(map(copied, saved))
            yield
        finally:
            for node, (shape, saved) in kept.items():
                node.shape, node.saved_tensors = shape, saved


def _flat(parts: list[np.ndarray], mixed: bool) -> np.ndarray:
    """The parts of a state as one row for each sample."""
    return np.concatenate([part.reshape(1 if mixed else len(part), -1) for part in parts], 1)
