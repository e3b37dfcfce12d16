"""What a run is asked to do, as plain values; and from that the task, the model and what its checkpoint holds.

    {"task": "adding", "seed": 0, "data": {"length": 50}, "model": {"cell": "lstm"}, "training": {"lr": 0.01}}

As `config.json` in the folder of a run it is all that it takes to do the same again.
"""

from __future__ import annotations

import inspect
from typing import Any

from .. import random
from ..fitting import check_truncation
from ..tasks import TASKS, ConfigError, Task
from .loop import Run

CONFIG, CHECKPOINT, METRICS = "config.json", "checkpoint.tgr", "metrics.csv"
MODEL = ("cell", "layers", "hidden", "dropout", "head", "bidirectional", "init")
TRAINING = ("steps", "batch", "lr", "optimizer", "schedule", "clip", "tbptt", "evaluate_every", "target")
TASK = ("length", "text", "samples")


def set_up(config: dict[str, Any]) -> tuple[Task, Any]:
    """The task, and a new model for it, drawn from the config's seed. ConfigError for what cannot work."""
    make = TASKS[config["task"]]
    takes = inspect.signature(make).parameters
    data = {"file" if name == "text" else name: value for name, value in config["data"].items()}
    for name in data:
        if name not in takes:
            option = "--text" if name == "file" else f"--{name}"
            has = [
                f"--{'text' if other == 'file' else other}" for other in ("file", "length", "samples") if other in takes
            ]
            raise ConfigError(f"{option}: {config['task']} has no such option{'; it has ' + ', '.join(has) if has else ''}")  # fmt: skip
    random.manual_seed(config["seed"])
    try:
        task = make(seed=config["seed"], **data)
        model = task.model(**config["model"])
        if config["training"].get("tbptt"):
            check_truncation(model, task, *config["training"]["tbptt"])
    except ValueError as error:  # TextError among them
        raise ConfigError(" ".join(str(error).split())) from None
    return task, model


def checkpoint_of(run: Run, config: dict[str, Any]) -> dict[str, Any]:
    """What the checkpoint of a run holds."""
    return {"config": config, **run.state_dict()}
