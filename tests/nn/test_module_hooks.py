"""Hooks of modules: before and after forward, and as the gradient passes."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn


def seen_by(library, double, replace):
    """What a full backward hook sees in a small net, and the gradients that follow."""
    weight, numbers = np.arange(6.0).reshape(2, 3) / 5, np.arange(12.0).reshape(4, 3) / 7
    net = library.nn.Linear(3, 2, bias=False, dtype=double)
    net.weight.data.copy_(library.tensor(weight))
    notes = []

    def hook(module, grad_input, grad_output):
        notes.append([g.detach().numpy().copy() for g in (*grad_input, *grad_output)])
        return (grad_input[0] * 3,) if replace else None

    handle = net.register_full_backward_hook(hook)
    x = library.tensor(numbers, requires_grad=True)
    (net(x * 1.0) ** 2).sum().backward()
    handle.remove()
    (net(x * 1.0) ** 2).sum().backward()
    assert len(notes) == 1
    return [*notes[0], x.grad.numpy(), net.weight.grad.numpy()]


@pytest.mark.torch
@pytest.mark.parametrize("replace", [False, True])
def test_full_backward_hooks_see_and_replace_what_pytorchs_do(replace):
    torch = pytest.importorskip("torch")
    ours, theirs = seen_by(tg, tg.float64, replace), seen_by(torch, torch.float64, replace)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_module_whose_input_wants_no_gradient():
    lstm, calls = nn.LSTM(2, 3), []
    lstm.register_full_backward_hook(lambda module, into, out: calls.append((into, len(out))))
    output, _ = lstm(tg.randn(4, 1, 2))
    output.sum().backward()
    assert calls == [((None,), 1)]
    assert lstm.weight_ih_l0.grad is not None


def test_forward_hooks_change_arguments_and_results():
    layer = nn.Linear(2, 2)
    x = tg.ones(1, 2)
    plain = layer(x)
    before = layer.register_forward_pre_hook(lambda module, args: (args[0] * 0,))
    after = layer.register_forward_hook(lambda module, args, result: result + 1)
    assert tg.allclose(layer(x), layer.bias + 1)
    before.remove()
    after.remove()
    assert tg.equal(layer(x), plain)
