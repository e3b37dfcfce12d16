"""The five shapes of sequence tasks, each as a small model trained on a task of that shape.

You will see one line for each: what goes in, what comes out, and the loss before and after training. The picture is
the graph of the last shape over three steps in and two steps out.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn, optim
from tinygrad_rnn.nn import functional as F

T, B = 8, 32


def numbers(source: np.random.Generator, *shape: int):
    """Uniform numbers in -1..1 as a tensor."""
    return tg.tensor(source.uniform(-1, 1, shape).astype(np.float32))


def one_to_one(source):
    """The product of two numbers."""
    x = numbers(source, B, 2)
    return (x,), x[:, :1] * x[:, 1:]


def one_to_many(source):
    """A frequency in, a sine wave of that frequency out."""
    f = numbers(source, B, 1)
    return (f, T), ((f + 2) * tg.arange(1, T + 1) * 0.4).sin().unsqueeze(-1)


def many_to_one(source):
    """The largest number of the sequence."""
    x = numbers(source, B, T, 1)
    return (x,), x.amax(1)


def many_to_many(source):
    """At each step the sum so far."""
    x = numbers(source, B, T, 1)
    return (x,), x.cumsum(1) / 2


def many_to_many_late(source):
    """Nothing until all is read; then the first two numbers."""
    x = numbers(source, B, T, 1)
    return (x, 2), x[:, :2]


TASKS: dict[str, tuple[Callable, Callable]] = {
    "one to one": (lambda: models.OneToOne(2, 24, 1), one_to_one),
    "one to many": (lambda: models.OneToMany(1, 24, 1), one_to_many),
    "many to one, last": (lambda: models.ManyToOne(1, 24, 1, head="last"), many_to_one),
    "many to one, max": (lambda: models.ManyToOne(1, 24, 1, head="max"), many_to_one),
    "many to many": (lambda: models.ManyToMany(1, 24, 1, cell="gru"), many_to_many),
    "many to many, late": (lambda: models.ManyToManyLate(1, 24, 1, cell="gru"), many_to_many_late),
}


def train(make: Callable, task: Callable, steps: int) -> tuple[float, float]:
    """The loss on fresh data before and after training."""
    tg.manual_seed(0)
    source = np.random.default_rng(0)
    model = make()
    optimizer = optim.Adam(model.parameters(), lr=5e-3)

    def error() -> float:
        inputs, target = task(np.random.default_rng(1))
        with tg.no_grad():
            return F.mse_loss(model(*inputs), target).item()

    before = error()
    for _ in range(steps):
        inputs, target = task(source)
        loss = F.mse_loss(model(*inputs), target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return before, error()


def main(steps: int = 300, out: str | Path = "task_shapes.svg") -> None:
    """Train each shape, print a table, draw the graph of the last."""
    print(f"{'shape':20}{'task':57}{'before':>8}{'after':>8}")
    for name, (make, task) in TASKS.items():
        before, after = train(make, task, steps)
        assert task.__doc__ is not None
        print(f"{name:20}{task.__doc__:57}{before:8.4f}{after:8.4f}")
    model = models.ManyToManyLate(1, 4, 1, cell="rnn")
    with tg.unrolled():
        y = model(numbers(np.random.default_rng(0), 1, 3, 1), steps=2)
        tg.draw(y.sum(), out)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
