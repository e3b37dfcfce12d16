"""Wrong calls raise what PyTorch raises, and say which numbers were wrong.

A row is a call on either library and words that must be in our message. `stricter` rows are those where PyTorch
warns, broadcasts or computes something.
"""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.nn import functional as F

OURS = SimpleNamespace(
    F=F, nn=nn, tensor=tg.tensor, ones=tg.ones, zeros=tg.zeros, int64=tg.int64, int32=tg.int32, bool=tg.bool
)

ROWS = [
    (lambda m: m.F.linear(m.ones(2, 3), m.ones(4, 5)), ["[2, 3]", "[4, 5]"]),
    (lambda m: m.F.linear(m.ones(2, 3), m.ones(4, 3), m.ones(5)), ["[5]"]),
    (lambda m: m.F.linear(m.ones(2, 3), m.ones(4, 3).double()), ["float64"]),
    (lambda m: m.F.bilinear(m.ones(2, 3), m.ones(2, 4), m.ones(5, 3, 3)), ["input2", "[2, 4]"]),
    (lambda m: m.F.embedding(m.tensor([0, 7]), m.ones(5, 2)), ["7", "5 rows"]),
    (lambda m: m.F.embedding(m.tensor([-1, 2]), m.ones(5, 2)), ["-1", "0..4"]),
    (lambda m: m.F.embedding(m.tensor([0.0, 2.0]), m.ones(5, 2)), ["float32"]),
    (lambda m: m.F.embedding(m.tensor([0]), m.ones(5)), ["[5]"]),
    (lambda m: m.nn.Embedding(5, 2, padding_idx=5), ["5"]),
    (lambda m: m.nn.Embedding.from_pretrained(m.ones(5)), ["[5]"]),
    (lambda m: m.F.one_hot(m.tensor([0, 3]), 3), ["num_classes=3", "got 3"]),
    (lambda m: m.F.one_hot(m.tensor([-1])), ["-1"]),
    (lambda m: m.F.one_hot(m.tensor([1.0])), ["float32"]),
    (lambda m: m.F.softmax(m.ones(2, 3), dim=2), ["got 2"]),
    (lambda m: m.F.log_softmax(m.ones(2, 3), dim=-3), ["got -3"]),
    (lambda m: m.F.glu(m.ones(2, 3)), ["[2, 3]"]),
    (lambda m: m.F.gelu(m.ones(2), approximate="fast"), ["'fast'"]),
    (lambda m: m.F.dropout(m.ones(2), p=1.5), ["1.5"]),
    (lambda m: m.nn.Dropout(-0.1), ["-0.1"]),
    (lambda m: m.F.layer_norm(m.ones(2, 3), (2,)), ["[2]", "[2, 3]"]),
    (lambda m: m.F.layer_norm(m.ones(2, 3), (3,), m.ones(2)), ["[3]", "[2]"]),
    (lambda m: m.F.group_norm(m.ones(2, 5, 3), 2), ["5 channels", "2 groups"]),
    (lambda m: m.nn.GroupNorm(2, 5), ["5", "2"]),
    (lambda m: m.F.rms_norm(m.ones(2, 3), (4,)), ["[4]", "[2, 3]"]),
    (lambda m: m.F.batch_norm(m.ones(1, 3), None, None, training=True), ["[1, 3]"]),
    (lambda m: m.F.batch_norm(m.ones(2, 3), m.ones(4), m.ones(4)), ["[3]", "[4]"]),
    (lambda m: m.nn.BatchNorm1d(3)(m.ones(2, 4)), ["4 channels", "num_features=3"]),
    (lambda m: m.nn.BatchNorm1d(3)(m.ones(3)), ["[3]"]),
    (lambda m: m.F.conv1d(m.ones(1, 4, 9), m.ones(2, 3, 3)), ["3 channels", "has 4"]),
    (lambda m: m.F.conv1d(m.ones(1, 4, 2), m.ones(2, 4, 3)), ["length 2", "needs 3"]),
    (lambda m: m.F.conv1d(m.ones(4), m.ones(2, 4, 3)), ["[4]"]),
    (lambda m: m.F.conv1d(m.ones(1, 4, 9), m.ones(2, 4, 3), stride=0), ["0"]),
    (lambda m: m.F.conv1d(m.ones(1, 4, 9), m.ones(2, 4, 3), padding=-1), ["-1"]),
    (lambda m: m.F.conv1d(m.ones(1, 4, 9), m.ones(2, 4, 3), m.ones(3)), ["[2]", "[3]"]),
    (lambda m: m.F.conv1d(m.ones(1, 4, 9), m.ones(2, 4, 3), padding="same", stride=2), ["stride 2"]),
    (lambda m: m.F.conv2d(m.ones(1, 4, 9), m.ones(2, 4, 3, 3)), ["4 channels", "has 1"]),
    (lambda m: m.F.conv2d(m.ones(1, 4, 2, 9), m.ones(2, 4, 3, 3)), ["length 2", "needs 3"]),
    (lambda m: m.F.conv2d(m.ones(1, 4, 9, 9), m.ones(2, 4, 3, 3), padding="same", stride=(1, 2)), ["stride"]),
    (lambda m: m.F.conv_transpose1d(m.ones(1, 4, 9), m.ones(3, 2, 3)), ["[3, 2, 3]", "has 4"]),
    (lambda m: m.F.conv_transpose1d(m.ones(1, 4, 9), m.ones(4, 2, 3), output_padding=1), ["got 1"]),
    (lambda m: m.F.conv_transpose1d(m.ones(1, 4, 9), m.ones(4, 2, 3), m.ones(3)), ["[2]", "[3]"]),
    (lambda m: m.F.max_pool2d(m.ones(1, 2, 5, 5), 2, padding=2), ["got 2"]),
    (lambda m: m.F.max_pool2d(m.ones(2, 5), 2), ["[2, 5]"]),
    (lambda m: m.F.avg_pool2d(m.ones(1, 2, 5, 5), 2, divisor_override=0), ["zero"]),
    (lambda m: m.F.avg_pool2d(m.ones(1, 2, 1, 5), 2), ["length 1"]),
    (lambda m: m.F.adaptive_avg_pool2d(m.ones(5, 5), 2), ["[5, 5]"]),
    (lambda m: m.nn.BatchNorm2d(3)(m.ones(2, 3, 4)), ["4D", "[2, 3, 4]"]),
    (lambda m: m.nn.InstanceNorm1d(3)(m.ones(2, 3)[0]), ["2D or 3D", "[3]"]),
    (lambda m: m.F.instance_norm(m.ones(2, 3, 1)), ["[2, 3, 1]"]),
    (lambda m: m.F.softshrink(m.ones(3), -1.0), ["-1.0"]),
    (lambda m: m.F.prelu(m.ones(2, 3), m.ones(2)), ["3 channels", "[2]"]),
    (lambda m: m.F.margin_ranking_loss(m.ones(2, 3), m.ones(3), m.ones(2, 3)), ["[2, 3]", "[3]"]),
    (lambda m: m.F.cosine_embedding_loss(m.ones(2, 3), m.ones(2, 3), m.ones(2, 3)), ["[2, 3]"]),
    (lambda m: m.F.triplet_margin_loss(m.ones(2, 3), m.ones(2, 3), m.ones(2, 3), margin=-1.0), ["-1.0"]),
    (lambda m: m.F.gaussian_nll_loss(m.ones(2, 3), m.ones(2, 3), m.ones(4)), ["[4]", "[2, 3]"]),
    (lambda m: m.F.gaussian_nll_loss(m.ones(2, 3), m.ones(2, 3), -m.ones(2, 3)), ["-1.0"]),
    (lambda m: m.F.poisson_nll_loss(m.ones(2), m.ones(2), reduction="all"), ["'all'"]),
    (lambda m: m.nn.MultiMarginLoss(3), ["3"]),
    (lambda m: m.F.celu(m.ones(2), 0.0), ["0"]),
    (lambda m: m.F.interpolate(m.ones(1, 2, 3)), ["None"]),
    (lambda m: m.F.interpolate(m.ones(1, 2, 3), 4, 2.0), ["4", "2.0"]),
    (lambda m: m.F.interpolate(m.ones(1, 2, 3), 4, mode="bilinear"), ["'bilinear'"]),
    (lambda m: m.F.interpolate(m.ones(1, 2, 3), 4, align_corners=True), ["'nearest'"]),
    (lambda m: m.nn.ReflectionPad1d(3)(m.ones(1, 2, 3)), ["at most 2", "(3, 3)"]),
    (lambda m: m.nn.Conv1d(4, 6, 3, groups=5), ["4", "5"]),
    (lambda m: m.nn.Conv1d(4, 6, 3, padding="other"), ["'other'"]),
    (lambda m: m.nn.Conv1d(4, 6, 3, padding_mode="mirror"), ["'mirror'"]),
    (lambda m: m.F.max_pool1d(m.ones(1, 2, 5), 2, padding=2), ["got 2"]),
    (lambda m: m.F.max_pool1d(m.ones(1, 2, 3), 5), ["length 3", "5"]),
    (lambda m: m.F.avg_pool1d(m.ones(5), 2), ["[5]"]),
    (lambda m: m.F.pad(m.ones(2, 3), (1, 1, 1)), ["3 numbers"]),
    (lambda m: m.F.pad(m.ones(2, 3), (-2, -2)), ["(-2, -2)", "3 entries"]),
    (lambda m: m.F.pad(m.ones(1, 2, 3), (3, 0), mode="reflect"), ["2", "(3, 0)"]),
    (lambda m: m.F.pad(m.ones(2, 3), (1, 1), mode="wrap"), ["'wrap'"]),
    (lambda m: m.F.scaled_dot_product_attention(m.ones(2, 3, 4), m.ones(2, 5, 3), m.ones(2, 5, 3)), ["4", "3"]),
    (lambda m: m.F.scaled_dot_product_attention(m.ones(2, 3, 4), m.ones(2, 5, 4), m.ones(2, 6, 4)), ["5", "6"]),
    (
        lambda m: m.F.scaled_dot_product_attention(
            m.ones(3, 4), m.ones(5, 4), m.ones(5, 4), m.ones(3, 5, dtype=m.bool), is_causal=True
        ),
        ["is_causal"],
    ),
    (
        lambda m: m.F.scaled_dot_product_attention(
            m.ones(3, 4), m.ones(5, 4), m.ones(5, 4), m.ones(5, 3, dtype=m.bool)
        ),
        ["[5, 3]"],
    ),
    (lambda m: m.nn.MultiheadAttention(10, 3), ["10", "3"]),
    (lambda m: m.nn.MultiheadAttention(0, 3), ["0"]),
    (lambda m: m.nn.MultiheadAttention(4, 2)(m.ones(3, 1, 5), m.ones(3, 1, 5), m.ones(3, 1, 5)), ["5", "expected 4"]),
    (lambda m: m.nn.MultiheadAttention(4, 2)(m.ones(3, 1, 4), m.ones(3, 4), m.ones(3, 4)), ["[3, 4]"]),
    (
        lambda m: m.nn.MultiheadAttention(4, 2)(
            m.ones(3, 1, 4), m.ones(5, 1, 4), m.ones(5, 1, 4), attn_mask=m.zeros(5, 3)
        ),
        ["[3, 5]", "[5, 3]"],
    ),
    (lambda m: m.nn.TransformerEncoderLayer(4, 2, activation="swish"), ["'swish'"]),
    (lambda m: m.nn.Transformer(4, 2, 1, 1, 8)(m.ones(3, 2, 4), m.ones(3, 1, 4)), ["[3, 2, 4]", "[3, 1, 4]"]),
    (lambda m: m.nn.Transformer(4, 2, 1, 1, 8)(m.ones(3, 2, 5), m.ones(3, 2, 5)), ["d_model=4"]),
    (lambda m: m.F.cross_entropy(m.ones(3, 5), m.tensor([0, 1])), ["[3, 5]", "[2]"]),
    (lambda m: m.F.cross_entropy(m.ones(3, 5), m.tensor([0, 1, 5])), ["5 is out of bounds", "0..4"]),
    (lambda m: m.F.cross_entropy(m.ones(3, 5), m.tensor([0, -1, 2])), ["-1 is out of bounds"]),
    (lambda m: m.F.cross_entropy(m.ones(2, 5, 3), m.tensor([[0, 1], [0, 1]])), ["[2, 5, 3]", "[2, 2]"]),
    (lambda m: m.F.cross_entropy(m.ones(3, 5), m.ones(3, 4)), ["[3, 5]", "[3, 4]"]),
    (lambda m: m.F.cross_entropy(m.ones(3, 5), m.tensor([0, 1, 2]), m.ones(4)), ["5 classes", "[4]"]),
    (lambda m: m.F.cross_entropy(m.ones(1, 5), m.tensor([0]), label_smoothing=1.5), ["1.5"]),
    (lambda m: m.F.cross_entropy(m.ones(1, 5), m.tensor([0]), reduction="avg"), ["'avg'"]),
    (lambda m: m.F.cross_entropy(m.ones(1, 5), m.tensor([0], dtype=m.int32)), ["int32"]),
    (lambda m: m.F.nll_loss(m.ones(3, 5), m.tensor([0, 1, 9])), ["9 is out of bounds"]),
    (lambda m: m.F.binary_cross_entropy(m.ones(3) * 2, m.ones(3)), ["2"]),
    (lambda m: m.F.binary_cross_entropy(m.ones(3, 1) * 0.5, m.ones(3)), ["[3, 1]", "[3]"]),
    (lambda m: m.F.binary_cross_entropy_with_logits(m.ones(3, 1), m.ones(3)), ["[3, 1]", "[3]"]),
    (lambda m: m.F.mse_loss(m.ones(3), m.ones(3), reduction="avg"), ["'avg'"]),
    (lambda m: m.F.smooth_l1_loss(m.ones(3), m.ones(3), beta=-1.0), ["-1.0"]),
    (lambda m: m.F.huber_loss(m.ones(3), m.ones(3), delta=0.0), ["0.0"]),
    (lambda m: m.F.ctc_loss(m.ones(4, 1, 3), m.tensor([[1, 2]]), (5,), (2,)), ["0..4", "got 5"]),
    (lambda m: m.F.ctc_loss(m.ones(4, 1, 3), m.tensor([[1, 2]]), (4,), (3,)), ["[1, 2]", "3 labels"]),
    (lambda m: m.F.ctc_loss(m.ones(4, 2, 3), m.tensor([[1, 2]] * 2), (4,), (2, 2)), ["2 sequences", "got 1"]),
    (lambda m: m.F.ctc_loss(m.ones(4, 1, 3), m.tensor([[1, 2]]), (4,), (2,), blank=3), ["0..2", "got 3"]),
    (lambda m: m.nn.Sequential(m.nn.Tanh())[1], ["1", "out of range"]),
    (lambda m: m.nn.ModuleList([3]), ["int"]),
    (lambda m: m.F.relu([1.0]), ["list"]),
]

