"""The LSTM and its relatives on one task, and what their gates do.

The input is noise; now and then a mark says "keep this number". The network should say the last marked number at all
times. You will see a table of cells, their sizes and errors, and a picture of the gates of the trained LSTM over one
sequence: the forget gate closes at the marks, where the old number has to go.
"""

import time
from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import nn, optim
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.viz.plots import save_figure

T, HIDDEN = 20, 12
CELLS = {
    "RNN": lambda: nn.RNNCell(2, HIDDEN),
    "LSTM": lambda: nn.LSTMCell(2, HIDDEN),
    "LSTM, no biases": lambda: nn.RowVectorLSTMCell(2, HIDDEN),
    "peephole, diagonal": lambda: nn.PeepholeLSTMCell(2, HIDDEN),
    "peephole, dense": lambda: nn.PeepholeLSTMCell(2, HIDDEN, peephole="dense"),
    "coupled gates": lambda: nn.CoupledLSTMCell(2, HIDDEN),
    "layer norm": lambda: nn.LayerNormLSTMCell(2, HIDDEN),
    "projected to 6": lambda: nn.LSTMCell(2, HIDDEN, proj_size=6),
    "GRU": lambda: nn.GRUCell(2, HIDDEN),
    "minimal gated unit": lambda: nn.MGUCell(2, HIDDEN),
    "recurrent highway": lambda: nn.RHNCell(2, HIDDEN, depth=2),
}


def batch(source: np.random.Generator, size: int = 32):
    """x (T, B, 2): a number in -1..1 and a mark; and the last marked number at each step, (T, B, 1)."""
    numbers, marks = source.uniform(-1, 1, (T, size)), source.random((T, size)) < 0.12
    marks[0] = True
    last = np.maximum.accumulate(np.where(marks, np.arange(T)[:, None], 0))
    x = np.stack([numbers, marks], -1).astype(np.float32)
    return tg.tensor(x), tg.tensor(np.take_along_axis(numbers, last, 0)[..., None].astype(np.float32))


class Keeper(nn.Module):
    """Any cell through time, and a readout at every step."""

    def __init__(self, cell):
        super().__init__()
        self.recurrent = nn.Recurrent(cell)
        self.readout = nn.Linear(cell.state_sizes[0], 1)

    def forward(self, x):
        """(T, B, 2) -> (T, B, 1)."""
        return self.readout(self.recurrent(x)[0])


def train(model, steps: int) -> float:
    """Adam; returns the mean error of the last steps."""
    source = np.random.default_rng(1)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    errors = []
    for _ in range(steps):
        x, target = batch(source)
        loss = F.mse_loss(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        errors.append(loss.item())
    return float(np.mean(errors[-10:]))


def main(steps: int = 150, out: str | Path = "lstm_variants.png") -> None:
    """Train them all, print a table, save the gates of the LSTM."""
    models = {}
    print("cell                parameters   error   seconds")
    for name, make in CELLS.items():
        tg.manual_seed(0)
        models[name] = Keeper(make())
        count, start = sum(p.numel() for p in models[name].parameters()), time.perf_counter()
        error = train(models[name], steps)
        print(f"{name:18s}  {count:10d}  {error:6.4f}  {time.perf_counter() - start:8.1f}")
    save_gates(models["LSTM"], out)


def save_gates(model, out: str | Path) -> None:
    """Input, output and forget gates over one sequence, with the marks above."""
    from matplotlib.figure import Figure

    x, target = batch(np.random.default_rng(7), 1)
    with tg.no_grad():
        *_, (gates,) = model.recurrent(x, return_gates=True)
        said = model(x)[:, 0, 0].numpy()
    figure = Figure(figsize=(8, 7), layout="constrained")
    top, *rows = figure.subplots(4, 1, sharex=True)
    top.step(range(T), target[:, 0, 0].numpy(), where="mid", label="last marked number")
    top.plot(said, ".-", label="said")
    top.plot(np.nonzero(x[:, 0, 1].numpy())[0], x[:, 0, 0].numpy()[x[:, 0, 1].numpy() > 0], "kv", label="marks")
    top.legend(fontsize="small")
    for axes, (name, gate) in zip(rows, {"input": "i", "forget": "f", "output": "o"}.items(), strict=True):
        image = axes.imshow(gates[gate][:, 0].numpy().T, aspect="auto", cmap="viridis", vmin=0, vmax=1)
        axes.set_ylabel(f"{name} gate {gate}")
        axes.set_yticks([])
    rows[-1].set_xlabel("t")
    figure.colorbar(image, ax=rows)
    save_figure(figure, out, dpi=120)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
