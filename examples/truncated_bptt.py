"""What truncated backpropagation through time cannot learn: repeating what was said `DELAY` steps ago.

A gradient is taken every K1 steps and goes back k2 steps. You will see that the network learns the task only if k2
is long enough to connect a loss to the input that it is about, and what a longer k2 costs in time.
"""

import time
from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import nn, optim
from tinygrad_rnn.models.bptt import truncated_bptt
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.viz.plots import save_figure

DELAY, K1, LENGTH, B = 5, 4, 48, 16


def sequence(source: np.random.Generator):
    """Pairs (x_t (B, 1), y_t (B, 1)) of signs, y_t = x_{t - DELAY}; before that y is 0 and does not count."""
    x = source.choice([-1.0, 1.0], (LENGTH, B, 1)).astype(np.float32)
    y = np.concatenate([np.zeros((DELAY, B, 1), np.float32), x[:-DELAY]])
    return list(zip(tg.tensor(x), tg.tensor(y), strict=True))


class Echo(nn.Module):
    """A GRU cell and a readout; one call is one step and its loss, as `truncated_bptt` wants it."""

    def __init__(self, hidden: int = 24):
        super().__init__()
        self.cell = nn.GRUCell(1, hidden)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, pair, h):
        """(x_t, y_t), h -> the loss of this step, the new h."""
        x, y = pair
        h = self.cell(x, h)
        return F.mse_loss(self.readout(h), y), h


def train(k2: int, sequences: int) -> tuple[list[float], float]:
    """The mean loss of each sequence, and the seconds taken."""
    tg.manual_seed(0)
    source = np.random.default_rng(0)
    model = Echo()
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    losses, begun = [], time.perf_counter()
    for _ in range(sequences):
        total, start = 0.0, tg.zeros(B, 24)
        for loss, _, _ in truncated_bptt(model, sequence(source), start, K1, k2):
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item()
        losses.append(total / (LENGTH - DELAY))
    return losses, time.perf_counter() - begun


def main(steps: int = 40, out: str | Path = "truncated_bptt.png") -> None:
    """Train with several k2, print a table, save the curves. `steps` counts sequences."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="sequence", ylabel="mean squared error", title=f"Repeat after {DELAY} steps")
    print(f"k1  k2  a loss reaches back  error   seconds   (guessing: 1; the input is {DELAY} steps back)")
    for k2 in (4, 6, 9, 12):
        losses, seconds = train(k2, steps)
        reach = f"{k2 - K1} to {k2 - 1} steps"
        print(f"{K1:2d}  {k2:2d}  {reach:>19}  {np.mean(losses[-5:]):6.3f}  {seconds:7.1f}")
        axes.plot(losses, label=f"k2 = {k2}: {reach}")
    axes.legend(frameon=False)
    save_figure(figure, out, dpi=120)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
