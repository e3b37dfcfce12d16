"""Toy sequence tasks: each is data, a loss, a metric, the trivial and the best possible score, and a model.

A family of tasks has a file here and one of the same name in generators/: memory.py, grammars.py, rewriting.py,
sentences.py, senses.py, series.py. Here is the task, with its scores, its model and its learning rate; there are its
arrays, from NumPy alone. corpora.py reads any text. `TASKS` has all by name.

Around them: task.py (what a task is), sources.py (batches), scoring.py (losses and metrics), networks.py and bodies.py
(models), times.py (how long each takes).
"""

from __future__ import annotations

from typing import Any

from .corpora import text as text, words as words
from .grammars import brackets as brackets, counting as counting, reber as reber
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
from .series import (
    autoregression as autoregression,
    co2 as co2,
    lorenz as lorenz,
    sines as sines,
    sunspots as sunspots,
    weather as weather,
)
from .task import Batch as Batch, Task as Task

TASKS: dict[str, Any] = {
    make.__name__: make
    for make in (
        adding, copy_memory, echo, parity, latch, reber, counting, brackets, reverse, sort, sums, dates, text, words,
        sentiment, tagging, sines, lorenz, autoregression, co2, sunspots, weather, captions, video, speech,
    )
}  # fmt: skip