STRICTER = [
    (lambda m: m.F.mse_loss(m.ones(3, 1), m.ones(3)), ValueError, ["[3, 1]", "[3]", "broadcast"]),
    (lambda m: m.F.l1_loss(m.ones(3), m.ones(1)), ValueError, ["[3]", "[1]"]),
    (lambda m: m.F.smooth_l1_loss(m.ones(3, 1), m.ones(3)), ValueError, ["[3, 1]"]),
    (lambda m: m.F.huber_loss(m.ones(3, 1), m.ones(3)), ValueError, ["[3, 1]"]),
    (lambda m: m.F.kl_div(m.ones(3, 1), m.ones(3)), ValueError, ["[3, 1]"]),
    (lambda m: m.F.ctc_loss(m.ones(4, 1, 3), m.tensor([[0, 2]]), (4,), (2,)), RuntimeError, ["blank 0"]),
    (lambda m: m.F.ctc_loss(m.ones(4, 1, 3), m.tensor([[1, 3]]), (4,), (2,)), RuntimeError, ["0..2", "got 3"]),
    (lambda m: m.F.softmax(m.tensor([1, 2]), dim=0), RuntimeError, ["int64"]),
    (lambda m: m.nn.Unflatten("time", (2, 3)), TypeError, ["str"]),
    (lambda m: m.nn.MSELoss(reduction="avg"), ValueError, ["'avg'"]),
]


@pytest.mark.torch
@pytest.mark.parametrize(("call", "words"), ROWS)
def test_the_same_type_and_the_numbers(call, words):
    torch = pytest.importorskip("torch")
    theirs = SimpleNamespace(
        F=torch.nn.functional,
        nn=torch.nn,
        **{name: getattr(torch, name) for name in ("tensor", "ones", "zeros", "int64", "int32", "bool")},
    )
    with pytest.raises(Exception) as expected, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        call(theirs)
    with pytest.raises(expected.type) as raised:
        call(OURS)
    assert type(raised.value) is expected.type
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize(("call", "kind", "words"), STRICTER)
def test_stricter_than_pytorch(call, kind, words):
    with pytest.raises(kind) as raised:
        call(OURS)
    for word in words:
        assert word in str(raised.value)


def test_nan_is_not_a_probability():
    with pytest.raises(ValueError, match="nan"):
        nn.Dropout(float("nan"))
    with pytest.raises(RuntimeError, match="nan"):
        F.cross_entropy(tg.ones(1, 2), tg.tensor([0]), label_smoothing=np.nan)
