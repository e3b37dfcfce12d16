"""Ask the graph what happened in time, and why. The loss comes first everywhere.

with tinygrad_rnn.record():
    loss = model(x)
tinygrad_rnn.study.report(loss)
"""

from .debugger import Walk as Walk, walk as walk
from .decays import Decay as Decay, Line as Line, decay as decay
from .events import Event as Event
from .history import History as History
from .layers import Layer as Layer, Summary as Summary, summary as summary
from .maps import GradientMap as GradientMap, gradient_map as gradient_map
from .reaching import Cut as Cut, Reach as Reach, reach as reach
from .reporting import Report as Report, report as report
from .results import Result as Result, Table as Table, norm as norm, shown as shown
from .truncating import Truncation as Truncation, truncation as truncation
from .weights import Contributions as Contributions, contributions as contributions
