"""Each way out of the demo at ten random moments, from its start to its end: what is left is whole, whatever happens when.

    python -m tests.runs.random_moments [WAY ...] [--times 10] [--steps 40]

Prints a line per try and a table of counts: exit statuses, tries before the first step, tries that found the program done, and
the age of the checkpoint in seconds. A full disk and a read-only one are small file systems; they need root.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tinygrad_rnn.demo import load_checkpoint

STATUS = {
    "SIGINT": {130}, "SIGINT twice": {130}, "SIGTERM": {143}, "SIGHUP": {129}, "SIGKILL": {-9},
    "closed pipe": {141}, "both pipes closed": {141}, "full output": {1}, "full disk": {1, 2}, "read-only disk": {1, 2},
}  # fmt: skip


class Try:
    """One run of the demo, left at one moment."""

    def __init__(self, way: str, moment: float, steps: int, folder: Path):
        self.way, self.moment, self.disk, self.out = way, moment, folder, folder / "out"
        self.errors = open(folder.parent / "stderr", "w+b")  # noqa: SIM115  (not on the disk that fills up)
        program = "import sys; from tinygrad_rnn_start import main; sys.exit(main())"
        command = [sys.executable, "-c", program, "demo", "--steps", str(steps), "--out", str(self.out)]
        output = open("/dev/full", "wb") if way == "full output" else subprocess.PIPE  # noqa: SIM115
        errors = subprocess.PIPE if way == "both pipes closed" else self.errors
        self.process = subprocess.Popen(command, stdout=output, stderr=errors)
        time.sleep(moment)
        self.done_before = self.process.poll() is not None
        self.step = self.step_now()
        self.leave()
        listening = self.process.stdout is not None and not self.process.stdout.closed
        printed = self.process.communicate(timeout=600)[0] if listening else b""
        self.process.wait(600)
        self.status = self.process.returncode
        self.text = (printed or b"").decode() + self.said()

    def leave(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.way.startswith("SIG"):
                self.process.send_signal(signal.Signals[self.way.split()[0]])
                if self.way.endswith("twice"):
                    time.sleep(random.uniform(0.01, 1.0))
                    self.process.send_signal(signal.SIGINT)
        if "closed" in self.way:
            self.process.stdout.close()
            if self.process.stderr:
                self.process.stderr.close()
        if self.way == "full disk":
            with contextlib.suppress(OSError), open(self.disk / "filler", "wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(4096))
        while self.way == "read-only disk" and mount("-o", "remount,ro", str(self.disk)):
            time.sleep(0.01)  # busy while a file is being written

    def said(self) -> str:
        self.errors.seek(0)
        return self.errors.read().decode()

    def step_now(self) -> int:
        steps = re.findall(r"(\d+)/\d+ \[", self.said())
        return int(steps[-1]) if steps else 0

    def check(self, steps: int, rate: float) -> tuple[list[str], float]:
        """What is wrong, and how old the checkpoint was when the program was left, in seconds."""
        wrong, kept = [], None
        right = STATUS[self.way] | ({0} if self.done_before or self.step == steps else set())
        if (
            self.step == 0
        ):  # before Python has read the program the system ends it, which shells show as the same status
            right |= {128 - status for status in right}
        if self.status not in right:
            wrong.append(f"status {self.status}")
        if "Traceback" in self.text or "Exception ignored" in self.text:
            wrong.append("traceback")
        if (self.out / "checkpoint.tgr").exists():
            try:
                kept = len(load_checkpoint(self.out / "checkpoint.tgr")[2])
            except Exception as error:
                wrong.append(f"checkpoint: {error}")
        elif self.step:
            wrong.append("no checkpoint")
        if self.out.exists() and self.way != "SIGKILL":
            wrong += [name for name in os.listdir(self.out) if name.startswith(".saving-")]
            wrong += ["empty folder"] if not os.listdir(self.out) else []
        return wrong, max(0, self.step - kept) / rate if kept is not None else 0.0


def mount(*arguments: str) -> int:
    """0 if it worked."""
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode


@contextlib.contextmanager
def place(way: str):
    """A folder for one try; for disks a small file system."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "disk"
        folder.mkdir()
        if "disk" in way and mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)):
            sys.exit(f"{way}: no file system can be mounted here")
        try:
            yield folder
        finally:
            if "disk" in way:
                subprocess.run(["umount", folder], check=True)


def main() -> int:
    """Try, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ways", nargs="*", default=[], metavar="WAY", help=", ".join(STATUS))
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    random.seed(0)
    with place("") as folder:  # how long it takes when nobody disturbs it
        started = time.monotonic()
        whole = Try("closed pipe", 0.0, options.steps, folder)
        seconds = time.monotonic() - started
    rate = options.steps / seconds  # too low: the start and the end are in it, so ages come out too high
    print(f"undisturbed: {seconds:.1f} s, status {whole.status}")
    bad = 0
    for way in options.ways or STATUS:
        statuses, before, done, oldest = collections.Counter(), 0, 0, 0.0
        for _ in range(options.times):
            moment = random.uniform(0, seconds)
            with place(way) as folder:
                attempt = Try(way, moment, options.steps, folder)
                wrong, age = attempt.check(options.steps, rate)
            if attempt.done_before:  # the machine is less busy now
                seconds *= 0.8
            statuses[attempt.status] += 1
            before += attempt.step == 0 and not attempt.done_before
            done += attempt.done_before
            oldest = max(oldest, age)
            bad += bool(wrong)
            last = attempt.text.strip().splitlines()[-1:] or [""]
            print(
                f"  {way} at {moment:.2f} s, step {attempt.step}: {attempt.status} {wrong or ''} {last[0][-150:]}",
                flush=True,
            )
            if wrong:
                print(attempt.text[-1500:])
        print(
            f"{way}: {dict(statuses)}, {before} before the first step, {done} done, oldest {oldest:.1f} s", flush=True
        )
    print(f"{bad} bad")
    return bad


if __name__ == "__main__":
    sys.exit(main())
