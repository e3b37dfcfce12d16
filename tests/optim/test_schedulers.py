"""Learning-rate schedulers: the same learning rates as PyTorch, continued after saving, errors."""

import math

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import optim
from tinygrad_rnn.optim import lr_scheduler


def tenth_of(epoch):
    return 1 / (1 + 0.1 * epoch)


SCHEDULES = {
    "step": lambda S, o: S.StepLR(o, 4, gamma=0.3),
    "step-1": lambda S, o: S.StepLR(o, step_size=1, gamma=0.9),
    "milestones": lambda S, o: S.MultiStepLR(o, [3, 7, 7, 11], gamma=0.5),
    "exponential": lambda S, o: S.ExponentialLR(o, 0.9),
    "cosine": lambda S, o: S.CosineAnnealingLR(o, 5, eta_min=0.001),
    "cosine-0": lambda S, o: S.CosineAnnealingLR(o, T_max=7),
    "cosine-1": lambda S, o: S.CosineAnnealingLR(o, T_max=1, eta_min=0.01),
    "lambda": lambda S, o: S.LambdaLR(o, lr_lambda=tenth_of),
    "lambdas": lambda S, o: S.LambdaLR(o, [tenth_of, lambda epoch: 0.9**epoch]),
    "linear": lambda S, o: S.LinearLR(o),
    "linear-down": lambda S, o: S.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=9),
    "one-cycle": lambda S, o: S.OneCycleLR(o, 0.5, total_steps=30),
    "one-cycle-linear": lambda S, o: S.OneCycleLR(
        o, [0.5, 0.2], epochs=6, steps_per_epoch=5, anneal_strategy="linear", pct_start=0.45
    ),
    "one-cycle-three": lambda S, o: S.OneCycleLR(
        o, 0.5, 40, three_phase=True, div_factor=10.0, final_div_factor=100.0, base_momentum=[0.5, 0.6]
    ),
    "one-cycle-no-momentum": lambda S, o: S.OneCycleLR(o, 0.5, 29, cycle_momentum=False),
    "warm-up": lambda S, o: S.SequentialLR(
        o, [S.LinearLR(o, 0.1, total_iters=4), S.CosineAnnealingLR(o, 10), S.ExponentialLR(o, 0.8)], [4, 12]
    ),
    "step-then-milestones": lambda S, o: S.SequentialLR(o, [S.StepLR(o, 2), S.MultiStepLR(o, [3, 5], 0.5)], [6]),
    "lambda-then-exponential": lambda S, o: S.SequentialLR(o, [S.LambdaLR(o, tenth_of), S.ExponentialLR(o, 0.9)], [5]),
}


def optimizer_of(library, name="SGD"):
    a, b = library.ones(2, requires_grad=True), library.ones(3, requires_grad=True)
    optimizer = getattr(library.optim, name)([{"params": [a]}, {"params": [b], "lr": 0.02}], lr=0.1)
    optimizer.step()
    return optimizer


def options(optimizer):
    """All numbers that a scheduler may set, as one list."""
    keys = ("lr", "momentum", "betas", "initial_lr")
    return [float(x) for group in optimizer.param_groups for key in keys for x in np.ravel(group.get(key, ()))]


class Ours:
    ones, optim = staticmethod(tg.ones), optim


