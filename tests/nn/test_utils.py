"""nn.utils: clipping, parameters as a vector, weight normalisation, next to PyTorch."""

import math

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn

from .twins import both, close, torch, twins

pytestmark = pytest.mark.torch


def with_gradients():
    pairs = []
    for k, shape in enumerate([(3, 4), (5,), (), (2, 2)]):
        a, b = both(np.zeros(shape))
        if k < 3:
            g = np.random.default_rng(k).normal(size=shape)
            a.grad, b.grad = tg.tensor(g), torch.tensor(g)
        pairs.append((a, b))
    return [a for a, _ in pairs], [b for _, b in pairs]


@pytest.mark.parametrize("norm_type", [2, 1, 3.5, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 100])
def test_clip_grad_norm(max_norm, norm_type):
    ours, theirs = with_gradients()
    a = nn.utils.clip_grad_norm_((p for p in ours), max_norm, norm_type)
    b = torch.nn.utils.clip_grad_norm_((p for p in theirs), max_norm, norm_type)
    assert a.shape == ()
    close(a, b, 1e-12)
    for p, q in zip(ours, theirs, strict=True):
        close(p.grad, q.grad, 1e-12)


def test_clip_grad_norm_of_nothing_and_of_one():
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0
    p = tg.zeros(2, requires_grad=True)
    p.grad = tg.tensor([3.0, 4.0])
    assert nn.utils.clip_grad_norm_(p, 1.0).item() == 5
    np.testing.assert_allclose(p.grad.numpy(), [0.6, 0.8], rtol=1e-5)


def test_clip_grad_norm_beyond_float32():
    p = tg.zeros(2, requires_grad=True)
    p.grad = tg.tensor([3e30, 4e30])
    with np.errstate(over="ignore"):
        assert nn.utils.clip_grad_norm_(p, 1.0).item() == pytest.approx(5e30, rel=1e-6)
    np.testing.assert_allclose(p.grad.numpy(), [0.6, 0.8], rtol=1e-5)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_clip_grad_norm_of_what_is_not_finite(bad):
    results = []
    for m, p in ((tg, tg.zeros(2, requires_grad=True)), (torch, torch.zeros(2, requires_grad=True))):
        p.grad = m.tensor([1.0, bad])
        with pytest.raises(RuntimeError, match=r"non-finite|nan|inf"):
            m.nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
        with np.errstate(invalid="ignore"):
            m.nn.utils.clip_grad_norm_(p, 1.0)
        results.append(p.grad.numpy())
    np.testing.assert_array_equal(*results)


def test_clip_grad_value():
    ours, theirs = with_gradients()
    nn.utils.clip_grad_value_(ours, 0.3)
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    for p, q in zip(ours, theirs, strict=True):
        close(p.grad, q.grad, 0)


def test_clipping_is_seen_by_a_graph_that_needs_the_gradient():
    x = tg.tensor([2.0, 3.0], requires_grad=True)
    (x**3).sum().backward(create_graph=True)
    again = (x.grad * x.grad).sum()
    nn.utils.clip_grad_norm_(x, 0.1)
    with pytest.raises(RuntimeError, match="changed in place"):
        again.backward()


def test_parameters_as_a_vector_and_back():
    model = nn.Linear(3, 2)
    vector = nn.utils.parameters_to_vector(model.parameters())
    assert vector.shape == (8,)
    vector.sum().backward()
    assert model.weight.grad.tolist() == [[1.0] * 3] * 2
    nn.utils.vector_to_parameters(tg.arange(8.0), model.parameters())
    assert model.weight.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert model.bias.tolist() == [6.0, 7.0]
    with pytest.raises(RuntimeError, match="8 numbers"):
        nn.utils.vector_to_parameters(tg.arange(7.0), model.parameters())


@pytest.mark.filterwarnings("ignore")  # PyTorch's, about its newer spelling
@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("path", ["utils", "utils.parametrizations"])
def test_weight_norm(path, dim):
    ours, theirs = twins("Conv1d", 4, 6, 3)
    for part in path.split("."):
        m, n = (nn, torch.nn) if part == "utils" else (m, n)  # noqa: F821
        m, n = getattr(m, part), getattr(n, part)
    m.weight_norm(ours, dim=dim)
    n.weight_norm(theirs, dim=dim)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for key, value in theirs.state_dict().items():
        close(ours.state_dict()[key], value, 1e-12)
    x, y = both(np.random.default_rng(0).normal(size=(2, 4, 7)))
    a, b = ours(x), theirs(y)
    close(a.detach(), b, 1e-12)
    (a * a).sum().backward()
    (b * b).sum().backward()
    theirs_grads = {name: p.grad for name, p in theirs.named_parameters()}
    for name, p in ours.named_parameters():
        close(p.grad, theirs_grads[name], 1e-10, name)


def test_remove_weight_norm():
    layer = nn.Linear(3, 2)
    before = layer.weight.detach().clone()
    nn.utils.weight_norm(layer)
    with pytest.raises(RuntimeError, match="already"):
        nn.utils.weight_norm(layer)
    nn.utils.remove_weight_norm(layer)
    assert [name for name, _ in layer.named_parameters()] == ["bias", "weight"]
    np.testing.assert_allclose(layer.weight.detach().numpy(), before.numpy(), rtol=1e-6)
    with pytest.raises(ValueError, match="not found"):
        nn.utils.remove_weight_norm(layer)
