"""Which runs a comparison has: each cell at each length, learning rate and seed is one, in a folder of its own."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..runs.setup import CONFIG, MODEL, TASK, TRAINING
from ..tasks import TASKS, ConfigError
from ..tasks.sources import count_of

Cells = str | Iterable[str] | Mapping[str, Mapping[str, Any]]
VARIED = ("cell", "length", "lr")  # what the grid itself sets


class Asked(NamedTuple):
    """One run of the grid: its place there, its folder, and what it is asked to do (see runs/setup.py)."""

    cell: str
    length: int | None
    lr: float
    seed: int
    folder: Path
    config: dict[str, Any]


class Outcome(NamedTuple):
    """What came of one run.

    score       on the test part, of the weights that were best on the validation part; None if it failed
    validation  the best score on the validation part; None if it failed
    step        training steps done          parameters  of the model
    solved      whether the validation score reached `threshold`, or the target that was asked for
    failed      why it has no score; "" if it has
    trivial, optimal, threshold   of the task that it had, with its seed
    again       it failed through the machine, not by itself: the same comparison tries it again
    """

    cell: str
    length: int | None
    lr: float
    seed: int
    score: float | None
    validation: float | None
    step: int
    solved: bool
    failed: str
    parameters: int
    trivial: float
    optimal: float | None
    threshold: float
    again: bool


def grid(
    task: str, cells: Cells, lengths: Iterable[int] | None, seeds: int | Iterable[int], lrs: Iterable[float], out: Path,
    options: Mapping[str, Any],
) -> list[Asked]:  # fmt: skip
    """All runs, in the order of the table. ConfigError or TypeError for what cannot be asked."""
    if task not in TASKS:
        raise ConfigError(f"there is no task {task!r}; there are {', '.join(TASKS)}")
    if unknown := set(options) - {*MODEL, *TASK, *TRAINING} | set(options) & set(VARIED):
        raise TypeError(f"compare: there is no option {sorted(unknown)[0]!r}; there are {', '.join(name for name in (*MODEL, *TASK, *TRAINING) if name not in VARIED)}")  # fmt: skip
    asked: dict[str, Any] = {name: list(value) if isinstance(value, tuple) else value for name, value in options.items() if value is not None}  # fmt: skip
    if "text" in asked:  # a worker may have another working directory
        asked["text"] = str(Path(asked["text"]).resolve())
    data, model, training = (
        {name: asked[name] for name in names if name in asked} for names in (TASK, MODEL, TRAINING)
    )
    start = {"init": "default"}  # what the task's own model has would be for one of the cells alone
    runs = [
        Asked(name, length, lr, seed, out / _folder(name, length, lr, seed), {
            "task": task, "seed": seed, "data": data if length is None else {"length": length, **data},
            "model": {**start, **model, **cell}, "training": {"lr": lr, **training},
        })
        for length in _distinct("lengths", [None] if lengths is None else [count_of("lengths", n) for n in lengths])
        for name, cell in _cells(cells).items()
        for lr in _distinct("lrs", map(_rate, lrs))
        for seed in _distinct("seeds", _seeds(seeds))
    ]  # fmt: skip
    if len({run.folder for run in runs}) < len(runs):
        raise ConfigError(f"cells: {', '.join(map(repr, _cells(cells)))} are too alike to name folders after them")
    return runs


def check_folders(runs: Iterable[Asked]) -> None:
    """Raise a ConfigError where the folder of a run holds a run that was asked something else."""
    for run in runs:
        try:
            before = json.loads((run.folder / CONFIG).read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise ConfigError(f"{run.folder / CONFIG}: {error}") from None
        before.pop("environment", None)
        if before != run.config:
            raise ConfigError(f"{run.folder} holds a run that was asked {_unlike(before, run.config)}; take another folder")  # fmt: skip


def _unlike(before: dict[str, Any], now: dict[str, Any]) -> str:
    """The first option in which two configs differ, in words."""
    for part, wanted in now.items():
        if not isinstance(wanted, dict):
            wanted, before = {part: wanted}, {**before, part: {part: before.get(part)}}
        for name in sorted({*wanted, *before[part]}):
            a, b = before[part].get(name, "the default"), wanted.get(name, "the default")
            if a != b:
                return f"for {name} {a}, not {b}"
    return "something else"


def _cells(cells: Cells) -> dict[str, dict[str, Any]]:
    """The options of the model by name; "lstm:chrono" is an LSTM with that init."""
    if isinstance(cells, Mapping):
        found = {name: dict(options) for name, options in cells.items()}
    else:
        names = list(_distinct("cells", cells.split(",") if isinstance(cells, str) else cells))
        found = {}
        for name in names:
            cell, colon, init = name.partition(":")
            found[name] = {"cell": cell, "init": init} if colon else {"cell": cell}
    if not found:
        raise ConfigError("cells: there must be at least one")
    return found


def _distinct(name: str, values: Iterable[Any]) -> list[Any]:
    found = list(values)
    if not found:
        raise ConfigError(f"{name}: there must be at least one")
    if twice := [value for k, value in enumerate(found) if value in found[:k]]:
        raise ConfigError(f"{name}: {twice[0]} is there twice")
    return found


def _seeds(seeds: int | Iterable[int]) -> list[int]:
    """5 means the seeds 0 to 4."""
    if isinstance(seeds, int):
        return list(range(count_of("seeds", seeds)))
    return [count_of("seeds", seed, 0) for seed in seeds]


def _rate(lr: float) -> float:
    if not 0 < lr < math.inf:
        raise ConfigError(f"lrs must be greater than 0 and finite, got {lr}")
    return float(lr)


def _folder(cell: str, length: int | None, lr: float, seed: int) -> str:
    """Such as lstm-length50-lr0.01-seed0; letters that a file system may not like become hyphens."""
    name = re.sub(r"[^\w.+=]+", "-", cell)
    return f"{name}{'' if length is None else f'-length{length}'}-lr{lr!r}-seed{seed}"
