"""Optimizers: PyTorch's `torch.optim`.

optimizer = optim.Adam(model.parameters(), lr=1e-3)
for x, y in batches:
    optimizer.zero_grad()
    loss_of(model(x), y).backward()
    optimizer.step()
"""

from . import lr_scheduler
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .lbfgs import LBFGS
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD
