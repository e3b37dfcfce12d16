"""The attentions of the papers equal their formulas; masks hide; positions are what the paper says."""

import math

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn
from tinygrad_rnn.autograd import gradcheck, gradgradcheck
from tinygrad_rnn.models.masks import masked_softmax
from tinygrad_rnn.nn import functional as F

B, L, S, E, K, D, A = 2, 3, 4, 5, 6, 2, 7


def make(kind):
    """The attention, the size of its keys, and its score of one query and one key in NumPy."""
    if kind == "additive":
        m = models.AdditiveAttention(E, K, A, dtype=tg.float64)
        w_q, w_k, b, v = (p.detach().numpy() for p in (m.query.weight, m.keys.weight, m.keys.bias, m.score.weight))
        return m, K, lambda q, k: v[0] @ np.tanh(w_q @ q + w_k @ k + b)
    if kind == "general":
        m = models.GeneralAttention(E, K, dtype=tg.float64)
        w = m.weight.detach().numpy()
        return m, K, lambda q, k: q @ w @ k
    if kind == "dot":
        return models.DotAttention(), E, lambda q, k: q @ k
    if kind == "scaled_dot":
        return models.ScaledDotAttention(), E, lambda q, k: q @ k / math.sqrt(E)
    return models.CosineAttention(3.0), E, lambda q, k: 3.0 * (q @ k) / np.linalg.norm(q) / np.linalg.norm(k)


KINDS = ["additive", "general", "dot", "scaled_dot", "cosine"]
VISIBLE = np.array([[True, True, False, True], [True, False, True, False]])[:, None] & np.ones((L, 1), bool)
VISIBLE[1, 2] = False  # one query that may look nowhere


def double(*shape, grad=False):
    return tg.randn(*shape, dtype=tg.float64, requires_grad=grad)


def expected(score, query, keys, values, visible):
    """Attention in loops, as the formula is written."""
    context, weights = np.zeros((B, L, values.shape[2])), np.zeros((B, L, S))
    for b in range(B):
        for i in range(L):
            places = np.flatnonzero(visible[b, i])
            if len(places) == 0:
                continue
            e = np.exp([score(query[b, i], keys[b, s]) for s in places])
            weights[b, i, places] = e / e.sum()
            for s in places:
                context[b, i] += weights[b, i, s] * values[b, s]
    return context, weights


