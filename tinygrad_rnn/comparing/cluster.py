"""The same runs on a Dask cluster: https://distributed.dask.org does the sending, this file says what a task is.

A task trains in a process of its own, as on one machine, so that threads of a Dask worker do not share random numbers. Where
workers see the folder of the comparison (one machine, a network drive), a run whose worker is lost goes on from its checkpoint
at another one; where they do not, it starts again there.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from ..tasks import ConfigError
from .workers import Workers

WORKERS = Workers()  # of a Dask worker, which this module is imported in


def connect(address: str) -> Any:
    """A client of the scheduler at `address`, such as tcp://127.0.0.1:8786.

    Raises ModuleNotFoundError without Dask, ConfigError where nobody answers.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ModuleNotFoundError:
        raise ModuleNotFoundError("a scheduler needs Dask: pip install 'tinygrad-rnn[dask]'") from None
    try:
        return distributed.Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"scheduler {address!r}: {' '.join(str(error).split())}") from None


def train(folder: str, config: dict[str, Any]) -> dict[str, Any] | None:
    """What a Dask worker is sent: train a run, as long as somebody waits for its result."""
    worker: Any = importlib.import_module("distributed").get_worker()
    key = worker.get_current_task()

    def dropped() -> bool:  # its client has gone, or has cancelled it
        task = worker.state.tasks.get(key)
        return task is None or task.state not in ("executing", "long-running")

    return WORKERS.train(Path(folder), config, dropped)
