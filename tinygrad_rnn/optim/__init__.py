"""Optimizers: PyTorch's `torch.optim`.

optimizer = optim.Adam(model.parameters(), lr=1e-3)
for x, y in batches:
    optimizer.zero_grad()
    loss_of(model(x), y).backward()
    optimizer.step()

optimizer.py has what all share. First sgd.py and adam.py; then adam_relatives.py, adagrad.py, adadelta.py, rmsprop.py,
rprop.py; lbfgs.py with its line_search.py; swa_utils.py (means of weights); lr_scheduler/ (learning rates over time).
"""

from .._missing_names import missing as _missing
from . import lr_scheduler as lr_scheduler, swa_utils as swa_utils
from .adadelta import Adadelta as Adadelta
from .adagrad import Adagrad as Adagrad
from .adam import Adam as Adam, AdamW as AdamW
from .adam_relatives import Adamax as Adamax, NAdam as NAdam, RAdam as RAdam, SparseAdam as SparseAdam
from .lbfgs import LBFGS as LBFGS
from .optimizer import Optimizer as Optimizer
from .rmsprop import RMSprop as RMSprop
from .rprop import ASGD as ASGD, Rprop as Rprop
from .sgd import SGD as SGD


def __getattr__(name: str) -> object:
    raise _missing(f"module {__name__!r}", name, globals())
