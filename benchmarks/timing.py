"""Taking times that can be compared: jobs take turns, and the median round counts.

On a shared machine one job can be slow because of someone else. So jobs run in rounds, each job once
per round, and a ratio is formed within a round before the median over rounds is taken. The clock is
the processor time of this process: with one thread it equals wall time on an idle machine, and other
programs do not add to it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Job = Callable[[], object]
Clock = Callable[[], float]


class Times(dict[str, list[float]]):
    """Seconds per call of each job, one number per round."""

    def seconds(self, name: str) -> float:
        """The median over rounds."""
        return statistics.median(self[name])

    def ratio(self, ours: str, theirs: str) -> float:
        """The median over rounds of ours / theirs."""
        return statistics.median(x / y for x, y in zip(self[ours], self[theirs], strict=True))


def compare(jobs: dict[str, Job], rounds: int = 9, quick: bool = False, clock: Clock = time.process_time) -> Times:
    """Time several jobs in turns. In each round a job is called once to warm up, then for a twentieth of a second.
    One that takes longer warms up on the way.

    `quick` only shows that it runs: two rounds, hardly any repetition.
    """
    rounds, least = (2, 0.0) if quick else (rounds, 0.05)
    calls = {name: calls_for(job, least, clock) for name, job in jobs.items()}
    times = Times({name: [] for name in jobs})
    for _ in range(rounds):
        for name, job in jobs.items():
            if calls[name] > 1:
                job()
            start = clock()
            for _ in range(calls[name]):
                job()
            times[name].append((clock() - start) / calls[name])
    return times


def calls_for(job: Job, least: float, clock: Clock = time.process_time) -> int:
    """How many calls take about `least` seconds; the first call, which may compile, does not count."""
    job()
    start = clock()
    job()
    return max(1, round(least / max(clock() - start, 1e-7)))
