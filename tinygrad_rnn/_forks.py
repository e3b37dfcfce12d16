"""Locks that a forked child finds open.

A child process has one thread, the one that forked. A lock that another thread held at that moment stays locked in
the child for ever, and who waits for it hangs: a lock named here is made anew there.
"""

from __future__ import annotations

import os
import weakref
from typing import Any

_locks: weakref.WeakSet[Any] = weakref.WeakSet()


def open_after_fork(lock: Any) -> Any:
    """The lock (of threading, or of a NumPy generator), which every forked child finds open from now on."""
    _locks.add(lock)
    return lock


def _reopen() -> None:
    for lock in list(_locks):
        lock._at_fork_reinit()  # as the standard library does with its own


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(after_in_child=_reopen)
