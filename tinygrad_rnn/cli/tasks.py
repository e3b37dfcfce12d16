"""`tinygrad-rnn tasks`: the tasks, a line each."""

from __future__ import annotations

import argparse
from typing import Any

from ..runs import WaysOut
from ..tasks import TASKS
from ..tasks.times import SECONDS


def add_tasks(commands: Any) -> None:
    """The command; it has no options."""
    tasks = commands.add_parser(
        "tasks",
        help="list the toy tasks",
        description="The toy tasks: what is asked, the trivial score and the threshold, the default cell, and the "
        "processor time that its default model took to solve it on one core.",
    )
    tasks.set_defaults(run=run_tasks)


def run_tasks(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Print the list."""
    print(f"{'task':15} {'what is asked':66} {'cell':10} {'trivial -> solved':24} {'time':>6}")
    for name, make in TASKS.items():
        task = make()
        scores = f"{task.metric.shown(task.trivial)} -> {task.metric.shown(task.threshold)}"
        print(f"{name:15} {task.about:66} {task.defaults['cell']:10} {scores:24} {SECONDS[name]:4} s")
    return 0
