"""kill -9 at random moments of a training that saves after every step, so that many kills fall into a save; then --resume.

    python -m tests.tasks.random_kills [--times 50] [--way SIGKILL]

Nothing before the last checkpoint may be lost, and the final weights must be those of the run that nobody killed, bit by
bit. Prints a line per try; exit status 1 if one was wrong.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import tinygrad_rnn as tg
from tinygrad_rnn.tasks import TASKS

RUN = ["--steps", "60", "--target", "none", "--eval-every", "20", "--dropout", "0.2", "--hidden", "16", "--save-every", "1"]  # fmt: skip


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from tinygrad_rnn.cli import main; sys.exit(main())", *arguments]


def weights(folder: Path) -> dict[str, bytes]:
    return {name: value.array.tobytes() for name, value in tg.load(folder / "checkpoint.tgr")["model"].items()}


def wait(process: Any, folder: Path, step: int, seconds: float) -> None:
    """Until a moment in the start, or shortly after the checkpoint of a step; or to the end of the process."""
    if step < 6:
        time.sleep(random.uniform(0, seconds))
        return
    path = folder / "checkpoint.tgr"
    while process.poll() is None and not (path.exists() and tg.load(path)["step"] >= step):
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.03))


def main() -> int:
    """Kill, resume, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--way", default="SIGKILL")
    parser.add_argument("--task", default="adding", choices=TASKS)
    options = parser.parse_args()
    random.seed(0)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {**os.environ, "OPENBLAS_NUM_THREADS": "1"}}  # fmt: skip
    bad = 0
    with tempfile.TemporaryDirectory() as parent:
        whole = Path(parent) / "whole"
        started = time.monotonic()
        subprocess.run(command("train", options.task, *RUN, "--out", str(whole)), check=True, **quiet)
        seconds = time.monotonic() - started
        for k in range(options.times):
            folder = Path(parent) / str(k)
            process = subprocess.Popen(command("train", options.task, *RUN, "--out", str(folder)), **quiet)
            kept, moments = [], 0
            while True:  # kill it, and what goes on with it, until one gets through
                wait(process, folder, random.randrange(60) if moments < 3 else 61, seconds)
                if process.poll() is not None:
                    break
                process.send_signal(signal.Signals[options.way])
                process.wait()
                moments += 1
                path = folder / "checkpoint.tgr"
                kept.append(tg.load(path)["step"] if path.exists() else 0)
                if not (folder / "config.json").exists():  # it had not begun
                    process = subprocess.Popen(command("train", options.task, *RUN, "--out", str(folder)), **quiet)
                else:
                    process = subprocess.Popen(command("train", "--resume", str(folder)), **quiet)
            same = process.returncode == 0 and weights(folder) == weights(whole) and kept == sorted(kept)
            bad += not same
            print(f"{k}: killed {moments} times, checkpoints of steps {kept}: {'the same bits' if same else 'WRONG'}", flush=True)  # fmt: skip
    print(f"{bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
