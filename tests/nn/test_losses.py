"""Losses against plain NumPy, at extreme scores, with nothing to average, and with what must not be counted."""

import itertools
import math

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.nn import functional as F

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(5, 4)), RANDOM.normal(size=(5, 4))
T = np.array([0, 3, 1, 1, 2])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def log_softmax(x):
    return x - np.log(np.exp(x).sum(1, keepdims=True))


def value(loss):
    return loss.detach().numpy()


def leaf(array):
    return tg.tensor(np.asarray(array), requires_grad=True)


@pytest.mark.parametrize(
    ("ours", "plain"),
    [
        (lambda x, y: F.mse_loss(x, y), lambda: ((X - Y) ** 2).mean()),
        (lambda x, y: F.l1_loss(x, y, reduction="sum"), lambda: abs(X - Y).sum()),
        (
            lambda x, y: F.huber_loss(x, y, delta=0.5, reduction="none"),
            lambda: np.where(abs(X - Y) <= 0.5, (X - Y) ** 2 / 2, 0.5 * (abs(X - Y) - 0.25)),
        ),
        (
            lambda x, y: F.smooth_l1_loss(x, y, beta=0.5),
            lambda: np.where(abs(X - Y) < 0.5, (X - Y) ** 2, abs(X - Y) - 0.25).mean(),
        ),
        (lambda x, y: F.cross_entropy(x, tg.tensor(T)), lambda: -log_softmax(X)[np.arange(5), T].mean()),
        (
            lambda x, y: F.cross_entropy(x, tg.tensor(T), label_smoothing=0.2),
            lambda: -(0.8 * log_softmax(X)[np.arange(5), T] + 0.2 * log_softmax(X).mean(1)).mean(),
        ),
        (lambda x, y: F.nll_loss(x, tg.tensor(T), reduction="sum"), lambda: -X[np.arange(5), T].sum()),
        (
            lambda x, y: F.binary_cross_entropy_with_logits(x, y.sigmoid()),
            lambda: -(sigmoid(Y) * np.log(sigmoid(X)) + (1 - sigmoid(Y)) * np.log(1 - sigmoid(X))).mean(),
        ),
        (
            lambda x, y: F.kl_div(F.log_softmax(x, 1), F.softmax(y, 1), reduction="batchmean"),
            lambda: (np.exp(log_softmax(Y)) * (log_softmax(Y) - log_softmax(X))).sum() / 5,
        ),
        (
            lambda x, y: F.layer_norm(x, (4,)),
            lambda: (X - X.mean(1, keepdims=True)) / np.sqrt(X.var(1, keepdims=True) + 1e-5),
        ),
        (
            lambda x, y: F.scaled_dot_product_attention(x, y, y),
            lambda: np.exp(log_softmax(X @ Y.T / 2)) @ Y,
        ),
        (
            lambda x, y: F.conv1d(x.unsqueeze(0), y.unsqueeze(0)[:, :, :2]),
            lambda: [[[(X[:, t : t + 2] * Y[:, :2]).sum() for t in range(3)]]],
        ),
    ],
)
def test_equals_the_formula(ours, plain):
    np.testing.assert_allclose(value(ours(leaf(X), leaf(Y))), plain(), rtol=1e-12)


def test_ctc_adds_up_all_timings():
    random = np.random.default_rng(0)
    log_probs = log_softmax(random.normal(size=(5, 3)))
    target = [1, 2, 2]

    def collapsed(path):
        return [label for label, _ in itertools.groupby(path) if label != 0]

    paths = [p for p in itertools.product(range(3), repeat=5) if collapsed(p) == target]
    total = sum(math.exp(sum(log_probs[t, label] for t, label in enumerate(p))) for p in paths)
    loss = F.ctc_loss(leaf(log_probs), tg.tensor(target), 5, 3, reduction="sum")
    assert loss.item() == pytest.approx(-math.log(total), rel=1e-12)


@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_scores_of_ten_thousand(dtype, smoothing):
    x = tg.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4 - 1]], dtype=dtype, requires_grad=True)
    loss = F.cross_entropy(x, tg.tensor([0, 2]), label_smoothing=smoothing, reduction="none")
    if not smoothing:
        np.testing.assert_allclose(value(loss), [0.0, math.log(1 + math.e)], rtol=1e-6)
    loss.sum().backward()
    assert np.isfinite(value(loss)).all()
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: F.binary_cross_entropy_with_logits(x, (x.detach() < 0).to(x.dtype)),
        lambda x: F.binary_cross_entropy(x.sigmoid(), (x.detach() < 0).to(x.dtype)),
        lambda x: F.softplus(x).sum(),
        lambda x: F.logsigmoid(x).sum(),
        lambda x: F.gelu(x).sum() + F.gelu(x, approximate="tanh").sum(),
        lambda x: F.silu(x).sum() + F.elu(x).sum(),
        lambda x: F.log_softmax(x, 0).sum(),
        lambda x: F.softmax(x, 0).sum(),
        lambda x: F.layer_norm(x, (4,)).sum(),
        lambda x: F.scaled_dot_product_attention(x.reshape(4, 1), x.reshape(4, 1), x.reshape(4, 1)).sum(),
        lambda x: F.ctc_loss(x.reshape(2, 1, 2).log_softmax(2), tg.tensor([[1]]), (2,), (1,)),
    ],
)
def test_finite_for_large_numbers(loss):
    x = tg.tensor([1e4, -1e4, 30.0, -30.0], requires_grad=True)
    result = loss(x)
    result.backward()
    assert np.isfinite(result.item())
    assert np.isfinite(x.grad.numpy()).all()


