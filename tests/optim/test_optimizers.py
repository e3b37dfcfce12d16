"""Optimizers: the same trajectories as PyTorch, states that survive saving, and errors that help."""

import copy
import math

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, optim

SHAPES = [(3, 4), (4,), (), (2, 1, 3)]


def start_values():
    draw = np.random.default_rng(0)
    return [np.asarray(draw.normal(size=shape)) for shape in SHAPES]


def parameters():
    return [tg.tensor(v, requires_grad=True) for v in start_values()]


def loss_of(params, k=0):
    """Neither quadratic nor symmetric, and another one in each step k; runs on both libraries' tensors."""
    a, b, c, d = params
    return (
        ((a * b) ** 2).sum() * 0.1 + (c - 0.5) ** 2 + (d * d * d * d).sum() * 0.05 + (a - 1).sum() * math.sin(k)
    ) * 1.0


def train(optimizer, params, steps, first=0):
    for k in range(first, first + steps):
        optimizer.zero_grad()
        loss_of(params, k).backward()
        if k % 5 == 4:
            params[1].grad = None  # a parameter without a gradient is left alone
        optimizer.step()


GRID = [
    ("SGD", {"lr": 0.01}),
    ("SGD", {"lr": 0.01, "momentum": 0.9}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.001, "momentum": 0.5, "weight_decay": 0.1, "maximize": True}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "betas": (0.5, 0.7), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "maximize": True}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.3, "maximize": True}),
    ("RMSprop", {"lr": 0.02}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.7, "eps": 1e-4, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.8}),
    ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.8, "eps": 1e-3}),
    ("RMSprop", {"lr": 0.01, "centered": True, "eps": 1e-3, "maximize": True}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.2, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.01, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.6, "eps": 1e-3, "weight_decay": 0.1}),
    ("Adadelta", {"lr": 0.5, "maximize": True}),
]
IDS = [f"{name}-{'-'.join(options)}" for name, options in GRID]


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def assert_equal_numbers(ours, theirs, tolerance=1e-10):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.torch
@pytest.mark.parametrize(("name", "options"), GRID, ids=IDS)
def test_25_steps_equal_pytorch(torch, name, options):
    ours, theirs = parameters(), [torch.tensor(v, requires_grad=True) for v in start_values()]
    mine, yours = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for k in range(25):
        train(mine, ours, 1, k)
        train(yours, theirs, 1, k)
        assert_equal_numbers(ours, theirs)
    for p, q in zip(ours, theirs, strict=True):
        assert set(mine.state.get(p, {})) == set(yours.state.get(q, {}))
        for key, value in mine.state[p].items():
            np.testing.assert_allclose(value.numpy(), yours.state[q][key].numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.torch
@pytest.mark.parametrize(("name", "options"), GRID, ids=IDS)
def test_continues_from_the_numbers_of_pytorch(torch, name, options):
    theirs = [torch.tensor(v, requires_grad=True) for v in start_values()]
    yours = getattr(torch.optim, name)(theirs, **options)
    train(yours, theirs, 7)
    saved = yours.state_dict()
    state = {n: {k: tg.tensor(v.numpy()) for k, v in values.items()} for n, values in saved["state"].items()}
    ours = [tg.tensor(p.detach().numpy(), requires_grad=True) for p in theirs]
    mine = getattr(optim, name)(ours, lr=123.0)
    mine.load_state_dict({"state": state, "param_groups": saved["param_groups"]})
    train(mine, ours, 18, 7)
    train(yours, theirs, 18, 7)
    assert_equal_numbers(ours, theirs)


@pytest.mark.parametrize(("name", "options"), GRID, ids=IDS)
def test_state_dict_continues_training_as_if_never_stopped(name, options):
    whole = parameters()
    train(getattr(optim, name)(whole, **options), whole, 20)

    first = parameters()
    before = getattr(optim, name)(first, **options)
    train(before, first, 9)
    second = [p.detach().clone().requires_grad_() for p in first]
    after = getattr(optim, name)(second, lr=77.0)
    saved = before.state_dict()
    kept = copy.deepcopy(saved)
    after.load_state_dict(saved)
    train(after, second, 11, 9)
    for a, b in zip(whole, second, strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    for number, values in kept["state"].items():  # loading copied: the first optimizer's state stays as it was
        for key, value in values.items():
            np.testing.assert_array_equal(value.numpy(), saved["state"][number][key].numpy())


@pytest.mark.torch
@pytest.mark.parametrize(
    "options",
    [
        {"lr": 0.1},
        {"lr": 0.05, "max_iter": 4, "history_size": 3},
        {"line_search_fn": "strong_wolfe"},
        {"lr": 0.3, "line_search_fn": "strong_wolfe", "history_size": 2, "max_iter": 5},
        {"lr": 8.0, "line_search_fn": "strong_wolfe", "max_iter": 7, "max_eval": 9},
        {"lr": 1e-4, "line_search_fn": "strong_wolfe", "max_iter": 6},
    ],
    ids=str,
)
@pytest.mark.parametrize("valley", [False, True])
def test_lbfgs_visits_the_same_points_as_pytorch(torch, options, valley):
    def loss(params):
        if valley:  # Rosenbrock's, whose curvature changes all along
            x = params[0]
            return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        return loss_of(params) + sum((p * p).sum() for p in params)  # curved everywhere: rounding does not grow

    values = [np.array([-1.2, 1.0, 0.5, -0.3])] if valley else start_values()
    if valley and "line_search_fn" not in options:
        options = {**options, "lr": 1e-3}
    ours, theirs = (
        [tg.tensor(v, requires_grad=True) for v in values],
        [torch.tensor(v, requires_grad=True) for v in values],
    )
    seen = {}
    for key, params, optimizer in (
        ("ours", ours, optim.LBFGS(ours, **options)),
        ("theirs", theirs, torch.optim.LBFGS(theirs, **options)),
    ):

        def closure(params=params, optimizer=optimizer, key=key):
            optimizer.zero_grad()
            value = loss(params)
            value.backward()
            seen.setdefault(key, []).append(float(value.detach()))
            return value

        for _ in range(3):
            optimizer.step(closure)
        state = optimizer.state[params[0]]
        seen.setdefault("counts", []).append((state["func_evals"], state["n_iter"]))
    assert seen["counts"][0] == seen["counts"][1]
    np.testing.assert_allclose(seen["ours"], seen["theirs"], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(seen["ours"][:10], seen["theirs"][:10], rtol=1e-10, atol=1e-10)


@pytest.mark.torch
@pytest.mark.parametrize("lr", [3.0, 30.0, 200.0])
def test_line_searches_on_wavy_losses_try_the_same_steps_as_pytorch(torch, lr):
    """Many humps: the interval grows, shrinks to either side, and is cut where the cubic lands near an end."""
    longest = 0
    for seed in range(150):
        height, pace, shift = np.random.default_rng(seed).uniform([[0.1], [0.3], [0]], [[1], [9], [6]], size=(3, 4))

        def tried(library, tensor, height=height, pace=pace, shift=shift):
            x = tensor(np.zeros(1), requires_grad=True)
            optimizer = library.LBFGS([x], lr=lr, max_iter=1, max_eval=30, line_search_fn="strong_wolfe")
            losses = []

            def closure():
                optimizer.zero_grad()
                loss = sum(
                    (x * b + c).sin() * a
                    for a, b, c in zip(*map(np.ndarray.tolist, (height, pace, shift)), strict=True)
                )
                loss = (loss + x * x * 0.002).sum()
                loss.backward()
                losses.append(float(loss.detach()))
                return loss

            optimizer.step(closure)
            return losses

        ours, theirs = tried(optim, tg.tensor), tried(torch.optim, torch.tensor)
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-7, err_msg=f"seed {seed}")
        longest = max(longest, len(ours))
    assert longest > 4  # evaluations: the searches did narrow an interval


def lbfgs_run(params, optimizer, steps):
    def closure():
        optimizer.zero_grad()
        value = loss_of(params)
        value.backward()
        return value

    return [optimizer.step(closure).item() for _ in range(steps)]


def test_lbfgs_state_dict_continues_training():
    whole = parameters()
    expected = lbfgs_run(whole, optim.LBFGS(whole, max_iter=3, line_search_fn="strong_wolfe"), 6)
    first = parameters()
    before = optim.LBFGS(first, max_iter=3, line_search_fn="strong_wolfe")
    lbfgs_run(first, before, 3)
    second = [p.detach().clone().requires_grad_() for p in first]
    after = optim.LBFGS(second, max_iter=1)
    after.load_state_dict(before.state_dict())
    assert lbfgs_run(second, after, 3) == expected[3:]


def test_lbfgs_needs_a_closure_and_one_group():
    params = parameters()
    with pytest.raises(TypeError, match="closure"):
        optim.LBFGS(params).step()
    with pytest.raises(ValueError, match="one list"):
        optim.LBFGS([{"params": params[:1]}, {"params": params[1:]}])
    with pytest.raises(ValueError, match="strong_wolfe"):
        optim.LBFGS(params, line_search_fn="armijo")


def test_lbfgs_puts_the_parameters_back_when_the_closure_raises():
    params = parameters()
    optimizer = optim.LBFGS(params, lr=5.0, line_search_fn="strong_wolfe")
    calls = []

    def closure():
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        optimizer.zero_grad()
        value = loss_of(params)
        value.backward()
        return value

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(closure)
    for p, v in zip(params, start_values(), strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), v)


# --- the base ---------------------------------------------------------------------------------------------


def test_groups_have_their_own_options():
    a, b = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)
    optimizer = optim.SGD([{"params": [a]}, {"params": (p for p in [b]), "lr": 0.5, "name": "head"}], lr=0.1)
    (a.sum() + b.sum()).backward()
    optimizer.step()
    np.testing.assert_allclose(a.tolist(), [0.9, 0.9])
    np.testing.assert_allclose(b.tolist(), [0.5, 0.5])
    assert optimizer.param_groups[1]["name"] == "head"
    c = tg.ones(1, requires_grad=True)
    optimizer.add_param_group({"params": c, "lr": 2.0})
    c.sum().backward()
    optimizer.step()
    assert c.tolist() == [-1.0]
    assert [g["params"] for g in optimizer.state_dict()["param_groups"]] == [[0], [1], [2]]


