"""kill -9 at random moments of a sweep: of the command, of its workers, and Ctrl-C; the same command goes on.

    python -m tests.comparing.random_kills [--times 10]

Each try kills until a sweep gets through. Its table, its CSV files and its figure must be those of the sweep that nobody killed,
byte by byte, and no run that had a result may have been trained again. A line per try; exit status 1 if one was wrong.
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

from .small import COMMAND, checkpoints

FILES = ("comparison.txt", "comparison.csv", "runs.csv", "comparison.png")


def start(out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tinygrad_rnn", *COMMAND, "--jobs", "2", "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """The workers of a command."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True).stdout
    return [int(pid) for pid in listed.split()]


def results(out: Path) -> dict[str, int]:
    """When each finished run was written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in out.glob("*/result.json")}


def one_try(out: Path, kills: int, seconds: float) -> tuple[list[str], bool]:
    """What was killed, and whether nothing was repeated."""
    did: list[str] = []
    finished: dict[str, int] = {}
    kept = True
    process = start(out)
    while True:
        time.sleep(random.uniform(0.1, seconds))
        now = results(out)
        kept = kept and all(now.get(name) == when for name, when in finished.items())
        finished = now
        if process.poll() == 0:
            return did, kept
        if process.poll() is None and len(did) < kills:
            way = random.choice(["worker", "worker", "parent", "Ctrl-C"])
            if way == "worker":
                for pid in children(process)[: random.choice([1, 2])]:
                    os.kill(pid, signal.SIGKILL)
            else:
                process.send_signal(signal.SIGKILL if way == "parent" else signal.SIGINT)
                process.wait()
            did.append(f"{way} ({len(now)} finished, {len(checkpoints(out))} begun)")
        if process.poll() is not None:
            process = start(out)


def main() -> int:
    """Kill, go on, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--kills", type=int, default=4, help="in each try (default 4)")
    options = parser.parse_args()
    random.seed(0)
    bad = 0
    with tempfile.TemporaryDirectory() as parent:
        whole = Path(parent) / "whole"
        since = time.monotonic()
        if start(whole).wait():
            raise SystemExit("the command that nobody killed failed")
        seconds = time.monotonic() - since
        wanted = [(whole / name).read_bytes() for name in FILES]
        for k in range(options.times):
            out = Path(parent) / f"try{k}"
            did, kept = one_try(out, options.kills, seconds / 2)
            same = kept and [(out / name).read_bytes() for name in FILES] == wanted
            bad += not same
            print(
                f"{k}: killed {', '.join(did)}: {'the same bytes, nothing repeated' if same else 'WRONG'}", flush=True
            )
    print(f"{bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
