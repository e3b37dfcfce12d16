"""NumPy's error state. PyTorch is silent about infinities and NaN, so what this library computes is silent too.

However `np.seterr` and the warning filters stand, and without changing the user's own error state: operations run by
`thread.mode.quietly`, backward and what is decorated with `quiet` under `np.errstate`, and code of the user that these
call runs inside `users_errors`.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

quiet = np.errstate(all="ignore")  # decorates functions that compute without the recorder
_computing = contextvars.ContextVar("computing", default=False)


class Quiet:
    """The part of a thread's `Mode` that is about NumPy's error state."""

    __slots__ = ("outside", "quietly")

    def __init__(self) -> None:
        self.quietly: Callable[..., Any] = _quiet_context().run  # quietly(f, x) is f(x), without a word from NumPy
        self.outside: contextvars.Context | None = None  # while backward runs: the context it was called in

    def within(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call what failed with a RuntimeError again, if it failed because the quiet context is entered already.

        A context cannot be entered twice, but an operation may be called while the thread is inside another one: by a
        debugger, a signal handler, a finaliser. It is quiet there already, and `quietly` has only to call.
        """
        if not _computing.get() or self.quietly is _call:
            raise  # noqa: PLE0704  (the error that is being handled where this is called)
        outer, self.quietly = self.quietly, _call
        try:
            return function(*arguments, **options)
        finally:
            self.quietly = outer

    @contextlib.contextmanager
    def users_errors(self) -> Iterator[None]:
        """Inside, NumPy's error state is the user's again: for hooks and rules of the user, which backward calls."""
        outside, self.outside = self.outside, None
        try:
            with np.errstate(**(np.geterr() if outside is None else outside.run(np.geterr))):
                yield
        finally:
            self.outside = outside


def _quiet_context() -> contextvars.Context:
    """A context where NumPy ignores floating-point errors.

    NumPy (since 2.0) keeps its error state in a context variable, so a context that was prepared once does what
    `np.errstate` does, in a tenth of the time.
    """
    context = contextvars.Context()
    context.run(np.seterr, all="ignore")
    context.run(_computing.set, True)
    return context


def _call(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    return function(*arguments, **options)
