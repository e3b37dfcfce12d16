"""A module of ours and PyTorch's with the same weights, and what both do with the same numbers."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn

torch = pytest.importorskip("torch")


def twins(name, *args, **options):
    """nn.<name> of both, in float64, PyTorch's with our weights."""
    ours, theirs = getattr(nn, name)(*args, **options), getattr(torch.nn, name)(*args, **options)
    return same_weights(ours, theirs)


def same_weights(ours, theirs):
    ours, theirs = ours.double(), theirs.double()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    return ours, theirs


def both(array, grad=True):
    """The same numbers as our tensor and theirs; floats want a gradient."""
    wanted = grad and array.dtype.kind == "f"
    return tg.tensor(array, requires_grad=wanted), torch.tensor(array, requires_grad=wanted)


def assert_same(ours, theirs, arrays, call=None, tolerance=1e-10):
    """Outputs, gradients of all inputs and of all parameters agree."""
    call = call or (lambda module, *xs: module(*xs))
    pairs = [both(a) for a in arrays]
    a, b = call(ours, *(x for x, _ in pairs)), call(theirs, *(y for _, y in pairs))
    assert tuple(a.shape) == tuple(b.shape)
    close(a.detach(), b.detach(), tolerance)
    weights = np.cos(np.arange(a.numel())).reshape(tuple(a.shape))
    (a * tg.tensor(weights)).sum().backward()
    (b * torch.tensor(weights)).sum().backward()
    for x, y in pairs:
        if x.requires_grad:
            close(x.grad, y.grad, tolerance)
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        close(p.grad, q.grad, tolerance, name)
    for p, q in zip(ours.buffers(), theirs.buffers(), strict=True):
        close(p, q, tolerance)


def close(a, b, tolerance, message=""):
    assert (a is None) == (b is None), message
    if a is None:
        return
    np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance, err_msg=message)
