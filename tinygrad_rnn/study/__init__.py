"""Ask the graph what happened in time, and why: functions of a loss that return plain data.

with tinygrad_rnn.record():
    loss = model(x)
tinygrad_rnn.study.report(loss)

history.py, steps.py, outside.py   a graph opened for questions, its time steps and states, where the loss looks in
results.py                         what every answer can do: print, `.table()`, `.plot()`
weights.py, truncating.py          a weight's gradient by use; what truncated BPTT would give
maps.py, decays.py, reaching.py    which loss reaches which state, by what factor and cause, how far back
summary.py                         all of it on one page
walking/, explaining/              the backward debugger; why a gradient is what it is
"""

from .decays import Decay as Decay, Line as Line, decay as decay
from .explaining.answers import Explanation as Explanation
from .explaining.diagnosis import explain as explain
from .history import History as History
from .maps import GradientMap as GradientMap, gradient_map as gradient_map
from .reaching import Cut as Cut, Reach as Reach, reach as reach
from .results import Result as Result, Table as Table, norm as norm, shown as shown
from .summary import Report as Report, report as report
from .truncating import Truncation as Truncation, truncation as truncation
from .walking.debugger import Walk as Walk, walk as walk
from .walking.events import Event as Event
from .weights import Contributions as Contributions, contributions as contributions
