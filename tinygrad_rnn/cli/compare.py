"""`tinygrad-rnn compare TASK`: cells beside each other, each at its own best learning rate; see comparing/.

The folder: one run folder for each cell, length, learning rate and seed, as `train` makes them; comparison.txt, comparison.csv,
runs.csv and comparison.png.
"""

from __future__ import annotations

import argparse
from typing import Any

from ..comparing import Comparison, compare
from ..comparing.compare import CELLS, LRS
from ..runs import WaysOut
from ..runs.setup import MODEL, TASK, TRAINING
from ..tasks import TASKS, ConfigError
from .arguments import UsageError, complain, count, name
from .train import add_options, positive, seed, task_name

PER_RUN = ("--cell", "--length", "--lr", "--seed", "--out", "--resume", "--from", "--save-every")  # options of `train`


def add_compare(commands: Any) -> None:
    """The command and its options."""
    parser = commands.add_parser(
        "compare",
        help="compare cells on a toy task",
        description="Train several cells on a toy task, at several lengths, with several learning rates and seeds, and "
        "compare them, each at its own best learning rate: a table, as text and CSV, and a figure. Each run has a folder "
        "of its own. The same command goes on where a stopped one was, and repeats no run that has ended.",
    )
    parser.add_argument("task", type=task_name, metavar="TASK", help=", ".join(TASKS))
    for flag, kind, word, text in (
        ("--cells", words, "A,B", f"cells, CELL:INIT for one with that init (default {','.join(CELLS)})"),
        ("--lengths", counts, "N,M", "steps of a sequence (default: the task's)"),
        ("--seeds", seeds, "N", "how many seeds, or N,M for those (default 5)"),
        ("--lrs", rates, "X,Y", f"learning rates that each cell may choose from (default {','.join(f'{lr:g}' for lr in LRS)})"),
        ("--jobs", count, "N", "processes that train at once (default 1)"),
        ("--scheduler", name, "ADDRESS", "of a Dask cluster that trains instead, such as tcp://host:8786 (default: none)"),
        ("--out", name, "FOLDER", "where runs and results go (default runs/compare-TASK)"),
    ):  # fmt: skip
        parser.add_argument(flag, type=kind, metavar=word, help=text)
    add_options(parser, PER_RUN)
    parser.set_defaults(run=run_compare)


def run_compare(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Train what has no result yet; print and write what came out."""
    if arguments.scheduler and arguments.jobs:
        raise UsageError("--jobs is for this machine; with --scheduler its workers say how many runs train at once")
    asked = {name: value for name, value in vars(arguments).items() if value is not None}
    taken = ("cells", "lengths", "seeds", "lrs", "out", "jobs", "scheduler", *MODEL, *TASK, *TRAINING)
    arguments.on_disk = lambda: "; nothing is lost, and the same command goes on"
    try:
        found = compare(arguments.task, progress=True, **{name: asked[name] for name in taken if name in asked})
    except (ConfigError, ModuleNotFoundError) as error:
        raise UsageError(" ".join(str(error).split())) from None
    except OSError as error:
        raise UsageError(f"cannot write {error.filename or arguments.out}: {error.strerror or error}") from None
    return show(arguments, found)


def show(arguments: argparse.Namespace, found: Comparison) -> int:
    """Print the table, write the files."""
    print(f"\n{found.table()}")
    try:
        written = found.save()
    except OSError as error:
        return complain(arguments, f"could not write {error.filename}: {error.strerror}{arguments.on_disk()}", 1)
    print(f"wrote {', '.join(path.name for path in written)} in {found.folder}")
    if again := sum(run.again for run in found.runs):
        return complain(
            arguments, f"{again} of {len(found.runs)} runs were cut short; the same command tries them again", 1
        )
    return 0


# --- kinds of values ------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """A,B, for argparse."""
    return [name(word.strip()) for word in text.split(",")]


def counts(text: str) -> list[int]:
    """N,M, each at least 1, for argparse."""
    return [count(part) for part in text.split(",")]


def rates(text: str) -> list[float]:
    """X,Y, each greater than 0, for argparse."""
    return [positive(part) for part in text.split(",")]


def seeds(text: str) -> int | list[int]:
    """N for 0 .. N-1, or N,M for those, for argparse."""
    return [seed(part) for part in text.split(",")] if "," in text else count(text)
