"""Causal convolutions: the formula, nothing from the future, and exactly the promised view of the past."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models
from tinygrad_rnn.autograd import gradcheck, gradgradcheck


def double(*shape, grad=False):
    return tg.randn(*shape, dtype=tg.float64, requires_grad=grad)


@pytest.fixture(autouse=True)
def seed():
    tg.manual_seed(1)


@pytest.mark.parametrize("weight_norm", [False, True])
@pytest.mark.parametrize(("kernel", "dilation"), [(1, 1), (2, 1), (3, 2), (2, 4)])
def test_equals_its_formula(kernel, dilation, weight_norm):
    layer = models.CausalConv1d(3, 2, kernel, dilation, weight_norm=weight_norm, dtype=tg.float64)
    x = double(2, 3, 6)
    y = layer(x).detach().numpy()
    w, b, x = (t.detach().numpy() for t in (layer.conv.weight, layer.conv.bias, x))
    expected = np.tile(b[:, None], (2, 1, 6))
    for t in range(6):
        for k in range(kernel):
            source = t - (kernel - 1 - k) * dilation
            if source >= 0:
                expected[:, :, t] += x[:, :, source] @ w[:, :, k].T
    np.testing.assert_allclose(y, expected, atol=1e-12)


@pytest.mark.parametrize("weight_norm", [False, True])
def test_causal_and_as_far_back_as_promised(weight_norm):
    """y_t depends on x_s exactly for t - receptive_field < s <= t."""
    net = models.TCN(2, [3, 3, 4], kernel_size=3, weight_norm=weight_norm, dtype=tg.float64)
    assert net.receptive_field == 1 + 2 * 2 * (1 + 2 + 4)
    with tg.no_grad():  # relu must let everything pass, else some paths are closed by chance
        for p in net.parameters():
            p.copy_(p.abs() + 0.1)
    steps, t = 40, 35
    x = tg.rand(1, 2, steps, dtype=tg.float64, requires_grad=True)
    net(x)[0, :, t].sum().backward()
    seen = np.flatnonzero(x.grad.numpy().any((0, 1)))
    assert seen.tolist() == list(range(t - net.receptive_field + 1, t + 1))


def test_a_prefix_gives_a_prefix():
    net = models.TCN(2, [4, 4], kernel_size=2, dtype=tg.float64)
    x = double(2, 2, 9)
    np.testing.assert_allclose(net(x)[:, :, :5].detach().numpy(), net(x[:, :, :5]).detach().numpy(), atol=1e-14)


def test_the_block_is_a_residual_block():
    block = models.TemporalBlock(3, 3, 2, dtype=tg.float64)
    assert block.shortcut is None
    x = double(2, 3, 5)
    inner = block.conv2(block.conv1(x).relu()).relu()
    np.testing.assert_allclose(block(x).detach().numpy(), (x + inner).relu().detach().numpy(), atol=1e-14)
    assert models.TemporalBlock(3, 4, 2).shortcut is not None


@pytest.mark.parametrize("weight_norm", [False, True])
def test_derivatives(weight_norm):
    block = models.TemporalBlock(2, 3, 2, dilation=2, weight_norm=weight_norm, dtype=tg.float64)
    inputs = (double(1, 2, 4, grad=True), *block.parameters())
    assert gradcheck(lambda x, *_: block(x), inputs)
    assert gradgradcheck(lambda x, *_: block(x), inputs, atol=1e-4)


def test_weight_norm_splits_length_and_direction():
    names = dict(models.TCN(1, [2], weight_norm=True).named_parameters())
    assert {"blocks.0.conv1.conv.weight_g", "blocks.0.conv1.conv.weight_v"} <= set(names)
    assert "blocks.0.conv1.conv.weight" in dict(models.TCN(1, [2], weight_norm=False).named_parameters())


def test_dropout_only_while_training():
    net = models.TCN(2, [8], dropout=0.5)
    x = tg.randn(1, 2, 6)
    assert not tg.allclose(net(x), net(x))
    net.eval()
    assert tg.allclose(net(x), net(x))


def test_errors():
    with pytest.raises(ValueError, match=r"expected input \(B, 3, T\), got shape \[2, 5, 4\]"):
        models.TCN(3, [4])(tg.zeros(2, 5, 4))
    with pytest.raises(ValueError, match="at least one block"):
        models.TCN(3, [])
    with pytest.raises(RuntimeError, match="kernel_size must be at least 1, got 0"):
        models.CausalConv1d(3, 4, 0)
