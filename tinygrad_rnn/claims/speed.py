"""Time against length: a recurrent layer goes step by step; attention and convolutions see all steps at once.

One layer of each, forward and backward, of the same width, on sequences of doubling length; the least of several
measurements, for other programs only ever add time. Attention looks at every pair of steps, so its work grows with the
square. What more processors would bring is told by the longest chain of operations that wait for each other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

from .. import nn
from .._figure import COLOURS, headline, new_figure
from .._tensor import Tensor
from ..create import randn
from ..graph import ancestors
from ..models import TCN
from ..study.results import Table
from .claim import Claim, Effort, Point, Row
from .training import seeded

WIDTH, BATCH = 32, 8
LENGTHS, QUICK = (16, 32, 64, 128, 256, 512), (16, 64)
REPEATS = 3


def lstm_steps() -> Callable[[Tensor], Tensor]:
    """An LSTM as operations, one step after the other."""
    layer = nn.Recurrent(nn.LSTMCell(WIDTH, WIDTH))
    return lambda x: layer(x)[0]


def lstm_kernel() -> Callable[[Tensor], Tensor]:
    """The same as one operation whose loop is inside."""
    layer = nn.LSTM(WIDTH, WIDTH)
    return lambda x: layer(x)[0]


def attention() -> Callable[[Tensor], Tensor]:
    """Self-attention with four heads."""
    layer = nn.MultiheadAttention(WIDTH, 4)
    return lambda x: layer(x, x, x, need_weights=False)[0]


def tcn() -> Callable[[Tensor], Tensor]:
    """Two temporal blocks: what they see does not grow with the length."""
    layer = TCN(WIDTH, [WIDTH, WIDTH], kernel_size=3)
    return lambda x: layer(x.permute(1, 2, 0))


LAYERS: dict[str, Callable[[], Callable[[Tensor], Tensor]]] = {
    "lstm, step by step": lstm_steps, "lstm, one kernel": lstm_kernel, "attention": attention, "tcn": tcn,
}  # fmt: skip


class Speed(Claim):
    """Milliseconds and chains of operations against length."""

    name, lecture = "speed", "004"
    says = "RNNs work step by step, which is slow, and there is no easy way to parallelise them"
    about = "time and the longest chain of operations against length, for LSTM, attention and TCN"

    @classmethod
    def measure(cls, effort: Effort) -> Iterator[Row]:
        """Each layer at each length; a seed is a measurement of its own."""
        for seed in range(effort.seeds):
            for length in QUICK if effort.quick else LENGTHS:
                for name, make in LAYERS.items():
                    seeded(seed)
                    layer, x = make(), randn(length, BATCH, WIDTH)
                    layer(x).sum().backward()  # memory is fetched, kernels are compiled
                    seconds = min(_timed(layer, x) for _ in range(1 if effort.quick else REPEATS))
                    yield {"layer": name, "length": length, "seed": seed, "ms": 1000 * seconds, "chain": chain(layer(x))}  # fmt: skip

    def time(self, layer: str, length: int) -> float:
        """Milliseconds, the least over seeds."""
        return float(self.numbers("ms", layer=layer, length=length).min())

    def growth(self, layer: str) -> float:
        """By what power of the length the time grows, between the two longest lengths: 1 is in proportion."""
        before, last = sorted(self.values("length"))[-2:]
        return math.log(self.time(layer, last) / self.time(layer, before)) / math.log(last / before)

    def points(self) -> list[Point]:
        """Slow; not parallel; where it is the other way round."""
        longest, shortest = max(self.values("length")), min(self.values("length"))
        ms = {name: self.time(name, longest) for name in LAYERS}
        steps, kernel = "lstm, step by step", "lstm, one kernel"
        chains = {
            name: [int(self.middle("chain", layer=name, length=n)) for n in (shortest, longest)] for name in LAYERS
        }
        faster = [n for n in self.values("length") if self.time("attention", n) < self.time(kernel, n)]
        where = f"up to {max(faster)} steps" if faster else "at no length tried"
        return [
            Point(ms[steps] > 2 * max(ms["tcn"], 1e-9), f"step by step an LSTM takes {ms[steps]:.0f} ms for {longest:,} steps, a TCN {ms['tcn']:.0f} ms, attention {ms['attention']:.0f} ms"),
            Point(chains[steps][1] > 10 * chains["tcn"][1] and chains["tcn"][0] == chains["tcn"][1], f"its operations wait for each other: a chain of {chains[steps][1]:,} at {longest:,} steps, {chains['attention'][1]} in attention and {chains['tcn'][1]} in a TCN, whatever the length"),
            Point(ms[kernel] > min(ms["attention"], ms["tcn"]), f"and it stays behind as one kernel on one processor: {ms[kernel]:.1f} ms"),
            Point(max(faster, default=0) == longest, f"what sees all steps at once wins more the longer the sequence: attention is faster than this kernel {where}; its time grows as length^{self.growth('attention'):.1f}, the kernel's as length^{self.growth(kernel):.1f}"),
        ]  # fmt: skip

    def table(self) -> Table:
        """Milliseconds for forward and backward, and the chain at the longest."""
        lengths = sorted(self.values("length"))
        rows = []
        for name in LAYERS:
            times = [self.time(name, n) for n in lengths]
            rows.append([name, *times, self.growth(name), int(self.middle("chain", layer=name, length=lengths[-1]))])
        return Table(["ms", *[f"T = {n}" for n in lengths], "power", "chain"], rows)

    def plot(self) -> Any:
        """Time and chain against length."""
        figure, [[left, right]] = new_figure(1, 2, (10.5, 4.2))
        lengths = sorted(self.values("length"))
        for k, name in enumerate(LAYERS):
            left.plot(lengths, [self.time(name, n) for n in lengths], "o-", markersize=4, color=COLOURS[k], label=name)
            chains = [self.middle("chain", layer=name, length=n) for n in lengths]
            right.plot(lengths, chains, "osD^"[k] + "-", markersize=4, color=COLOURS[k], label=name)
        for ax, label in ((left, "ms, forward and backward"), (right, "longest chain of operations")):
            ax.set(xscale="log", yscale="log", xlabel="length", ylabel=label)
            ax.set_xticks(lengths, [str(n) for n in lengths])
            ax.minorticks_off()
        left.legend(frameon=False, fontsize="small")
        headline(left, self.points()[0].text)
        headline(right, "what waits for each other (the kernel hides its steps inside)")
        return figure


def _timed(layer: Callable[[Tensor], Tensor], x: Tensor) -> float:
    started = time.process_time()
    layer(x).sum().backward()
    return time.process_time() - started


def chain(y: Tensor) -> int:
    """The most operations of a graph that wait for each other."""
    depth: dict[Any, int] = {}
    last: Any = y.grad_fn
    for node in reversed(ancestors([last])):
        depth[node] = 1 + max((depth.get(edge[0], 0) for edge in node.edges if edge is not None), default=0)
    return max(depth.values())
