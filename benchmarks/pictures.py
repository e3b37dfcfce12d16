"""How the cost of pages and pictures grows with the number of operations: time and peak memory per operation should stay the same."""

from __future__ import annotations

import subprocess
import sys

from .table import Row, Table

DRAW = """
import re, resource, sys, time
import tinygrad_rnn as tg
kind, what, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
y = tg.ones(2, requires_grad=True)
if kind == "modules":
    class Twice(tg.nn.Module):
        def forward(self, y):
            return (y * 1.001).tanh()
    y = tg.nn.Sequential(*[Twice() for _ in range(n // 2)])(y)
for _ in range(n if kind == "chain" else 0):
    y = y * 1.001
def peak():
    try:  # ru_maxrss starts with the parent's: a small case would seem to cost nothing
        return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before, start = peak(), time.process_time()
if what == "page":
    tg.draw(y, timeout=3600).html()
else:
    tg.draw(y, view="module", engine="builtin", max_nodes=10**9, timeout=3600).svg()
print(time.process_time() - start, peak() - before)
"""


def pictures(quick: bool) -> Table:
    """The interactive page, and the module view as SVG, of chains of operations and of modules."""
    table = Table("Pages and module views, per operation of a chain", "µs or bytes", 1.0)
    for kind in ("chain", "modules"):
        for what in ("page", "module view"):
            for n in (500, 1000) if quick else (1_000, 4_000, 16_000, 64_000):
                command = [sys.executable, "-c", DRAW, kind, what, str(n)]
                said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                seconds, peak = map(float, said.split())
                table.rows.append(Row(f"{what} of {kind}, {n:,}: µs", seconds / n * 1e6))
                table.rows.append(Row(f"{what} of {kind}, {n:,}: bytes", peak / n))
    return table
