"""Layers with float16 weights: as good as float64 but for the rounding of what passes between their parts."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.nn.utils import clip_grad_norm_, weight_norm

random = np.random.default_rng(0)


def both(layer, *arrays, pick=lambda out: out):
    """Outputs and all gradients, in float16 and in float64, of a layer with the same (float16) weights and inputs."""
    layer.half()
    found = []
    for dtype in ("float16", "float64"):
        twin = copy.deepcopy(layer).to(tg.dtype(dtype))
        inputs = [tg.tensor(a.astype(np.float16).astype(dtype), requires_grad=True) for a in arrays]
        y = pick(twin(*inputs))
        g = np.random.default_rng(1).standard_normal(y.shape).astype(np.float16)
        y.backward(tg.tensor(g.astype(dtype)))
        leaves = [*inputs, *twin.parameters()]
        found.append([y.detach().numpy(), *[p.grad.numpy() for p in leaves if p.grad is not None]])
    return found


def assert_close(found, exact, units: float) -> None:
    """Within some units in the last place of the largest number."""
    assert len(found) == len(exact)
    for y, z in zip(found, exact, strict=True):
        assert y.dtype == np.float16
        unit = float(np.spacing(np.float16(np.abs(z).max())))
        np.testing.assert_allclose(y, z, rtol=0, atol=units * unit)


def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
    return random.standard_normal(shape) * scale


def first(out):
    return out[0]


ONE_STEP = [  # a single rounding between input and output
    ("Linear", lambda: nn.Linear(40, 5), [normal(3, 40)], None),
    ("Bilinear", lambda: nn.Bilinear(4, 5, 3), [normal(2, 4), normal(2, 5)], None),
    ("Conv1d", lambda: nn.Conv1d(4, 6, 3), [normal(2, 4, 20)], None),
    ("LayerNorm", lambda: nn.LayerNorm(6), [normal(5, 6, scale=400)], None),
    ("RMSNorm", lambda: nn.RMSNorm(6), [normal(5, 6, scale=400)], None),
    ("GroupNorm", lambda: nn.GroupNorm(2, 4), [normal(3, 4, 6, scale=400)], None),
    ("BatchNorm1d", lambda: nn.BatchNorm1d(4), [normal(8, 4, scale=400)], None),
    ("RNN", lambda: nn.RNN(3, 4), [normal(20, 2, 3)], first),
    ("RNN relu", lambda: nn.RNN(3, 4, nonlinearity="relu"), [normal(20, 2, 3)], first),
    ("LSTM", lambda: nn.LSTM(3, 4), [normal(20, 2, 3)], first),
    ("LSTM c", lambda: nn.LSTM(3, 4), [normal(20, 2, 3)], lambda out: out[1][1]),
    ("LSTM both ways", lambda: nn.LSTM(3, 4, bidirectional=True), [normal(20, 2, 3)], first),
    ("GRU", lambda: nn.GRU(3, 4), [normal(20, 2, 3)], first),
    ("AvgPool1d", lambda: nn.AvgPool1d(3), [normal(2, 3, 12)], None),
    ("weight_norm", lambda: weight_norm(nn.Linear(40, 5)), [normal(3, 40)], None),
    *[(loss, getattr(nn, loss), [normal(5, 6, scale=100), normal(5, 6, scale=100)], None)
      for loss in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCEWithLogitsLoss", "CosineSimilarity")],
    *[(name, getattr(nn, name), [normal(5, 6, scale=20)], None)
      for name in ("ELU", "GELU", "SiLU", "Softplus", "LogSigmoid", "Sigmoid", "Tanh", "LeakyReLU", "GLU")],
]  # fmt: skip

SEVERAL_STEPS = [  # what passes between the parts is a float16 each time, in PyTorch too
    ("LSTM stacked", lambda: nn.LSTM(3, 4, 2), [normal(9, 2, 3)], first),
    ("LSTMCell", lambda: nn.LSTMCell(3, 4), [normal(2, 3)], first),
    ("GRUCell", lambda: nn.GRUCell(3, 4), [normal(2, 3)], None),
    ("RNNCell", lambda: nn.RNNCell(3, 4), [normal(2, 3)], None),
    ("LayerNormLSTMCell", lambda: nn.LayerNormLSTMCell(3, 4), [normal(2, 3)], first),
    ("MultiheadAttention", lambda: nn.MultiheadAttention(8, 2), [normal(4, 3, 8) for _ in range(3)], first),
    ("TransformerEncoderLayer", lambda: nn.TransformerEncoderLayer(8, 2, 16, 0.0), [normal(4, 3, 8)], None),
    ("TransformerDecoderLayer", lambda: nn.TransformerDecoderLayer(8, 2, 16, 0.0), [normal(4, 3, 8), normal(5, 3, 8)], None),
]  # fmt: skip


@pytest.mark.parametrize(("make", "arrays", "pick"), [c[1:] for c in ONE_STEP], ids=[c[0] for c in ONE_STEP])
def test_a_layer_is_rounded_once(make, arrays, pick):
    tg.manual_seed(0)
    assert_close(*both(make(), *arrays, pick=pick or (lambda out: out)), units=1)


@pytest.mark.parametrize(("make", "arrays", "pick"), [c[1:] for c in SEVERAL_STEPS], ids=[c[0] for c in SEVERAL_STEPS])
def test_a_layer_of_several_parts_is_rounded_between_them(make, arrays, pick):
    tg.manual_seed(0)
    assert_close(*both(make(), *arrays, pick=pick or (lambda out: out)), units=8)


def test_scores_in_the_thousands_keep_their_attention():
    q = normal(1, 2, 3, 8, scale=100).astype(np.float16)
    found, exact = (
        nn.functional.scaled_dot_product_attention(*[tg.tensor(q.astype(d))] * 3).numpy() for d in ("f2", "f8")
    )
    assert_close([found], [exact], units=1)


def test_a_fused_float16_layer_opens():
    tg.manual_seed(0)
    lstm = nn.LSTM(3, 4).half()
    x = tg.tensor(normal(5, 2, 3).astype(np.float16), requires_grad=True)
    output, _ = lstm(x)
    opened, *_ = tg.expand(output.grad_fn)
    assert opened.dtype == tg.float16
    np.testing.assert_array_equal(opened.detach().numpy(), output.detach().numpy())
    with pytest.raises(TypeError, match="not a fused node"):
        tg.expand((x.float() * 2).grad_fn)


def test_clipping_float16_gradients_sees_their_true_norm():
    w, b = tg.zeros(4, dtype=tg.float16), tg.zeros(2, dtype=tg.float16)
    w.grad, b.grad = tg.full((4,), 300.0).half(), tg.full((2,), -0.013).half()
    exact = np.concatenate([w.grad.numpy(), b.grad.numpy()]).astype(np.float64)
    norm = clip_grad_norm_([w, b], 1e-2)
    assert norm.dtype == w.grad.dtype == tg.float16
    assert norm.item() == np.float16(np.linalg.norm(exact))
    clipped = exact * (1e-2 / np.linalg.norm(exact))
    assert_close([w.grad.numpy(), b.grad.numpy()], [clipped[:4], clipped[4:]], units=1)


def test_embedding_rows_are_shortened_by_their_true_norm():
    weight = tg.tensor(np.full((2, 4), 300.0, np.float16))
    y = nn.functional.embedding(tg.tensor([0]), weight, max_norm=1.0)
    np.testing.assert_allclose(y.numpy(), 0.5, atol=5e-4)
