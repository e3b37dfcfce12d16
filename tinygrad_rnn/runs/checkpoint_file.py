"""A checkpoint while training (checkpoint.tgr in a run's folder): as often as saving may cost, and never a loss of the one before.

A save takes c seconds, measured. With a share s of the time for saving, one fits every c/s seconds: with 10 ms and 2 %
every half second, that is every N steps with N as large as needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..interop.files import to_bytes


class Checkpoints:
    """Keeps the file `path` up to date while a loop runs.

        checkpoints = Checkpoints("run/checkpoint.tgr", lambda: {"model": model.state_dict()})
        for step in range(1, steps + 1):
            ...
            if checkpoints.due():
                checkpoints.save(step)

    make     gives what is saved, see `interop.save`
    share    of the time, for saving
    at_most  seconds that a checkpoint gets old, while the share allows that
    clock    gives the time in seconds
    step     the step of the last checkpoint that is whole on the disk; None before the first
    error    why the last save failed, None if it did not; the checkpoint before it is still there
    """

    def __init__(
        self,
        path: str | Path,
        make: Callable[[], Any],
        step: int | None = None,
        share: float = 0.02,
        at_most: float = 2.0,
        clock: Callable[[], float] = time.perf_counter,
    ):
        self.path: Path = Path(path)
        self.make: Callable[[], Any] = make
        self.share: float = share
        self.at_most: float = at_most
        self.clock: Callable[[], float] = clock
        self.step: int | None = step
        self.error: OSError | None = None
        self._started = self._tried = clock()
        self._spent = self._last = 0.0

    def due(self) -> bool:
        """True when the checkpoint is old enough, and one more stays within the share."""
        now = self.clock()
        return now - self._tried >= self.at_most and self._spent + self._last <= self.share * (now - self._started)

    def save(self, step: int) -> bool:
        """Save the checkpoint of `step`, whether due or not; False if the disk does not take it, see `error`."""
        started = self.clock()
        self.error = None
        try:
            write_atomically(self.path, to_bytes(self.make()))
            self.step = step
        except OSError as error:
            self.error = error
        self._tried = self.clock()
        self._last = self._tried - started
        self._spent += self._last
        return self.error is None
