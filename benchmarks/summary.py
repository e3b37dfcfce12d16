"""The short table that README.md and docs/speed.md show: one ratio to PyTorch for each kind of work, on both kernels.

`python -m benchmarks --write README.md docs/speed.md` puts it between the two marks in each file.
"""

from __future__ import annotations

import math
from pathlib import Path

from tinygrad_rnn.atomic import write_atomically

from .layers import KERNELS
from .table import Table

START, END = "<!-- speed: python -m benchmarks --write -->\n", "<!-- /speed -->"
ROWS = {  # what stands in the row: its table, and how that table's rows begin
    "`nn.LSTM`, six sizes": ("layers", "LSTM "),
    "`nn.GRU`, six sizes": ("layers", "GRU "),
    "`nn.RNN`, six sizes": ("layers", "RNN "),
    "a training step: embedding, LSTM, linear, cross-entropy, clipping, Adam": ("training", ""),
    "an LSTM asked for one token after the other, H=128, `no_grad`": ("sampling", "LSTM H=128"),
    "multi-head attention, two sizes": ("attention", "MultiheadAttention"),
    "an LSTM written op by op": ("lstm", "forward and backward"),
    "100 multiplications of 8 numbers": ("chain", "forward and backward"),
}
NEEDED = list(dict.fromkeys(table for table, _ in ROWS.values()))


def summary(tables: dict[str, Table], machine: str) -> str:
    """Markdown: geometric means, with the lowest and the highest where there are several; `machine` stands below."""
    lines = [f"| ours ÷ PyTorch, processor time | {' | '.join(KERNELS)} |", "|---" * (1 + len(KERNELS)) + "|"]
    for what, (table, start) in ROWS.items():
        rows = [row for row in tables[table].rows if row.what.startswith(start) and row.peer == "PyTorch"]
        by_kernel = {kernels: [row.ratio for row in rows if row.what.endswith(f", {kernels}")] for kernels in KERNELS}
        cells = [_told([r for r in ratios if r]) for ratios in by_kernel.values()]
        if not any(by_kernel.values()):  # the kernels take no part in it
            cells = [_told([row.ratio for row in rows if row.ratio]), *["the same"] * (len(KERNELS) - 1)]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", machine]) + "\n"


def write(file: str, text: str) -> None:
    """Put the table between the marks in `file`; ValueError if they are not there."""
    before, start, rest = Path(file).read_text(encoding="utf-8").partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{file} has no place for the table: the lines {START.strip()} and {END}")
    write_atomically(file, f"{before}{START}\n{text}\n{END}{after}")


def _told(ratios: list[float]) -> str:
    if not ratios:
        return "-"
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    return f"**{mean:.2f}**" + (f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else "")
