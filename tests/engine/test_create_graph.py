"""Gradients that are recorded: which of them require grad, and what adding them up gives."""

import numpy as np
import pytest

import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F
from tinygrad_rnn import autograd

from .helpers import agree

A = np.array([[0.9, -0.4, 0.3], [0.2, 0.7, -0.8]])
B = np.array([[0.5, 0.6, 0.35], [-0.9, 0.45, 0.75]])


def leaf(value=3.0, **options):
    return tg.tensor(value, requires_grad=True, **options)


# function of (library, F, x) and whether PyTorch's first gradient of its sum requires grad: it does where the
# derivative is a function of x, be it one made of steps, whose own derivative is 0
REQUIRES_GRAD = {
    "relu": (lambda t, F, x: F.relu(x), True),
    "relu method": (lambda t, F, x: x.relu(), True),
    "abs": (lambda t, F, x: x.abs(), True),
    "leaky_relu": (lambda t, F, x: F.leaky_relu(x), True),
    "elu": (lambda t, F, x: F.elu(x), True),
    "hardtanh": (lambda t, F, x: F.hardtanh(x, -0.5, 0.5), True),
    "relu6": (lambda t, F, x: F.relu6(x), True),
    "gelu": (lambda t, F, x: F.gelu(x), True),
    "silu": (lambda t, F, x: F.silu(x), True),
    "softplus": (lambda t, F, x: F.softplus(x), True),
    "tanh": (lambda t, F, x: x.tanh(), True),
    "exp": (lambda t, F, x: x.exp(), True),
    "square": (lambda t, F, x: x**2, True),
    "norm 1": (lambda t, F, x: x.norm(1), True),
    "norm inf": (lambda t, F, x: x.norm(float("inf")), True),
    "l1_loss": (lambda t, F, x: F.l1_loss(x, t.tensor(B)), True),
    "smooth_l1_loss": (lambda t, F, x: F.smooth_l1_loss(x, t.tensor(B)), True),
    "mse_loss": (lambda t, F, x: F.mse_loss(x, t.tensor(B)), True),
    "x % y by y": (lambda t, F, x: t.tensor(B) % x, True),
    "softmax": (lambda t, F, x: x.softmax(1), True),
    "prod": (lambda t, F, x: x.prod(), True),
    "x % y by x": (lambda t, F, x: x % t.tensor(B), False),
    "clamp": (lambda t, F, x: x.clamp(-0.5, 0.5), False),
    "sign": (lambda t, F, x: x.sign(), False),
    "floor": (lambda t, F, x: x.floor(), False),
    "round": (lambda t, F, x: x.round(), False),
    "maximum": (lambda t, F, x: t.maximum(x, t.tensor(B)), False),
    "max": (lambda t, F, x: x.max(), False),
    "max along": (lambda t, F, x: x.max(1)[0], False),
    "amin": (lambda t, F, x: x.amin(1), False),
    "where": (lambda t, F, x: t.where(x > 0, x, 0.0), False),
    "sum": (lambda t, F, x: x.sum(), False),
    "mean": (lambda t, F, x: x.mean(0), False),
    "linear": (lambda t, F, x: F.linear(x, t.tensor(B)), False),
    "x + 1": (lambda t, F, x: x + 1, False),
    "x · 2": (lambda t, F, x: x * 2, False),
    "cumsum": (lambda t, F, x: x.cumsum(1), False),
    "sort": (lambda t, F, x: x.sort(1)[0], False),
    "index": (lambda t, F, x: x[[0, 1, 1]], False),
    "cat": (lambda t, F, x: t.cat([x, x]), False),
    "transpose": (lambda t, F, x: x.t(), False),
}


@pytest.mark.parametrize(("function", "expected"), REQUIRES_GRAD.values(), ids=REQUIRES_GRAD)
def test_which_first_gradients_require_grad(function, expected):
    x = leaf(A)
    (first,) = autograd.grad(function(tg, F, x).sum(), x, create_graph=True)
    assert first.requires_grad is expected


@pytest.mark.torch
@pytest.mark.parametrize(("function", "expected"), REQUIRES_GRAD.values(), ids=REQUIRES_GRAD)
def test_which_first_gradients_require_grad_in_pytorch(function, expected):
    torch = pytest.importorskip("torch")
    x = torch.tensor(A, requires_grad=True)
    (first,) = torch.autograd.grad(function(torch, torch.nn.functional, x).sum(), x, create_graph=True)
    assert first.requires_grad is expected


@pytest.mark.parametrize(
    "function", [lambda x: x.relu(), lambda x: x.abs(), F.leaky_relu, F.hardtanh, lambda x: x.norm(1)]
)
def test_the_second_derivative_of_what_is_straight_is_0(function):
    x = leaf([1.5, -2.0, 0.5])
    (first,) = autograd.grad(function(x).sum(), x, create_graph=True)
    (second,) = autograd.grad(first.sum(), x)
    assert second.tolist() == [0.0] * 3


