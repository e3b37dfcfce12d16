"""Optimisers and schedules beside the usual ones take PyTorch's steps."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
OPTIMIZERS = [
    ("Adamax", {}), ("Adamax", {"lr": 0.1, "weight_decay": 0.1}), ("NAdam", {"lr": 0.05}), ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {"lr": 0.05}), ("RAdam", {"lr": 0.05, "weight_decay": 0.1, "maximize": True}), ("Rprop", {}), ("Rprop", {"etas": (0.3, 1.5)}),
    ("ASGD", {"lr": 0.01}), ("ASGD", {"lr": 0.02, "lambd": 0.01, "t0": 5, "weight_decay": 0.1}),
]  # fmt: skip
SCHEDULES = [
    ("ConstantLR", {"factor": 0.25, "total_iters": 3}), ("PolynomialLR", {"total_iters": 6, "power": 2.0}), ("MultiplicativeLR", {"lr_lambda": lambda k: 0.9}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3}), ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2, "eta_min": 0.01}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 3}), ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 2, "step_size_down": 3, "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 3, "mode": "exp_range", "gamma": 0.9}),
]  # fmt: skip


def steps(library, make, n=12):
    x = library.tensor(np.array([1.0, -2.0, 0.5, 3.0]), requires_grad=True)
    optimizer = make(library, [x])
    found = []
    for _ in range(n):
        optimizer.zero_grad()
        ((x - 1) ** 4 + (x * 3).sin()).sum().backward()
        optimizer.step()
        found.append(x.detach().numpy().copy())
    return np.array(found)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_steps(name, options):
    ours, theirs = (steps(m, lambda m, p: getattr(m.optim, name)(p, **options)) for m in (tg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-7)


@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_learning_rates(name, options):
    def rates(m):
        optimizer = m.optim.SGD([m.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
        schedule = getattr(m.optim.lr_scheduler, name)(optimizer, **options)
        found = []
        for _ in range(14):
            found.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
            optimizer.step()
            schedule.step()
        return found

    np.testing.assert_allclose(rates(tg), rates(torch), rtol=1e-12)


def test_chained_and_swa_schedules():
    def rates(m):
        optimizer = m.optim.SGD([m.zeros(1, requires_grad=True)], lr=0.1)
        S = m.optim.lr_scheduler
        chained = S.ChainedScheduler([S.ExponentialLR(optimizer, 0.9), S.StepLR(optimizer, 3)])
        swa = m.optim.swa_utils.SWALR(m.optim.SGD([m.zeros(1, requires_grad=True)], lr=0.1), 0.01, anneal_epochs=4)
        found = []
        for _ in range(8):
            optimizer.step(), chained.step(), swa.optimizer.step(), swa.step()
            found.append((optimizer.param_groups[0]["lr"], swa.optimizer.param_groups[0]["lr"]))
        return found

    np.testing.assert_allclose(rates(tg), rates(torch), rtol=1e-7)


def test_averaged_model_names_and_hooks():
    def run(m):
        model = m.nn.Linear(2, 1).double()
        with m.no_grad():
            model.weight.copy_(m.tensor([[1.0, 2.0]])), model.bias.fill_(0.5)
        seen = []
        optimizer = m.optim.SGD(model.named_parameters(), lr=0.1)
        optimizer.register_step_pre_hook(lambda *args: seen.append("before"))
        handle = optimizer.register_step_post_hook(lambda *args: seen.append("after"))
        mean = m.optim.swa_utils.AveragedModel(model)
        ema = m.optim.swa_utils.AveragedModel(model, avg_fn=m.optim.swa_utils.get_ema_avg_fn(0.9))
        for k in range(4):
            optimizer.zero_grad()
            (model(m.tensor([[1.0, float(k)]]).double()) ** 2).sum().backward()
            optimizer.step()
            mean.update_parameters(model), ema.update_parameters(model)
            if k == 2:
                handle.remove()
        names = optimizer.param_groups[0]["param_names"]
        return [names, seen, sorted(mean.state_dict())], [mean.module.weight.tolist(), ema.module.weight.tolist()]

    ours, theirs = run(tg), run(torch)
    assert ours[0] == theirs[0]
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-10)


def test_sparse_adam_leaves_unused_rows_alone():
    def run(m, sparse):
        table = m.nn.Embedding(5, 2, sparse=sparse).double()
        with m.no_grad():
            table.weight.copy_(m.tensor(np.arange(10.0).reshape(5, 2)))
        optimizer = m.optim.SparseAdam(list(table.parameters()), lr=0.1)
        for ids in ([0, 1], [1, 3], [1, 1]):
            optimizer.zero_grad()
            (table(m.tensor(ids)) ** 2).sum().backward()
            optimizer.step()
        return table.weight.detach().numpy()

    np.testing.assert_allclose(run(tg, False), run(torch, True), rtol=1e-7)


def test_plateau_takes_verbose_with_a_warning():
    optimizer = tg.optim.SGD([tg.zeros(1, requires_grad=True)], lr=0.1)
    with pytest.warns(UserWarning, match="verbose"):
        tg.optim.lr_scheduler.ReduceLROnPlateau(optimizer, verbose=True)
    assert tg.optim.lr_scheduler._LRScheduler is tg.optim.lr_scheduler.LRScheduler
