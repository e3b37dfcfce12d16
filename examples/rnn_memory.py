"""Who remembers over 20 steps? RNN, IRNN, LSTM and GRU on the adding task (Hochreiter & Schmidhuber 1997).

A sequence of random numbers, two of them marked; at the end the network should say the sum of the two. Saying 1 every
time gives an error of 0.167, and there a plain RNN stays for long: hardly any gradient reaches the marks. You will see
in a table when each begins to learn, gates first, and a picture of the curves.
"""

from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import nn, optim
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.viz.plots import save_figure

T, HIDDEN = 20, 32


def batch(source: np.random.Generator, size: int = 32):
    """x (T, B, 2): a number and a mark; and the sum of the two marked numbers, (B, 1)."""
    numbers, marks = source.random((T, size)), np.zeros((T, size))
    for b in range(size):  # one mark in each half
        marks[[source.integers(T // 2), source.integers(T // 2, T)], b] = 1
    x = np.stack([numbers, marks], -1).astype(np.float32)
    return tg.tensor(x), tg.tensor((numbers * marks).sum(0)[:, None].astype(np.float32))


class Adder(nn.Module):
    """A recurrent layer and a readout of its last output."""

    def __init__(self, recurrent):
        super().__init__()
        self.recurrent, self.readout = recurrent, nn.Linear(HIDDEN, 1)

    def forward(self, x):
        """(T, B, 2) -> (B, 1)."""
        return self.readout(self.recurrent(x)[0][-1])


def irnn():
    """nn.RNN that starts as IRNNCell does: relu, W_hh = identity, biases 0 (Le et al. 2015)."""
    layer = nn.RNN(2, HIDDEN, nonlinearity="relu")
    layer.load_state_dict({f"{name}_l0": value for name, value in nn.IRNNCell(2, HIDDEN).state_dict().items()})
    return layer


def train(model, steps: int) -> list[float]:
    """Adam with clipped gradients; returns the error of each step."""
    source = np.random.default_rng(1)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    errors = []
    for _ in range(steps):
        x, target = batch(source)
        loss = F.mse_loss(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        errors.append(loss.item())
    return errors


def main(steps: int = 1000, out: str | Path = "rnn_memory.png") -> None:
    """Train the four, print their errors, save the curves."""
    tg.manual_seed(0)
    layers = {
        "RNN": nn.RNN(2, HIDDEN),
        "IRNN": irnn(),
        "GRU": nn.GRU(2, HIDDEN),
        "LSTM": nn.LSTM(2, HIDDEN),
        "LSTM, forget bias 1": nn.init.forget_bias_(nn.LSTM(2, HIDDEN), 1.0),
        "LSTM, chrono": nn.init.chrono_(nn.LSTM(2, HIDDEN), T),
    }
    errors = {}
    print("layer                  at 1/4   at 1/2   at 3/4   at the end")
    for name, layer in layers.items():
        errors[name] = train(Adder(layer), steps)
        marks = [np.mean(errors[name][: max(1, steps * k // 4)][-20:]) for k in (1, 2, 3, 4)]
        print(f"{name:20s}  " + "  ".join(f"{error:7.4f}" for error in marks))
    save_curves(errors, out)


def save_curves(errors, out: str | Path) -> None:
    """Each error, smoothed over 20 steps, on a logarithmic scale."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="squared error", yscale="log", title=f"Adding over {T} steps")
    for name, values in errors.items():
        window = min(20, len(values))
        axes.plot(np.convolve(values, np.ones(window) / window, "valid"), label=name)
    axes.axhline(1 / 6, color="0.7", linestyle=":", label="always saying 1")
    axes.legend()
    save_figure(figure, out, dpi=120)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
