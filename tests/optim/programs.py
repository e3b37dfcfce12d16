"""Optimizers and schedules over 25 steps, as programs for either library: see tests/reference."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..reference.stored import leaf, wave
from .test_optimizers import GRID, IDS, SHAPES, loss_of, train
from .test_schedulers import SCHEDULES, optimizer_of, options, tenth_of

SEVERAL = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta"]
SEARCHES = [
    {"lr": 0.1},
    {"lr": 0.05, "max_iter": 4, "history_size": 3},
    {"line_search_fn": "strong_wolfe"},
    {"lr": 0.3, "line_search_fn": "strong_wolfe", "history_size": 2, "max_iter": 5},
    {"lr": 8.0, "line_search_fn": "strong_wolfe", "max_iter": 7, "max_eval": 9},
    {"lr": 0.2, "tolerance_grad": 0.5},
    {"lr": 0.2, "tolerance_change": 0.05},
]
PLATEAUS = [
    {"patience": 2},
    {"patience": 0, "cooldown": 3, "factor": 0.5},
    {"patience": 1, "min_lr": [0.01, 0.005]},
    {"patience": 0, "eps": 0.02},
]


def parameters(torch: Any, k: int = 0) -> list[Any]:
    return [leaf(torch, *shape, k=k + n) for n, shape in enumerate(SHAPES)]


def copied(params: list[Any]) -> list[Any]:
    return [p.detach().clone() for p in params]


def state_of(optimizer: Any, params: list[Any]) -> list[Any]:
    """What is remembered of each parameter, by name."""
    return [dict(sorted(optimizer.state[p].items())) for p in params]


def trajectory(name: str, settings: dict[str, Any], torch: Any) -> dict[str, Any]:
    params = parameters(torch)
    optimizer = getattr(torch.optim, name)(params, **settings)
    found = {}
    for k in range(25):
        train(optimizer, params, 1, k)
        if k in (0, 1, 4, 24):
            found[f"after step {k}"] = copied(params)
    return found | {"state": state_of(optimizer, params)}


def usual_options(torch: Any) -> dict[str, Any]:
    """The options that nobody gave."""
    names = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize", "betas", "eps", "amsgrad", "alpha",
             "centered", "lr_decay", "initial_accumulator_value", "rho")  # fmt: skip
    found = {}
    for name in SEVERAL:
        group = getattr(torch.optim, name)(parameters(torch)).param_groups[0]
        found[name] = {key: group[key] for key in names if key in group}
    return found


def own_options(name: str, torch: Any) -> dict[str, Any]:
    """Groups with options of their own, one of them added on the way."""
    a, b, c, d = parameters(torch)
    groups = [{"params": [a], "lr": 0.02, "weight_decay": 0.1}, {"params": [b, c], "maximize": True}]
    optimizer = getattr(torch.optim, name)(groups, lr=0.005)
    train(optimizer, [a, b, c, d], 3)
    optimizer.add_param_group({"params": d, "lr": 0.03})
    train(optimizer, [a, b, c, d], 4, 3)
    return {"parameters": copied([a, b, c, d]), "lr": [group["lr"] for group in optimizer.param_groups]}


def taken_over(name: str, settings: dict[str, Any], torch: Any) -> dict[str, Any]:
    """Another optimizer, with other options, goes on from a state: options and memories are those of the state."""
    params = parameters(torch)
    first = getattr(torch.optim, name)(params, **settings)
    train(first, params, 4)
    second = getattr(torch.optim, name)(params, lr=7.0)
    second.load_state_dict(first.state_dict())
    train(second, params, 4, 4)
    group = {key: second.param_groups[0][key] for key in ("lr", "weight_decay", "maximize", *settings)}
    return {"parameters": copied(params), "options": group, "state": state_of(second, params)}


def gradients_of_zero(name: str, settings: dict[str, Any], torch: Any) -> dict[str, Any]:
    """After zero_grad(set_to_none=False) a gradient is there, of zeros: momentum and decay go on, means are updated."""
    params = parameters(torch)
    optimizer = getattr(torch.optim, name)(params, **settings)
    train(optimizer, params, 3)
    found = {}
    for set_to_none in (False, True):
        loss_of(params).backward()
        optimizer.zero_grad(set_to_none=set_to_none)
        found[f"gradients, {set_to_none}"] = [p.grad if p.grad is None else p.grad.clone() for p in params]
        for _ in range(2):
            optimizer.step()
        found[f"parameters, {set_to_none}"] = copied(params)
    return found | {"state": state_of(optimizer, params)}


def in_float32(name: str, torch: Any) -> dict[str, Any]:
    params = [p.detach().float().requires_grad_() for p in parameters(torch)]
    optimizer = getattr(torch.optim, name)(params, lr=0.02)
    train(optimizer, params, 6)
    return {"parameters": copied(params), "state": state_of(optimizer, params)}


def searched(settings: dict[str, Any], valley: bool, torch: Any) -> dict[str, Any]:
    """L-BFGS: every loss that it asked for."""
    params = (
        [torch.tensor([-1.2, 1.0, 0.5, -0.3], dtype=torch.float64, requires_grad=True)] if valley else parameters(torch)
    )
    optimizer = torch.optim.LBFGS(params, **settings)
    asked = []

    def closure() -> Any:
        optimizer.zero_grad()
        if valley:  # Rosenbrock's
            x = params[0]
            loss = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        else:
            loss = loss_of(params) + sum((p * p).sum() for p in params)
        loss.backward()
        asked.append(float(loss.detach()))
        return loss

    returned = [float(optimizer.step(closure).detach()) for _ in range(3)]
    state = optimizer.state[params[0]]
    counts = [state["func_evals"], state["n_iter"], len(asked)]
    return {"losses": asked[:8], "returned": returned[:2], "counts": counts, "parameters": copied(params)}


def scheduled(make: Any, name: str, torch: Any) -> dict[str, Any]:
    optimizer = optimizer_of(torch, name)
    schedule = make(torch.optim.lr_scheduler, optimizer)
    optimizer._opt_called = optimizer._stepped = True
    rates, last = [], []
    for _ in range(25):
        rates.append(options(optimizer))
        last.append([*schedule.get_last_lr(), schedule.last_epoch])
        schedule.step()
    return {"first five": rates[:5], "options": rates, "last rates and epochs": last}


def by_epoch(make: Any, torch: Any) -> dict[str, Any]:
    """`step(epoch)` goes anywhere."""
    optimizer = optimizer_of(torch)
    schedule = make(torch.optim.lr_scheduler, optimizer)
    optimizer._opt_called = optimizer._stepped = True
    found = []
    for epoch in (3, 4, 9, 2, 16, 0, 1):
        schedule.step(epoch)
        found.append([*options(optimizer), schedule.last_epoch])
    return {"options": found}


def continued(make: Any, torch: Any) -> dict[str, Any]:
    """A schedule that starts after epoch 6, and one that takes over the state of another."""
    optimizer = optimizer_of(torch)
    for group in optimizer.param_groups:
        group["initial_lr"], group["lr"] = group["lr"], group["lr"] * 0.7
    schedule = make(torch.optim.lr_scheduler, optimizer)
    optimizer._opt_called = optimizer._stepped = True
    found = [schedule.get_last_lr()]
    for _ in range(3):
        schedule.step()
        found.append(schedule.get_last_lr())
    later = make(torch.optim.lr_scheduler, optimizer)
    later.load_state_dict(schedule.state_dict())
    kept = {key: schedule.state_dict()[key] for key in ("last_epoch", "base_lrs", "_step_count", "_last_lr")}
    found.append([*later.get_last_lr(), later.last_epoch])
    later.step()
    return {"rates": [*found, later.get_last_lr()], "state": kept}


def on_a_plateau(mode: str, threshold_mode: str, settings: dict[str, Any], torch: Any) -> dict[str, Any]:
    optimizer = optimizer_of(torch)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode=mode, threshold_mode=threshold_mode, threshold=0.05, **settings
    )
    found = []
    for k, measure in enumerate((wave(40, k=3).cumsum() * 0.3 + 2).tolist()):
        schedule.step(float("nan") if k == 7 else measure)
        found.append([*schedule.get_last_lr(), schedule.last_epoch, schedule.num_bad_epochs, schedule.best])
    return {"rates": found}


STARTED_LATE = {
    "step": lambda S, o: S.StepLR(o, 4, last_epoch=6),
    "milestones": lambda S, o: S.MultiStepLR(o, [7, 9], last_epoch=6),
    "exponential": lambda S, o: S.ExponentialLR(o, 0.9, last_epoch=6),
    "cosine": lambda S, o: S.CosineAnnealingLR(o, 20, last_epoch=6),
    "lambda": lambda S, o: S.LambdaLR(o, tenth_of, last_epoch=6),
    "linear": lambda S, o: S.LinearLR(o, total_iters=10, last_epoch=6),
}
ANYWHERE = ["step", "milestones", "exponential", "cosine", "lambda", "linear", "linear-down"]
USUAL = {
    "step": lambda S, o: S.StepLR(o, 3),
    "milestones": lambda S, o: S.MultiStepLR(o, [3, 5]),
    "one-cycle": lambda S, o: S.OneCycleLR(o, 0.5, 26),
}
REMEMBERING = [
    ("SGD", {"lr": 0.01, "momentum": 0.9}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "dampening": 0.4, "maximize": True}),
    ("Adam", {"lr": 0.05, "betas": (0.5, 0.7), "eps": 1e-3, "amsgrad": True}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.2}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.7, "momentum": 0.5, "centered": True, "eps": 1e-2}),
    ("Adagrad", {"lr": 0.05, "lr_decay": 0.1, "eps": 1e-3}),
    ("Adadelta", {"lr": 0.5, "rho": 0.6, "eps": 1e-3}),
]

PROGRAMS: dict[str, Any] = {
    **{f"25 steps of {case}": partial(trajectory, *row) for case, row in zip(IDS, GRID, strict=True)},
    "usual options": usual_options,
    **{f"own options of groups: {name}": partial(own_options, name) for name in SEVERAL},
    **{f"state taken over: {name} {settings}": partial(taken_over, name, settings) for name, settings in REMEMBERING},
    **{f"gradients of zero: {name} {settings}": partial(gradients_of_zero, name, settings) for name, settings in REMEMBERING},
    **{f"float32: {name}": partial(in_float32, name) for name in SEVERAL},
    **{f"L-BFGS {settings}": partial(searched, settings, False) for settings in SEARCHES},
    **{f"L-BFGS in a valley {s}": partial(searched, s, True) for s in SEARCHES if "line_search_fn" in s},
    **{f"schedule {s}, {name}": partial(scheduled, make, name) for s, make in SCHEDULES.items() for name in ("SGD", "Adam")},
    **{f"schedule by default: {s}": partial(scheduled, make, "SGD") for s, make in USUAL.items()},
    **{f"schedule by epoch: {s}": partial(by_epoch, SCHEDULES[s]) for s in ANYWHERE},
    **{f"schedule continued: {s}": partial(continued, make) for s, make in STARTED_LATE.items()},
    **{
        f"plateau {mode} {kind} {settings}": partial(on_a_plateau, mode, kind, settings)
        for mode in ("min", "max")
        for kind in ("rel", "abs")
        for settings in PLATEAUS
    },
}  # fmt: skip
