"""Layers, losses and fused kernels whose inputs, weights, states and incoming gradients lie in memory in any way."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.nn.utils import parameters_to_vector, vector_to_parameters
from tinygrad_rnn.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_
from tinygrad_rnn.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from tinygrad_rnn.utils.data import default_collate

from ..layouts import LAYOUTS, agree, expanded, leaf, parts

layouts = pytest.mark.parametrize("layout", LAYOUTS)
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(3, 2, 4))  # (T, B, I), or (B, C, L), or (B, L, E)
MEMORY = RANDOM.normal(size=(3, 5, 4))
H, C = RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(2, 3))
HIDDEN = np.triu(np.ones((2, 2), bool), 1)
STATE = {"LSTM": 2, "RowVectorLSTM": 2}


def cell(kind: str, **options):
    """A row for a cell: x (B, I), and its state."""
    made = getattr(nn, kind)(4, 3, **options)
    lstm = "LSTM" in kind
    return made, (lambda m, x, h, c: m(x, (h, c))) if lstm else (lambda m, x, h, c: m(x, h)), [X[0], H, C]


def sequence(kind: str, packed: bool = False, layers: int = 1, **options):
    """A row for a whole-sequence layer, with its start state."""
    directions = 2 if options.get("bidirectional") else 1
    states = [np.stack([part] * layers * directions) * 0.3 for part in (H, C)]

    def run(m, x, h, c):
        state = (h, c) if kind == "LSTM" else h
        if not packed:
            return m(x, state)
        output, last = m(pack_padded_sequence(x, [2, 3], enforce_sorted=False), state)
        return pad_packed_sequence(output)[0], last

    return getattr(nn, kind)(4, 3, num_layers=layers, **options), run, [X, *states]


def plain(m, *inputs):
    return m(*inputs)


LAYERS = {
    "Linear": lambda: (nn.Linear(4, 3), plain, [X]),
    "Linear on rows": lambda: (nn.Linear(4, 3), plain, [X[0]]),
    "Bilinear": lambda: (nn.Bilinear(4, 4, 3), plain, [X, X[::-1]]),
    "Conv1d": lambda: (nn.Conv1d(4, 6, 2, groups=2, dilation=2, padding=1), plain, [MEMORY.swapaxes(1, 2)]),
    "Conv1d with strides": lambda: (nn.Conv1d(5, 3, 3, stride=2, padding=2, padding_mode="reflect"), plain, [MEMORY]),
    "Embedding": lambda: (nn.Embedding(5, 4, padding_idx=1), plain, [np.array([[4, 1, 0], [2, 2, 3]])]),
    "Embedding with max_norm": lambda: (nn.Embedding(5, 4, max_norm=0.5), plain, [np.array([[4, 1, 0], [2, 2, 3]])]),
    "LayerNorm": lambda: (nn.LayerNorm((2, 4)), plain, [X]),
    "LayerNorm on rows": lambda: (nn.LayerNorm(4), plain, [X[0]]),
    "RMSNorm": lambda: (nn.RMSNorm(4), plain, [X]),
    "GroupNorm": lambda: (nn.GroupNorm(2, 2), plain, [X]),
    "BatchNorm1d": lambda: (nn.BatchNorm1d(2), plain, [X]),
    "BatchNorm1d, evaluation": lambda: (nn.BatchNorm1d(2).eval(), plain, [X]),
    "MaxPool1d": lambda: (nn.MaxPool1d(2, padding=1), plain, [X]),
    "AvgPool1d": lambda: (nn.AvgPool1d(2, padding=1), plain, [X]),
    "AdaptiveAvgPool1d": lambda: (nn.AdaptiveAvgPool1d(3), plain, [X]),
    "Dropout": lambda: (nn.Dropout(0.5), plain, [X]),
    "Flatten": lambda: (nn.Flatten(), plain, [X]),
    "GLU": lambda: (nn.GLU(), plain, [X]),
    "MultiheadAttention": lambda: (
        nn.MultiheadAttention(4, 2, batch_first=True),
        lambda m, x, memory, mask: m(x, memory, memory * 2, key_padding_mask=mask),
        [X, MEMORY, np.array([[False] * 4 + [True], [False] * 5, [True] + [False] * 4])],
    ),
    "MultiheadAttention with a bias for keys": lambda: (
        nn.MultiheadAttention(4, 2, add_bias_kv=True, kdim=4, vdim=4),
        lambda m, x: m(x, x, x, attn_mask=tg.tensor(np.triu(np.ones((3, 3), bool), 1))),
        [X],
    ),
    "TransformerEncoderLayer": lambda: (nn.TransformerEncoderLayer(4, 2, 5, 0.0, batch_first=True), plain, [X]),
    "TransformerDecoderLayer": lambda: (
        nn.TransformerDecoderLayer(4, 2, 5, 0.0, batch_first=True, norm_first=True), plain, [X, MEMORY]),
    "TCN": lambda: (models.TCN(2, [3, 2], 2, dropout=0.0), plain, [X]),
    **{kind: lambda kind=kind: cell(kind) for kind in (
        "RNNCell", "LSTMCell", "GRUCell", "CoupledLSTMCell", "PeepholeLSTMCell", "LayerNormLSTMCell", "MGUCell", "IRNNCell")},
    "RNN": lambda: sequence("RNN"),
    "RNN, relu, packed": lambda: sequence("RNN", True, nonlinearity="relu"),
    "LSTM": lambda: sequence("LSTM"),
    "LSTM, packed, two layers": lambda: sequence("LSTM", True, 2, bidirectional=True),
    "LSTM, unrolled": lambda: sequence("LSTM", fused=False),
    "GRU": lambda: sequence("GRU"),
    "GRU, packed, two layers": lambda: sequence("GRU", True, 2, bidirectional=True),
    "GRU, reset before": lambda: sequence("GRU", True, reset="before", bidirectional=True),
    "GRU, writing": lambda: sequence("GRU", update="write", bias=False),
}  # fmt: skip


def trained(name: str, layout, copied: bool) -> dict[str, np.ndarray]:
    """Outputs, gradients and buffers of a layer; everything that goes in lies as `layout` says, or in copies in C's order."""

    def lay(x):
        return np.array(layout(x), order="C") if copied else layout(x)

    tg.manual_seed(0)
    module, call, arrays = LAYERS[name]()
    module.double()
    for p in module.parameters():
        p.array = lay(p.array)
    for b in module.buffers():
        b.array = b.array if layout is expanded or not b.array.ndim else lay(b.array)
    inputs = [leaf(lay(x)) for x in arrays]
    before = [x.array.copy() for x in inputs]
    outputs = parts(call(module, *inputs))
    ends = [y for y in outputs if y.requires_grad]
    seeds = [tg.Tensor._of(lay(np.sin(np.arange(1.0, y.numel() + 1)).reshape(y.shape))) for y in ends]
    tg.autograd.backward(ends, seeds)
    for x, old in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(x.array, old)
    found = {f"output {k}": y.array for k, y in enumerate(outputs)}
    found |= {f"gradient of input {k}": x.grad.array for k, x in enumerate(inputs) if x.grad is not None}
    found |= {f"gradient of {n}": p.grad.array for n, p in module.named_parameters() if p.grad is not None}
    return found | {n: b.array for n, b in module.named_buffers()} | {n: p.array for n, p in module.named_parameters()}


