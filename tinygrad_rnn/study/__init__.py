"""Ask the graph what happened in time, and why: functions of a loss that return plain data.

with tinygrad_rnn.record():
    loss = model(x)
tinygrad_rnn.study.report(loss)

Read in this order:

    history.py, steps.py, outside.py   a graph opened for questions, its time steps and states, where the loss looks in
    results.py                         what every answer can do: print, `.table()`, `.plot()`
    weights.py, truncating.py          a weight's gradient by use; what truncated BPTT would give
    maps.py, decays.py, reaching.py    which loss reaches which state, by what factor and cause, how far back
    two_recordings.py, differing.py    two recordings on one scale; what one graph has and the other has not
    jacobians.py, single_step.py       what one step does to a gradient, taken out of the graph
    pathways.py                        a gradient along the cell, and through the gates
    ledgers.py, layer_states.py        bytes kept for backward; all gates and states of a layer
    derivations.py, nodechecks.py      a hand-derived gradient checked; every rule against finite differences
    chain_rule.py                      the chain rule written out
    monitoring.py, looking.py,         a training loop watched: one step of 200, by the kernels' own backward
    in_kernels.py
    reporting.py, full_report.py       all of it on one page, and what the full report adds
    model_summary.py                   a model in a table, layer by layer
    walking/, explaining/              the backward debugger; why a gradient is what it is
"""

from .chain_rule import Term as Term, Work as Work, show_work as show_work
from .decays import Decay as Decay, Line as Line, decay as decay
from .derivations import Derivation as Derivation, check_derivation as check_derivation
from .differing import Difference as Difference
from .explaining.answers import Explanation as Explanation
from .explaining.diagnosis import explain as explain
from .history import History as History
from .jacobians import StepJacobians as StepJacobians, step_jacobians as step_jacobians
from .layer_states import States as States, states as states
from .ledgers import Ledger as Ledger, ledger as ledger
from .looking import Look as Look
from .maps import GradientMap as GradientMap, gradient_map as gradient_map
from .model_summary import Layer as Layer, Summary as Summary, summary as summary
from .monitoring import Monitor as Monitor
from .nodechecks import NodeChecks as NodeChecks, Wrong as Wrong, gradcheck_nodes as gradcheck_nodes
from .pathways import Paths as Paths, paths as paths
from .reaching import Cut as Cut, Reach as Reach, reach as reach
from .reporting import Report as Report, report as report
from .results import Result as Result, Table as Table, norm as norm, shown as shown
from .truncating import Truncation as Truncation, truncation as truncation
from .two_recordings import Comparison as Comparison, Snapshot as Snapshot, compare as compare, snapshot as snapshot
from .walking.debugger import Walk as Walk, walk as walk
from .walking.events import Event as Event
from .weights import Contributions as Contributions, contributions as contributions
