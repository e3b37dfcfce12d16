"""Toy sequence tasks: each is data, a loss, a metric, the trivial and the best possible score, and a model that solves it.

Files are families of tasks; generators/ makes the data, from NumPy alone. `TASKS` has them all by name.
"""

from __future__ import annotations

from typing import Any

from .corpora import text as text, words as words
from .grammars import brackets as brackets, counting as counting, reber as reber
from .measurements import (
    autoregression as autoregression,
    co2 as co2,
    lorenz as lorenz,
    sines as sines,
    sunspots as sunspots,
    weather as weather,
)
from .memory import (
    adding as adding,
    copy_memory as copy_memory,
    echo as echo,
    latch as latch,
    parity as parity,
)
from .networks import ConfigError as ConfigError
from .rewriting import dates as dates, reverse as reverse, sort as sort, sums as sums
from .senses import captions as captions, speech as speech, video as video
from .sentences import sentiment as sentiment, tagging as tagging
from .task import Batch as Batch, Task as Task

TASKS: dict[str, Any] = {
    make.__name__: make
    for make in (
        adding, copy_memory, echo, parity, latch, reber, counting, brackets, reverse, sort, sums, dates, text, words,
        sentiment, tagging, sines, lorenz, autoregression, co2, sunspots, weather, captions, video, speech,
    )
}  # fmt: skip
