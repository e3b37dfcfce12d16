"""Modules called with other parameters, and the adaptive softmax: PyTorch's values, gradients and refusals."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
X = np.random.default_rng(0).normal(size=(4, 5, 3))


def fill(m, module):
    rng = np.random.default_rng(1)
    with m.no_grad():
        for p in module.parameters():
            p.copy_(m.tensor(rng.uniform(-0.5, 0.5, tuple(p.shape))))
    return module


def adapted(m):
    """MAML's step through an LSTM: gradients of the loss after an inner step, by the weights before it."""
    net = fill(m, m.nn.LSTM(3, 2, batch_first=True).double())
    call = m.func.functional_call
    before = dict(net.named_parameters())
    inner = call(net, before, (m.tensor(X[:2]),))[0].pow(2).sum()
    steps = m.autograd.grad(inner, list(before.values()), create_graph=True)
    after = {name: p - 0.1 * g for (name, p), g in zip(before.items(), steps, strict=True)}
    call(net, after, m.tensor(X[2:]))[0].sum().backward()
    assert all(p is before[name] for name, p in net.named_parameters())
    return [p.grad.numpy() for p in before.values()]


def tied(m):
    net = m.nn.Sequential(m.nn.Linear(3, 3), m.nn.Tanh(), m.nn.Linear(3, 3), m.nn.BatchNorm1d(3)).double()
    net[2].weight = net[0].weight
    fill(m, net)
    other = {"0.weight": m.tensor(np.eye(3), requires_grad=True), "3.running_mean": m.zeros(3, dtype=m.float64)}
    y = m.func.functional_call(net, other, m.tensor(X[:, 0]))
    apart = m.func.functional_call(net, other, m.tensor(X[:, 0]), tie_weights=False)
    y.pow(3).sum().backward()
    return [y.detach().numpy(), apart.detach().numpy(), other["0.weight"].grad.numpy(), net[3].running_mean.numpy()]


def adaptive(m):
    layer = fill(m, m.nn.AdaptiveLogSoftmaxWithLoss(4, 12, [3, 7], div_value=2.0, head_bias=True).double())
    x = m.tensor(X[:, :, :1].repeat(4, 2)[:, 0] * np.arange(1, 5), requires_grad=True)
    out, loss = layer(x, m.tensor([11, 0, 4, 6]))
    loss.backward()
    single = layer(x[0], m.tensor(5)).output
    seen = [out, loss, layer.log_prob(x), layer.predict(x), single, x.grad, *(p.grad for p in layer.parameters())]
    return [t.detach().numpy() for t in seen]


@pytest.mark.parametrize("program", [adapted, tied, adaptive])
def test_values_and_gradients(program):
    for ours, theirs in zip(program(tg), program(torch), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("m", [tg, torch])
def test_wrong_calls(m):
    net = m.nn.Linear(3, 2)
    x = m.zeros(1, 3)
    if m is tg:  # PyTorch takes it for a new attribute, which nobody reads
        with pytest.raises(RuntimeError):
            m.func.functional_call(net, {"weights": x}, x)
    with pytest.raises(RuntimeError):
        m.func.functional_call(net, {"weight": m.zeros(2, 3)}, x, strict=True)
    for cutoffs in ([], [3, 3], [0, 2], [4, 2], [12]):
        with pytest.raises(ValueError, match="cutoffs"):
            m.nn.AdaptiveLogSoftmaxWithLoss(4, 12, cutoffs)
    layer = m.nn.AdaptiveLogSoftmaxWithLoss(4, 12, [3])
    with pytest.raises(RuntimeError, match="Target values"):
        layer(m.zeros(2, 4), m.tensor([0, 12]))
    with pytest.raises(RuntimeError, match=r"should match|same size in the batch"):
        layer(m.zeros(2, 4), m.tensor([0, 1, 2]))
