"""One name, four functions: where the reset gate acts, and what the update gate means.

A GRU whose reset gate acts before the matrix (the paper and the lectures) is the teacher. Others get its weights: with
the update gate turned and the weights converted it is the same function up to rounding; with the reset gate
after the matrix (PyTorch, cuDNN) it is not, and training that one to follow the teacher helps but does not make them
equal. You will see the distances in a table, and over time in a picture.
"""

from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import nn, optim
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.nn.recurrent.cells import gru_other_update
from tinygrad_rnn.viz.plots import save_figure

T, B, INPUT, HIDDEN = 25, 32, 3, 8


def teacher_and_students():
    """The teacher, and by name the same weights in other conventions."""
    teacher = nn.GRU(INPUT, HIDDEN, reset="before", update="keep", dtype=tg.float64)
    for p in teacher.parameters():
        nn.init.normal_(p, std=0.8)  # large enough that the gates are not all one half
    weights = teacher.state_dict()
    students = {
        "reset before, z keeps": (nn.GRU(INPUT, HIDDEN, reset="before", update="keep", dtype=tg.float64), weights),
        "reset before, z writes": (nn.GRU(INPUT, HIDDEN, reset="before", update="write", dtype=tg.float64), weights),
        "  the same, converted": (
            nn.GRU(INPUT, HIDDEN, reset="before", update="write", dtype=tg.float64),
            gru_other_update(weights),
        ),
        "reset after, z keeps": (nn.GRU(INPUT, HIDDEN, reset="after", update="keep", dtype=tg.float64), weights),
    }
    for student, state in students.values():
        student.load_state_dict(state)
    return teacher, {name: student for name, (student, _) in students.items()}


def distance(teacher, student, x) -> np.ndarray:
    """The root mean square difference of the outputs at each step, (T,)."""
    with tg.no_grad():
        return np.sqrt(((teacher(x)[0] - student(x)[0]) ** 2).mean((1, 2)).numpy())


def train(teacher, student, steps: int) -> None:
    """Adam on the squared difference to the teacher's outputs, on new noise in each step."""
    source = np.random.default_rng(1)
    optimizer = optim.Adam(student.parameters(), lr=0.01)
    for _ in range(steps):
        x = tg.tensor(source.normal(size=(T, B, INPUT)))
        with tg.no_grad():
            target, _ = teacher(x)
        loss = F.mse_loss(student(x)[0], target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def main(steps: int = 600, out: str | Path = "gru_conventions.png") -> None:
    """Compare, train the one that differs, compare again; print a table, save a picture."""
    tg.manual_seed(0)
    x = tg.tensor(np.random.default_rng(0).normal(size=(T, B, INPUT)))
    teacher, students = teacher_and_students()
    curves = {name: distance(teacher, student, x) for name, student in students.items()}
    train(teacher, students["reset after, z keeps"], steps)
    curves["  the same, trained"] = distance(teacher, students["reset after, z keeps"], x)

    print("the teacher's weights in    distance to the teacher (outputs lie in -1..1)")
    for name, curve in curves.items():
        print(f"{name:26s}  {np.sqrt((curve**2).mean()):.1e}")
    save_curves(curves, out)


def save_curves(curves, out: str | Path) -> None:
    """The distance at each step on a logarithmic scale; exact zeros are drawn at 1e-17."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="t", ylabel="distance to the teacher", yscale="log", title="GRU conventions")
    for name, curve in curves.items():
        axes.plot(np.maximum(curve, 1e-17), label=name.strip())
    axes.legend()
    save_figure(figure, out, dpi=120)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
