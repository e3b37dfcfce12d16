"""`tinygrad-rnn train TASK`: train a model on a toy task, in a folder of its own; resume it; start it again with changes.

The folder: config.json, checkpoint.tgr (always whole), metrics.csv, curve.png, graph.svg and report.txt. A run that was
stopped goes on as if it had not been: on the same machine, versions and threads its weights come out bit by bit the same.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..fitting import OPTIMIZERS, SCHEDULES, Diverged, Run, fit
from ..interop import load
from ..runs import Checkpoints, Progress, WaysOut, claimed, differences, environment, new_folder
from ..runs.outcome import metrics_csv, report
from ..runs.setup import CHECKPOINT, CONFIG, METRICS, checkpoint_of
from ..tasks import TASKS
from ..tasks.bodies import CELLS, INITS
from ..tasks.networks import HEADS
from .arguments import UsageError, complain, count, name, nearest
from .picture_of_run import draw_run
from .run_config import changed, config_of, read_config, set_up

CURVE, GRAPH, REPORT = "curve.png", "graph.svg", "report.txt"


def add_train(commands: Any) -> None:
    """The command and its options."""
    train = commands.add_parser(
        "train",
        help="train a model on a toy task",
        description="Train a model on a toy sequence task until it is solved (tinygrad-rnn tasks lists them), and write "
        "its checkpoint, metrics, curve, picture and a report in words into a folder. Options that are left out are "
        "those of the task's default model. Ctrl-C ends training and keeps what was trained.",
    )
    train.add_argument("task", nargs="?", type=task_name, metavar="TASK", help=", ".join(TASKS))
    add_options(train)
    train.set_defaults(run=run_train)


def add_options(parser: argparse.ArgumentParser, leave_out: Sequence[str] = ()) -> None:
    """What can be asked of a run; other commands that train leave some out."""
    for flag, kind, word, text in (
        ("--length", count, "N", "steps of a sequence (default: the task's)"),
        ("--text", name, "FILE", "for text and words: a UTF-8 text (default Python's documentation)"),
        ("--samples", count, "N", "a fixed training set of N sequences (default: the task's, mostly fresh ones)"),
        ("--layers", count, "N", "layers (default 1; 2 blocks for a transformer)"),
        ("--hidden", count, "N", "features of the state (default: the task's)"),
        ("--dropout", share, "P", "probability of dropping features (default: the task's, mostly 0)"),
        ("--batch", count, "N", "sequences per step (default: the task's)"),
        ("--steps", count, "N", "most training steps (default: the task's)"),
        ("--lr", positive, "X", "learning rate (default: the task's)"),
        ("--clip", from_zero, "X", "largest norm of the gradient (default 1; 0: any)"),
        ("--tbptt", two_counts, "K1,K2", "a gradient every K1 steps that goes back K2 (default: through all)"),
        (
            "--target",
            target,
            "X",
            "metric to stop at (default: the task's threshold or a little more, for texts none: all steps)",
        ),
        ("--eval-every", count, "N", "steps between evaluations (default 100)"),
        ("--save-every", count, "N", "steps between checkpoints (default: 2 s, or 2%% of the time)"),
        ("--seed", seed, "N", "of weights, data and dropout (default 0)"),
        ("--out", name, "FOLDER", "where results go (default runs/TASK); where there are some, FOLDER-2 and so on"),
        ("--resume", name, "FOLDER", "go on with the run in this folder (default: a new run); no other options"),
        ("--from", name, "FOLDER", "start the run in this folder again, with the changes given (default: none)"),
    ):
        if flag in leave_out:
            continue
        dest = {"--from": "origin", "--eval-every": "evaluate_every"}.get(flag, flag.strip("-").replace("-", "_"))
        parser.add_argument(flag, type=kind, metavar=word, help=text, dest=dest)
    for flag, choices, text in (
        ("--cell", CELLS, "what carries information through time"),
        ("--optimizer", tuple(OPTIMIZERS), "default adam"),
        ("--schedule", tuple(SCHEDULES), "of the learning rate, over all steps (default: the task's, mostly constant)"),
        ("--init", INITS, "of recurrent weights; forget and chrono are for LSTMs"),
        ("--head", tuple(HEADS), "how steps become one answer"),
    ):
        if flag in leave_out:
            continue
        said = text if "default" in text else f"{text} (default: the task's)"
        parser.add_argument(flag, choices=choices, help=said)


def run_train(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """A new run, one like another, or the rest of one."""
    if arguments.resume:
        return resume(arguments, ways)
    if arguments.origin:
        config = changed(read_config(Path(arguments.origin)), arguments)
    elif arguments.task is None:
        raise UsageError("which task? tinygrad-rnn tasks lists them; or give --resume or --from and a folder")
    else:
        config = config_of(arguments)
    task, model = set_up(config)
    written = json.dumps({**config, "environment": environment()}, indent=1) + "\n"
    out = arguments.out or f"runs/{config['task']}"
    try:
        folder = new_folder(out, CONFIG, written, (CHECKPOINT, METRICS, CURVE, GRAPH, REPORT))
    except OSError as error:
        raise UsageError(f"cannot write to the folder {out!r}: {error.strerror}") from None
    with claimed(folder / CONFIG):
        return train(arguments, ways, folder, config, task, model, None)


def resume(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Go on with the run of a folder, which no other program may be working in."""
    others = {key for key, value in vars(arguments).items() if value is not None}
    others -= {"command", "on_disk", "run", "resume", "save_every"}
    if others:
        option = {"origin": "from", "evaluate_every": "eval-every"}.get(min(others), min(others))
        raise UsageError(f"--resume goes on with what was asked before: it takes no {'task' if option == 'task' else f'--{option}'}; --from starts again with changes")  # fmt: skip
    folder = Path(arguments.resume)
    config = read_config(folder)
    before = config.pop("environment", {})
    task, model = set_up(config)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(claimed(folder / CONFIG))
        except BlockingIOError:
            raise UsageError(f"another program is training in {folder}") from None
        state = None
        try:
            state = load(folder / CHECKPOINT)
        except FileNotFoundError:
            print(f"{folder} has no checkpoint yet: starting at the first step")
        except (OSError, RuntimeError) as error:
            raise UsageError(" ".join(str(error).split())) from None
        if state is not None:
            if state.pop("config", None) != config:
                raise UsageError(f"{folder / CHECKPOINT} is of another run than {folder / CONFIG}")
            ended = state["why"] in ("solved", "steps")
            left = f"nothing is left to do after step {state['step']:,}; --from {folder} starts again, with changes"
            print(left if ended else f"going on after step {state['step']:,}")
        if unlike := differences(before, environment()):
            print(f"the last digits may come out otherwise than without the stop: {unlike}")
        return train(arguments, ways, folder, config, task, model, state)