@pytest.mark.torch
@pytest.mark.parametrize("optimizer_name", ["SGD", "Adam"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_25_epochs_equal_pytorch(schedule, optimizer_name):
    torch = pytest.importorskip("torch")
    mine, yours = optimizer_of(Ours, optimizer_name), optimizer_of(torch, optimizer_name)
    ours, theirs = SCHEDULES[schedule](lr_scheduler, mine), SCHEDULES[schedule](torch.optim.lr_scheduler, yours)
    yours._opt_called = True
    for _ in range(26):
        np.testing.assert_allclose(options(mine), options(yours), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(ours.get_last_lr(), theirs.get_last_lr(), rtol=1e-10, atol=1e-12)
        assert ours.last_epoch == theirs.last_epoch
        ours.step()
        theirs.step()


@pytest.mark.torch
@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize(
    "options",
    [{"patience": 2}, {"patience": 0, "cooldown": 3, "factor": 0.5}, {"patience": 1, "min_lr": [0.01, 0.005]}],
)
def test_reduce_on_plateau_equals_pytorch(mode, threshold_mode, options):
    torch = pytest.importorskip("torch")
    mine, yours = optimizer_of(Ours), optimizer_of(torch)
    options = {"mode": mode, "threshold_mode": threshold_mode, "threshold": 0.05, **options}
    ours = lr_scheduler.ReduceLROnPlateau(mine, **options)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(yours, **options)
    for k, value in enumerate(np.random.default_rng(3).normal(size=40).cumsum() * 0.3):
        value = float("nan") if k == 7 else float(value)
        ours.step(tg.tensor(value, dtype=tg.float64) if k % 2 else value)
        theirs.step(value)
        np.testing.assert_allclose(ours.get_last_lr(), theirs.get_last_lr(), rtol=1e-12)
        assert (ours.last_epoch, ours.num_bad_epochs, ours.best) == (
            theirs.last_epoch,
            theirs.num_bad_epochs,
            theirs.best,
        )


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_state_dict_continues_as_if_never_stopped(schedule):
    whole = optimizer_of(Ours)
    expected = []
    scheduler = SCHEDULES[schedule](lr_scheduler, whole)
    for _ in range(20):
        scheduler.step()
        expected.append(scheduler.get_last_lr())

    first = optimizer_of(Ours)
    before = SCHEDULES[schedule](lr_scheduler, first)
    for _ in range(9):
        before.step()
    second = optimizer_of(Ours)
    after = SCHEDULES[schedule](lr_scheduler, second)
    after.load_state_dict(before.state_dict())
    second.load_state_dict(first.state_dict())
    for k in range(9, 20):
        after.step()
        assert after.get_last_lr() == expected[k]


@pytest.mark.torch
@pytest.mark.parametrize("schedule", ["step", "milestones", "exponential", "cosine", "lambda", "linear"])
def test_last_epoch_continues_as_in_pytorch(schedule):
    torch = pytest.importorskip("torch")
    rates = []
    for library, module in ((Ours, lr_scheduler), (torch, torch.optim.lr_scheduler)):
        optimizer = optimizer_of(library)
        for group in optimizer.param_groups:
            group["initial_lr"], group["lr"] = group["lr"], group["lr"] * 0.7
        make = {
            "step": lambda S, o: S.StepLR(o, 4, last_epoch=6),
            "milestones": lambda S, o: S.MultiStepLR(o, [7, 9], last_epoch=6),
            "exponential": lambda S, o: S.ExponentialLR(o, 0.9, last_epoch=6),
            "cosine": lambda S, o: S.CosineAnnealingLR(o, 20, last_epoch=6),
            "lambda": lambda S, o: S.LambdaLR(o, tenth_of, last_epoch=6),
            "linear": lambda S, o: S.LinearLR(o, total_iters=10, last_epoch=6),
        }[schedule]
        scheduler = make(module, optimizer)
        optimizer._opt_called = True
        rates.append([scheduler.get_last_lr()])
        for _ in range(5):
            scheduler.step()
            rates[-1].append(scheduler.get_last_lr())
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-12)


def test_two_schedulers_on_one_optimizer_multiply():
    optimizer = optimizer_of(Ours)
    schedulers = [lr_scheduler.ExponentialLR(optimizer, 0.9), lr_scheduler.StepLR(optimizer, 2, 0.5)]
    for _ in range(4):
        for scheduler in schedulers:
            scheduler.step()
    assert math.isclose(optimizer.param_groups[0]["lr"], 0.1 * 0.9**4 * 0.5**2)


def test_a_sequence_inside_a_sequence_is_one_long_sequence():
    def rates(build):
        optimizer = optimizer_of(Ours)
        scheduler = build(lr_scheduler, optimizer)
        found = [scheduler.get_last_lr()]
        for _ in range(15):
            scheduler.step()
            found.append(scheduler.get_last_lr())
        return found

    def nested(S, o):
        inner = S.SequentialLR(o, [S.LinearLR(o), S.ExponentialLR(o, 0.9)], [3])
        return S.SequentialLR(o, [inner, S.StepLR(o, 2, 0.5)], [8])

    def long(S, o):
        return S.SequentialLR(o, [S.LinearLR(o), S.ExponentialLR(o, 0.9), S.StepLR(o, 2, 0.5)], [3, 8])

    assert rates(nested) == rates(long)


def test_a_schedule_of_your_own_needs_only_get_lr():
    class Half(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [base / (1 + self.last_epoch) for base in self.base_lrs]

    scheduler = Half(optimizer_of(Ours))
    scheduler.step()
    assert scheduler.get_last_lr() == [0.05, 0.01]


def test_stepping_before_the_optimizer_warns():
    optimizer = optim.SGD([tg.ones(1, requires_grad=True)], lr=0.1)
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match=r"before optimizer\.step"):
        scheduler.step()


def test_errors_name_what_is_wrong():
    optimizer = optimizer_of(Ours)
    S = lr_scheduler
    with pytest.raises(TypeError, match="expected an Optimizer, got list"):
        S.StepLR([1], 3)
    with pytest.raises(KeyError, match="initial_lr"):
        S.StepLR(optimizer, 3, last_epoch=4)
    with pytest.raises(ValueError, match="step_size"):
        S.StepLR(optimizer, 0)
    with pytest.raises(ValueError, match="lr_lambda has 1 entries"):
        S.LambdaLR(optimizer, [tenth_of])
    with pytest.raises(ValueError, match="total_steps"):
        S.OneCycleLR(optimizer, 0.1)
    with pytest.raises(ValueError, match="cycle_momentum=False"):
        S.OneCycleLR(optimizer_of(Ours, "Adagrad"), 0.1, 10)
    with pytest.raises(ValueError, match="start_factor"):
        S.LinearLR(optimizer, start_factor=0)
    with pytest.raises(ValueError, match="factor must be below 1"):
        S.ReduceLROnPlateau(optimizer, factor=1.0)
    with pytest.raises(ValueError, match="mode"):
        S.ReduceLROnPlateau(optimizer, mode="least")
    with pytest.raises(ValueError, match="2 schedulers and 0 milestones"):
        S.SequentialLR(optimizer, [S.StepLR(optimizer, 1), S.StepLR(optimizer, 1)], [])
    with pytest.raises(ValueError, match="another optimizer"):
        S.SequentialLR(optimizer, [S.StepLR(optimizer_of(Ours), 1)], [])
    cycle = S.OneCycleLR(optimizer, 0.1, total_steps=2)
    cycle.step()
    cycle.step()
    with pytest.raises(ValueError, match="past the cycle"):
        cycle.step()
