"""Distributions: densities, entropies, divergences and their gradients are PyTorch's; draws have the right moments."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
A, B = np.array([[0.3, -0.5, 1.2], [0.1, 0.9, -1.0]]), np.array([[0.7, 1.5, 0.4], [2.0, 0.3, 0.8]])
CASES = {
    "Normal": (lambda d, a, b: d.Normal(a, b), lambda a: a),
    "Laplace": (lambda d, a, b: d.Laplace(a, b), lambda a: a + 0.1),
    "Uniform": (lambda d, a, b: d.Uniform(a, a + b), lambda a: a + 0.1),
    "Exponential": (lambda d, a, b: d.Exponential(b), lambda a: a * a),
    "Bernoulli": (lambda d, a, b: d.Bernoulli(logits=a), lambda a: (a > 0) * 1.0),
    "Bernoulli probs": (lambda d, a, b: d.Bernoulli(a.sigmoid()), lambda a: (a > 0) * 1.0),
    "Categorical": (lambda d, a, b: d.Categorical(logits=a), lambda a: np.array([2, 0])),
    "Categorical probs": (lambda d, a, b: d.Categorical(b), lambda a: np.array([[2, 0], [1, 1]])),
    "Independent": (lambda d, a, b: d.Independent(d.Normal(a, b), 1), lambda a: a - 1),
    "Gamma": (lambda d, a, b: d.Gamma(b, a.exp()), lambda a: a * a),
    "Beta": (lambda d, a, b: d.Beta(b, a.exp()), lambda a: 1 / (1 + np.exp(a))),
    "Dirichlet": (lambda d, a, b: d.Dirichlet(b), lambda a: np.exp(a) / np.exp(a).sum(-1, keepdims=True)),
    "StudentT": (lambda d, a, b: d.StudentT(b + 2, a, b), lambda a: a + 1),
    "Poisson": (lambda d, a, b: d.Poisson(b), lambda a: np.array([[0.0, 2, 1], [3, 0, 1]])),
    "NegativeBinomial": (lambda d, a, b: d.NegativeBinomial(b + 1, logits=a), lambda a: np.array([[0.0, 2, 1], [3, 0, 1]])),
    "NegativeBinomial probs": (lambda d, a, b: d.NegativeBinomial(b, a.sigmoid()), lambda a: np.array([[1.0, 2, 1], [3, 0, 1]])),
    "LogNormal": (lambda d, a, b: d.LogNormal(a, b * 0.3), lambda a: a * a),
    "MultivariateNormal": (lambda d, a, b: d.MultivariateNormal(a, (b[:1].mT @ b[:1] * 0.2 + b.diag_embed()[1])), lambda a: a + 1),
    "MultivariateNormal of a factor": (lambda d, a, b: d.MultivariateNormal(a, scale_tril=b.diag_embed() + a.diag_embed()[:, :, [1, 2, 0]].tril(-1)), lambda a: a[0]),
    "MultivariateNormal of an inverse": (lambda d, a, b: d.MultivariateNormal(a[0], precision_matrix=b.diag_embed()), lambda a: a),
    "OneHot Categorical": (lambda d, a, b: d.OneHotCategorical(logits=a), lambda a: np.eye(3)[[2, 0]]),
    "OneHot Categorical probs": (lambda d, a, b: d.OneHotCategoricalStraightThrough(b), lambda a: np.eye(3)[[1, 1]]),
    "Transformed": (lambda d, a, b: d.TransformedDistribution(d.Normal(a, b), [d.transforms.AffineTransform(a, 0.5), d.transforms.TanhTransform()]), lambda a: np.tanh(a)),
    "Transformed vectors": (lambda d, a, b: d.TransformedDistribution(d.Independent(d.Normal(a, b), 1), [d.transforms.AffineTransform(0.1, b), d.transforms.SigmoidTransform()]), lambda a: 1 / (1 + np.exp(a))),
    "Relaxed Categorical": (lambda d, a, b: d.RelaxedOneHotCategorical(a.new_tensor(0.7), logits=a), lambda a: np.exp(a) / np.exp(a).sum(-1, keepdims=True)),
    "Relaxed Bernoulli": (lambda d, a, b: d.RelaxedBernoulli(a.new_tensor(0.7), logits=a), lambda a: 1 / (1 + np.exp(a))),
    "Mixture": (lambda d, a, b: d.MixtureSameFamily(d.Categorical(logits=b), d.Normal(a, b)), lambda a: np.array([0.2, -0.4])),
    "Mixture of vectors": (
        lambda d, a, b: d.MixtureSameFamily(d.Categorical(logits=a[:, 0]), d.Independent(d.Normal(a, b), 1)),
        lambda a: np.array([0.2, -0.4, 1.0]),
    ),
}  # fmt: skip


WITHOUT_ENTROPY = ("Mixture", "StudentT", "Poisson", "Negative", "Transformed", "Relaxed")
WITHOUT_MOMENTS = ("Categorical", "StudentT", "Transformed", "Relaxed")


@pytest.mark.parametrize("name", CASES)
def test_densities_moments_and_gradients(name):
    make, value = CASES[name]
    results = []
    for m in (tg, torch):
        a, b = (m.tensor(x, requires_grad=True) for x in (A, B))
        p = make(m.distributions, a, b)
        found = [p.log_prob(m.tensor(value(A)))]
        found += [] if name.startswith(WITHOUT_ENTROPY) else [p.entropy()]
        found += [] if name.startswith(WITHOUT_MOMENTS) else [p.mean, p.variance, p.stddev]
        shapes = tuple(p.sample((4,)).shape), tuple(p.batch_shape), tuple(p.event_shape)
        sum(x.sum() * (k + 1) for k, x in enumerate(found)).backward()
        grads = [np.zeros(3) if x.grad is None else x.grad.numpy() for x in (a, b)]
        results.append((shapes, [x.detach().numpy() for x in found], grads))
    assert results[0][0] == results[1][0]
    for ours, theirs in zip(*[[*r[1], *r[2]] for r in results], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "name",
    ["Normal", "Laplace", "Bernoulli", "Bernoulli probs", "Categorical", "Categorical probs", "Independent", "Gamma", "Beta", "Dirichlet",
     "MultivariateNormal", "MultivariateNormal of a factor", "OneHot Categorical"],
)  # fmt: skip
def test_divergences(name):
    make, _ = CASES[name]

    def kl(m):
        a, b = m.tensor(A), m.tensor(B)
        d = m.distributions
        return d.kl_divergence(make(d, a, b), make(d, a.flip(1) * 0.5, b.flip(0))).numpy()

    np.testing.assert_allclose(kl(tg), kl(torch), rtol=1e-9)


@pytest.mark.parametrize(
    "name", [name for name in CASES if not name.startswith(("StudentT", "Transformed", "Relaxed"))]
)
def test_draws_have_the_moments(name):
    tg.manual_seed(3)
    p = CASES[name][0](tg.distributions, tg.tensor(A), tg.tensor(B))
    x = p.sample((20000,)).numpy()
    if name.startswith("Categorical"):
        shares = np.array([[(row == k).mean() for k in range(3)] for row in x.T])
        np.testing.assert_allclose(shares, p.probs.numpy(), atol=0.02)
    else:
        np.testing.assert_allclose(x.mean(0), p.mean.numpy(), rtol=0.06, atol=0.06)
        np.testing.assert_allclose(x.std(0), p.stddev.numpy(), rtol=0.06, atol=0.06)


def test_draws_lead_back_to_the_parameters_and_wrong_ones_are_refused():
    loc = tg.zeros(3, requires_grad=True)
    d = tg.distributions
    d.Normal(loc, 1.0).rsample((5,)).sum().backward()
    assert loc.grad.tolist() == [5.0] * 3
    for call, said in (
        (lambda: d.Normal(0.0, -1.0), "scale.*-1.0"),
        (lambda: d.Categorical(), "probs.*logits"),
        (lambda: d.Categorical(logits=tg.zeros(3)).log_prob(tg.tensor(3)), "0..2.*3"),
        (lambda: d.Bernoulli(1.5), "0..1.*1.5"),
        (lambda: d.Independent(d.Normal(tg.zeros(2), 1.0), 2), "2 and 1"),
    ):
        with pytest.raises(ValueError, match=said):
            call()
    with pytest.raises(NotImplementedError, match="Normal and Uniform"):
        d.kl_divergence(d.Normal(0.0, 1.0), d.Uniform(0.0, 1.0))


@pytest.mark.parametrize("m", [tg, torch])
def test_draws_of_choices_lead_back_to_the_scores(m):
    d, weights = m.distributions, m.tensor([1.0, 2.0, 4.0])
    scores = m.zeros(2, 3, requires_grad=True)
    hard = d.OneHotCategoricalStraightThrough(logits=scores).rsample((5,))
    assert set(np.round(hard.detach().numpy(), 6).reshape(-1)) == {0.0, 1.0}
    (hard * weights).sum().backward()
    assert abs(scores.grad.sum().item()) < 1e-5
    assert (scores.grad[:, 2] > 0).all()
    for p in (
        d.RelaxedOneHotCategorical(m.tensor(0.1), logits=scores),
        d.RelaxedBernoulli(m.tensor(0.1), logits=scores),
    ):
        draw = p.rsample((4,))
        assert tuple(draw.shape) == (4, 2, 3)
        assert draw.requires_grad
        assert not p.sample().requires_grad


@pytest.mark.parametrize("m", [tg, torch])
def test_a_squashed_draw_remembers_what_it_was_made_of(m):
    d = m.distributions
    p = d.TransformedDistribution(d.Normal(m.tensor([30.0]), 1.0), [d.transforms.TanhTransform(cache_size=1)])
    x = p.rsample()
    assert x.item() == 1
    assert np.isfinite(p.log_prob(x).item())


def test_wrong_parameters_of_vectors_and_counts():
    d = tg.distributions
    for call, said in (
        (lambda: d.MultivariateNormal(tg.zeros(2)), "exactly one of"),
        (lambda: d.Gamma(-1.0, 1.0), "concentration.*-1.0"),
        (lambda: d.Poisson(-2.0), "rate.*0 or more.*-2.0"),
        (lambda: d.Beta(0.0, 1.0), "concentration.*greater than 0"),
        (lambda: d.NegativeBinomial(1.0), "probs.*logits"),
    ):
        with pytest.raises(ValueError, match=said):
            call()
    with pytest.raises(NotImplementedError, match=r"Gamma: a draw has no derivative; use sample\(\)"):
        d.Gamma(1.0, 1.0).rsample()
    with pytest.raises(AttributeError, match=r"VonMises.*left out"):
        d.VonMises
