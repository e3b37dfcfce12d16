"""How far back a causal convolutional network sees: the adding problem with too few, and with enough, layers.

Of 40 random numbers two are marked; the answer is their sum. You will see that a network answers well only when
its receptive field reaches back to the first number: each further block doubles it.
"""

from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn, optim
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.viz.plots import save_figure

STEPS = 40
GUESS = 1 / 6  # the mean squared error of always answering 1: the variance of a sum of two uniform numbers


def batch(source: np.random.Generator, size: int = 64):
    """x (B, 2, T): numbers, and marks; y (B,): the sum of the two marked numbers."""
    numbers = source.random((size, STEPS), dtype=np.float32)
    marks = np.zeros((size, STEPS), np.float32)
    rows = np.arange(size)
    marks[rows, source.integers(0, STEPS // 2, size)] = 1  # one in each half
    marks[rows, source.integers(STEPS // 2, STEPS, size)] = 1
    return tg.tensor(np.stack([numbers, marks], 1)), tg.tensor((numbers * marks).sum(1))


class Adder(nn.Module):
    """A TCN, and a linear readout at the last step."""

    def __init__(self, blocks: int, width: int = 24):
        super().__init__()
        self.tcn = models.TCN(2, [width] * blocks, kernel_size=3, weight_norm=True)
        self.readout = nn.Linear(width, 1)

    def forward(self, x):
        """(B, 2, T) -> (B,)."""
        return self.readout(self.tcn(x)[:, :, -1]).squeeze(-1)


def train(blocks: int, steps: int) -> tuple[Adder, list[float]]:
    """A trained network, and its error at each step."""
    tg.manual_seed(1)
    source = np.random.default_rng(1)
    model = Adder(blocks)
    optimizer = optim.Adam(model.parameters(), lr=4e-3)
    losses = []
    for _ in range(steps):
        x, y = batch(source)
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return model, losses


def reach(model: Adder) -> int:
    """How many steps back the gradient of the last output really goes."""
    x = batch(np.random.default_rng(2))[0].requires_grad_()
    model(x).sum().backward()
    assert x.grad is not None
    seen = np.flatnonzero(x.grad.numpy().any((0, 1)))
    return STEPS - int(seen[0])


def main(steps: int = 300, out: str | Path = "tcn.png") -> None:
    """Train three depths, print a table, save their curves."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="mean squared error", title=f"Adding two of {STEPS} numbers")
    axes.axhline(GUESS, color="gray", linestyle="--", label="always answering 1")
    print(f"blocks  receptive field  gradient reaches  error (guessing: {GUESS:.3f})")
    for blocks in (1, 3, 4):
        model, losses = train(blocks, steps)
        x, y = batch(np.random.default_rng(3), 500)
        with tg.no_grad():
            error = F.mse_loss(model(x), y).item()
        print(f"{blocks:6d}  {model.tcn.receptive_field:15d}  {reach(model):16d}  {error:.4f}")
        smooth = np.convolve(losses, np.ones(10) / 10, "valid") if steps >= 10 else losses
        axes.plot(smooth, label=f"{blocks} blocks, {model.tcn.receptive_field} steps back")
    axes.set_yscale("log")
    axes.legend(frameon=False)
    save_figure(figure, out, dpi=120)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
