"""Runs that are left at random moments and go on: kill -9, signals, a disk that takes no more.

    python -m tests.tasks.random_kills [WAY ...] [--times 50] [--task adding]

The runs save after every step, so that about half of the moments fall into a save. Each is left, resumed, left again, until
one gets through. Whatever was said to be saved must be there, and the final weights and metrics must be those of the run that
nobody disturbed, bit by bit. A process that has everything loaded splits off one for each try, so that all moments are
moments of the training. Prints a line per try and a table; exit status 1 if one was wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import tinygrad_rnn as tg
from tinygrad_rnn.cli import main as command
from tinygrad_rnn.runs import Checkpoints
from tinygrad_rnn.tasks import TASKS

from ..undrawn import undrawn

STEPS = 20
RUN = ["--steps", str(STEPS), "--target", "none", "--eval-every", "5", "--dropout", "0.2", "--hidden", "16", "--batch", "8",
       "--save-every", "1"]  # fmt: skip
STATUS = {"SIGKILL": {-9}, "SIGTERM": {143}, "SIGINT": {130}, "SIGHUP": {129}, "full disk": {1}}


class Attempt:
    """A training in a process split off from this one; `reported` is the last step that it said was saved."""

    def __init__(self, arguments: list[str], before: Callable[[], None] = lambda: None):
        self.reports, writing = os.pipe()
        self.began = time.monotonic()
        self.process = os.fork()
        if not self.process:
            with contextlib.suppress(BaseException):
                before()
                _report(writing)
                nowhere = os.open(os.devnull, os.O_RDWR)
                for stream in (1, 2):
                    os.dup2(nowhere, stream)
                os._exit(command(arguments))
            os._exit(99)
        os.close(writing)

        self.reported = 0

    def wait_for(self, step: float) -> None:
        """Until that many steps are saved, or to its end."""
        while self.reported < step and (said := os.read(self.reports, 4096)):
            self.reported = int(said.split()[-1])

    def end(self) -> int:
        """Its exit status, negative if a signal ended it."""
        self.wait_for(float("inf"))
        os.close(self.reports)
        self.seconds = time.monotonic() - self.began
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


def _report(handle: int) -> None:
    """In the new process: say each step whose save is done."""
    save = Checkpoints.save

    def saved(self: Checkpoints, step: int) -> bool:
        good = save(self, step)
        if good:
            os.write(handle, f"{step}\n".encode())
        return good

    Checkpoints.save = saved


def leave(way: str, arguments: list[str], begun: int, seconds: float) -> tuple[int, int]:
    """Train, and go that way at a random moment within the next steps: the exit status, and the last step that was said
    to be saved.
    """
    more = random.randrange(STEPS // 2)
    if way == "full disk":
        attempt = Attempt(arguments, lambda: _fill_the_disk_after(more))
    else:
        attempt = Attempt(arguments)
        attempt.wait_for(min(begun + more, STEPS))
        time.sleep(random.uniform(0, 2 * seconds / STEPS))
        os.kill(attempt.process, signal.Signals[way])
    return attempt.end(), attempt.reported


def _fill_the_disk_after(count: int) -> None:
    """In the new process: after `count` saves no file may grow beyond a few bytes, so that no checkpoint fits."""
    save, saves = Checkpoints.save, [0]

    def limited(self: Checkpoints, step: int) -> bool:
        saves[0] += 1
        if saves[0] > count:
            resource.setrlimit(resource.RLIMIT_FSIZE, (random.choice([0, 100, 4096]), resource.RLIM_INFINITY))
        return save(self, step)

    Checkpoints.save = limited


def kept(folder: Path) -> int:
    """The step of the checkpoint, 0 without one."""
    path = folder / "checkpoint.tgr"
    return int(tg.load(path)["step"]) if path.exists() else 0


def results(folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """The weights, and the metrics without the seconds, which are the machine's."""
    weights = {name: value.array.tobytes() for name, value in tg.load(folder / "checkpoint.tgr")["model"].items()}
    return weights, [line.rsplit(",", 1)[0] for line in (folder / "metrics.csv").read_text().splitlines()]


def try_once(way: str, new: list[str], whole: Path, folder: Path, seconds: float) -> tuple[list[int], int, list[str]]:
    """Leave a run three times and go on: the checkpoints found, how often a save was left half done, what was wrong."""
    found, halves, wrong = [0], 0, []
    for _ in range(3):
        resuming = ["train", "--resume", str(folder)] if (folder / "config.json").exists() else [*new, str(folder)]
        saving = ["--save-every", "1"] if "--resume" in resuming else []
        status, said = leave(way, resuming + saving, found[-1], seconds)
        found.append(kept(folder))
        halves += any(path.name.startswith(".saving-") for path in folder.glob(".*"))
        if found[-1] < max(said, found[-2]):
            wrong.append(f"saved {said} steps, found {found[-1]} after {found[-2]}")
        early = {-signal.Signals[way]} if way in signal.Signals.__members__ else set()  # before handlers are set
        if status not in STATUS[way] | {0} | early:
            wrong.append(f"status {status}")
    begun = (folder / "config.json").exists()
    if status := Attempt(["train", "--resume", str(folder)] if begun else [*new, str(folder)]).end():
        wrong.append(f"resumed with status {status}")
    elif results(folder) != results(whole):
        wrong.append("other numbers")
    wrong += [f"left {path.name}" for path in folder.iterdir() if path.name.startswith(".saving-")]
    return found[1:], halves, wrong


def main(words: list[str] | None = None) -> int:
    """Leave, resume, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ways", nargs="*", default=[], metavar="WAY", help=", ".join(STATUS))
    parser.add_argument("--times", type=int, default=50, help="how often, each way")
    parser.add_argument("--task", default="adding", choices=TASKS)
    options = parser.parse_args(words)
    random.seed(0)
    bad = 0
    new = ["train", options.task, *RUN, "--out"]
    with tempfile.TemporaryDirectory() as parent, undrawn():  # the last moments are no training either
        whole = Path(parent) / "whole"
        command([*new, str(whole / "warm-up")])  # everything is loaded and compiled
        attempt = Attempt([*new, str(whole)])
        assert attempt.end() == 0
        table = []
        for way in options.ways or STATUS:
            left, tries, in_saves, wrongs = 0, 0, 0, 0
            while left < options.times:
                folder = Path(parent) / f"{way} {tries}"
                tries += 1
                found, halves, wrong = try_once(way, new, whole, folder, attempt.seconds)
                left += len(found)
                in_saves += halves
                wrongs += bool(wrong)
                print(f"{way}, run {tries}: checkpoints of steps {found}, {', '.join(wrong) or 'the same bits'}", flush=True)  # fmt: skip
            table.append(
                f"{way:10}{left:4} times left, {in_saves:3} half-written files, {tries:3} runs, {wrongs} wrong"
            )
            bad += wrongs
    print("\n".join(table))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
