"""Recomputation changes what is kept, and nothing else."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.autograd import gradcheck, gradgradcheck
from tinygrad_rnn.graph import ancestors, memory_of
from tinygrad_rnn.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

from .engine.helpers import alive, collector_off


def double(*shape):
    return tg.randn(*shape, dtype=tg.float64, requires_grad=True)


@pytest.fixture(autouse=True)
def seed():
    tg.manual_seed(2)


def kept_bytes(loss, without=()):
    """The memory of all saved arrays behind `loss`, each block once."""
    blocks = {id(memory_of(p.array)) for p in without}
    total = 0
    for node in ancestors([loss.grad_fn]):
        for value in node.saved_tensors:
            if isinstance(value, np.ndarray) and id(memory_of(value)) not in blocks:
                blocks.add(id(memory_of(value)))
                total += memory_of(value).nbytes
    return total


def gradients_of(run, leaves):
    for leaf in leaves:
        leaf.grad = None
    run().backward()
    return [leaf.grad.numpy() for leaf in leaves]


def assert_same(run_plain, run_checkpointed, leaves):
    for plain, again in zip(gradients_of(run_plain, leaves), gradients_of(run_checkpointed, leaves), strict=True):
        np.testing.assert_allclose(plain, again, rtol=1e-12, atol=1e-12)  # sums in another order


def test_values_and_gradients_of_arguments_and_of_what_is_closed_over():
    w, v, x = double(3, 3), double(3), double(3)
    outside = v * 2  # neither an argument nor a leaf

    def part(x):
        return (w @ x + outside).tanh() * v

    assert checkpoint(part, x).tolist() == part(x).tolist()
    plain = tg.autograd.grad(part(x).sum(), [w, v, x], retain_graph=True)
    again = tg.autograd.grad(checkpoint(part, x).sum(), [w, v, x], retain_graph=True)
    for a, b in zip(plain, again, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_one_tensor_by_several_ways_is_not_counted_twice():
    """w reaches the function as itself, through y, and through the argument."""
    w = double(3)

    def run(call):
        y = w * 3
        return call(lambda x: (x * y * w).sum(), w * w)

    assert_same(lambda: run(lambda f, x: f(x)), lambda: run(checkpoint), [w])


def test_modules_and_autograd_grad():
    lstm = nn.LSTM(3, 4, dtype=tg.float64)
    x = double(5, 2, 3)
    plain = tg.autograd.grad(lstm(x)[0].sin().sum(), [x, *lstm.parameters()])
    output, (h, c) = checkpoint(lstm, x)
    again = tg.autograd.grad(output.sin().sum() + 0 * (h.sum() + c.sum()), [x, *lstm.parameters()])
    for a, b in zip(plain, again, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-15)


def test_several_outputs_in_any_structure():
    x, y = double(3), double(3)

    def part(pair, scale):
        a, b = pair["a"], pair["b"]
        return {"sum": a + b * scale, "more": [a * b, (a.sin(), 7, None)], "same": a}

    given = {"a": x, "b": y}
    result = checkpoint(part, given, scale=2.0)
    assert result["same"] is x
    assert result["more"][1][1:] == (7, None)
    loss = (result["sum"] * result["more"][0]).sum()  # and a.sin() gets no gradient at all
    loss.backward()
    plain = part(given, 2.0)
    expected = tg.autograd.grad((plain["sum"] * plain["more"][0]).sum(), [x, y])
    for p, e in zip((x, y), expected, strict=True):
        np.testing.assert_array_equal(p.grad.numpy(), e.numpy())


def test_first_and_second_derivatives():
    w, x = double(2, 2), double(2)
    part = lambda x: (w @ x).tanh() * x.exp()  # noqa: E731
    assert gradcheck(lambda x, w: checkpoint(part, x), (x, w))
    assert gradgradcheck(lambda x, w: checkpoint(part, x), (x, w))
    nested = lambda x, w: checkpoint(lambda x: checkpoint(part, x) * checkpoint(part, x * 2), x)  # noqa: E731
    assert gradcheck(nested, (x, w))
    assert gradgradcheck(nested, (x, w))


def test_second_derivative_through_a_value_from_outside():
    """y = w³ enters the function as it is: the second derivative must go on through it."""
    w = double(3)

    def second(call):
        y = w * w * w
        (first,) = tg.autograd.grad(call(lambda: (y * y).sum()), w, create_graph=True)
        (result,) = tg.autograd.grad(first.sum(), w)
        return result.numpy()

    np.testing.assert_allclose(second(checkpoint), second(lambda f: f()), rtol=1e-13)
    np.testing.assert_allclose(second(checkpoint), 30 * w.detach().numpy() ** 4, rtol=1e-13)


def test_dropout_masks_are_drawn_again_and_the_stream_goes_on_as_before():
    layer = nn.Sequential(nn.Linear(6, 6), nn.Dropout(0.5), nn.Linear(6, 6), nn.Dropout(0.3))
    x = tg.randn(4, 6, requires_grad=True)
    leaves = [x, *layer.parameters()]

    def run(call):
        tg.manual_seed(9)
        y = call(layer, x)
        noise = tg.randn(4, 6)  # drawn between forward and backward
        (y * noise).sum().backward()
        return y.tolist(), [leaf.grad.tolist() for leaf in leaves], tg.rand(3).tolist()

    plain = run(lambda f, x: f(x))
    for leaf in leaves:
        leaf.grad = None
    assert run(checkpoint) == plain
    for leaf in leaves:
        leaf.grad = None
    assert run(lambda f, x: checkpoint(f, x, preserve_rng_state=False))[1] != plain[1]


def test_less_memory_is_kept():
    """A chain of 64 steps in 8 checkpoints keeps 8 states instead of what all steps save."""
    w = tg.tensor(np.random.default_rng(0).normal(size=(16, 16)) / 4, requires_grad=True)
    x = tg.randn(32, 16, dtype=tg.float64)

    def steps(h, count):
        for _ in range(count):
            h = (h @ w + x).tanh()
        return h

    def eighths(h):
        for _ in range(8):
            h = checkpoint(steps, h, 8)
        return h

    plain, less = steps(x, 64).sum(), eighths(x).sum()
    assert plain.item() == less.item()
    state = 32 * 16 * 8
    assert kept_bytes(plain, without=[w]) >= 64 * state
    assert kept_bytes(less, without=[w]) <= 8 * state
    plain.backward()
    expected, w.grad = w.grad, None
    less.backward()
    np.testing.assert_allclose(w.grad.numpy(), expected.numpy(), rtol=1e-10)


def test_nested_checkpoints_keep_still_less():
    w, x = double(8, 8), double(4, 8).detach()

    def run(h, count):
        """log2(count) levels of checkpoints in each other."""
        if count == 1:
            return (h @ w).tanh()
        return checkpoint(run, checkpoint(run, h, count // 2), count // 2)

    assert_same(lambda: plain_loss(w, x), lambda: checkpoint(run, x, 16).sum(), [w])
    assert kept_bytes(checkpoint(run, x, 16).sum(), without=[w]) == x.nbytes


def plain_loss(w, x):
    for _ in range(16):
        x = (x @ w).tanh()
    return x.sum()


def test_used_twice_and_differentiated_twice():
    w, x = double(3), double(3)
    part = lambda x: (x * w).tanh()  # noqa: E731
    assert_same(
        lambda: (part(x) + part(part(x))).sum(),
        lambda: (checkpoint(part, x) + checkpoint(part, checkpoint(part, x))).sum(),
        [w, x],
    )
    loss = checkpoint(part, x).sum()
    (once,) = tg.autograd.grad(loss, x, retain_graph=True)
    (again,) = tg.autograd.grad(loss, x)
    assert once.tolist() == again.tolist()
    with pytest.raises(RuntimeError, match=r"CheckpointBackward0: backward through the same graph twice"):
        tg.autograd.grad(loss, x)


def test_nothing_is_recorded_where_nothing_requires_grad():
    x = tg.randn(3)
    assert not checkpoint(lambda x: x * 2, x).requires_grad
    w = tg.randn(3, requires_grad=True)
    with tg.no_grad():
        assert not checkpoint(lambda x: x * w, x).requires_grad
    assert checkpoint(lambda x: x, w) is w


def test_a_long_chain_of_checkpoints():
    w = tg.tensor(1.0, requires_grad=True)
    h = w
    for _ in range(3000):
        h = checkpoint(lambda h: h * 1.0 + w, h)
    h.backward()
    assert w.grad.item() == 3001


def test_memory_is_freed_without_the_collector():
    with collector_off():
        w = tg.randn(3, requires_grad=True)
        before = alive()
        loss = checkpoint(lambda: checkpoint(lambda: (w * w).tanh()) * 2).sum()
        loss.backward()
        w.grad = None
        del loss
        assert alive() == before


def test_checkpoint_sequential():
    layers = nn.Sequential(*[m for _ in range(5) for m in (nn.Linear(4, 4, dtype=tg.float64), nn.Tanh())])
    x = double(2, 4)
    leaves = [x, *layers.parameters()]
    for segments in (1, 2, 3, 10):
        assert_same(lambda: layers(x).sum(), lambda s=segments: checkpoint_sequential(layers, s, x).sum(), leaves)
    checkpoints = [n for n in ancestors([checkpoint_sequential(layers, 4, x).grad_fn]) if n.name().startswith("Check")]
    assert len(checkpoints) == 3


def test_the_inside_can_be_drawn():
    w, x = double(3), double(3)
    loss = checkpoint(lambda x: (x * w).tanh(), x).sum()
    assert "tanh" in str(tg.draw(loss).text())
    assert "tanh" not in str(tg.draw(loss, expand=False).text())


def test_the_scope_is_that_of_the_call():
    linear = nn.Linear(2, 2)
    with tg.scope("part"), tg.step(4):
        y = checkpoint(linear, tg.ones(2))
    assert (y.grad_fn.scope.path, y.grad_fn.scope.step) == ("part", 4)
    (inner,) = y.grad_fn.recompute()
    assert inner.grad_fn.scope.path == "part.Linear"
    assert inner.grad_fn.scope.step == 4


def test_errors():
    w, v = double(3), double(4)
    with pytest.raises(TypeError, match="expected a function first, got Tensor"):
        checkpoint(w)
    with pytest.raises(ValueError, match=r"segments must be in 1\.\.2, got 3"):
        checkpoint_sequential([tg.tanh, tg.exp], 3, w)
    calls = []

    def other_tensor():
        calls.append(1)
        return (w * 2).sum() if len(calls) == 1 else (v * 2).sum() + w.sum()

    with pytest.raises(CheckpointError, match="used 2 tensors that require grad, not the 1"):
        checkpoint(other_tensor).backward()

    def other_shape():
        calls.append(1)
        return w[: len(calls) % 2 + 1] * 1

    calls.clear()
    with pytest.raises(CheckpointError, match=r"returned shapes \[\[1\]\] instead of \[\[2\]\]"):
        checkpoint(other_shape).sum().backward()


def test_a_change_in_place_is_noticed():
    w, x = double(3), double(3)
    loss = checkpoint(lambda x: (x * w).sum(), x)
    with tg.no_grad():
        w.mul_(2)
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()
