"""What a run was asked to do: from the command line, from its folder, from its checkpoint; errors in one line.

`config.json` is all that it takes to do the same again; a checkpoint holds a copy, so that the file alone is enough.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from ..interop import load
from ..runs import setup
from ..runs.setup import CHECKPOINT, CONFIG, MODEL, TASK, TRAINING
from ..tasks import TASKS, ConfigError, Task
from .arguments import UsageError


def config_of(arguments: Any) -> dict[str, Any]:
    """The config that the options of the command line say; what was left out is left to the task."""
    asked = {name: value for name, value in vars(arguments).items() if value is not None}
    return {
        "task": arguments.task,
        "seed": asked.get("seed", 0),
        **{
            part: {name: asked[name] for name in names if name in asked}
            for part, names in (("data", TASK), ("model", MODEL), ("training", TRAINING))
        },
    }


def changed(config: dict[str, Any], arguments: Any) -> dict[str, Any]:
    """The config with the options that were given in place of its own."""
    given = config_of(arguments)
    task = config["task"] if arguments.task is None else arguments.task
    seed = config["seed"] if arguments.seed is None else arguments.seed
    if task != config["task"]:
        raise UsageError(f"--from: that run is {config['task']}, not {task}; leave the task out, or --from")
    return {"task": task, "seed": seed, **{part: {**config[part], **given[part]} for part in ("data", "model", "training")}}  # fmt: skip


def set_up(config: dict[str, Any]) -> tuple[Task, Any]:
    """As in runs/setup.py; UsageError for what cannot work."""
    try:
        return setup.set_up(config)
    except ConfigError as error:
        raise UsageError(str(error)) from None


def read_config(folder: Path) -> dict[str, Any]:
    """The config of a run folder; UsageError where there is none."""
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        _check(config)
        return config
    except OSError as error:
        raise UsageError(f"{folder} is not the folder of a run: {path.name}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is not the config of a run: {error!r}") from None


def _check(config: Any) -> None:
    parts = {"task": str, "seed": int, "data": dict, "model": dict, "training": dict}
    for name, kind in parts.items():
        if not isinstance(config[name], kind):
            raise TypeError(f"{name} must be of type {kind.__name__}, got {config[name]!r}")
    if config["task"] not in TASKS:
        raise ValueError(f"there is no task {config['task']!r}")
    for part, names in (("data", TASK), ("model", MODEL), ("training", TRAINING)):
        if unknown := set(config[part]) - set(names):
            raise ValueError(f"{part} has no {sorted(unknown)[0]!r}")


class Loaded(NamedTuple):
    """A run that was read again: what it was asked, the task, the model with its best weights, and the checkpoint."""

    config: dict[str, Any]
    task: Task
    model: Any
    state: dict[str, Any]


def load_run(path: str | Path) -> Loaded | None:
    """The run in a folder or a checkpoint file; None if the file is a checkpoint of something else (the demo).

    The model has the weights of the best evaluation, or the last ones if there was none.
    """
    path = Path(path)
    path = path / CHECKPOINT if path.is_dir() else path
    try:
        state = load(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except RuntimeError as error:
        raise UsageError(" ".join(str(error).split())) from None
    if not isinstance(state, dict) or "config" not in state:
        return None
    task, model = set_up(state["config"])
    try:
        model.load_state_dict(state["best_weights"] or state["model"])
    except (RuntimeError, KeyError, TypeError) as error:
        raise UsageError(f"{path} does not fit its own config: {' '.join(str(error).split())}") from None
    model.eval()
    return Loaded(state["config"], task, model, state)
