"""nn.functional equals PyTorch: values and gradients of every function, over its options."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.nn import functional as F

from .rows_functional import GRID, ROWS, T

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

OURS = SimpleNamespace(F=F, tensor=tg.tensor, softmax=tg.softmax, log_softmax=tg.log_softmax)
THEIRS = SimpleNamespace(
    F=torch.nn.functional, tensor=torch.tensor, softmax=torch.softmax, log_softmax=torch.log_softmax
)


def run(m, function, inputs):
    """Value, and the gradients of a loss that weighs every number differently."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = function(m, *inputs)
    weights = np.cos(np.arange(y.numel())).reshape(tuple(y.shape))
    (y * m.tensor(weights)).sum().backward()
    return y.detach().numpy(), [x.grad.numpy() for x in inputs]


@pytest.mark.parametrize(("name", "shapes", "function"), ROWS, ids=[row[0] for row in ROWS])
def test_values_and_gradients(name, shapes, function):
    numbers = [np.random.default_rng(k).normal(size=shape) for k, shape in enumerate(shapes)]
    ours, our_grads = run(OURS, function, [tg.tensor(x, requires_grad=True) for x in numbers])
    theirs, their_grads = run(THEIRS, function, [torch.tensor(x, requires_grad=True) for x in numbers])
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)
    for a, b in zip(our_grads, their_grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("ndim", range(5))
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_without_dim_warns_and_picks_the_same_axis(name, ndim):
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5)[:ndim])
    with pytest.warns(UserWarning, match="dim"):
        ours = getattr(F, name)(tg.tensor(x))
    with pytest.warns(UserWarning, match="dim"):
        theirs = getattr(torch.nn.functional, name)(torch.tensor(x))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)


def test_max_pool_indices():
    x = np.random.default_rng(0).normal(size=(2, 3, 11))
    ours = F.max_pool1d(tg.tensor(x), 3, 2, 1, 2, return_indices=True)
    theirs = torch.nn.functional.max_pool1d(torch.tensor(x), 3, 2, 1, 2, return_indices=True)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_one_hot():
    theirs = torch.nn.functional.one_hot(torch.tensor(GRID), 6).numpy()
    np.testing.assert_array_equal(F.one_hot(tg.tensor(GRID), num_classes=6).numpy(), theirs)
    assert F.one_hot(tg.tensor(GRID)).dtype == tg.int64


def test_embedding_max_norm_shortens_the_rows_used():
    table = np.random.default_rng(0).normal(size=(6, 3)) * 3
    ours, theirs = tg.tensor(table), torch.tensor(table)
    a = F.embedding(tg.tensor([1, 4, 1]), ours, max_norm=1.5)
    b = torch.nn.functional.embedding(torch.tensor([1, 4, 1]), theirs, max_norm=1.5)
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: m.F.cross_entropy(x, m.tensor(T), label_smoothing=0.1),
        lambda m, x: m.F.layer_norm(x, (5,)).pow(3).sum(),
        lambda m, x: m.F.softmax(x, 1).pow(2).sum(),
        lambda m, x: m.F.gelu(x).sum(),
        lambda m, x: m.F.conv1d(x.unsqueeze(0), x.unsqueeze(0)[:, :, :2].transpose(0, 1)[:, :1], groups=5).pow(3).sum(),
    ],
)
def test_second_derivatives(function):
    x = np.random.default_rng(0).normal(size=(5, 5))
    found = []
    for m, grad, leaf in (
        (OURS, tg.autograd.grad, tg.tensor(x, requires_grad=True)),
        (THEIRS, torch.autograd.grad, torch.tensor(x, requires_grad=True)),
    ):
        (g,) = grad(function(m, leaf), leaf, create_graph=True)
        (gg,) = grad((g * m.tensor(np.cos(x))).sum(), leaf)
        found.append(gg.numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["hardsigmoid", "hardswish"])
def test_hard_gates(name):
    """In float32: PyTorch divides by a 6 that is rounded to float32, whatever the type of its input."""
    numbers = np.array([-4.0, -3.0, -2.9, -1.0, 0.0, 0.5, 2.9, 3.0, 4.0], "f4")
    ours, our_grads = run(OURS, lambda m, x: getattr(m.F, name)(x).double(), [tg.tensor(numbers, requires_grad=True)])
    theirs, their_grads = run(
        THEIRS, lambda m, x: getattr(m.F, name)(x).double(), [torch.tensor(numbers, requires_grad=True)]
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    np.testing.assert_allclose(our_grads[0], their_grads[0], rtol=1e-6)


def test_gumbel_softmax_draws_classes_and_passes_the_gradient_of_the_probabilities():
    logits = torch.tensor([[1.0, 0.0, -1.0]]).repeat(20000, 1)
    tg.manual_seed(0)
    for hard in (False, True):
        x = tg.tensor(logits.numpy(), requires_grad=True)
        y = F.gumbel_softmax(x, tau=0.7, hard=hard)
        np.testing.assert_allclose(y.sum(1).detach().numpy(), 1, rtol=1e-6)
        shares = np.bincount(y.argmax(1).numpy(), minlength=3) / len(x)
        np.testing.assert_allclose(shares, logits[0].softmax(0).numpy(), atol=0.015)
        assert set(np.unique(y.detach().numpy())) == {0.0, 1.0} if hard else (y > 0).all()
        y[:, 0].sum().backward()
        assert np.abs(x.grad.numpy()).max() > 0.1
        np.testing.assert_allclose(x.grad.sum(1).numpy(), 0, atol=1e-6)