@pytest.fixture(autouse=True)
def seed():
    tg.manual_seed(3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mask", ["none", "bool", "float"])
def test_equals_its_formula(kind, mask):
    attention, size, score = make(kind)
    query, keys, values = double(B, L, E), double(B, S, size), double(B, S, D)
    visible = VISIBLE if mask != "none" else np.ones((B, L, S), bool)
    given = None if mask == "none" else tg.tensor(visible)
    if mask == "float":
        given = models.additive_mask(given, tg.float64)
    found = attention(query, keys, values, given)
    for ours, theirs in zip(found, expected(score, *(x.numpy() for x in (query, keys, values)), visible), strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("masked", [False, True])
def test_first_and_second_derivatives(kind, masked):
    attention, size, _ = make(kind)
    inputs = [double(B, L, E, grad=True), double(B, S, size, grad=True), double(B, S, D, grad=True)]
    mask = tg.tensor(VISIBLE) if masked else None
    assert gradcheck(lambda q, k, v, *_: attention(q, k, v, mask), (*inputs, *attention.parameters()))
    assert gradgradcheck(lambda q, k, v, *_: attention(q, k, v, mask)[0], (*inputs, *attention.parameters()))


def test_a_float_mask_is_added_and_gets_a_gradient():
    scores, mask = double(L, S, grad=True), double(L, S, grad=True)
    assert gradcheck(masked_softmax, (scores, mask))
    np.testing.assert_allclose(
        masked_softmax(scores, mask).detach().numpy(), (scores + mask).softmax(-1).detach().numpy(), atol=1e-15
    )


def test_a_hidden_key_gets_weight_and_gradient_exactly_zero():
    attention = models.ScaledDotAttention()
    query, keys = double(B, L, E, grad=True), double(B, S, E, grad=True)
    mask = models.padding_mask([4, 2], S).unsqueeze(1)
    context, weights = attention(query, keys, mask=mask)
    (context * context).sum().backward()
    assert (weights.detach().numpy()[1, :, 2:] == 0).all()
    assert (keys.grad.numpy()[1, 2:] == 0).all()
    assert (keys.grad.numpy()[1, :2] != 0).all()


def test_a_query_that_may_look_nowhere_gives_zero_and_no_nan():
    attention = models.DotAttention()
    query, keys = double(1, 1, E, grad=True), double(1, S, E, grad=True)
    context, weights = attention(query, keys, mask=tg.zeros(1, 1, S, dtype=tg.bool))
    context.sum().backward()
    assert not context.detach().numpy().any()
    assert not weights.detach().numpy().any()
    assert not query.grad.numpy().any()
    assert not keys.grad.numpy().any()


def test_scaled_dot_equals_the_fused_function():
    query, keys, values = double(B, L, E), double(B, S, E), double(B, S, D)
    mask = tg.tensor(VISIBLE)
    ours, _ = models.ScaledDotAttention()(query, keys, values, mask)
    fused = F.scaled_dot_product_attention(query, keys, values, mask)
    np.testing.assert_allclose(ours.numpy(), fused.numpy(), atol=1e-14)


def test_the_lectures_cosine_similarity_only_after_normalising():
    """Q Kᵀ is "also known as the cosine similarity": for vectors of length 1, and for no others."""
    query, keys = double(B, L, E), double(B, S, E)
    cosine = models.CosineAttention().scores(query, keys)
    product = models.DotAttention().scores
    assert not tg.allclose(product(query, keys), cosine)
    normalised = product(F.normalize(query, dim=-1), F.normalize(keys, dim=-1))
    np.testing.assert_allclose(normalised.numpy(), cosine.numpy(), atol=1e-15)
    assert cosine.abs().max().item() <= 1 + 1e-15
    # a longer key does not look more similar, but has a larger product
    np.testing.assert_allclose(models.CosineAttention().scores(query, keys * 7).numpy(), cosine.numpy(), atol=1e-14)
    np.testing.assert_allclose(product(query, keys * 7).numpy(), 7 * product(query, keys).numpy(), atol=1e-13)


def test_why_the_product_is_scaled():
    query, keys = double(400, 1, 256), double(400, 1, 256)
    assert 200 < models.DotAttention().scores(query, keys).var().item() < 320  # about E
    assert 0.8 < models.ScaledDotAttention().scores(query, keys).var().item() < 1.25


def test_masks():
    assert models.padding_mask([1, 3]).tolist() == [[True, False, False], [True, True, True]]
    assert models.padding_mask(tg.tensor([1, 2]), 3).tolist() == [[True, False, False], [True, True, False]]
    assert models.causal_mask(3).tolist() == np.tril(np.ones((3, 3), bool)).tolist()
    assert models.causal_mask(2, past=2).tolist() == [[True, True, True, False], [True, True, True, True]]
    both = models.causal_mask(3) & models.padding_mask([3, 1]).unsqueeze(1)
    assert both.shape == (2, 3, 3)
    assert both[1].tolist() == [[True, False, False]] * 3
    assert models.additive_mask(models.causal_mask(2)).tolist() == [[0.0, -np.inf], [0.0, 0.0]]
    assert models.additive_mask(models.causal_mask(2), tg.float64).dtype == tg.float64


def test_masks_mean_the_same_to_multihead_attention():
    heads = nn.MultiheadAttention(4, 2, batch_first=True, dtype=tg.float64)
    x = double(2, 3, 4)
    mask = models.causal_mask(3)
    opposite, _ = heads(x, x, x, attn_mask=~mask)
    added, _ = heads(x, x, x, attn_mask=models.additive_mask(mask, tg.float64))
    np.testing.assert_allclose(opposite.detach().numpy(), added.detach().numpy(), atol=1e-14)


@pytest.mark.parametrize("features", [1, 4, 7])
def test_sinusoidal_positions(features):
    x = double(2, 5, features)
    found = (models.SinusoidalEncoding(features)(x, start=3) - x).numpy()
    for t in range(5):
        for i in range(features):
            angle = (t + 3) / 10000 ** (2 * (i // 2) / features)
            np.testing.assert_allclose(found[:, t, i], math.cos(angle) if i % 2 else math.sin(angle), atol=1e-12)


def test_a_shift_rotates_sinusoidal_positions():
    """PE(p + k) is a fixed linear map of PE(p), the same for every p."""
    pe = models.SinusoidalEncoding(6)(tg.zeros(1, 40, 6, dtype=tg.float64))[0].numpy()
    rotation = np.linalg.lstsq(pe[:20], pe[5:25], rcond=None)[0]
    np.testing.assert_allclose(pe[15:35] @ rotation, pe[20:40], atol=1e-9)


def test_learned_positions():
    encoding = models.LearnedEncoding(5, 3, dtype=tg.float64)
    x = double(2, 2, 3)
    y = encoding(x, start=3)
    np.testing.assert_array_equal(y.detach().numpy(), (x + encoding.weight[3:5]).detach().numpy())
    y.sum().backward()
    assert encoding.weight.grad[:, 0].tolist() == [0, 0, 0, 2, 2]


ERRORS = [
    (lambda: models.DotAttention()(tg.zeros(2, 3), tg.zeros(4, 5)), "query has 3 features, expected 5"),
    (lambda: models.DotAttention()(tg.zeros(2, 3), tg.zeros(4, 3), tg.zeros(5, 3)), "4 keys and 5 values"),
    (
        lambda: models.DotAttention()(tg.zeros(3), tg.zeros(4, 3)),
        r"query must be \(…, length, features\), got shape \[3\]",
    ),
    (lambda: models.GeneralAttention(3, 4)(tg.zeros(2, 3), tg.zeros(4, 5)), "keys has 5 features, expected 4"),
    (lambda: models.AdditiveAttention(3, 4, 5)(tg.zeros(2, 2), tg.zeros(4, 4)), "query has 2 features, expected 3"),
    (lambda: models.AdditiveAttention(3, 4, 0), "hidden_size must be greater than zero, got 0"),
    (
        lambda: models.DotAttention()(tg.zeros(2, 3), tg.zeros(4, 3), mask=tg.ones(3, 4, dtype=tg.bool)),
        r"\[3, 4\] must broadcast to the scores \(…, L, S\) = \[2, 4\]",
    ),
    (lambda: models.padding_mask([2, 5], 4), r"lengths must be in 1..4, the steps of the batch, got \[2, 5\]"),
    (lambda: models.padding_mask([0, 2]), r"at least 1, got \[0, 2\]"),
    (lambda: models.padding_mask([1.5]), "float64"),
    (lambda: models.causal_mask(-1), "got -1 and 0"),
    (lambda: models.LearnedEncoding(4, 2)(tg.zeros(3, 2), start=2), "positions 2..4 are not all in 0..3"),
    (lambda: models.SinusoidalEncoding(4)(tg.zeros(3, 2)), r"expected input \(…, T, 4\), got shape \[3, 2\]"),
    (lambda: models.SinusoidalEncoding(4, base=1.0), "got 1.0"),
]


@pytest.mark.parametrize(("wrong", "message"), ERRORS)
def test_wrong_calls_name_the_numbers(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_wrong_kinds_of_mask():
    with pytest.raises(TypeError, match="boolean or floating point, got int64"):
        models.DotAttention()(tg.zeros(2, 3), tg.zeros(4, 3), mask=tg.ones(2, 4, dtype=tg.int64))
    with pytest.raises(TypeError, match="boolean mask, got float32"):
        models.additive_mask(tg.ones(2))
