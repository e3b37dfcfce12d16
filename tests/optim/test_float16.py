"""Optimizers on float16 parameters: each step is float64's, rounded once; the state keeps the parameter's type."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import optim

WAYS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    ("Adam", {"lr": 0.01}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True}),
    ("AdamW", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.01, "initial_accumulator_value": 0.1}),
    ("Adadelta", {"lr": 1.0}),
]
IDS = [f"{name} {sorted(options)}" for name, options in WAYS]


def leaf(x: np.ndarray) -> tg.Tensor:
    return tg.tensor(x, requires_grad=True)


def round_all(p: tg.Tensor, optimizer: optim.Optimizer) -> None:
    """Round a float64 parameter and its state to what float16 can hold."""
    for t in (p, *[t for name, t in optimizer.state[p].items() if name != "step"]):
        t.array[...] = t.array.astype(np.float16)


@pytest.mark.parametrize(("name", "options"), WAYS, ids=IDS)
@pytest.mark.parametrize("size", [1e-4, 1.0, 50.0])
def test_a_step_rounds_once(name, options, size):
    rng = np.random.default_rng(0)
    start = rng.standard_normal((3, 4)).astype(np.float16)
    half, exact = leaf(start), leaf(start.astype(np.float64))
    ours, twin = (getattr(optim, name)([p], **options) for p in (half, exact))
    memory = half.array
    for _ in range(5):
        g = (rng.standard_normal((3, 4)) * size).astype(np.float16)
        half.grad, exact.grad = tg.tensor(g), tg.tensor(g.astype(np.float64))
        ours.step()
        twin.step()
        assert half.array is memory
        pairs = [(half, exact), *[(t, twin.state[exact][k]) for k, t in ours.state[half].items() if k != "step"]]
        for found, wanted in pairs:
            assert found.dtype == tg.float16
            unit = np.spacing(np.abs(wanted.numpy(force=True)).astype(np.float16)).astype(np.float64)
            error = np.abs(found.numpy(force=True) - wanted.numpy(force=True)) / unit
            assert error.max() <= 0.6
        round_all(exact, twin)
        half.array[...] = exact.array  # a difference of one unit must not grow into the next step
        for k, t in twin.state[exact].items():
            ours.state[half][k].array[...] = t.array
    assert set(ours.state) == {half}


@pytest.mark.parametrize(("name", "options"), WAYS, ids=IDS)
def test_the_state_is_saved_and_continued_as_float16(name, options):
    def steps(p, optimizer, seeds):
        for seed in seeds:
            p.grad = tg.tensor(np.random.default_rng(seed).standard_normal(4).astype(np.float16))
            optimizer.step()

    p, q = leaf(np.ones(4, np.float16)), leaf(np.ones(4, np.float16))
    whole, part = getattr(optim, name)([p], **options), getattr(optim, name)([q], **options)
    steps(p, whole, range(6))
    steps(q, part, range(3))
    resumed = getattr(optim, name)([q], **options)
    resumed.load_state_dict(part.state_dict())
    steps(q, resumed, range(3, 6))
    np.testing.assert_array_equal(p.numpy(force=True), q.numpy(force=True))


def test_a_failed_update_leaves_parameter_and_state():
    class Broken(optim.SGD):
        def _update(self, p, g, group):
            p.array += 1
            raise ArithmeticError

    w = leaf(np.zeros(2, np.float16))
    w.grad = tg.ones(2, dtype=tg.float16)
    optimizer = Broken([w])
    with pytest.raises(ArithmeticError):
        optimizer.step()
    assert w.tolist() == [0, 0]
    assert set(optimizer.state) <= {w}


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_minimum_where_squares_overflow(search):
    w = leaf(np.full(50, 40.0, np.float16))
    target = tg.tensor(np.linspace(-2, 2, 50).astype(np.float16))
    optimizer = optim.LBFGS([w], lr=0.5, line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = ((w.float() - target.float()) ** 2 * 8).sum()  # gradients of 640, whose squares no float16 holds
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    np.testing.assert_allclose(w.numpy(force=True), target.numpy(), atol=0.02)
    assert optimizer.state[w]["d"].dtype == tg.float16
    assert {y.dtype for y in optimizer.state[w]["old_dirs"]} <= {np.dtype("float16")}


@pytest.mark.torch
@pytest.mark.parametrize(("name", "options"), WAYS, ids=IDS)
def test_steps_stay_as_near_to_float64_as_pytorchs(name, options):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    start = rng.standard_normal(12).astype(np.float16)
    half, exact, theirs = leaf(start), leaf(start.astype(np.float64)), torch.tensor(start, requires_grad=True)
    ours, twin = (getattr(optim, name)([p], **options) for p in (half, exact))
    other = getattr(torch.optim, name)([theirs], **options)
    for _ in range(10):
        g = rng.standard_normal(12).astype(np.float16)
        half.grad, exact.grad, theirs.grad = tg.tensor(g), tg.tensor(g.astype(np.float64)), torch.tensor(g)
        for optimizer in (ours, twin, other):
            optimizer.step()
    wanted = exact.numpy(force=True)
    error, theirs_error = (np.abs(x - wanted).mean() for x in (half.numpy(force=True), theirs.detach().numpy()))
    assert error <= max(1.1 * theirs_error, 1e-3)