def train(
    arguments: argparse.Namespace, ways: WaysOut, folder: Path, config: dict[str, Any], task: Any, model: Any,
    state: dict[str, Any] | None,
) -> int:  # fmt: skip
    """Train with progress and checkpoints until the end or a signal, and write the results."""
    keeper = Keeper(arguments, config, folder, ways)
    options = {**config["training"]}
    if options.get("tbptt"):
        options["tbptt"] = tuple(options["tbptt"])
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{task.name}: {task.about}; {parameters:,} parameters, {options.get('steps', task.defaults['steps']):,} steps at most; {folder}")  # fmt: skip
    trouble = ""
    with ways.noted(), Progress(keeper.note) as progress:
        try:
            run = fit(model, task, state=state, callbacks=[keeper, progress], **options)
            keeper.begin(run).save(run.step)
        except Diverged as error:
            run, trouble = keeper.run, f"diverged at {error}"
        except ValueError as error:
            raise UsageError(" ".join(str(error).split())) from None
    if run is None:
        return complain(arguments, trouble, 1)
    if ways.signal:
        print(f"stopped after {run.step:,} of {run.steps:,} steps; tinygrad-rnn train --resume {folder} goes on")
    lost = write_results(run, folder, keeper)
    if trouble or lost:
        line = trouble or f"could not write {lost}"
        return complain(arguments, f"{line}{arguments.on_disk()}", ways.status or 1)
    return ways.status


