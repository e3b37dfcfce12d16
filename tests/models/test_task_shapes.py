"""The five task shapes: which output sees which input, and that padding is invisible."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn
from tinygrad_rnn.autograd import gradcheck

B, T, I, H, O = 2, 5, 3, 4, 2


def double(*shape, grad=False):
    return tg.randn(*shape, dtype=tg.float64, requires_grad=grad)


@pytest.fixture(autouse=True)
def seed():
    tg.manual_seed(5)


def seen_by(output, x):
    """The steps of x (B, T, I) that `output` depends on."""
    (g,) = tg.autograd.grad(output.sin().sum(), x, retain_graph=True)
    return np.flatnonzero(g.numpy().any((0, 2))).tolist()


def test_one_to_one():
    model = models.OneToOne(I, H, O).double()
    x = double(B, I)
    w, b, v, c = (p.detach().numpy() for p in model.parameters())
    np.testing.assert_allclose(model(x).detach().numpy(), np.tanh(x.numpy() @ w.T + b) @ v.T + c, atol=1e-12)


def test_one_to_many_feeds_its_outputs_back():
    model = models.OneToMany(I, H, O).double()
    x = double(B, I)
    p = {name: q.detach().numpy() for name, q in model.named_parameters()}
    h = np.tanh(x.numpy() @ p["start.weight"].T + p["start.bias"])
    y, expected = np.zeros((B, O)), []
    for _ in range(T):
        h = np.tanh(y @ p["cell.weight_ih"].T + p["cell.bias_ih"] + h @ p["cell.weight_hh"].T + p["cell.bias_hh"])
        y = h @ p["readout.weight"].T + p["readout.bias"]
        expected.append(y)
    free = model(x, steps=T)
    np.testing.assert_allclose(free.detach().numpy(), np.stack(expected, 1), atol=1e-12)
    forced = model(x, target=free.detach())  # fed its own outputs it says the same
    np.testing.assert_allclose(forced.detach().numpy(), free.detach().numpy(), atol=1e-12)
    other = model(x, target=free.detach() + 1)
    assert tg.allclose(other[:, 0], free[:, 0])
    assert not tg.allclose(other[:, 1], free[:, 1])


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("head", ["last", "max", "mean"])
def test_many_to_one(head, cell, bidirectional):
    model = models.ManyToOne(I, H, O, cell, head, bidirectional).double()
    x = double(B, T, I, grad=True)
    y = model(x)
    assert y.shape == (B, O)
    if head != "max":  # the maximum may lie at a step that has not seen everything
        assert seen_by(y, x) == list(range(T))
    padded = model(tg.cat([x, double(B, 3, I)], 1), lengths=[T, T])
    np.testing.assert_allclose(padded.detach().numpy(), y.detach().numpy(), atol=1e-12)
    mixed = model(x, lengths=[T, 2])
    alone = model(x[1:, :2])
    np.testing.assert_allclose(mixed[1:].detach().numpy(), alone.detach().numpy(), atol=1e-12)


def test_the_last_state_of_a_bidirectional_layer_is_h_n():
    lstm = nn.LSTM(I, H, batch_first=True, bidirectional=True, dtype=tg.float64)
    outputs, (h_n, _) = lstm(double(B, T, I))
    found = models.last_output(outputs, bidirectional=True)
    np.testing.assert_array_equal(found.detach().numpy(), tg.cat([h_n[0], h_n[1]], -1).detach().numpy())


def test_many_to_many_sees_the_past_or_everything():
    x = double(B, T, I, grad=True)
    causal, both = models.ManyToMany(I, H, O).double(), models.ManyToMany(I, H, O, bidirectional=True).double()
    for t in range(T):
        assert seen_by(causal(x)[:, t], x) == list(range(t + 1))
        assert seen_by(both(x)[:, t], x) == list(range(T))


def test_many_to_many_late_reads_everything_first():
    model = models.ManyToManyLate(I, H, O, "gru").double()
    x = double(B, T, I, grad=True)
    y = model(x, steps=4)
    assert y.shape == (B, 4, O)
    for t in range(4):
        assert seen_by(y[:, t], x) == list(range(T))
    assert model(x, target=y.detach()).shape == y.shape


HEADS = [models.last_output, models.max_over_time, models.mean_over_time]


@pytest.mark.parametrize("head", HEADS)
def test_heads_look_at_real_steps_only(head):
    x = double(3, 4, 2, grad=True)
    lengths = [4, 1, 2]
    found = head(x, lengths).detach().numpy()
    for b, n in enumerate(lengths):
        real = x.detach().numpy()[b, :n]
        expected = {"last_output": real[-1], "max_over_time": real.max(0), "mean_over_time": real.mean(0)}
        np.testing.assert_allclose(found[b], expected[head.__name__], atol=1e-12)
    assert gradcheck(lambda x: head(x, lengths), x)
    assert gradcheck(head, x)


def test_errors():
    with pytest.raises(ValueError, match=r"in 1..4, the steps of the batch, got \[4, 5\]"):
        models.last_output(tg.zeros(2, 4, 3), [4, 5])
    with pytest.raises(ValueError, match="2 ints, one for each sequence"):
        models.max_over_time(tg.zeros(2, 4, 3), [4])
    with pytest.raises(ValueError, match=r"outputs \(B, T, H\) with T > 0, got shape \[2, 0, 3\]"):
        models.mean_over_time(tg.zeros(2, 0, 3))
    with pytest.raises(ValueError, match="steps or a target, and not both; got steps=None"):
        models.OneToMany(I, H, O)(tg.zeros(B, I))
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        models.OneToMany(I, H, O)(tg.zeros(B, I), steps=0)
    with pytest.raises(ValueError, match="head must be one of 'last', 'max', 'mean', got 'sum'"):
        models.ManyToOne(I, H, O, head="sum")
    with pytest.raises(ValueError, match="cell must be one of 'rnn', 'lstm', 'gru', got 'mlp'"):
        models.ManyToMany(I, H, O, cell="mlp")
