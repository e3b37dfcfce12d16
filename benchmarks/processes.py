"""What can only be seen from outside: the time of an import, the peak of memory. Each runs in processes of its own."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile

from .peers import peer
from .table import Row, Table

STEP = """
import resource, sys
import numpy as np
lib = __import__(sys.argv[1])
if sys.argv[1] == "torch":
    lib.set_num_threads(1)
T, B, I, H = map(int, sys.argv[2:])

def step(T):
    layer = lib.nn.LSTM(I, H)
    x = lib.tensor(np.random.default_rng(0).normal(size=(T, B, I)).astype("float32"))
    layer(x)[0].sum().backward()

def peak():  # kilobytes; Linux keeps a high-water mark that can be lowered to the present use
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1])

step(2)
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = peak()
step(T)
print((peak() - before) * 1024)
"""


def peak_memory(quick: bool) -> Table:
    """The peak of one LSTM training step above what the process held before it."""
    size = (100, 16, 16, 32) if quick else (1000, 16, 16, 32)
    table = Table("Peak memory of an LSTM training step above the start", "MB", 1e-6)
    what = " ".join(f"{name}={n}" for name, n in zip("TBIH", size, strict=True))
    try:
        ours = _peak("tinygrad_rnn", size, quick)
    except (OSError, subprocess.CalledProcessError):
        table.notes.append("needs Linux's /proc/self/clear_refs")
        return table
    theirs = _peak("torch", size, quick) if peer("torch") else None
    table.rows.append(Row(what, ours, theirs, theirs and ours / theirs, "PyTorch" if theirs else ""))
    return table


def _peak(library: str, size: tuple[int, ...], quick: bool) -> float:
    command = [sys.executable, "-c", STEP, library, *map(str, size)]
    outputs = [
        subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(1 if quick else 3)
    ]
    return statistics.median(float(text) for text in outputs)


def import_time(quick: bool) -> Table:
    """`import tinygrad_rnn` against `import numpy` and `import torch`, the interpreter's start included."""
    table = Table("Importing, with the start of Python")
    names = ["tinygrad_rnn", "numpy"] + (["torch"] if peer("torch") and not quick else [])
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        seconds_to_import(name)  # compiles what was never imported
    for _ in range(2 if quick else 15):
        for name in names:
            seconds[name].append(seconds_to_import(name))
    ours = seconds["tinygrad_rnn"]
    for name in names[1:]:
        ratio = statistics.median(x / y for x, y in zip(ours, seconds[name], strict=True))
        table.rows.append(Row("import", statistics.median(ours), statistics.median(seconds[name]), ratio, name))
    return table


FIRST = """
import sys, time
import tinygrad_rnn as tg
x, layer = tg.ones(2, 1, 1, dtype=getattr(tg, sys.argv[2])), getattr(tg.nn, sys.argv[1])(1, 1, dtype=getattr(tg, sys.argv[2]))
start = time.process_time()
layer(x)[0].sum().backward()
print(time.process_time() - start)
"""


def first_call(quick: bool) -> Table:
    """The first forward and backward of a layer in a process: nothing compiled before, and from the cache on disk."""
    table = Table("The first call of a layer in a process, with the import of numba if it is there", "s", 1)
    for kind in ("LSTM",) if quick else ("RNN", "LSTM", "GRU"):
        for dtype in ("float32",) if quick else ("float32", "float64"):
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, "-c", FIRST, kind, dtype]
                for state in ("cold", "cached"):
                    environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
                    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
                    table.rows.append(Row(f"{kind} {dtype}, {state}", float(run.stdout)))
    return table


def seconds_to_import(name: str) -> float:
    """Processor seconds of a process that imports `name`, compiled files allowed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", f"import {name}"], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