def test_softplus_and_elu_keep_small_numbers():
    x = tg.tensor([-80.0, -20.0, -1e-5], dtype=tg.float32)
    np.testing.assert_allclose(F.softplus(x).numpy()[:2], np.exp([-80.0, -20.0]), rtol=1e-5)
    np.testing.assert_allclose(F.elu(x).numpy(), np.expm1([-80.0, -20.0, -1e-5]), rtol=1e-6)


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_all_targets_ignored(loss, smoothing):
    options = {"label_smoothing": smoothing} if smoothing and loss is F.cross_entropy else {}
    x, nothing = leaf(X), tg.tensor([-100] * 5)
    mean = loss(x, nothing, **options)
    assert np.isnan(mean.item())
    assert loss(x, nothing, reduction="sum", **options).item() == 0
    mean.backward()
    assert (x.grad.numpy() == 0).all()


def test_an_ignored_row_may_hold_anything():
    x = leaf([[np.nan, np.inf], [-np.inf, 1.0], [1.0, 2.0]])
    with np.errstate(invalid="ignore"):
        loss = F.cross_entropy(x, tg.tensor([-100, -100, 0]))
    assert loss.item() == pytest.approx(math.log(1 + math.e))


def test_masked_class_scores():
    x = leaf([[0.0, -np.inf, 0.0]])
    loss = F.cross_entropy(x, tg.tensor([0]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    np.testing.assert_allclose(x.grad.numpy(), [[-0.5, 0.0, 0.5]])


def test_a_sequence_too_long_for_its_steps():
    random = np.random.default_rng(0)
    x = leaf(log_softmax(random.normal(size=(2, 3)))[:, None])
    assert F.ctc_loss(x, tg.tensor([[1, 1]]), (2,), (2,)).item() == math.inf
    loss = F.ctc_loss(x, tg.tensor([[1, 1]]), (2,), (2,), zero_infinity=True)
    loss.backward()
    assert loss.item() == 0
    assert (x.grad.numpy() == 0).all()


def test_no_labels_at_all():
    random = np.random.default_rng(0)
    log_probs = log_softmax(random.normal(size=(3, 4)))
    loss = F.ctc_loss(leaf(log_probs), tg.tensor(np.zeros(0, int)), 3, 0, reduction="sum")
    assert loss.item() == pytest.approx(-log_probs[:, 0].sum())


def test_a_second_backward_through_cross_entropy_gives_the_same():
    x = leaf(X)
    loss = F.cross_entropy(x, tg.tensor(T))
    loss.backward(retain_graph=True)
    first = x.grad.numpy().copy()
    x.grad = None
    loss.backward()
    np.testing.assert_array_equal(x.grad.numpy(), first)


def test_a_query_that_may_look_nowhere_gets_zeros_and_no_gradient():
    q, k, v = leaf(X[:2]), leaf(X[:3]), leaf(Y[:3])
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=tg.tensor([[False] * 3, [True] * 3]))
    assert (value(y)[0] == 0).all()
    y.sum().backward()
    assert (q.grad.numpy()[0] == 0).all()
    assert np.isfinite(v.grad.numpy()).all()


def test_dropout_keeps_the_mean_and_uses_one_mask():
    tg.manual_seed(1)
    x = tg.ones(100_000, requires_grad=True)
    y = F.dropout(x, 0.3)
    np.testing.assert_allclose(np.unique(value(y)), [0, 1 / 0.7], rtol=1e-6)
    assert value(y).mean() == pytest.approx(1, abs=0.02)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), value(y))
    assert F.dropout(x, 0.3, training=False) is x
    assert (value(F.dropout(x, 1.0)) == 0).all()


def test_channel_dropout_drops_whole_channels():
    x = tg.ones(20, 30, 4, 2)
    flat = value(F.dropout2d(x)).reshape(600, 8)
    assert (flat.min(1) == flat.max(1)).all()
    flat = value(F.dropout1d(tg.ones(20, 30, 8))).reshape(600, 8)
    assert (flat.min(1) == flat.max(1)).all()


def test_attention_dropout():
    tg.manual_seed(0)
    q = tg.ones(1, 4)
    y = F.scaled_dot_product_attention(q, tg.ones(1000, 4), tg.ones(1000, 1), dropout_p=0.5)
    assert y.item() == pytest.approx(1, abs=0.15)
    assert y.item() != 1
