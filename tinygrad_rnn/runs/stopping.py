"""The ways out of a training program, each with a checkpoint: Ctrl-C, SIGTERM (kill, a shutdown), SIGHUP (the terminal is gone).

While training the first signal is only noted, so that no step is left half done: the loop ends, the program saves.
The second, and a signal at any other time, raises `Stopped` where the program is; files are written atomically, so
nothing half done is left then either. Exit statuses are those of shells: 128 and the number of the signal.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any


class Stopped(KeyboardInterrupt):
    """A signal asked the program to stop."""


class WaysOut:
    """Inside, signals note themselves or raise `Stopped`.

        with WaysOut() as ways:
            ...                              # a signal raises Stopped
            with ways.noted():
                while not ways.signal:       # the first signal ends the loop, the second raises
                    ...
                save()

    to_the_end  the process ends with the block: signals stay ignored, and after `Stopped` it ends at once

    signal  the last signal that came, None if none did
    status  the exit status for it, 0 for none
    raised  whether Stopped was raised, though another error may have come of it (an import turns it into ImportError)

    A SIGHUP that is ignored stays so: `nohup` means what it says. Outside of the main thread Python allows no handlers,
    and the block does nothing.
    """

    def __init__(self, to_the_end: bool = False):
        self.to_the_end: bool = to_the_end
        self.signal: signal.Signals | None = None
        self.raised: bool = False
        self._waits = False
        self._before: dict[signal.Signals, Any] = {}

    @property
    def name(self) -> str:
        """The name of the signal as people know it."""
        return "" if self.signal is None else "Ctrl-C" if self.signal == signal.SIGINT else self.signal.name

    @property
    def status(self) -> int:
        return 128 + self.signal if self.signal else 0

    def _arrived(self, number: int, frame: Any) -> None:
        first, self.signal = self.signal is None, signal.Signals(number)
        if not (self._waits and first):
            self._raise()

    def _raise(self) -> None:
        self.raised = True
        raise Stopped

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Inside, the first signal is only noted. At the end Ctrl-C lets the program go on, to show what there is; the
        others raise now: who sends them does not wait long.
        """
        self._waits = True
        try:
            yield
        finally:
            self._waits = False
        if self.signal not in (None, signal.SIGINT):
            self._raise()

    def ignore(self) -> None:
        """From now on signals do nothing: the program is ending, and says so."""
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)

    def __enter__(self) -> WaysOut:
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
                number = getattr(signal, name, None)
                if number is not None and (name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN):
                    self._before[number] = signal.signal(number, self._arrived)
        return self

    def _unraisable(self, unraisable: Any) -> None:
        """Stopped in a finaliser is lost; it is noted in `signal` all the same."""
        if not issubclass(unraisable.exc_type, Stopped):
            self._hook(unraisable)

    def __exit__(self, *exception: object) -> None:
        if self.to_the_end:
            self.ignore()
            if self.raised:  # perhaps in the import of a C library, and one half made can crash Python's tidying up
                os._exit(self.status)
        else:
            for number, before in self._before.items():
                signal.signal(number, before)
        sys.unraisablehook = self._hook
