"""Fused layers equal the readable steps they stand for, and open into them."""

import itertools

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.graph import ancestors, memory_of
from tinygrad_rnn.kernels import layout
from tinygrad_rnn.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

KINDS = {
    "rnn-tanh": lambda sizes=(3, 4), **o: nn.RNN(*sizes, **o),
    "rnn-relu": lambda sizes=(3, 4), **o: nn.RNN(*sizes, nonlinearity="relu", **o),
    "lstm": lambda sizes=(3, 4), **o: nn.LSTM(*sizes, **o),
    "gru": lambda sizes=(3, 4), **o: nn.GRU(*sizes, **o),
    "gru-write": lambda sizes=(3, 4), **o: nn.GRU(*sizes, update="write", **o),
    "gru-before": lambda sizes=(3, 4), **o: nn.GRU(*sizes, reset="before", **o),
    "gru-before-write": lambda sizes=(3, 4), **o: nn.GRU(*sizes, reset="before", update="write", **o),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def layer(kind, **options):
    tg.manual_seed(0)
    return KINDS[kind](dtype=tg.float64, **options)


def randn(*shape):
    return tg.randn(*shape, dtype=tg.float64, requires_grad=True)


def flat(result):
    output, state = result
    return [output, *(state if isinstance(state, tuple) else [state])]


def numbers_of(model, run, x):
    """Outputs, states and all gradients of a run."""
    model.zero_grad()
    x.grad = None
    parts = flat(run(x))
    sum((part * (k + 1)).sin().sum() for k, part in enumerate(parts)).backward()
    gradients = [x.grad, *(p.grad for p in model.parameters())]
    return [part.detach().numpy() for part in (*parts, *gradients)]


def assert_same(ours, others, tolerance=1e-12):
    for a, b in zip(ours, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def fused_nodes(tensor):
    return [node for node in ancestors([tensor.grad_fn]) if type(node).__name__.startswith("Fused")]


@kinds
@pytest.mark.parametrize(
    ("layers", "both", "bias", "steps", "batch"),
    [*itertools.product([1, 2], [False, True], [True, False], [5], [3]), (1, True, True, 1, 1), (3, True, True, 7, 2)],
)
def test_same_numbers_as_step_by_step(kind, layers, both, bias, steps, batch):
    model = layer(kind, num_layers=layers, bidirectional=both, bias=bias)
    x = randn(steps, batch, 3)
    fused = numbers_of(model, model, x)
    assert len(fused_nodes(model(x)[0])) == layers * (2 if both else 1)
    with tg.unrolled():
        steps_recorded = numbers_of(model, model, x)
        assert not fused_nodes(model(x)[0])
    assert_same(fused, steps_recorded)


@kinds
def test_float32(kind):
    model = layer(kind, num_layers=2, bidirectional=True).float()
    x = tg.randn(5, 3, 3, requires_grad=True)
    fused = numbers_of(model, model, x)
    assert all(part.dtype == np.float32 for part in fused)
    with tg.unrolled():
        assert_same(fused, numbers_of(model, model, x), 1e-5)


@kinds
@pytest.mark.parametrize("lengths", [[5, 3, 1], [2, 5, 2], [4, 4, 4]])
def test_packed_sequences(kind, lengths):
    model, x = layer(kind, num_layers=2, bidirectional=True), randn(5, 3, 3)

    def run(x):
        output, state = model(pack_padded_sequence(x, lengths, enforce_sorted=False))
        return pad_packed_sequence(output)[0], state

    fused = numbers_of(model, run, x)
    with tg.unrolled():
        assert_same(fused, numbers_of(model, run, x))


@kinds
def test_dropout_masks_are_the_same(kind):
    model, x = layer(kind, num_layers=3, dropout=0.5), randn(6, 2, 3)

    def seeded(x):
        tg.manual_seed(7)
        return model(x)

    fused = numbers_of(model, seeded, x)
    with tg.unrolled():
        assert_same(fused, numbers_of(model, seeded, x))


@kinds
def test_without_recording_the_numbers_are_the_same(kind):
    model, x = layer(kind, num_layers=2, bidirectional=True), randn(5, 3, 3)
    recorded = flat(model(x))
    with tg.no_grad():
        plain = flat(model(x))
    for a, b in zip(recorded, plain, strict=True):
        assert not b.requires_grad
        np.testing.assert_array_equal(a.detach().numpy(), b.numpy())


@kinds
@pytest.mark.parametrize(("steps", "batch", "bias"), [(1, 1, True), (2, 16, False), (1, 17, True), (2, 3, True)])
def test_one_or_two_steps_without_recording(kind, steps, batch, bias):
    model, x = layer(kind, bidirectional=True, bias=bias), randn(steps, batch, 3)
    recorded = flat(model(x))
    with tg.no_grad():
        output, state = model(x)
        plain = flat((output, state))
        assert_same([part.numpy() for part in plain], [part.detach().numpy() for part in recorded])
        output.zero_()
        assert plain[1].numpy().any()  # the last state is no view of it


@kinds
def test_gradients_and_second_derivatives(kind):
    model, x = layer(kind, sizes=(3, 2), bidirectional=True), randn(3, 2, 3)
    states = (2, 2, 2)
    start = [randn(*states), randn(*states)] if kind == "lstm" else [randn(*states)]

    def run(x, *start):
        return tuple(flat(model(x, start if kind == "lstm" else start[0])))

    assert tg.autograd.gradcheck(run, (x, *start))
    assert tg.autograd.gradgradcheck(run, (x, *start))


@kinds
def test_second_derivatives_by_the_weights(kind):
    """A gradient penalty on shared weights, through two calls of the same layer."""
    model, x = layer(kind), randn(3, 2, 3)
    lift = tg.randn(4, 3, dtype=tg.float64)

    def penalty():
        model.zero_grad()
        first, _ = model(x)
        second, _ = model(first @ lift)
        weights = list(model.parameters())
        gradients = tg.autograd.grad(second.sin().sum(), weights, create_graph=True)
        sum((g * g).sum() for g in gradients).backward()
        return [p.grad.numpy() for p in weights]

    fused = penalty()
    with tg.unrolled():
        assert_same(fused, penalty(), 1e-9)


@kinds
@pytest.mark.parametrize("both", [False, True])
def test_a_node_opens_into_its_steps(kind, both):
    model, x = layer(kind, bidirectional=both), randn(4, 2, 3)
    output, _ = model(x)
    nodes = fused_nodes(output)
    opened = [tg.expand(node) for node in nodes]
    for node, parts in zip(nodes, opened, strict=True):
        again = tg.expand(node)
        np.testing.assert_array_equal(parts[0].detach().numpy(), again[0].detach().numpy())
        steps = {n.scope.step for n in ancestors([parts[0].grad_fn]) if n.scope.step is not None}
        assert steps == {0, 1, 2, 3}
        assert {n.scope.direction for n in ancestors([parts[0].grad_fn]) if n.scope.step is not None} == {
            "reverse" if node.reverse else "forward"
        }
    halves = [parts[0] for parts in sorted(opened, key=lambda parts: "reverse" in str(parts[0].grad_fn.scope))]
    np.testing.assert_allclose(
        output.detach().numpy(), np.concatenate([h.detach().numpy() for h in halves], -1), rtol=1e-12, atol=1e-12
    )
    fused = tg.autograd.grad(output.sum(), x, retain_graph=True)[0]
    steps = tg.autograd.grad(sum(h.sum() for h in halves), x)[0]
    np.testing.assert_allclose(fused.numpy(), steps.numpy(), rtol=1e-12, atol=1e-12)


def test_opening_what_is_not_fused_or_gone():
    x = randn(2, 1, 3)
    with pytest.raises(TypeError, match="not a fused node"):
        tg.expand((x * 2).grad_fn)
    output, _ = layer("lstm")(x)
    (node,) = fused_nodes(output)
    output.sum().backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        tg.expand(node)


def test_a_second_backward_needs_the_graph_kept():
    output, _ = layer("gru")(randn(2, 1, 3))
    output.sum().backward()
    with pytest.raises(RuntimeError, match=r"retain_graph=True.*detach"):
        output.sum().backward()


def test_changing_the_input_or_a_weight_in_place_is_noticed():
    model, x = layer("lstm"), randn(2, 1, 3)
    y = x * 1
    output, _ = model(y)
    y += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        output.sum().backward()
    output, _ = model(x)
    with tg.no_grad():
        model.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="changed in place"):
        output.sum().backward()


def test_the_constructor_can_turn_it_off():
    model = nn.LSTM(3, 4, fused=False)
    assert not fused_nodes(model(tg.randn(2, 1, 3))[0])


def test_only_the_states_are_used():
    model, x = layer("lstm"), randn(4, 2, 3)
    _, (h, c) = model(x)
    c.sum().backward()
    fused = x.grad
    x.grad = None
    with tg.unrolled():
        _, (h, c) = model(x)
        c.sum().backward()
    np.testing.assert_allclose(fused.numpy(), x.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("block", "stretch"), [(1, 1), (40, 100), (100, 150), (100, 2**20)])
@pytest.mark.parametrize("lengths", [None, [7, 4, 1]])
@kinds
def test_backward_goes_in_blocks_of_any_size(monkeypatch, kind, block, stretch, lengths):
    model, x = layer(kind, bidirectional=True), randn(7, 3, 3)

    def run(x):
        if lengths is None:
            return model(x)
        output, state = model(pack_padded_sequence(x, lengths))
        return pad_packed_sequence(output)[0], state

    whole = numbers_of(model, run, x)
    monkeypatch.setattr(layout, "STRETCH", stretch)
    monkeypatch.setattr(layout, "BLOCK", block)  # a step of these layers has 48 gate numbers
    assert_same(whole, numbers_of(model, run, x))


@kinds
def test_a_gradient_that_nobody_wants_is_not_computed(monkeypatch, kind):
    model, x = layer(kind), randn(5, 2, 3)
    model(x)[0].sum().backward()
    wanted = [p.grad.numpy() for p in model.parameters()]
    model.zero_grad()
    output = model(x.detach())[0]
    node = output.grad_fn
    kernel, returned = type(node).kernel_backward, []

    def watched(*gs, **options):
        returned.append(kernel(*gs, **options))
        return returned[-1]

    monkeypatch.setattr(type(node), "kernel_backward", staticmethod(watched))
    output.sum().backward()
    assert returned[0][0] is None
    for before, p in zip(wanted, model.parameters(), strict=True):
        np.testing.assert_array_equal(before, p.grad.numpy())


@kinds
@pytest.mark.parametrize("hidden", [1, 4])
def test_gradients_own_their_memory(kind, hidden):
    model = layer(kind)
    if hidden == 1:  # then one row of a matrix is all of it
        model = type(model)(3, 1, dtype=tg.float64)
    x = randn(5, 2, 3)
    model(x)[0].sum().backward()
    grads = [t.grad.array for t in (x, *model.parameters())]
    assert all(g.flags.c_contiguous for g in grads)
    assert len({id(memory_of(g)) for g in grads}) == len(grads)


@kinds
def test_an_empty_batch_gives_zero_gradients(kind):
    model = layer(kind)
    model(tg.zeros(4, 0, 3, dtype=tg.float64))[0].sum().backward()
    assert all(not p.grad.any() for p in model.parameters())


def test_relu_lets_the_gradient_of_a_nan_pass_as_its_steps_do():
    x = randn(4, 2, 3)
    x.array[1, 0, 0] = np.nan
    found = []
    for fused in (True, False):
        model = layer("rnn-relu", fused=fused)
        with np.errstate(invalid="ignore"):
            model(x)[0].sum().backward()
        found.append(model.bias_ih_l0.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-12)


@kinds
def test_a_state_of_another_dtype_is_refused(kind):
    model, state = layer(kind), tg.zeros(1, 2, 4, dtype=tg.float32)
    with pytest.raises(RuntimeError, match="hidden state is float32 and the input float64"):
        model(randn(5, 2, 3), (state, state) if kind == "lstm" else state)
