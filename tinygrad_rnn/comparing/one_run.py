"""One run of a grid, in a folder of its own: begun, gone on with, or long finished, which its result file tells.

The folder is one that `tinygrad-rnn train --resume`, `study` and `draw` take too: config.json, checkpoint.tgr, metrics.csv.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..fitting import Diverged, Run, fit
from ..interop import load
from ..runs import Checkpoints, claimed, environment
from ..runs.outcome import metrics_csv
from ..runs.setup import CHECKPOINT, CONFIG, METRICS, checkpoint_of, set_up

RESULT = "result.json"
NEVER = (OSError, MemoryError)  # failures of the machine, not of the run: they are not written, so it is tried again


def result_of(folder: Path) -> dict[str, Any] | None:
    """What a finished run has written; None where none has finished."""
    try:
        return json.loads((folder / RESULT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_result(folder: Path, result: dict[str, Any]) -> None:
    """Mark the run of a folder as finished; the folder is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / RESULT, json.dumps(result, indent=1) + "\n")


def finish(folder: Path, config: dict[str, Any], stop: Callable[[], bool]) -> dict[str, Any] | None:
    """The result of the run, trained to its end from where it is; None if `stop()` became true before.

    What goes wrong is a result too, with the reason under "failed". An OSError or MemoryError is raised.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / CONFIG).exists():
        with contextlib.suppress(FileExistsError):
            written = json.dumps({**config, "environment": environment()}, indent=1) + "\n"
            write_atomically(folder / CONFIG, written, new=True)
    with _claimed_at_last(folder / CONFIG, stop):
        result = result_of(folder)
        if result is None and not stop():
            since = time.perf_counter()
            result = _train(folder, config, stop)
            if result is not None:
                result["elapsed"] = time.perf_counter() - since  # seconds, of the last part if it was interrupted
                write_result(folder, result)
        return result


@contextlib.contextmanager
def _claimed_at_last(path: Path, stop: Callable[[], bool]) -> Iterator[None]:
    """Wait for a worker whose sweep was killed, and which is still saving."""
    with contextlib.ExitStack() as stack:
        while not stop():
            try:
                stack.enter_context(claimed(path))
                break
            except BlockingIOError:
                time.sleep(0.05)
        yield


def _train(folder: Path, config: dict[str, Any], stop: Callable[[], bool]) -> dict[str, Any] | None:
    task, model = set_up(config)
    training: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in config["training"].items()
    }
    target = training.get("target")
    fixed = {
        "parameters": sum(p.numel() for p in model.parameters()), "trivial": task.trivial, "optimal": task.optimal,
        "threshold": target if isinstance(target, float) else task.threshold,
    }  # fmt: skip
    keeper = Keeper(folder, config, stop)
    try:
        run = fit(model, task, state=_state(folder, config), callbacks=[keeper], **training)
        keeper.save(run)
        if run.why == "stopped":
            return None
        if run.best is None:
            raise Diverged(f"step {run.step}: the score is {run.rows[-1]['score']}")
        model.load_state_dict(run.best_weights)
        score = task.score(model, "test")
    except NEVER:
        raise
    except Exception as error:
        said = f"diverged at {error}" if isinstance(error, Diverged) else f"{type(error).__name__}: {error}"
        return {**fixed, "failed": " ".join(said.split()), "step": keeper.step}
    solved = task.solved(run.best, fixed["threshold"])
    return {**fixed, "failed": "", "score": score, "validation": run.best, "step": run.step, "solved": solved, "seconds": run.seconds}  # fmt: skip


def _state(folder: Path, config: dict[str, Any]) -> dict[str, Any] | None:
    """The last checkpoint; where it cannot be read, or is not of this run, the run starts again, to the same end."""
    try:
        state = load(folder / CHECKPOINT)
    except (FileNotFoundError, RuntimeError):
        return None
    return state if state.pop("config", None) == config else None


class Keeper:
    """A callback for `fit`: checkpoints and metrics; true when the run is to stop."""

    def __init__(self, folder: Path, config: dict[str, Any], stop: Callable[[], bool]):
        self.folder: Path = folder
        self.config: dict[str, Any] = config
        self.stop: Any = stop
        self.checkpoints: Checkpoints | None = None
        self.step = self._rows = 0

    def save(self, run: Run) -> None:
        """The checkpoint of this step; OSError if the disk does not take it."""
        checkpoints = self._of(run)
        checkpoints.save(run.step)
        if checkpoints.error:
            raise checkpoints.error

    def _of(self, run: Run) -> Checkpoints:
        if self.checkpoints is None:
            self.checkpoints = Checkpoints(
                self.folder / CHECKPOINT, partial(checkpoint_of, run, self.config), at_most=0.5
            )
        return self.checkpoints

    def __call__(self, run: Run) -> bool:
        self.step: int = run.step
        if self._of(run).due():
            self._of(run).save(run.step)
        if len(run.rows) != self._rows:
            self._rows = len(run.rows)
            with contextlib.suppress(OSError):  # a full disk: it is said at the end
                write_atomically(self.folder / METRICS, metrics_csv(run))
        return self.stop()
