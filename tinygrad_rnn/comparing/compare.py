"""`compare`: train a grid, and put each cell at its own best learning rate beside the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..runs.setup import set_up
from ..tasks import Task
from ..tasks.sources import count_of
from .comparison import Comparison
from .grid import Cells, check_folders, grid
from .progress import Progress
from .sweep import outcome, sweep

CELLS, LRS = ("rnn", "gru", "lstm"), (1e-3, 3e-3, 1e-2)


def compare(
    task: str, cells: Cells = CELLS, lengths: Iterable[int] | None = None, seeds: int | Iterable[int] = 5, lrs: Iterable[float] = LRS,
    *, out: str | Path | None = None, jobs: int = 1, scheduler: str | None = None, progress: bool = False, **options: Any,
) -> Comparison:  # fmt: skip
    """Train each cell on a task with each learning rate and seed, and compare them, each at its own best rate.

        found = tg.compare("adding", ["rnn", "lstm"], [10, 50], seeds=3, out="runs/memory", jobs=2)
        print(found.table())
        found.plot()

    task       its name
    cells      names, "lstm:chrono" for a cell with that init; or a dict from a name of your own to options of the model
    lengths    of the sequences; None: the task's
    seeds      how many, or which
    lrs        the learning rates that each cell may choose from, by validation, at each length
    out        the folder, one inside it for each run (default runs/compare-TASK)
    jobs       processes that train at once, each with one BLAS thread
    scheduler  the address of a Dask scheduler, whose workers train instead: needs `tinygrad-rnn[dask]`
    progress   say on standard error how far it is
    options    the same for all runs: of the model (hidden, layers, dropout, head, init), of its training (steps, batch,
               optimizer, schedule, clip, tbptt, evaluate_every, target), of the data (samples, text)

    A run that has its result is never trained again, one that was interrupted goes on from its checkpoint: the same call
    goes on where a killed one was, and one with more cells, lengths, rates or seeds adds to it. The numbers are the same
    to the bit whatever trains them: one process, several, Dask. A run that diverges or crashes is named in
    `failed()` and counts as not solved.

    Raises ConfigError (a ValueError) or TypeError for what cannot be asked, before anything is trained; OSError for a
    folder that cannot be written; ModuleNotFoundError for a scheduler without Dask.
    """
    folder = Path(out or f"runs/compare-{task}")
    runs = grid(task, cells, lengths, seeds, lrs, folder, options)
    count_of("jobs", jobs)
    check_folders(runs)
    tasks = _tasks({(run.cell, run.length): run.config for run in reversed(runs)})
    results = sweep(runs, folder, jobs, scheduler, Progress(progress))
    outcomes = [outcome(run, result, tasks[run.length]) for run, result in zip(runs, results, strict=True)]
    return Comparison(next(iter(tasks.values())), outcomes, folder)


def _tasks(configs: Mapping[tuple[str, int | None], dict[str, Any]]) -> dict[int | None, Task]:
    """The task of each length; ConfigError where one of the models cannot be."""
    from ..random import get_rng_state, set_rng_state

    before = get_rng_state()
    try:
        return {length: set_up(config)[0] for (_, length), config in configs.items()}
    finally:
        set_rng_state(before)
