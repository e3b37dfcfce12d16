"""What parameters start with: the kind of numbers, how large they are, and what decides it."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn
from tinygrad_rnn.nn import init

UNIFORM = 1 / math.sqrt(3)  # standard deviation of uniform numbers in ±1


def assert_uniform(p, bound):
    a = p.detach().numpy()
    assert abs(a).max() <= bound * (1 + 1e-6)
    assert abs(a).max() >= bound * (1 - 20 / a.size)
    assert a.std() == pytest.approx(bound * UNIFORM, rel=4 / math.sqrt(a.size))
    assert abs(a.mean()) < 4 * bound * UNIFORM / math.sqrt(a.size)


def assert_normal(p, std, mean=0.0):
    a = p.detach().numpy()
    assert a.std() == pytest.approx(std, rel=4 / math.sqrt(a.size))
    assert abs(a.mean() - mean) < 4 * std / math.sqrt(a.size)
    assert 3 * std < abs(a - mean).max() < 7 * std  # tails, unlike uniform numbers


@pytest.fixture(autouse=True)
def seed():
    tg.manual_seed(5)


MATRIX, WINDOW = (60, 90), (40, 30, 5)  # fans (in, out): 90, 60; and 150, 200
GAINS = {
    ("linear", None): 1.0,
    ("sigmoid", None): 1.0,
    ("conv1d", None): 1.0,
    ("tanh", None): 5 / 3,
    ("relu", None): math.sqrt(2),
    ("leaky_relu", None): math.sqrt(2 / 1.0001),
    ("leaky_relu", 0.5): math.sqrt(1.6),
    ("leaky_relu", 0): math.sqrt(2),
    ("selu", None): 0.75,
}
UNIFORMS = [
    (init.xavier_uniform_, {}, MATRIX, math.sqrt(6 / 150)),
    (init.xavier_uniform_, {"gain": 2.0}, WINDOW, 2 * math.sqrt(6 / 350)),
    (init.kaiming_uniform_, {}, MATRIX, math.sqrt(2 * 3 / 90)),
    (init.kaiming_uniform_, {"mode": "fan_out"}, MATRIX, math.sqrt(2 * 3 / 60)),
    (init.kaiming_uniform_, {"mode": "fan_in"}, WINDOW, math.sqrt(2 * 3 / 150)),
    (init.kaiming_uniform_, {"mode": "fan_out"}, WINDOW, math.sqrt(2 * 3 / 200)),
    (init.kaiming_uniform_, {"a": 2.0}, MATRIX, math.sqrt(2 / 5 * 3 / 90)),
    (init.kaiming_uniform_, {"a": 2.0, "nonlinearity": "relu"}, MATRIX, math.sqrt(2 * 3 / 90)),
    (init.kaiming_uniform_, {"nonlinearity": "tanh"}, MATRIX, 5 / 3 * math.sqrt(3 / 90)),
]
NORMALS = [
    (init.xavier_normal_, {}, MATRIX, math.sqrt(2 / 150)),
    (init.xavier_normal_, {"gain": 0.5}, WINDOW, 0.5 * math.sqrt(2 / 350)),
    (init.kaiming_normal_, {}, MATRIX, math.sqrt(2 / 90)),
    (init.kaiming_normal_, {"mode": "fan_out", "a": 1.0}, WINDOW, math.sqrt(1 / 200)),
    (init.kaiming_normal_, {"nonlinearity": "linear"}, MATRIX, math.sqrt(1 / 90)),
    (init.normal_, {}, MATRIX, 1.0),
]


@pytest.mark.parametrize(("kind", "param"), GAINS)
def test_gains(kind, param):
    assert init.calculate_gain(kind, param) == pytest.approx(GAINS[kind, param], rel=1e-12)


@pytest.mark.parametrize(("fill", "options", "shape", "bound"), UNIFORMS)
def test_uniform_numbers_by_the_fans(fill, options, shape, bound):
    p = tg.zeros(shape, requires_grad=True)
    assert fill(p, **options) is p
    assert_uniform(p, bound)
    assert p.requires_grad
    assert p.is_leaf


@pytest.mark.parametrize(("fill", "options", "shape", "std"), NORMALS)
def test_normal_numbers_by_the_fans(fill, options, shape, std):
    assert_normal(fill(tg.zeros(shape), **options), std)


def test_numbers_from_given_bounds():
    p = tg.zeros(5000)
    assert_uniform(init.uniform_(p, 2.0, 5.0) - 3.5, 1.5)
    assert_uniform(init.uniform_(p) - 0.5, 0.5)
    assert_normal(init.normal_(p, 3.0, 0.2), 0.2, 3.0)
    cut = init.trunc_normal_(p, 1.0, 2.0, 0.5, 2.5).numpy()
    assert (cut >= 0.5).all()
    assert (cut <= 2.5).all()
    assert cut.std() == pytest.approx(0.563, abs=0.02)  # nearly uniform so close to the middle
    usual = init.trunc_normal_(p).numpy()
    assert abs(usual).max() <= 2
    assert usual.std() == pytest.approx(0.8796, abs=0.03)
    assert set(init.constant_(p, 0.25).tolist()) == {0.25}
    assert set(init.ones_(p).tolist()) == {1.0}
    assert set(init.zeros_(p).tolist()) == {0.0}
    assert init.eye_(tg.ones(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("shape", [(6, 6), (4, 9), (9, 4), (4, 3, 2)])
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_orthogonal_rows_or_columns(shape, gain):
    w = init.orthogonal_(tg.zeros(shape, dtype=tg.float64), gain).numpy().reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-12)
    assert (w < 0).any()
    assert (w > 0).any()


LAYERS = [
    (lambda: nn.Linear(300, 200), {"weight": 1 / math.sqrt(300), "bias": 1 / math.sqrt(300)}),
    (lambda: nn.Bilinear(100, 20, 50), {"weight": 0.1, "bias": 0.1}),
    (lambda: nn.Conv1d(40, 200, 5), {"weight": 1 / math.sqrt(200), "bias": 1 / math.sqrt(200)}),
    (lambda: nn.Conv1d(40, 200, 5, groups=4), {"weight": 1 / math.sqrt(50), "bias": 1 / math.sqrt(50)}),
    (lambda: nn.RNN(90, 30), dict.fromkeys(["weight_ih_l0", "weight_hh_l0"], 1 / math.sqrt(30))),
    (lambda: nn.LSTM(70, 40, 2), dict.fromkeys(["weight_ih_l0", "weight_hh_l1", "bias_ih_l0", "bias_hh_l1"], 1 / math.sqrt(40))),
    (lambda: nn.GRU(30, 50), dict.fromkeys(["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"], 1 / math.sqrt(50))),
    (lambda: nn.LSTMCell(70, 40), dict.fromkeys(["weight_ih", "weight_hh", "bias_ih", "bias_hh"], 1 / math.sqrt(40))),
    (lambda: nn.GRUCell(70, 40), dict.fromkeys(["weight_ih", "weight_hh"], 1 / math.sqrt(40))),
    (lambda: nn.MultiheadAttention(60, 4), {"in_proj_weight": math.sqrt(6 / 240), "out_proj.weight": 1 / math.sqrt(60)}),
    (lambda: nn.MultiheadAttention(60, 4, kdim=30, vdim=90),
     {"q_proj_weight": math.sqrt(6 / 120), "k_proj_weight": math.sqrt(6 / 90), "v_proj_weight": math.sqrt(6 / 150)}),
    (lambda: nn.Transformer(40, 2, 1, 1, 90),
     {"encoder.layers.0.linear1.weight": math.sqrt(6 / 130), "decoder.layers.0.self_attn.in_proj_weight": math.sqrt(6 / 160),
      "decoder.layers.0.multihead_attn.out_proj.weight": math.sqrt(6 / 80)}),
    (lambda: models.GeneralAttention(50, 80), {"weight": 1 / math.sqrt(80)}),
]  # fmt: skip


@pytest.mark.parametrize(("make", "bounds"), LAYERS)
def test_layers_start_uniform_within_a_bound(make, bounds):
    layer = make()
    for name, bound in bounds.items():
        assert_uniform(layer.get_parameter(name), bound)


def test_layers_that_start_otherwise():
    assert_normal(nn.Embedding(300, 20).weight, 1.0)
    table = nn.Embedding(300, 20, padding_idx=7).weight.detach().numpy()
    assert [k for k in range(300) if not table[k].any()] == [7]
    attention = nn.MultiheadAttention(60, 4, add_bias_kv=True)
    assert not attention.in_proj_bias.detach().numpy().any()
    assert not attention.out_proj.bias.detach().numpy().any()
    for norm in (nn.LayerNorm(5), nn.GroupNorm(5, 5), nn.BatchNorm1d(5), nn.RMSNorm(5)):
        assert norm.weight.tolist() == [1.0] * 5
        assert getattr(norm, "bias", None) is None or norm.bias.tolist() == [0.0] * 5
    batch = nn.BatchNorm1d(2)
    assert (batch.running_mean.tolist(), batch.running_var.tolist()) == ([0.0, 0.0], [1.0, 1.0])
    assert batch.num_batches_tracked.item() == 0


def test_two_layers_start_differently_and_a_seed_repeats():
    a, b = nn.Linear(4, 4), nn.Linear(4, 4)
    assert (a.weight != b.weight).all().item()
    tg.manual_seed(5)
    np.testing.assert_array_equal(nn.Linear(4, 4).weight.detach().numpy(), a.weight.detach().numpy())