@layouts
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_takes_inputs_weights_and_gradients_in_any_layout(name: str, layout: str):
    if name == "Embedding with max_norm" and layout == "expanded":
        pytest.skip("it writes into its weight, whose rows would be one place in memory")
    plain, other = (trained(name, LAYOUTS[layout], copied) for copied in (True, False))
    assert plain.keys() == other.keys()
    for what in plain:
        np.testing.assert_allclose(other[what], plain[what], rtol=1e-11, atol=1e-12, err_msg=what)


SCORES, OTHERS = RANDOM.normal(size=(4, 3)), RANDOM.normal(size=(4, 3))
DEEP = RANDOM.normal(size=(2, 3, 4))
LOG_PROBS = np.log(RANDOM.dirichlet(np.ones(3), size=(5, 2)))
CLASSES, DEEP_CLASSES = np.array([2, 0, 1, 1]), np.array([[0, 2, 1, 1], [1, 1, 2, 0]])
WEIGHT = np.array([0.5, 2.0, 1.0])

LOSSES = {
    "cross_entropy": (lambda x, t: F.cross_entropy(x, t), [SCORES, CLASSES]),
    "cross_entropy of large scores": (lambda x, t: F.cross_entropy(x * 100, t), [SCORES, CLASSES]),
    "cross_entropy, none": (lambda x, t: F.cross_entropy(x, t, reduction="none"), [SCORES, CLASSES]),
    "cross_entropy, smooth": (
        lambda x, t, w: F.cross_entropy(x, t, w.detach(), label_smoothing=0.2, ignore_index=0), [SCORES, CLASSES, WEIGHT]),
    "cross_entropy, smooth, large": (lambda x, t: F.cross_entropy(x * 100, t, label_smoothing=0.2), [SCORES, CLASSES]),
    "cross_entropy, deep": (lambda x, t: F.cross_entropy(x, t), [DEEP, DEEP_CLASSES]),
    "cross_entropy, (1, K, T)": (lambda x, t: F.cross_entropy(x, t), [DEEP[:1], DEEP_CLASSES[:1]]),
    "cross_entropy of a product": (lambda x, w, t: F.cross_entropy(tg.einsum("bi,ki->bk", x, w), t), [SCORES, OTHERS[1:], CLASSES]),
    "cross_entropy of a transposed product": (
        lambda x, w, t: F.cross_entropy(tg.einsum("bi,ki->kb", x, w).t(), t), [SCORES, OTHERS[1:], CLASSES]),
    "cross_entropy of one sample": (lambda x, t: F.cross_entropy(x[0], t[0]), [SCORES, CLASSES]),
    "cross_entropy of probabilities": (lambda x, y: F.cross_entropy(x, y.softmax(1), tg.tensor(WEIGHT), label_smoothing=0.1), [SCORES, OTHERS]),
    "nll_loss": (lambda x, t: F.nll_loss(x, t, tg.tensor(WEIGHT), ignore_index=2), [SCORES, CLASSES]),
    "nll_loss, deep": (lambda x, t: F.nll_loss(x, t, reduction="none"), [DEEP, DEEP_CLASSES]),
    "mse_loss": (F.mse_loss, [SCORES, OTHERS]),
    "l1_loss": (F.l1_loss, [SCORES, OTHERS]),
    "smooth_l1_loss": (F.smooth_l1_loss, [SCORES, OTHERS]),
    "huber_loss": (lambda x, y: F.huber_loss(x, y, reduction="none", delta=0.4), [SCORES, OTHERS]),
    "binary_cross_entropy": (lambda x, y: F.binary_cross_entropy(x.sigmoid(), y.sigmoid()), [SCORES, OTHERS]),
    "binary_cross_entropy_with_logits": (
        lambda x, y: F.binary_cross_entropy_with_logits(x, y.sigmoid(), pos_weight=tg.tensor(WEIGHT)), [SCORES, OTHERS]),
    "kl_div": (lambda x, y: F.kl_div(x.log_softmax(1), y.softmax(1), reduction="batchmean"), [SCORES, OTHERS]),
    "ctc_loss": (
        lambda x, t: F.ctc_loss(x, t, tg.tensor([5, 4]), tg.tensor([2, 1])), [LOG_PROBS, np.array([[1, 2], [2, 1]])]),
    "cosine_similarity": (lambda x, y: F.cosine_similarity(x, y), [SCORES, OTHERS]),
    "normalize": (lambda x: F.normalize(x, dim=0), [SCORES]),
    "attention": (
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, ~m), [X, MEMORY[:, :2], MEMORY[:, 2:4], HIDDEN]),
    "attention with numbers added": (lambda q, k, m: F.scaled_dot_product_attention(q, k, k * 2, m), [X, MEMORY, RANDOM.normal(size=(2, 5))]),
}  # fmt: skip