@pytest.mark.parametrize("function", [tg.Tensor.relu, tg.Tensor.abs, F.leaky_relu, F.hardtanh])
def test_a_gradient_through_steps_still_reaches_what_is_multiplied_with_it(function):
    x, w = leaf([0.5, -0.5, 0.9]), leaf([1.0, 2.0, 3.0])
    (first,) = autograd.grad((function(x) * w).sum(), x, create_graph=True)
    (found,) = autograd.grad((first * first).sum(), w)
    slope = first.detach().numpy() / w.detach().numpy()
    np.testing.assert_allclose(found.numpy(), 2 * slope**2 * w.detach().numpy(), rtol=1e-6)


@pytest.mark.parametrize("function", ["floor", "ceil", "trunc", "round", "sign"])
def test_the_gradient_of_steps_is_0_also_for_an_infinite_one(function):
    x = leaf([0.5, 1.5])
    getattr(x, function)().backward(tg.tensor([float("inf"), float("nan")]))
    assert x.grad.tolist() == [0.0, 0.0]


def test_recorded_gradients_add_up_and_can_be_differentiated():
    x = leaf()
    for times in (1, 2):
        (x**3).backward(create_graph=True)
        assert x.grad.item() == times * 27.0
        (second,) = autograd.grad(x.grad, x, retain_graph=True)
        assert second.item() == times * 18.0
    x.grad = None


def test_a_recorded_gradient_that_was_kept_is_not_changed_by_the_next():
    x = leaf()
    (x**3).backward(create_graph=True)
    kept = x.grad
    (x**3).backward(create_graph=True)
    assert (kept.item(), x.grad.item()) == (27.0, 54.0)
    x.grad = None


def test_the_same_graph_twice_with_create_graph():
    """create_graph keeps the graph."""
    x = leaf()
    y = x**3
    y.backward(create_graph=True)
    y.backward(create_graph=True)
    y.backward()
    assert x.grad.item() == 81.0
    x.grad = None


def test_create_graph_without_retain_graph_frees_the_graph():
    x = leaf()
    y = x.exp()
    y.backward(create_graph=True, retain_graph=False)
    with pytest.raises(RuntimeError, match="retain_graph"):
        y.backward()
    x.grad = None


def test_grad_with_create_graph_without_retain_graph_frees_the_graph():
    x = leaf()
    y = x.exp()
    autograd.grad(y, x, create_graph=True, retain_graph=False)
    with pytest.raises(RuntimeError, match="retain_graph"):
        autograd.grad(y, x)


def test_retain_graph_is_needed_each_time_but_the_last():
    x = leaf()
    y = x.exp()
    for _ in range(3):
        y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="retain_graph"):
        y.backward(retain_graph=True)


def test_one_tensor_used_in_several_types_adds_up_in_its_own():
    x = leaf([1.0, 2.0], dtype=tg.float64)
    y = x.to(tg.float32) * 2 + x.to(tg.float16).to(tg.float32) * 4
    (y.to(tg.float64) + x * 8 + (x.to(tg.float32) * 16).to(tg.float64)).sum().backward()
    assert x.grad.dtype == tg.float64
    assert x.grad.tolist() == [30.0, 30.0]


@pytest.mark.parametrize("create_graph", [False, True])
def test_contributions_of_other_types_do_not_change_the_type_on_the_way(create_graph):
    x = leaf([1.0, 2.0], dtype=tg.float32)
    h = x * 1
    wide = tg.tensor([1.0, 1.0], dtype=tg.float64)
    seen = []
    h.register_hook(lambda g: seen.append(g.dtype))
    (h * 1 + h * wide + wide * h + h.double() + h).sum().backward(create_graph=create_graph)
    assert seen == [tg.float32]
    assert x.grad.dtype == tg.float32
    assert x.grad.tolist() == [5.0, 5.0]
    x.grad = None


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_contribution_of_another_type_to_one_of_several_outputs(create_graph):
    x = leaf([1.0, 2.0], dtype=tg.float32)
    a, b = x.unbind()
    seen = []
    a.register_hook(lambda g: seen.append(g.dtype))
    wide = tg.tensor(7.0, dtype=tg.float64)  # of the same shape: only the type differs
    (a * wide).backward(create_graph=create_graph)
    assert seen == [tg.float32]
    assert x.grad.tolist() == [7.0, 0.0]
    x.grad = None


def test_many_contributions_add_up_once_each():
    for n in range(1, 7):
        x = leaf([1.0, -1.0])
        sum((x * float(10**k) for k in range(n)), tg.zeros(2)).sum().backward()
        assert x.grad.tolist() == [float("1" * n)] * 2


@pytest.mark.torch
def test_second_derivatives_of_layers_of_straight_pieces():
    def program(t, x, w):
        grad = autograd.grad if t is tg else t.autograd.grad
        (dx,) = grad(((x @ w).relu().abs() @ w).sum(), x, create_graph=True)
        return dx

    agree(program, A, np.array([[0.3, 0.2, -0.5], [0.1, 0.9, 0.4], [-0.7, 0.6, 0.8]]))
