"""∂L/∂h_t at each step of a layer that is one fast node, from the kernel's own backward.

A kernel returns the gradient of the state before its first step. So the sequence is cut into stretches, of one step where
there are not too many: what a stretch returns arrives at the end of the one before it. That is one more forward and
backward of the kernel, and no step is recorded.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._mode import enable_grad, thread
from .._tensor import Tensor
from ..graph import Node
from .results import norm

POINTS = 32  # stretches at most: each is one call of the kernel forward and back, whatever its length


class ByStep:
    """A fused layer at some of its time steps, first to last in the order of the run.

    steps   the time t of each
    norms   by state, "h" and "c": ‖∂L/∂s_t‖, as `decay` gives it
    """

    def __init__(self, node: Any, gradients: tuple[Any, ...]):
        self.node: Any = node
        x, *rest = node.saved_tensors[:-1]
        start, self.weights = tuple(rest[: node.n_states]), tuple(rest[node.n_states :])
        from_outputs, *at_end = gradients
        order: Any = slice(None, None, -1) if node.reverse else slice(None)
        self.x: Any = x[order if node.turn is None else node.turn]
        outside = np.zeros(node.shapes[0], x.dtype) if from_outputs is None else from_outputs
        self.outside: Any = outside[order if node.turn is None else node.turn]
        layer = node.transition_with.__self__
        self.options: dict[str, Any] = {name: getattr(layer, name) for name in layer.options}
        T = len(self.x)
        stretch = math.ceil(T / POINTS)
        self.stretches: list[slice] = [slice(k, min(k + stretch, T)) for k in range(0, T, stretch)]
        self.lasts: list[int] = [part.stop - 1 for part in self.stretches]
        self.starts: list[tuple[Any, ...]] = [start]  # the state before each stretch, and the last one
        self.steps: list[int] = [T - 1 - last if node.reverse else last for last in self.lasts]
        leases, h_before = self._forward()
        slopes = self._slopes(np.stack(h_before)) if node.n_states > 1 else None
        self.norms: dict[str, np.ndarray] = {
            name: np.sqrt((self._in_order(rows) ** 2).sum(1))
            for name, rows in self._gradients(leases, slopes, at_end).items()
        }

    def _forward(self) -> tuple[list[Any], list[Any]]:
        """What backward of each stretch needs, and the h before its last step."""
        leases, h_before = [], []
        for part in self.stretches:
            sizes, start = None if self.node.sizes is None else self.node.sizes[part], self.starts[-1]
            (outputs, *state), lease = self.node.kernel_forward(
                self.x[part], start, self.weights, False, True, sizes, **self.options
            )
            h_before.append(outputs[-2] if len(outputs) > 1 else start[0])
            leases.append(lease)
            self.starts.append(tuple(state))
        return leases, h_before

    def _slopes(self, h_before: np.ndarray) -> np.ndarray:
        """Of an LSTM ∂h/∂c = o (1 - tanh² c) at the last step of each stretch; o is the last quarter of the rows."""
        parts: list[Any] = [w if w is None else w[-h_before.shape[-1] :] for w in self.weights]
        weight_ih, weight_hh, *biases = parts
        z = self.x[self.lasts] @ weight_ih.T + h_before @ weight_hh.T + sum(b for b in biases if b is not None)
        c = np.stack([state[1] for state in self.starts[1:]])
        return (0.5 + 0.5 * np.tanh(0.5 * z)) * (1 - np.tanh(c) ** 2)

    def _gradients(self, leases: list[Any], slopes: Any, arriving: list[Any]) -> dict[str, np.ndarray]:
        """Norms (steps, B), found from the last stretch to the first; `arriving` at the state after it, from later steps."""
        found: list[list[np.ndarray]] = [[] for _ in arriving]
        for k in range(len(self.stretches) - 1, -1, -1):
            last = self.outside[self.lasts[k]]
            states = [last if arriving[0] is None else last + arriving[0]]
            if slopes is not None:
                by_h = states[0] * slopes[k]
                states.append(by_h if arriving[1] is None else by_h + arriving[1])
            for gradients, gradient in zip(found, states, strict=True):
                gradients.append(gradient)
            outside = self.outside[self.stretches[k]]
            _, *arriving = self.node.kernel_backward(leases.pop(), outside, *arriving, wants_dx=False)
            arriving = arriving[: self.node.n_states]
        norms: dict[str, np.ndarray] = {}
        running = [] if self.node.sizes is None else [int(self.node.sizes[last]) for last in self.lasts]
        for name, gradients in zip(("h", "c"), found, strict=False):
            whole = np.stack(gradients[::-1])
            norms[name] = norm(whole.reshape(-1, whole.shape[-1]), per_sample=True).reshape(whole.shape[:2])
            for k, n in enumerate(running):
                norms[name][k, n:] = 0  # of sequences that have ended
        return norms

    def _in_order(self, rows: np.ndarray) -> np.ndarray:
        """A layer that reads sequences of different length from their ends has each one's steps elsewhere."""
        turn = self.node.turn
        return rows if turn is None or len(rows) < len(self.x) else rows[turn][::-1]

    def named(self) -> dict[str, Node]:
        """The node of each state and gate by name, from the readable step at the first step of all stretches at once."""
        first = [part.start for part in self.stretches]
        rows = self.x[first].reshape(-1, self.x.shape[-1])
        states = [np.concatenate(parts) for parts in zip(*self.starts[:-1], strict=True)]
        mode, outer = thread.mode, thread.mode.scope
        mode.scope = self.node.scope
        try:
            with enable_grad():
                weights = [w if w is None else Tensor._of(w).requires_grad_() for w in self.weights]
                transition = self.node.transition_with(tuple(weights))
                state, gates = transition(Tensor._of(rows), tuple(map(Tensor._of, states)))
        finally:
            mode.scope = outer
        named = {**dict(zip(("h", "c"), state, strict=False)), **gates}
        return {name: tensor._edge[0] for name, tensor in named.items() if tensor._edge is not None}
