"""A grid of four runs, and a worker that waits in the middle of each, so that it can be killed there on any machine.

Both cells use the same compiled kernel, which each process has to load.
"""

import contextlib
import os
import time

import tinygrad_rnn as tg
from tinygrad_rnn.comparing import workers

GRID = {
    "task": "adding", "cells": ["rnn", "rnn:orthogonal"], "lengths": [5], "seeds": 1, "lrs": [0.01, 0.02],
    "options": {"steps": 300, "hidden": 8, "batch": 16, "evaluate_every": 100, "target": "none"},
}  # fmt: skip
COMMAND = ["compare", "adding", "--cells", "rnn,rnn:orthogonal", "--lengths", "5", "--seeds", "1", "--lrs", "0.01,0.02",
           "--steps", "300", "--hidden", "8", "--batch", "16", "--eval-every", "100", "--target", "none"]  # fmt: skip


# saves at every hundredth step, and waits there until it is stopped, or until the sweep's folder holds a file called "go"
HELD = workers.PROGRAM.replace(
    "main()",
    """
import time
from tinygrad_rnn.comparing.one_run import Keeper

def held(self, run, call=Keeper.__call__):
    if run.step % 100 == 0:
        self.save(run)
        while not self.stop() and not (self.folder.parent / "go").exists():
            time.sleep(0.01)
    return call(self, run)

Keeper.__call__ = held
main()""",
)


def hold():
    """Runs that this process has trained wait."""
    workers.PROGRAM = HELD


def compare(out, **how):
    """The comparison; how it is trained is said by `how`."""
    asked = {**GRID, **GRID["options"], **how}
    del asked["options"]
    return tg.compare(**asked, out=out)


def texts(found):
    """All that must be the same to the bit."""
    return found.table(), found.csv(), found.runs_csv()


def checkpoints(out):
    """The steps that runs which have not ended hold, by folder."""
    steps = {}
    for folder in out.glob("*-seed*"):
        if not (folder / "result.json").exists():
            with contextlib.suppress(FileNotFoundError):
                steps[folder.name] = tg.load(folder / "checkpoint.tgr")["step"]
    return steps


def wait_for_a_step(out, before=None, seconds=600.0):
    """Until a run is in the middle, and further than it was `before`; its folder's name."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for name, step in checkpoints(out).items():
            if step > (before or {}).get(name, 0):
                return name
        time.sleep(0.03)
    raise AssertionError(f"no run of {os.listdir(out)} was in the middle")
