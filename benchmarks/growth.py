"""How cost grows with the length T, the batch B, the hidden size H and the number of nodes; and a plot of it."""

from __future__ import annotations

import tinygrad_rnn as tg
from tinygrad_rnn.viz.plots import save_figure

from .layers import layer_job
from .peers import peer
from .table import Table
from .timing import compare


def length(quick: bool) -> Table:
    """Cost per time step of nn.LSTM from T=100 to T=10,000: it should stay the same."""
    lengths = (100, 300) if quick else (100, 300, 1_000, 3_000, 10_000)
    return _layers("T", [(T, 16, 16, 32) for T in lengths], 0, quick, per_step=True)


def batch(quick: bool) -> Table:
    """Cost of nn.LSTM by batch size."""
    return _layers("B", [(32, B, 32, 32) for B in ((1, 4) if quick else (1, 4, 16, 64, 256))], 1, quick)


def hidden(quick: bool) -> Table:
    """Cost of nn.LSTM by hidden size."""
    return _layers("H", [(32, 16, 32, H) for H in ((8, 16) if quick else (8, 16, 32, 64, 128, 256))], 3, quick)


def _layers(
    axis: str, sizes: list[tuple[int, int, int, int]], place: int, quick: bool, per_step: bool = False
) -> Table:
    what = "per time step " if per_step else ""
    others = " ".join(f"{name}={n}" for name, n in zip("TBIH", sizes[0], strict=True) if name != axis)
    unit, scale = ("µs", 1e6) if per_step else ("ms", 1e3)
    table = Table(f"nn.LSTM {what}as {axis} grows, {others}, forward and backward", unit, scale)
    for size in sizes:
        jobs = {"ours": layer_job(tg, "LSTM", *size)}
        if peer("torch"):
            jobs["PyTorch"] = layer_job(peer("torch"), "LSTM", *size)
        times = compare(jobs, 5, quick)
        table.add(f"{axis}={size[place]}", times, unit=size[0] if per_step else 1)
    return table


PANELS = {"T": "length", "B": "batch", "H": "hidden", "nodes": "nodes"}  # axis: the name of its table


def plot(file: str, tables: dict[str, Table]) -> None:
    """Draw cost against T, B, H and the number of nodes into `file`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(PANELS), figsize=(16, 3.6), layout="constrained")
    for axis, (name, source) in zip(axes, PANELS.items(), strict=True):
        table = tables[source]
        rows = [row for row in table.rows if not row.what.startswith("one leaf")]
        places = [int("".join(c for c in row.what if c.isdigit())) for row in rows]
        axis.plot(places, [row.ours * table.scale for row in rows], "o-", label="tinygrad_rnn")
        theirs = [row.theirs * table.scale for row in rows if row.theirs is not None]
        if theirs:
            axis.plot(places, theirs, "s--", label="PyTorch")
        axis.set(xlabel=name, ylabel=table.unit, xscale="log")
        if table.unit == "µs":  # a cost per step or per node should be flat; a logarithm would hide that it is
            axis.set_ylim(bottom=0)
        else:
            axis.set_yscale("log")
        axis.set_title(table.title.split(",")[0], fontsize=9)
        axis.legend()
    save_figure(figure, file, dpi=figure.dpi)
    pyplot.close(figure)
