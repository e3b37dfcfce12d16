"""What the examples promise in their tables, checked where it is cheap: numbers that need no training."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg

from .test_examples import FOLDER, load


def test_the_worked_example_of_vanishing_gradients(capsys):
    """z_t = W_xhᵀ x_t + W_hh h_{t-1}, h = tanh(z), ŷ = W_hy h, L = ½‖ŷ - y‖², forward and backward in NumPy."""
    module = load(FOLDER / "vanishing_gradients.py")
    module.worked_example()
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    W_xh, W_hh, W_hy, X, Y = (np.array(getattr(module, name)) for name in ("W_XH", "W_HH", "W_HY", "X", "Y"))
    states = [np.zeros(2)]
    for x in X:
        states.append(np.tanh(W_xh.T @ x + W_hh @ states[-1]))
    jacobians = [np.diag(1 - h**2) @ W_hh for h in states[1:]]
    for t in range(4):
        g = W_hy.T @ (W_hy @ states[t + 1] - Y[t])
        norms = [np.linalg.norm(g)]
        for k in range(t, 0, -1):
            g = jacobians[k].T @ g
            norms.insert(0, np.linalg.norm(g))
        assert rows[1 + t] == ["t", "=", str(t), *(f"{n:.4f}" for n in norms)]
    largest = [f"{np.linalg.norm(matrix, 2):.4f}" for matrix in (*jacobians[1:], W_hh)]
    assert [row[-1] for row in rows[6:10]] == largest
    assert all(float(value) < 1 for value in largest)


@pytest.mark.parametrize("blocks", [1, 3, 4])
def test_the_gradient_of_a_tcn_reaches_exactly_its_receptive_field(blocks):
    module = load(FOLDER / "tcn.py")
    tg.manual_seed(1)
    model = module.Adder(blocks)
    assert module.reach(model) == min(model.tcn.receptive_field, module.STEPS)


def test_converted_grus_are_the_teacher_and_the_other_reset_is_not():
    module = load(FOLDER / "gru_conventions.py")
    tg.manual_seed(0)
    x = tg.tensor(np.random.default_rng(0).normal(size=(module.T, module.B, module.INPUT)))
    teacher, students = module.teacher_and_students()
    far = {name: float(np.sqrt((module.distance(teacher, s, x) ** 2).mean())) for name, s in students.items()}
    same = {name for name, distance in far.items() if distance < 1e-12}
    assert same == {"reset before, z keeps", "  the same, converted"}
    assert all(distance > 0.1 for name, distance in far.items() if name not in same)