def test_generators_and_filters_are_accepted():
    params = parameters()
    assert len(optim.Adam(p for p in params).param_groups[0]["params"]) == 4
    params[0].requires_grad_(False)
    assert len(optim.Adam(filter(lambda p: p.requires_grad, params)).param_groups[0]["params"]) == 3


def test_closure_runs_with_recording_on_and_its_loss_is_returned():
    w = tg.ones(1, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with tg.no_grad():
        assert optimizer.step(closure).item() == 1.0
    np.testing.assert_allclose(w.tolist(), [0.8])


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta"])
@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
def test_the_type_stays_and_the_gradient_is_left_alone(name, dtype):
    w = tg.tensor([1.0, -2.0], dtype=dtype, requires_grad=True)
    memory = w.array
    (w * w).sum().backward()
    gradient = w.grad.array.copy()
    optimizer = getattr(optim, name)([w], lr=np.float64(0.1), weight_decay=0.1, maximize=True)
    optimizer.step()
    assert w.dtype == dtype
    assert w.array is memory
    np.testing.assert_array_equal(w.grad.array, gradient)
    for key, value in optimizer.state[w].items():
        assert isinstance(value, tg.Tensor)
        assert value.dtype == (tg.float32 if key == "step" else dtype)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "LBFGS"])