@layouts
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_takes_scores_and_targets_in_any_layout(name: str, layout: str):
    function, arrays = LOSSES[name]
    agree(function, arrays, LAYOUTS[layout], tolerance=1e-11)


def test_cross_entropy_of_transposed_scores_has_the_right_gradient():
    x = tg.zeros(2, 2, requires_grad=True)
    F.cross_entropy(x.t(), tg.tensor([0, 1])).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[-0.25, 0.25], [0.25, -0.25]]


@layouts
def test_losses_of_deep_scores_are_those_of_each_place(layout: str):
    x, t = leaf(LAYOUTS[layout](DEEP)), tg.tensor(DEEP_CLASSES)
    for loss in (F.cross_entropy, F.nll_loss):
        for options in ({}, {"weight": tg.tensor(WEIGHT)}, {"ignore_index": 1}):
            whole = loss(x, t, reduction="none", **options)
            assert whole.shape == t.shape
            for b in range(2):
                for k in range(4):
                    one = loss(x[b, :, k], t[b, k], reduction="none", **options)
                    assert tg.allclose(whole[b, k], one, rtol=1e-12)


def test_cross_entropy_changes_neither_scores_nor_weights():
    for layout in LAYOUTS.values():
        scores, weight = layout(SCORES * 100), layout(WEIGHT)
        x, w = leaf(scores), tg.Tensor._of(weight)
        for smoothing in (0.0, 0.3):
            loss = F.cross_entropy(x, tg.tensor(CLASSES), w, label_smoothing=smoothing)
            loss.backward(retain_graph=True)
            loss.backward()
        np.testing.assert_array_equal(scores, layout(SCORES * 100))
        np.testing.assert_array_equal(weight, layout(WEIGHT))


