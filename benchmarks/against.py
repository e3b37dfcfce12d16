"""Two checkouts of this library in one run: `python -m benchmarks --against PATH`.

Two versions of one package cannot live in one process. So each checkout gets a worker, a process started in its folder:
told over a pipe to run a row so many times, it answers with the processor time that took. The two take turns, and change
who goes first. The rows are those of the other tables, and both workers build them from the files here out of public
names: how the other checkout is made inside does not matter, and a row that it cannot run is named and left out.

A process is a little faster or slower for its whole life, by where its memory happens to lie; so there are several pairs.
Many short rounds see through other programs better than few long ones.
"""

from __future__ import annotations

import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

import tinygrad_rnn as tg

from . import attention, layers, ops, processes, training
from .table import Table
from .timing import Job, Times, calls_for

ROOT = Path(__file__).resolve().parent.parent
WORKER = """
import sys
answers, sys.stdout = sys.stdout, sys.stderr  # what anybody else prints is no answer
import tinygrad_rnn  # from the current folder
sys.path.insert(0, sys.argv[1])
from benchmarks import against  # from this checkout
against.serve(answers)
"""
PAIRS, ROUNDS = 3, 30

Maker = Callable[[], Job]


def rows(quick: bool) -> dict[str, dict[str, Maker]]:
    """By table: the name of each row, and what makes its job; `quick` keeps the first row of each table."""
    sizes = layers.SIZES
    found: dict[str, dict[str, Maker]] = {
        "chain": {
            "100 multiplications, forward and backward": partial(ops.chain_job, tg, True),
            "100 multiplications, forward only": partial(ops.chain_job, tg, False),
        },
        "lstm": {
            "LSTM op by op, forward and backward": partial(ops.lstm_job, tg, 32, 16, 32, 32, True),
            "LSTM op by op, forward only": partial(ops.lstm_job, tg, 32, 16, 32, 32, False),
        },
        "layers": {
            f"{kind} {layers.named(size)}": partial(layers.layer_job, tg, kind, *size)
            for kind in ("LSTM", "GRU", "RNN")
            for size in sizes[:4]
        },
        "ways": {f"LSTMCell {layers.named(size)}": partial(layers.cell_job, tg, *size) for size in sizes[:2]},
        "attention": {
            f"{name} {attention.named(size)}": partial(make, tg, *size)
            for name, make in attention.JOBS.items()
            for size in attention.SIZES
        },
        "training": {
            f"training step {training.named(size)}": partial(training.step_job, tg, *size)
            for size in (training.SMALL, training.LARGE)
        },
        "nodes": {
            "chain of 1,000 nodes": lambda: partial(ops.long_chain, 1_000),
            "one leaf used 1,000 times": lambda: partial(ops.many_uses, 1_000),
        },
        "inference": {
            f"LSTM no_grad {layers.named(size)}": partial(layers.forward_job, tg, *size, recorded=False)
            for size in sizes[:3]
        },
        "imports": {"import": lambda: partial(processes.seconds_to_import, "tinygrad_rnn")},
    }
    return {table: dict(list(makers.items())[:1]) if quick else makers for table, makers in found.items()}


def against(checkout: str, only: list[str] | None, quick: bool, rounds: int = ROUNDS) -> Table:
    """Every row with this checkout and with the one in the folder `checkout`; `rounds` for each pair of workers."""
    other = Path(checkout).resolve()
    if not (other / "tinygrad_rnn" / "__init__.py").is_file():
        raise SystemExit(f"--against: expected the folder of a checkout, but {other} has no tinygrad_rnn in it")
    names = [row for table, made in rows(quick).items() if only is None or table in only for row in made]
    if not names:
        raise SystemExit(f"--against: no rows in {' '.join(only or [])}; it knows the tables {', '.join(rows(quick))}")
    pairs, rounds, least = (1, 2, 0.0) if quick else (PAIRS, rounds, 0.01)
    times = {name: Times(ours=[], old=[]) for name in names}
    failed: dict[str, str] = {}
    for _ in range(pairs):
        with Worker(ROOT) as new, Worker(other) as old:
            for name in names:
                try:
                    _take_turns(name, new, old, rounds, least, times[name])
                except Failed as error:
                    failed[name] = str(error)
    table = Table(f"This checkout against {other}")
    for name in names:
        if name not in failed:
            table.add(name, times[name])
    table.notes = _summary(table) + [f"left out: {name}: {why}" for name, why in failed.items()]
    return table


def _summary(table: Table) -> list[str]:
    ratios = {row.what: row.ratio for row in table.rows if row.ratio is not None}
    if not ratios:
        return []
    mean, highest = statistics.geometric_mean(ratios.values()), max(ratios, key=ratios.__getitem__)
    return [f"geometric mean {mean:.3f} over {len(ratios)} rows; highest {ratios[highest]:.3f}: {highest}"]


def _take_turns(name: str, new: Worker, old: Worker, rounds: int, least: float, times: Times) -> None:
    """Add `rounds` rounds of one row to `times`; who goes first changes from round to round."""
    old.calls(name, 0.0)  # what only a first call does, such as compiling, is in no round
    calls = new.calls(name, least)
    turns = [("ours", new), ("old", old)]
    for _ in range(rounds):
        for side, worker in turns:
            times[side].append(worker.seconds(name, calls))
        turns.reverse()


class Failed(Exception):
    """A row does not run in one of the checkouts."""


class Worker:
    """A process that has imported the package in the folder `checkout` and runs rows on request."""

    def __init__(self, checkout: Path):
        command = [sys.executable, "-c", WORKER, str(ROOT)]
        pipe = subprocess.PIPE
        self.process: Any = subprocess.Popen(command, cwd=checkout, text=True, stdin=pipe, stdout=pipe)
        self.checkout = checkout
        found = Path(self._ask("where"))
        if found != checkout / "tinygrad_rnn":
            self.close()
            raise SystemExit(f"--against: expected the package in {checkout}, but Python found the one in {found}")

    def calls(self, name: str, least: float) -> int:
        """How many calls of a row take about `least` seconds."""
        return self._ask("calls", name, least)

    def seconds(self, name: str, calls: int) -> float:
        """Processor seconds per call of a row, over so many calls, after one more to warm up."""
        return self._ask("seconds", name, calls)

    def _ask(self, *question: Any) -> Any:
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.close()
            raise SystemExit(f"--against: the worker for {self.checkout} ended; its error is above")
        answer, error = json.loads(line)
        if error:
            raise Failed(f"{error} (in {self.checkout})")
        return answer

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process: its loop over its input ends when that is closed."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


# --- inside a worker -------------------------------------------------------------------------------------


def serve(answers: IO[str]) -> None:
    """Answer questions, a line of JSON each, until the input ends."""
    makers = {name: make for made in rows(False).values() for name, make in made.items()}
    jobs: dict[str, Job] = {}
    for line in sys.stdin:
        kind, *rest = json.loads(line)
        answer, error = None, ""
        try:
            if kind == "where":
                answer = str(Path(tg.__file__).resolve().parent)
            else:
                name, number = rest
                job = jobs.get(name) or jobs.setdefault(name, makers[name]())
                answer = calls_for(job, number, clock) if kind == "calls" else _seconds(job, number)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
        print(json.dumps((answer, error)), file=answers, flush=True)


def _seconds(job: Job, calls: int) -> float:
    if calls > 1:  # a single call is long: what the other worker did to the caches does not show
        job()
    start = clock()
    for _ in range(calls):
        job()
    return (clock() - start) / calls


def clock() -> float:
    """Processor seconds of this process, and of those that it started and saw end: an import runs in one of its own."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