def test_backward_through_a_graph_from_before_the_step_raises(name):
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    optimizer = getattr(optim, name)([w])
    loss = (w * w).sum()
    loss.backward(retain_graph=True)

    def closure():
        return (w * w).sum()

    optimizer.step(closure if name == "LBFGS" else None)
    with pytest.raises(RuntimeError, match=r"changed in place|inplace|in-place"):
        loss.backward()


def test_zero_grad_sets_none_or_fills_zeros():
    w = tg.ones(2, requires_grad=True)
    optimizer = optim.SGD([w])
    w.sum().backward()
    gradient = w.grad
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0.0, 0.0]
    assert gradient.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert w.grad is None


def test_weights_with_a_stride_are_changed_in_place():
    base = np.arange(6.0).reshape(2, 3)
    w = tg.from_numpy(base.T).requires_grad_()
    optimizer = optim.Adam([w], lr=1.0)
    w.sum().backward()
    optimizer.step()
    np.testing.assert_allclose(base, np.arange(6.0).reshape(2, 3) - 1, atol=1e-7)


def test_an_optimizer_of_your_own_needs_only_step():
    class SignSGD(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @tg.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(p.grad.sign(), alpha=-group["lr"])

    w = tg.tensor([3.0, -4.0], requires_grad=True)
    optimizer = SignSGD([w], lr=1.0)
    (w * w).sum().backward()
    optimizer.step()
    assert w.tolist() == [2.0, -3.0]


def test_repr_lists_the_options():
    text = repr(optim.SGD(parameters(), lr=0.25))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.25\n")


# --- errors -----------------------------------------------------------------------------------------------


def test_wrong_parameters_are_refused():
    w = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="empty parameter list"):
        optim.Adam([])
    with pytest.raises(ValueError, match="empty parameter list"):
        optim.Adam(filter(lambda p: False, [w]))
    with pytest.raises(ValueError, match="non-leaf"):
        optim.Adam([w * 2])
    with pytest.raises(ValueError, match="more than once"):
        optim.Adam([w, w])
    with pytest.raises(ValueError, match="more than once"):
        optim.Adam([{"params": [w]}, {"params": [w]}])
    with pytest.raises(TypeError, match="put it in a list"):
        optim.Adam(w)
    with pytest.raises(TypeError, match="not a set"):
        optim.Adam({w})
    with pytest.raises(TypeError, match="is a ndarray"):
        optim.Adam([np.ones(2)])
    with pytest.raises(TypeError, match="named_parameters"):
        optim.Adam([("w", w, 1)])
    assert optim.Adam([("w", w)]).param_groups[0]["param_names"] == ["w"]
    with pytest.raises(TypeError, match="call it"):
        optim.Adam(parameters)
    with pytest.raises(ValueError, match="'params'"):
        optim.Adam([{"lr": 0.1}])


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("name", "option"),
    [
        *((name, "lr") for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "LBFGS")),
        *((name, "weight_decay") for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta")),
        *((name, "eps") for name in ("Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta")),
        *(("SGD", "momentum"), ("RMSprop", "momentum"), ("RMSprop", "alpha"), ("Adadelta", "rho")),
        *(("Adagrad", "lr_decay"), ("Adagrad", "initial_accumulator_value"), ("LBFGS", "tolerance_grad")),
    ],
)
def test_options_out_of_range_are_refused_also_nan(name, option, value):
    with pytest.raises(ValueError, match=f"{name}: {option} must be"):
        getattr(optim, name)(parameters(), **{option: value})
    if name != "LBFGS":
        with pytest.raises(ValueError, match=f"{name}: {option} must be"):
            getattr(optim, name)([{"params": parameters(), option: value}])


