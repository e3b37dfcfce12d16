"""RNN, LSTM and GRU equal PyTorch's with the same weights: outputs, states and all gradients."""

import contextlib
import itertools

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.nn.recurrent import packing as our_rnn

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

T, B, I, H = 5, 3, 4, 6
GRID = [
    {"kind": kind, "num_layers": layers, "bidirectional": both, "bias": bias, "batch_first": first}
    for kind, layers, both, bias, first in itertools.product(
        ["RNN", "LSTM", "GRU"], [1, 2, 3], [False, True], [True, False], [False, True]
    )
]


@pytest.fixture(params=["fused", "unrolled"], autouse=True)
def both_paths(request):
    """Every test runs on whole-sequence kernels and on recorded steps."""
    with tg.unrolled() if request.param == "unrolled" else contextlib.nullcontext():
        yield


def twins(kind, dtype="float64", **options):
    """Our layer and PyTorch's with the same weights."""
    ours = getattr(nn, kind)(I, H, **options, dtype=getattr(tg, dtype))
    theirs = getattr(torch.nn, kind)(I, H, **options, dtype=getattr(torch, dtype))
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    return ours, theirs


def flat(result):
    output, state = result
    return [output, *(state if isinstance(state, tuple) else [state])]


def loss_of(parts):
    """A loss that weighs every number differently, so that no error cancels."""
    return sum((part * (k + 1)).sin().sum() for k, part in enumerate(parts))


def assert_same_run(ours, theirs, our_args, their_args, tolerance=1e-10):
    mine, other = flat(ours(*our_args)), flat(theirs(*their_args))
    for a, b in zip(mine, other, strict=True):
        assert tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance)
    loss_of(mine).backward()
    loss_of(other).backward()
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=tolerance, atol=tolerance, err_msg=name)
    for a, b in zip(our_args, their_args, strict=True):
        for u, v in zip(a if isinstance(a, tuple) else [a], b if isinstance(b, tuple) else [b], strict=True):
            if isinstance(u, tg.Tensor) and u.requires_grad:
                np.testing.assert_allclose(u.grad.numpy(), v.grad.numpy(), rtol=tolerance, atol=tolerance)


def pair(*shape, dtype="float64"):
    numbers = np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)
    return tg.tensor(numbers, requires_grad=True), torch.tensor(numbers, requires_grad=True)


def states(kind, *shape, dtype="float64"):
    parts = [pair(*shape, dtype=dtype) for _ in range(2 if kind == "LSTM" else 1)]
    mine, other = zip(*parts, strict=True)
    return (mine, other) if kind == "LSTM" else (mine[0], other[0])


@pytest.mark.parametrize("options", GRID, ids=lambda o: "-".join(str(v) for v in o.values()))
def test_batched_sequences(options):
    options = dict(options)
    ours, theirs = twins(options.pop("kind"), **options)
    x, y = pair(*((B, T, I) if options["batch_first"] else (T, B, I)))
    assert_same_run(ours, theirs, (x,), (y,))


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("both", [False, True])
def test_given_start_states(kind, both):
    ours, theirs = twins(kind, num_layers=2, bidirectional=both)
    (x, y), (s, r) = pair(T, B, I), states(kind, 4 if both else 2, B, H)
    assert_same_run(ours, theirs, (x, s), (y, r))


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("both", [False, True])
def test_a_single_sequence_without_a_batch_axis(kind, both):
    ours, theirs = twins(kind, num_layers=2, bidirectional=both, batch_first=True)
    (x, y), (s, r) = pair(T, I), states(kind, 4 if both else 2, H)
    assert_same_run(ours, theirs, (x, s), (y, r))
    assert_same_run(*twins(kind, bidirectional=both), *[(z,) for z in pair(T, I)])


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_float32(kind):
    ours, theirs = twins(kind, "float32", num_layers=2, bidirectional=True)
    x, y = pair(T, B, I, dtype="float32")
    assert_same_run(ours, theirs, (x,), (y,), tolerance=1e-5)


def test_relu_rnn():
    ours, theirs = twins("RNN", nonlinearity="relu", num_layers=2)
    x, y = pair(T, B, I)
    assert_same_run(ours, theirs, (x,), (y,))


@pytest.mark.parametrize("both", [False, True])
def test_lstm_with_projection(both):
    ours, theirs = twins("LSTM", proj_size=2, num_layers=2, bidirectional=both)
    x, y = pair(T, B, I)
    assert_same_run(ours, theirs, (x,), (y,))


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("lengths", [[5, 3, 1], [2, 5, 2], [4, 4, 4]])
@pytest.mark.parametrize("given", [False, True])
def test_packed_sequences(kind, both, lengths, given):
    ours, theirs = twins(kind, num_layers=2, bidirectional=both)
    (x, y), (s, r) = pair(T, B, I), states(kind, 4 if both else 2, B, H)
    pad = torch.nn.utils.rnn

    def run_ours(x, *state):
        packed = our_rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, state = ours(packed, *state)
        return our_rnn.pad_packed_sequence(output, total_length=T)[0], state

    def run_theirs(y, *state):
        packed = pad.pack_padded_sequence(y, torch.tensor(lengths), enforce_sorted=False)
        output, state = theirs(packed, *state)
        return pad.pad_packed_sequence(output, total_length=T)[0], state

    run_ours.named_parameters, run_theirs.parameters = ours.named_parameters, theirs.parameters
    assert_same_run(run_ours, run_theirs, (x, s) if given else (x,), (y, r) if given else (y,))


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(B,), ()])
def test_cells(kind, bias, shape):
    ours, theirs = twins(kind, bias=bias)
    (x, y), (s, r) = pair(*shape, I), states(kind.removesuffix("Cell"), *shape, H)
    both = kind == "LSTMCell"

    def as_layer(cell):
        def run(x, *state):
            result = cell(x, *state)
            return (result[0], result) if both else (result, result)

        run.named_parameters, run.parameters = cell.named_parameters, cell.parameters
        return run

    assert_same_run(as_layer(ours), as_layer(theirs), (x,), (y,))
    assert_same_run(as_layer(ours), as_layer(theirs), (x, s), (y, r))


def test_names_and_order_of_parameters():
    for kind in ("RNN", "LSTM", "GRU"):
        ours, theirs = twins(kind, num_layers=2, bidirectional=True)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert str(ours) == str(theirs)
