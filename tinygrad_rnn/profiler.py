"""PyTorch's `torch.profiler`: how long each kind of operation takes, forward and backward.

    with profiler.profile() as prof:
        model(x).sum().backward()
    print(prof.key_averages().table(sort_by="cpu_time_total"))

Forward is timed around each op's `forward`, backward from one node to the next.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from time import perf_counter
from typing import Any

from ._mode import switch, thread
from .atomic import write_atomically


class ProfilerActivity:
    """What PyTorch can look at; here it is always the CPU."""

    CPU = "CPU"
    CUDA = "CUDA"
    XPU = "XPU"


class Average:
    """All calls of one kind of operation; times in microseconds, as PyTorch's."""

    def __init__(self, key: str):
        self.key: str = key
        self.count: int = 0
        self.cpu_time_total: float = 0.0

    @property
    def cpu_time(self) -> float:
        """The mean of a call."""
        return self.cpu_time_total / max(self.count, 1)

    self_cpu_time_total: Any = property(lambda self: self.cpu_time_total)


class Averages(list[Average]):
    """A list with a `table`."""

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options: Any) -> str:
        """A line for each kind of operation: name, total time, share, calls and the mean."""
        key = (sort_by or "cpu_time_total").removeprefix("self_")
        rows = sorted(self, key=lambda a: getattr(a, key if hasattr(a, key) else "cpu_time_total"), reverse=True)
        whole = sum(a.cpu_time_total for a in self) or 1.0
        lines = [f"{'Name':<32}{'CPU total':>14}{'CPU total %':>13}{'# of Calls':>12}{'CPU time avg':>15}"]
        for a in rows[:row_limit]:
            share = f"{100 * a.cpu_time_total / whole:.2f}%"
            lines.append(f"{a.key:<32}{a.cpu_time_total:>12.1f}us{share:>13}{a.count:>12}{a.cpu_time:>13.2f}us")
        return "\n".join(lines) + f"\nCPU time total: {whole / 1000:.3f}ms"


class profile(switch):
    """A context that notes (name, start, seconds) of each operation in `noted`, and of each `record_function`."""

    def __init__(self, activities: Any = None, schedule: Any = None, on_trace_ready: Any = None, **options: Any):
        super().__init__()
        self.noted: list[tuple[str, float, float]] = []
        self.ready: Callable[[Any], Any] | None = on_trace_ready

    def __enter__(self) -> Any:
        mode = thread.mode
        run, self.last = mode.quietly, perf_counter()

        def timed(function: Any, *args: Any, **options: Any) -> Any:
            start = perf_counter()
            result = run(function, *args, **options)
            owner = getattr(function, "__self__", None)
            self._note(type(owner).__name__ if owner is not None else function.__name__, start)
            return result

        self.values: Any = {"quietly": timed, "watchers": (*mode.watchers, self._backward)}
        _running.append(self)
        return super().__enter__()

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        _running.remove(self)
        if self.ready is not None:
            self.ready(self)

    def _note(self, name: str, start: float) -> None:
        self.last: float = perf_counter()
        self.noted.append((name, start, self.last - start))

    def _backward(self, node: Any, g: Any, sent: Any) -> None:
        self._note(node.name() if sent else "AccumulateGrad", self.last)

    def step(self) -> None:
        """A training step is over; all of them are noted."""

    def start(self) -> None:
        """As entering the context."""
        self.__enter__()

    def stop(self) -> None:
        """As leaving the context."""
        self.__exit__(None, None, None)

    def key_averages(self, **options: Any) -> Averages:
        """Counts and times for each kind of operation."""
        found: dict[str, Average] = {}
        for name, _, seconds in self.noted:
            average = found.setdefault(name, Average(name))
            average.count += 1
            average.cpu_time_total += seconds * 1e6
        return Averages(found.values())

    def events(self) -> list[tuple[str, float, float]]:
        """(name, start, seconds) in the order of time."""
        return self.noted

    def export_chrome_trace(self, path: str) -> None:
        """Write a file for the trace viewer of a browser."""
        events = [{"ph": "X", "name": n, "pid": 0, "tid": 0, "ts": t * 1e6, "dur": s * 1e6} for n, t, s in self.noted]
        write_atomically(path, json.dumps({"traceEvents": events}))


_running: list[profile] = []


class record_function(switch):
    """A part of a program under a name of its own in the table."""

    def __init__(self, name: str, args: Any = None):
        super().__init__()
        self.name: str = name

    def __enter__(self) -> Any:
        self.start: float = perf_counter()
        return super().__enter__()

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        for p in _running:
            p._note(self.name, self.start)


def schedule(*, wait: int = 0, warmup: int = 0, active: int = 1, repeat: int = 0, skip_first: int = 0) -> None:
    """All steps are noted."""
