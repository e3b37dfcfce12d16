"""Five ways to predict a series, from none of the past to all of it: the models before recurrence, side by side.

The series swings and its next value needs the last two (an AR(2) process), so the Markov model must fail, a window of
two is enough, and the models with a state find it out by themselves. The naive model has a function for every
length of the past: with few sequences it learns them by heart. You will see a table of errors against the noise that
nobody can predict, also on sequences longer than those of the training, and a picture of forecasts.
"""

from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import models, optim
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.viz.plots import save_figure

RADIUS, ANGLE, NOISE = 0.98, 0.4, 0.1  # x_t = 2 r cos(a) x_{t-1} - r² x_{t-2} + noise
LENGTH, KNOWN = 20, 3  # errors count from the fourth element on: nobody can know the first well


def series(source: np.random.Generator, length: int, count: int):
    """`count` series as a tensor (length, count, 1), after 50 steps of running in."""
    x = [np.zeros(count), source.normal(size=count)]
    for _ in range(50 + length):
        x.append(2 * RADIUS * np.cos(ANGLE) * x[-1] - RADIUS**2 * x[-2] + NOISE * source.normal(size=count))
    return tg.tensor(np.array(x[-length:], np.float32)[..., None])


def error(model, x):
    """The mean squared error of the next value."""
    return F.mse_loss(model(x[:-1])[KNOWN:], x[KNOWN + 1 :])


def train(model, x, steps: int) -> None:
    """Adam on that error."""
    optimizer = optim.Adam(model.parameters(), lr=0.03)
    for _ in range(steps):
        loss = error(model, x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def main(steps: int = 500, out: str | Path = "before_recurrence.png") -> None:
    """Train all five, print their errors, save a picture of what they forecast."""
    tg.manual_seed(0)
    source = np.random.default_rng(0)
    seen, unseen, longer = series(source, LENGTH, 16), series(source, LENGTH, 200), series(source, 3 * LENGTH, 200)
    tried = {
        "naive": models.NaiveModel(1, longest=LENGTH),
        "Markov": models.MarkovModel(1),
        "autoregressive, window 4": models.AutoregressiveModel(1, window=4),
        "latent (an RNN)": models.LatentAutoregressiveModel(1, hidden_size=12),
        "linear state space": models.LinearStateSpace(1, hidden_size=2),
    }
    print("model                     parameters  seen    unseen  longer   (unpredictable: 0.010)")
    for name, model in tried.items():
        train(model, seen, steps)
        with tg.no_grad():
            near = [error(model, x).item() for x in (seen, unseen)]
            far = "" if name == "naive" else f"{error(model, longer).item():.4f}"
        count = sum(p.numel() for p in model.parameters())
        print(f"{name:24s}  {count:10d}  {near[0]:.4f}  {near[1]:.4f}  {far}")
    space = tried["linear state space"]
    closed = np.linalg.eigvals((space.A + space.B @ space.C).detach().numpy())  # how it moves on its own predictions
    print(
        f"it swings by itself with eigenvalues {closed.round(2)}; true: {RADIUS * np.exp(1j * ANGLE):.2f} and conjugate"
    )
    save_picture(tried, series(source, 3 * LENGTH, 1)[:, 0], out)


def save_picture(tried, x, out: str | Path) -> None:
    """One series and what each model forecasts for its second part from the first."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="t", title="Forecasts: each prediction is the next input")
    axes.plot(x[:, 0].numpy(), color="0.6", label="the series")
    for name, model in tried.items():
        if name != "naive":  # it has no answer beyond the length it was trained on
            with tg.no_grad():
                ahead = model.forecast(x[: 2 * LENGTH], LENGTH)[:, 0].numpy()
            axes.plot(range(2 * LENGTH, 3 * LENGTH), ahead, label=name)
    axes.axvline(2 * LENGTH - 0.5, color="0.8")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    save_figure(figure, out, dpi=120)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