@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, -0.1), (0.9, math.nan), (0.9,)])
def test_betas_are_checked(betas):
    with pytest.raises(ValueError, match="betas"):
        optim.Adam(parameters(), betas=betas)


def test_nesterov_needs_momentum():
    with pytest.raises(ValueError, match="nesterov"):
        optim.SGD(parameters(), nesterov=True)
    with pytest.raises(ValueError, match="nesterov"):
        optim.SGD(parameters(), nesterov=True, momentum=0.9, dampening=0.1)


def test_ways_of_execution_are_accepted_and_misspellings_are_not():
    optim.AdamW(parameters(), foreach=False, fused=True, capturable=False, differentiable=False)
    with pytest.raises(TypeError, match="weigth_decay"):
        optim.AdamW(parameters(), weigth_decay=0.1)
    with pytest.raises(NotImplementedError, match="differentiable"):
        optim.AdamW(parameters(), differentiable=True)


def test_a_state_of_another_model_is_refused_and_changes_nothing():
    params = parameters()
    optimizer = optim.Adam(params, lr=0.1)
    train(optimizer, params, 2)
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match=r"\[1\].*\[4\]"):
        optimizer.load_state_dict(optim.Adam([tg.ones(2)]).state_dict())
    other = [tg.ones(5, requires_grad=True) for _ in range(4)]
    wrong = optim.Adam(other, lr=3.0)
    sum(p.sum() for p in other).backward()
    wrong.step()
    with pytest.raises(ValueError, match=r"exp_avg of parameter 0 has shape \[5\], the parameter has \[3, 4\]"):
        optimizer.load_state_dict(wrong.state_dict())
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    np.testing.assert_array_equal(after["state"][0]["exp_avg"].numpy(), before["state"][0]["exp_avg"].numpy())


def test_a_gradient_of_another_shape_is_refused():
    w = tg.ones(2, requires_grad=True)
    w.sum().backward()
    w.data = tg.ones(3)
    with pytest.raises(RuntimeError, match=r"shape \[3\] has a gradient of shape \[2\]"):
        optim.SGD([w]).step()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -2.0])
@pytest.mark.parametrize(
    "owner", [lambda model: model, lambda model: optim.SGD(model.parameters(), lr=0.1)], ids=["module", "optimizer"]
)
def test_zero_grad_gives_zeros_whatever_was_there(owner, number):
    model = nn.Linear(2, 1)
    for p in model.parameters():
        p.grad = tg.full_like(p.detach(), number)
    kept = model.weight.grad
    owner(model).zero_grad(set_to_none=False)
    assert model.weight.grad is kept  # in place, as in PyTorch
    assert all(p.grad.tolist() == tg.zeros_like(p).tolist() for p in model.parameters())
    owner(model).zero_grad()
    assert model.weight.grad is None


def test_zero_grad_cuts_a_recorded_gradient_off_its_graph():
    model = nn.Linear(2, 1)
    (model(tg.ones(1, 2)) ** 2).sum().backward(create_graph=True)
    model.zero_grad(set_to_none=False)
    assert not model.weight.grad.requires_grad
    assert not model.weight.grad.any()
