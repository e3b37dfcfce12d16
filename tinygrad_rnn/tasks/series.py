"""Tasks of numbers in time: sines, lorenz, autoregression, and three series that people measured: co2, sunspots, weather.

Of the measured ones the trivial predictor says "as now" (naive); `options["seasonal"]` is the score of "as one period ago".
The test part is from another time: `options["test"]` is the trivial score there. So few values are soon learnt by heart: all
steps are gone through with a learning rate that falls, and models are small.
Their values are standardised by the training part, so that an error of 1 is the variance.
"""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .generators import series as generators
from .sources import Drawn, Source, Stream, count_of
from .task import Task

TABLES = Path(__file__).parent / "tables"


def sines(length: int = 40, seed: int = 0, samples: int | None = None) -> Task:
    """A noisy sine of unknown period: say where it will be one step later."""
    count_of("length", length, 2)
    data = Drawn(partial(generators.sines, length=length), seed, samples)
    return _task("sines", "say the next value of a noisy sine", "the lectures", length, data, 1, naive(data), 0.0, 0.01, steps=1000)  # fmt: skip


def lorenz(length: int = 40, ahead: int = 5, seed: int = 0, samples: int | None = None) -> Task:
    """The Lorenz attractor `ahead` steps of 0.02 later."""
    count_of("length", length, 2)
    count_of("ahead", ahead)
    data = Drawn(partial(generators.lorenz, length=length, ahead=ahead), seed, samples)
    return _task("lorenz", "say where a chaotic system will be", "Lorenz 1963", length, data, 3, naive(data), 0.0, 0.002, steps=1500, hidden=64, batch=32)  # fmt: skip


def autoregression(length: int = 40, seed: int = 0, samples: int | None = None) -> Task:
    """x_t = 1.6 x_{t-1} - 0.8 x_{t-2} + noise of variance 1: nobody does better than 1, beyond the first step."""
    count_of("length", length, 2)
    data = Drawn(partial(generators.autoregression, length=length), seed, samples)
    x, y = data.batch(0, 500, "validation")
    a, b = generators.AR2
    likely = a / (1 - b) * x[:, :1]  # what came before the first step, as far as that tells
    past = np.concatenate([likely, x[:, :-1]], 1)
    best = float(((y - a * x - b * past) ** 2).mean())
    return _task("autoregression", "say the next value of a random series", "Yule 1927", length, data, 1, naive(data), best, 1.1 * best, steps=1000)  # fmt: skip


def co2(length: int = 104, seed: int = 0) -> Task:
    """Weekly CO₂ at Mauna Loa 1958 to 2001: say its change in the coming week."""
    weekly = np.diff(table("co2"))
    return _measured("co2", "say how CO₂ changes in the coming week", weekly, length, 52, seed, 0.65, naive_value=0.0)


def sunspots(length: int = 22, seed: int = 0) -> Task:
    """Sunspots per year 1700 to 2008 (their square root): say next year's."""
    return _measured(
        "sunspots", "say next year's sunspots", np.sqrt(table("sunspots")), length, 11, seed, 0.4, hidden=16
    )


def weather(length: int = 70, seed: int = 0) -> Task:
    """The highest temperature of each day in Seattle 2012 to 2015: say tomorrow's."""
    return _measured("weather", "say tomorrow's temperature", table("weather"), length, 365, seed, 0.93, hidden=16)


def table(name: str) -> np.ndarray:
    """The second column of a shipped table; its first lines, behind #, say where it is from."""
    with open(TABLES / f"{name}.csv", encoding="utf-8") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    return np.array([float(row[1]) for row in rows[1:]])


def naive(data: Source, part: str = "validation") -> float:
    """The error of saying "as now" on a held-out part."""
    x, y = data.batch(0, 500, part)
    return float(((x - y).astype(np.float64) ** 2).mean())


def _measured(
    name: str, about: str, values: np.ndarray, length: int, period: int, seed: int, goal: float, naive_value: float | None = None,
    hidden: int = 32,
) -> Task:  # fmt: skip
    count_of("length", length, 2)
    train = values[: round(0.8 * len(values))]
    scaled = ((values - train.mean()) / train.std()).astype(np.float32)
    data = Stream(scaled[:, None], length, seed, carried=False)
    held_out = slice(round(0.8 * len(values)), round(0.9 * len(values)))
    seasonal = float(((scaled[held_out] - scaled[held_out.start - period : held_out.stop - period]) ** 2).mean())
    trivial, there = naive(data), naive(data, "test")
    if naive_value is not None:  # of changes "as now" is no change
        said = (naive_value - train.mean()) / train.std()
        trivial, there = (float(((data.batch(0, 500, part)[1] - said) ** 2).mean()) for part in ("validation", "test"))
    task = _task(name, about, "shipped with its source in tasks/tables", length, data, 1, trivial, None, goal * min(trivial, seasonal), steps=400, schedule="cosine", target="none", hidden=hidden)  # fmt: skip
    task.options.update(seasonal=seasonal, period=period, test=there)
    return task


def _task(
    name: str, about: str, origin: str, length: int, data: Source, features: int, trivial: float,
    optimal: float | None, threshold: float, **defaults: Any,
) -> Task:  # fmt: skip
    return Task(
        name=name, about=about, origin=origin,
        options={"length": length, "seen": length}, data=data,
        net="each step", inputs=features, outputs=features, tokens=False,
        loss_kind="squares", metric_kind="error", trivial=trivial, trivial_is="as now", optimal=optimal,
        threshold=threshold,
        defaults={"cell": "gru", "hidden": 32, "batch": 64, "lr": 0.01, **defaults},
    )  # fmt: skip