class Keeper:
    """A callback for `fit`: checkpoints, and the table of metrics."""

    def __init__(self, arguments: argparse.Namespace, config: dict[str, Any], folder: Path, ways: WaysOut):
        self.arguments = arguments
        self.config: dict[str, Any] = config
        self.folder: Path = folder
        self.ways: WaysOut = ways
        self.run: Run | None = None
        self.checkpoints: Checkpoints | None = None
        self._rows = 0

    def begin(self, run: Run) -> Checkpoints:
        """From the first step on there is something to keep."""
        if self.checkpoints is None:
            make = partial(checkpoint_of, run, self.config)
            self.run, self.checkpoints = run, Checkpoints(self.folder / CHECKPOINT, make, step=run.step - 1 or None)
            self.arguments.on_disk = self._on_disk
        return self.checkpoints

    def _on_disk(self) -> str:
        step = self.checkpoints.step if self.checkpoints else None
        return "" if step is None else f"; {self.folder / CHECKPOINT} holds {step:,} steps"

    def note(self) -> str:
        """Why the last save failed, for the line of progress."""
        error = self.checkpoints.error if self.checkpoints else None
        return f", not saved: {error.strerror}" if error else ""

    def __call__(self, run: Run) -> bool:
        """Save if it is time; true when a signal came."""
        checkpoints, every = self.begin(run), self.arguments.save_every
        if checkpoints.due() if every is None else run.step % every == 0:
            checkpoints.save(run.step)
        if len(run.rows) != self._rows:
            self._rows = len(run.rows)
            with contextlib.suppress(OSError):  # a full disk: it is said at the end
                write_atomically(self.folder / METRICS, metrics_csv(run))
        return self.ways.signal is not None


def write_results(run: Run, folder: Path, keeper: Keeper) -> str:
    """Write and print; returns what could not be written, and why."""
    from ..viz import DrawError
    from ..viz.plots import save_figure

    words = report(run)
    print(f"\n{words}")
    files: dict[str, Callable[[Path], Any]] = {
        METRICS: lambda path: write_atomically(path, metrics_csv(run)),
        REPORT: lambda path: write_atomically(path, words),
        CURVE: lambda path: save_figure(run.plot(), path),
        GRAPH: lambda path: draw_run(run.task, run.model, path),
    }
    written, lost = [], [] if not keeper.note() else [f"{CHECKPOINT}{keeper.note()}"]
    for file, write in files.items():
        try:
            write(folder / file)
            written.append(file)
        except OSError as error:
            lost.append(f"{folder / file}: {error.strerror}")
        except DrawError as error:
            lost.append(f"{folder / file}: {' '.join(str(error).split())}")
    best = "" if run.best is None else f"{run.task.metric.name} {run.task.metric.shown(run.best)}; "
    print(f"{best}wrote {', '.join(written)} in {folder}")
    return ", ".join(lost)


# --- kinds of values ------------------------------------------------------------------------------------------


def task_name(text: str) -> str:
    """The name of a task; hyphens will do."""
    name = text.replace("-", "_")
    if name not in TASKS:
        raise argparse.ArgumentTypeError(
            f"there is no task {text!r}{nearest(name, TASKS)}; tinygrad-rnn tasks lists them"
        )
    return name


def number(text: str) -> float:
    """A float, for argparse."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def positive(text: str) -> float:
    """A float above 0, for argparse."""
    value = number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be greater than 0 and finite, got {text}")
    return value


def from_zero(text: str) -> float:
    """A float from 0 on, for argparse."""
    return 0.0 if text in ("0", "0.0") else positive(text)


def share(text: str) -> float:
    """A float in 0..1, for argparse."""
    value = number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 0 and less than 1, got {text}")
    return value


def seed(text: str) -> int:
    """A whole number from 0 on, for argparse."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be at least 0, got {value}")
    return value


def target(text: str) -> float | str:
    """A finite score, or "none", for argparse."""
    value = "none" if text == "none" else number(text)
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a finite number or none, got {text}")
    return value


def two_counts(text: str) -> list[int]:
    """K1,K2 with 1 <= K1 <= K2, for argparse; K alone means K,K."""
    values = [count(part) for part in text.split(",")]
    if len(values) > 2 or values[-1] < values[0]:
        raise argparse.ArgumentTypeError(f"expected K1,K2 with K1 at most K2, got {text!r}")
    return [values[0], values[-1]]
