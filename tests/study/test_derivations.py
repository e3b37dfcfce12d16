"""Planted mistakes in hand-derived gradients: each is recognised; what is no known mistake is said to be none."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import study

from .graphs import W_HH, WORKED

TRUE = np.array([[-0.007418, -0.084772], [0.038880, 0.129777]])
SLIDE = np.array([[-0.040585, -0.115750], [0.109035, 0.211089]])
WINDOW_2 = np.array([[-0.032397, -0.067298], [0.138775, 0.059894]])


@pytest.mark.parametrize("kind", WORKED)
@pytest.mark.parametrize(
    ("mine", "kinds"),
    [(TRUE, ()), (SLIDE, ("window",)), (WINDOW_2, ("window",)), (-TRUE, ("sign",)), (TRUE / 2, ("factor",)),
     (TRUE.T, ("transpose",)), (TRUE / 4, ("factor",)), (-SLIDE, ("window", "sign")), (SLIDE.T, ("window", "transpose"))],
)  # fmt: skip
def test_the_worked_example(kind, mine, kinds):
    graph = WORKED[kind]()
    found = study.check_derivation(graph.loss, graph.weight, mine)
    assert found.kinds == kinds
    assert found.verdict == ("mistaken" if kinds else "right")


def test_the_lectures_formula_is_named():
    graph = WORKED["fused"]()
    found = study.check_derivation(graph.loss, graph.weight, SLIDE.tolist())
    assert found.finding() == (
        "the hand-derived ∂L/∂weight_hh_l0 is the true one with a mistake: the recurrent term is missing (window 1)"
    )
    assert found.cosine == pytest.approx(0.976, abs=5e-4)
    assert found.ratio == pytest.approx(0.2674 / 0.1600, abs=2e-3)
    assert found.plot()._repr_png_().startswith(b"\x89PNG")


class Batch:
    """Three samples, five steps, in NumPy by hand: h_t = tanh(x_t + h_{t-1} W), L = Σ ‖h_t‖²/2, with chosen mistakes."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.x, self.W, self.b = rng.normal(size=(5, 3, 4)), rng.normal(size=(4, 4)) / 2, rng.normal(size=4)
        self.h = [np.zeros((3, 4))]
        for x in self.x:
            self.h.append(np.tanh(x + self.h[-1] @ self.W + self.b))

    def graph(self):
        self.weight, self.bias = tg.tensor(self.W, requires_grad=True), tg.tensor(self.b, requires_grad=True)
        h, loss = tg.zeros(3, 4, dtype=tg.float64), 0
        for t, x in enumerate(self.x):
            with tg.step(t):
                h = (tg.tensor(x) + h @ self.weight + self.bias).tanh()
                loss = loss + (h * h).sum() / 2
        return loss

    def by_hand(self, carry=None, partner=-1, sample=None, bias=False):
        carry = self.W.T if carry is None else carry
        total, later = 0, np.zeros((3, 4))
        for t in range(5, 0, -1):
            later = (self.h[t] + later @ carry) * (1 - self.h[t] ** 2)
            rows = later if sample is None else later * (np.arange(3) == sample)[:, None]
            k = t + partner
            total = total + (rows.sum(0) if bias else self.h[max(k, 0)].T @ rows)
        return total


def test_mistakes_of_a_batch_by_hand():
    batch = Batch()
    loss = batch.graph()
    planted = {
        (): batch.by_hand(),
        ("dropped W",): batch.by_hand(carry=np.eye(4)),
        ("W transposed",): batch.by_hand(carry=batch.W),
        ("off by one",): batch.by_hand(partner=0),
        ("batch",): batch.by_hand(sample=1),
        ("factor",): batch.by_hand() / 3,
        ("dropped W", "sign"): -batch.by_hand(carry=np.eye(4)),
        ("off by one", "factor"): batch.by_hand(partner=0) / 2,
    }
    for kinds, mine in planted.items():
        assert study.check_derivation(loss, batch.weight, mine).kinds == kinds
    assert study.check_derivation(loss, batch.weight, batch.by_hand(partner=-2)).kinds == ("off by one",)
    samples = np.stack([batch.by_hand(sample=k) for k in range(3)])
    assert study.check_derivation(loss, batch.weight, samples).kinds == ("batch",)
    found = study.check_derivation(loss, batch.weight, batch.by_hand() / 3)
    assert "1/B (a mean over the batch of 3)" in found.mistake
    assert study.check_derivation(loss, batch.bias, batch.by_hand(bias=True)).verdict == "right"
    assert study.check_derivation(loss, batch.bias, batch.by_hand(bias=True, sample=2)).kinds == ("batch",)
    assert batch.weight.grad is None
    loss.backward()
    np.testing.assert_allclose(batch.weight.grad.numpy(), batch.by_hand(), rtol=1e-12)


def test_none_of_the_known_ones():
    graph = WORKED["loop"]()
    rng = np.random.default_rng(1)
    for mine in (TRUE + 0.01 * rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), W_HH, np.zeros((2, 2)), 3.7 * TRUE):
        found = study.check_derivation(graph.loss, graph.weight, mine)
        assert found.verdict == "unknown"
        assert "none of the known mistakes" in repr(found)
    found = study.check_derivation(graph.loss, graph.weight, np.ones(3))
    assert "has the shape (3,), the true one (2, 2)" in repr(found)