def with_gradients(layout, copied=False):
    """Parameters with gradients, all laid out so."""
    made = []
    for k, shape in enumerate([(3, 4), (2, 3, 2), (5,), ()]):
        numbers = np.asarray(np.random.default_rng(k).normal(size=shape))
        lay = (lambda x: np.array(layout(x), order="C")) if copied else layout
        p = leaf(lay(numbers))
        p.grad = tg.Tensor._of(lay(np.asarray(numbers * 3)))
        made.append(p)
    return made


@layouts
def test_clipping_and_vectors_of_parameters_read_and_write_any_layout(layout: str):
    ours, plain = with_gradients(LAYOUTS[layout]), with_gradients(LAYOUTS[layout], copied=True)
    vectors = [parameters_to_vector(params) for params in (ours, plain)]
    assert tg.equal(*vectors)
    assert vectors[0].is_contiguous()
    if layout == "expanded":
        for clip in (clip_grad_norm_, clip_grad_value_):
            with pytest.raises(RuntimeError, match="one place in memory"):
                clip(ours, 0.5)
    else:
        for clip in (
            lambda p: clip_grad_norm_(p, 2.0),
            lambda p: clip_grad_norm_(p, 1.0, float("inf")),
            lambda p: clip_grad_norm_(p, 0.5, 1.0),
            lambda p: clip_grad_value_(p, 0.05),
        ):
            clip(ours), clip(plain)
            for a, b in zip(ours, plain, strict=True):
                np.testing.assert_allclose(a.grad.array, b.grad.array, rtol=1e-13)
    numbers = np.arange(float(vectors[0].numel()))
    for vector in (numbers, np.r_[numbers, numbers].reshape(2, -1).T.copy().T[0], numbers[::-1].copy()[::-1]):
        vector_to_parameters(tg.Tensor._of(vector), ours)
        assert parameters_to_vector(ours).tolist() == numbers.tolist()


@layouts
def test_batches_of_samples_in_any_layout(layout: str):
    samples = [LAYOUTS[layout](x) for x in (X, X * 2)]
    for batch in (default_collate(samples), default_collate([tg.Tensor._of(x) for x in samples])):
        assert batch.is_contiguous()
        np.testing.assert_array_equal(batch.array, np.stack([np.array(x, order="C") for x in samples]))
    padded = pad_sequence([tg.Tensor._of(samples[0]), tg.Tensor._of(samples[1][:2])], batch_first=True)
    assert padded.is_contiguous()
    np.testing.assert_array_equal(padded.array[0], samples[0])
    np.testing.assert_array_equal(padded.array[1, :2], samples[1][:2])


@layouts
def test_a_state_dict_gives_and_takes_any_layout(layout: str, tmp_path):
    model, other = nn.Linear(4, 3), nn.Linear(4, 3)
    for p in model.parameters():
        p.array = LAYOUTS[layout](p.array)
    other.load_state_dict(model.state_dict())
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        assert tg.equal(a, b)
    tg.save(model.state_dict(), tmp_path / "model.tgr")
    loaded = tg.load(tmp_path / "model.tgr")
    for a, b in zip(model.parameters(), loaded.values(), strict=True):
        assert tg.equal(a, b)
    if layout != "expanded":  # what is written into keeps its layout
        steps = [p.stride() for p in model.parameters()]
        model.load_state_dict(nn.Linear(4, 3).state_dict())
        assert [p.stride() for p in model.parameters()] == steps
