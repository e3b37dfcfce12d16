"""Weights made of others: spectral normalisation in training and evaluation, and parametrizations, next to PyTorch."""

import copy

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn

from .twins import both, close, torch, twins

pytestmark = pytest.mark.torch
LAYERS = [("Linear", (4, 3), (5, 4)), ("Conv1d", (4, 3, 2), (2, 4, 7)), ("ConvTranspose1d", (4, 3, 2), (2, 4, 7))]


@pytest.mark.filterwarnings("ignore")  # PyTorch's, about its newer spelling
@pytest.mark.parametrize("options", [{}, {"n_power_iterations": 3, "eps": 1e-3}, {"dim": 1}])
@pytest.mark.parametrize(("name", "sizes", "shape"), LAYERS)
@pytest.mark.parametrize("path", ["utils", "parametrizations"])
def test_spectral_norm(path, name, sizes, shape, options):
    ours, theirs = twins(name, *sizes)
    for m, layer in ((nn, ours), (torch.nn, theirs)):
        home = m.utils if path == "utils" else m.utils.parametrizations
        assert home.spectral_norm(layer, **options) is layer
        for key, value in layer.state_dict().items():
            if key.endswith(("_u", "_v")):  # as any run of PyTorch might have drawn them
                value.copy_((tg if m is nn else torch).tensor(np.cos(np.arange(len(value)) + len(value))))
                value /= value.norm()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x, y = both(np.random.default_rng(0).normal(size=shape))
    for training in (True, True, False):
        a, b = ours.train(training)(x), theirs.train(training)(y)
        close(a.detach(), b, 1e-12)
        (a * a).sum().backward()
        (b * b).sum().backward()
        for key, value in theirs.state_dict().items():
            close(ours.state_dict()[key], value, 1e-12, key)
    theirs_grads = {name: p.grad for name, p in theirs.named_parameters()}
    for key, p in ours.named_parameters():
        close(p.grad, theirs_grads[key], 1e-10, key)


@pytest.mark.parametrize("home", [nn.utils, nn.utils.parametrizations])
def test_the_largest_singular_value_becomes_1(home):
    layer = home.spectral_norm(nn.Linear(6, 4), n_power_iterations=50)
    layer(tg.ones(6))
    assert np.linalg.norm(layer.weight.detach().numpy(), 2) == pytest.approx(1, rel=1e-4)
    twin = copy.deepcopy(layer).eval()
    assert twin(tg.ones(6)).tolist() == layer.eval()(tg.ones(6)).tolist()


def test_taking_spectral_norm_off():
    layer = nn.utils.spectral_norm(nn.Linear(3, 2))
    with pytest.raises(RuntimeError, match="already"):
        nn.utils.spectral_norm(layer)
    before = layer.weight.tolist()
    assert nn.utils.remove_spectral_norm(layer).weight.tolist() == before
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    with pytest.raises(ValueError, match="'weight' not found"):
        nn.utils.remove_spectral_norm(layer)
    with pytest.raises(ValueError, match="n_power_iterations=0"):
        nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=0)
    assert nn.utils.parametrizations.spectral_norm(nn.LayerNorm(3)).weight.norm().item() == pytest.approx(1)


def parametrized(m):
    """Two modules on one weight, training, assignment, saving and taking off: what remains of each."""

    class Symmetric(m.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).transpose(-1, -2)

        def right_inverse(self, x):
            return x.triu()

    class Exponential(m.nn.Module):
        def forward(self, x):
            return x.exp()

        def right_inverse(self, x):
            return x.log()

    P, layer = m.nn.utils.parametrize, m.nn.Linear(3, 3).double()
    numbers = m.tensor(np.cos(np.arange(12.0)))
    m.nn.utils.vector_to_parameters(numbers + 2, layer.parameters())
    weight = layer.weight
    found = [P.is_parametrized(layer)]
    P.register_parametrization(layer, "weight", Symmetric())
    P.register_parametrization(layer, "weight", Exponential())
    found += [
        P.is_parametrized(layer, "weight"),
        P.is_parametrized(layer, "bias"),
        layer.parametrizations.weight.original is weight,
    ]
    found += [list(layer.state_dict()), len(layer.parametrizations.weight), isinstance(layer, m.nn.Linear)]
    optimizer = m.optim.SGD(layer.parameters(), lr=0.1)
    with P.cached():
        layer(numbers.reshape(4, 3)).pow(2).mean().backward()
    optimizer.step()
    arrays = [layer.weight.detach().numpy().copy(), weight.grad.numpy(), layer.bias.grad.numpy()]
    layer.weight = m.eye(3).double() + 1
    arrays += [layer.weight.detach().numpy().copy(), copy.deepcopy(layer).weight.detach().numpy()]
    P.remove_parametrizations(layer, "weight")
    found += [list(layer.state_dict()), layer.weight is weight, hasattr(layer, "parametrizations")]
    return found, [*arrays, layer.weight.detach().numpy()]


def test_parametrizations():
    ours, theirs = parametrized(tg), parametrized(torch)
    assert ours[0] == theirs[0]
    for a, b in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_a_state_matrix_that_is_made_of_another():
    class Skew(nn.Module):
        def forward(self, x):
            return x.triu(1) - x.triu(1).mT

    layer = nn.utils.parametrize.register_parametrization(nn.RNN(2, 4), "weight_hh_l0", Skew())
    y, _ = layer(tg.ones(5, 1, 2))
    y.sum().backward()
    assert layer.parametrizations.weight_hh_l0.original.grad.triu(1).ne(0).sum() == 6
    assert layer.weight_hh_l0.add(layer.weight_hh_l0.mT).abs().max() == 0


def test_wrong_parametrizations_are_refused():
    class Short(nn.Module):
        def forward(self, x):
            return x[:1]

    register = nn.utils.parametrize.register_parametrization
    layer = nn.Linear(3, 2)
    with pytest.raises(ValueError, match=r"shape \[2, 3\].*Short makes shape \[1, 3\].*unsafe=True"):
        register(layer, "weight", Short())
    assert not nn.utils.parametrize.is_parametrized(layer)
    assert register(layer, "weight", Short(), unsafe=True).weight.shape == (1, 3)
    with pytest.raises(ValueError, match="Linear has no parameter or buffer of the name 'wait'"):
        register(layer, "wait", Short())
    with pytest.raises(ValueError, match="'bias' of Linear is not parametrized"):
        nn.utils.parametrize.remove_parametrizations(layer, "bias")
    with pytest.raises(ValueError, match="made of several"):
        nn.utils.parametrize.remove_parametrizations(
            nn.utils.parametrizations.weight_norm(layer, "bias"), "bias", False
        )
