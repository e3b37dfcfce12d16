"""Processes that train, one run after the other each. One that dies is replaced, and its run goes on from its checkpoint.

A worker is a program of its own: it shares no random numbers, no threads and no crash with its parent, and needs no
`if __name__ == "__main__"` there. It reads what to do as lines of JSON and answers with lines of JSON. When the pipe from its
parent closes, because the parent stops or was killed, it saves a checkpoint and ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..runs.setup import CHECKPOINT
from .one_run import finish

IDLE = 60.0  # seconds after which a process that is asked nothing ends: a Dask worker stays when the sweep has gone
TRIES = 5  # processes that may die one after the other without a new checkpoint
PROGRAM = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from tinygrad_rnn.comparing.workers import main; main()"
)


class Died(RuntimeError):
    """A worker's process ended before it answered; the message says how."""


class Worker:
    """One process."""

    def __init__(self):
        self.process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(list(map(str, sys.path)))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, start_new_session=True,  # a Ctrl-C is for the parent alone
        )  # fmt: skip
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._answers.put(line)
        self._answers.put("")

    def ask(self, folder: Path, config: dict[str, Any], stop: Callable[[], bool]) -> dict[str, Any] | None:
        """The result of a run; None once `stop()` is true. Raises Died."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # a process that has died: it answers nothing
            self.process.stdin.write(json.dumps([str(folder), config]) + "\n")
            self.process.stdin.flush()
        while not stop():
            with contextlib.suppress(queue.Empty):
                line = self._answers.get(timeout=0.2)
                if not line.endswith("\n"):
                    raise Died(_how(self.process.wait()))
                return json.loads(line)
        self.close()
        return None

    def close(self, seconds: float = 30.0) -> None:
        """Let it save and end; after so many seconds end it."""
        with contextlib.suppress(OSError):
            assert self.process.stdin is not None
            self.process.stdin.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Workers:
    """As many processes as are asked at once; threads may ask."""

    def __init__(self):
        self._idle: list[Worker] = []

    def train(self, folder: Path, config: dict[str, Any], stop: Callable[[], bool]) -> dict[str, Any] | None:
        """The result of a run; None once `stop()` is true. One that kills its process TRIES times has failed."""
        deaths, before = 0, _age(folder)
        while True:
            worker = self._free()
            try:
                result = worker.ask(folder, config, stop)
            except Died as error:
                worker.close()
                deaths = deaths + 1 if _age(folder) == before else 1
                before = _age(folder)
                if deaths == TRIES:
                    return {"failed": f"its process {error}, {TRIES} times", "again": True}
                continue
            except BaseException:
                worker.close()
                raise
            if worker.process.poll() is None:
                self._idle.append(worker)
            return result

    def _free(self) -> Worker:
        """A process that waits, or a new one."""
        with contextlib.suppress(IndexError):
            while (worker := self._idle.pop()).process.poll() is not None:
                worker.close()
            return worker
        return Worker()

    def close(self) -> None:
        """End the processes that are idle."""
        while self._idle:
            self._idle.pop().close()


def _age(folder: Path) -> int | None:
    with contextlib.suppress(OSError):
        return (folder / CHECKPOINT).stat().st_mtime_ns


def _how(status: int) -> str:
    """How a process ended, in words."""
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def main() -> None:
    """The process itself."""
    from ..threads import set_num_threads

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what anything prints is no answer
    set_num_threads(1)
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()
    orphaned = threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            asked.put(line)
        orphaned.set()
        asked.put("")

    threading.Thread(target=listen, daemon=True).start()
    with contextlib.suppress(BrokenPipeError, queue.Empty):  # nobody hears the answer any more, or asks
        while line := asked.get(timeout=IDLE):
            folder, config = json.loads(line)
            answers.write(json.dumps(_answer(folder, config, orphaned.is_set)) + "\n")
            answers.flush()
    os._exit(0)


def _answer(folder: str, config: dict[str, Any], stop: Callable[[], bool]) -> dict[str, Any] | None:
    try:
        return finish(Path(folder), config, stop)
    except Exception as error:  # of the machine: a full disk, no memory
        return {"failed": " ".join(f"{type(error).__name__}: {error}".split()), "again": True}
