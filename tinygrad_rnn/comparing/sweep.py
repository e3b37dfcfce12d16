"""All runs of a grid that have no result yet, several at once: in processes of this machine, or on a Dask cluster.

Both are an executor of `concurrent.futures`. A run that fails loses no other; its result says why.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..runs import claimed
from ..tasks import ConfigError
from .cluster import connect, train
from .grid import Asked, Outcome
from .one_run import result_of, write_result
from .progress import Progress
from .workers import Workers

LOCK = ".comparing"  # in the folder of a sweep, claimed while one goes on
Submit = Callable[[Asked], "Future[Any]"]


def sweep(runs: Sequence[Asked], out: Path, jobs: int, scheduler: str | None, progress: Progress) -> list[dict[str, Any]]:  # fmt: skip
    """The results, in the order of `runs`. Whatever ends it early, the next call goes on and repeats no finished run."""
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        results = {run.folder: result for run in runs if (result := result_of(run.folder)) is not None}
        waiting = [run for run in runs if run.folder not in results]
        waiting.sort(key=lambda run: -(run.length or 0))  # long ones first, so that none is left alone at the end
        with progress, _cluster(scheduler) if scheduler else _machine(jobs) as (submit, at_once):
            progress.begin([(run, results[run.folder]) for run in runs if run.folder in results], waiting, at_once)
            pending = {submit(run): run for run in waiting}
            while pending:
                for future in wait(pending, timeout=0.5, return_when=FIRST_COMPLETED).done:
                    run = pending.pop(future)
                    results[run.folder] = _result(future, run)
                    progress.finished(run, results[run.folder])
                progress.tick()
    return [results[run.folder] for run in runs]


def _result(future: Future[Any], run: Asked) -> dict[str, Any]:
    """What came of a run; one that trained on another disk is written here."""
    try:
        result = future.result()
    except Exception as error:  # Dask: too many workers died, none has this library, the scheduler has gone
        return {"failed": " ".join(f"{type(error).__name__}: {error}".split()), "again": True}
    if result is None:
        return {"failed": "it was stopped", "again": True}
    if not result.get("again") and result_of(run.folder) is None:
        write_result(run.folder, result)
    return result


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """No other sweep works in the folder: ConfigError."""
    path = out / LOCK
    if not path.exists():
        write_atomically(path, "")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(claimed(path))
        except BlockingIOError:
            raise ConfigError(f"another program is comparing in {out}") from None
        yield


@contextlib.contextmanager
def _machine(jobs: int) -> Iterator[tuple[Submit, int]]:
    """`jobs` processes, each behind a thread that waits for it."""
    stop, workers, threads = threading.Event(), Workers(), ThreadPoolExecutor(jobs)
    try:
        yield lambda run: threads.submit(workers.train, run.folder, run.config, stop.is_set), jobs
    finally:
        stop.set()  # those that train save a checkpoint first
        threads.shutdown(wait=True, cancel_futures=True)
        workers.close()


@contextlib.contextmanager
def _cluster(address: str) -> Iterator[tuple[Submit, int]]:
    """The Dask workers of a scheduler. Tasks that are left when the client goes are dropped."""
    client = connect(address)
    try:
        executor = client.get_executor(pure=False)
        yield lambda run: executor.submit(train, str(run.folder.resolve()), run.config), max(1, sum(client.nthreads().values()))  # fmt: skip
    finally:
        client.close()


def outcome(run: Asked, result: dict[str, Any], task: Any) -> Outcome:
    """The run with what came of it; `task` where it failed before it knew its own."""
    known = {"score": None, "validation": None, "step": 0, "solved": False, "parameters": 0, "again": False}
    known |= {"trivial": task.trivial, "optimal": task.optimal, "threshold": task.threshold, **result}
    return Outcome(run.cell, run.length, run.lr, run.seed, **{name: known[name] for name in Outcome._fields[4:]})
