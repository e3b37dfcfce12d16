"""The arrays that a kernel works in, and the views of them that each time step uses.

A training loop runs the same sizes at every step. Memory that goes back to the operating system in between is
mapped and cleared anew each time, and making a view costs a fifth of a small operation: together as much as the
arithmetic at toy sizes. So a workspace is made once for its sizes. When the graph lets go of it, it waits here for
the next run of the same sizes. At most `LIMIT` bytes wait; what was not used for the longest time goes first.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from typing import Any

import numpy as np

LIMIT = 256 * 2**20  # bytes
VIEW = 128  # bytes of one view, about

_waiting: OrderedDict[tuple[Any, ...], list[Workspace]] = OrderedDict()
_bytes = 0  # of those that wait


class Workspace:
    """Base of workspaces: `__init__(*sizes)` of a subclass makes its arrays, which are determined by the sizes.

    A workspace from `take` belongs to the caller until `give`, and holds the numbers of an earlier run.
    """

    key: tuple[Any, ...]
    nbytes: int

    @classmethod
    def take(cls, *sizes: Any) -> Any:
        """A workspace for these sizes: one that waits, or a new one."""
        global _bytes
        key = (cls, *sizes)
        waiting = _waiting.get(key)
        if waiting:
            try:
                workspace = waiting.pop()
            except IndexError:  # another thread was quicker
                pass
            else:
                _bytes -= workspace.nbytes
                return workspace
        workspace = cls(*sizes)
        workspace.key, workspace.nbytes = key, _size(workspace)
        return workspace

    def give(self) -> None:
        """Return it; nothing may use its arrays or views any more.

        Runs whenever a graph is freed: at any moment, also in the middle of itself, and in any thread. So it takes no
        lock, and every change of what waits is one operation that nothing can come in between.
        """
        global _bytes
        _waiting.setdefault(self.key, []).append(self)
        _bytes += self.nbytes
        with contextlib.suppress(KeyError):  # another thread has just dropped it
            _waiting.move_to_end(self.key)
        while _bytes > LIMIT:
            _drop_oldest()


class Lease(tuple):
    """What a forward keeps for its backward, the workspace first; gives the workspace back when it goes."""

    def __del__(self) -> None:
        self[0].give()

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            "what a fused layer keeps for its backward cannot be copied or pickled; copy the module (its state_dict) "
            "or the tensors (detach().clone()) instead of the graph"
        )


class TwinLease(Lease):
    """The same of a compiled twin, whose backward takes it."""


def _size(workspace: Workspace) -> int:
    """Bytes of its arrays and of the lists of views."""
    values = vars(workspace).values()
    arrays = sum(x.nbytes for x in values if isinstance(x, np.ndarray) and x.base is None)
    return arrays + sum(
        VIEW * len(x) * (len(x[0]) if isinstance(x[0], tuple) else 1) for x in values if isinstance(x, list)
    )


def _drop_oldest() -> None:
    """Let go of the workspaces of the sizes that were not used for the longest time."""
    global _bytes
    try:
        _, waiting = _waiting.popitem(last=False)
    except KeyError:  # none is left
        _bytes = 0
    else:
        _bytes -= sum(workspace.nbytes for workspace in waiting)
