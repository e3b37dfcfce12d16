"""Ask the graph what happened in time, and why. The loss comes first everywhere.

with tinygrad_rnn.record():
    loss = model(x)
tinygrad_rnn.study.report(loss)
"""

from .debugger import Walk as Walk, walk as walk
from .events import Event as Event
from .history import History as History
from .results import Result as Result, Table as Table
from .weights import (
    Contributions as Contributions,
    Truncation as Truncation,
    contributions as contributions,
    truncation as truncation,
)
