"""Attention and transformers equal PyTorch's with the same weights."""

import copy

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn

from .twins import assert_same, close, same_weights, torch, twins

pytestmark = pytest.mark.torch
B, L, S, E, N = 3, 4, 5, 12, 3


def normal(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


def library(module):
    return tg if isinstance(module, nn.Module) else torch


PADDING = np.zeros((B, S), bool)
PADDING[0, -2:] = True
LATER = np.triu(np.ones((L, S), bool), 1)
MASKS = {
    "none": {},
    "bool": {"attn_mask": LATER},
    "float": {"attn_mask": np.where(LATER, -np.inf, 0.3)},
    "per head": {"attn_mask": np.random.default_rng(0).random((B * N, L, S)) < 0.3},
    "padding": {"key_padding_mask": PADDING},
    "padding and bool": {"key_padding_mask": PADDING, "attn_mask": LATER},
    "both float": {"key_padding_mask": np.where(PADDING, -np.inf, 0.1), "attn_mask": np.where(LATER, -np.inf, 0.3)},
}
KINDS = {
    "packed": {},
    "separate": {"kdim": 5, "vdim": 7},
    "no bias": {"bias": False},
    "extended": {"add_bias_kv": True, "add_zero_attn": True},
}


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("masks", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_multihead_attention(options, masks, batch_first):
    ours, theirs = twins("MultiheadAttention", E, N, batch_first=batch_first, **options)
    arrays = [normal(B, L, E), normal(B, S, options.get("kdim", E)), normal(B, S, options.get("vdim", E))]
    if not batch_first:
        arrays = [a.swapaxes(0, 1) for a in arrays]
    for weights in (True, False):
        assert_same(ours, theirs, arrays, attend(masks, need_weights=weights))
        ours.zero_grad(), theirs.zero_grad()


def attend(masks, part=0, **options):
    def call(module, *arrays):
        made = {name: library(module).tensor(mask) for name, mask in masks.items()}
        return module(*arrays, **made, **options)[part]

    return call


@pytest.mark.parametrize("average", [True, False])
def test_attention_weights_and_their_gradients(average):
    ours, theirs = twins("MultiheadAttention", E, N)
    call = attend({"attn_mask": LATER}, part=1, average_attn_weights=average)
    assert_same(ours, theirs, [normal(L, B, E), normal(S, B, E), normal(S, B, E)], call)


def test_self_attention_and_shared_key_and_value():
    for arrays, call in (
        ([normal(L, B, E)], lambda m, x: m(x, x, x)[0]),
        ([normal(L, B, E), normal(S, B, E)], lambda m, x, y: m(x, y, y)[0]),
        ([normal(L, E)], lambda m, x: m(x, x, x)[0]),
        ([normal(L, E), normal(S, E)], lambda m, x, y: m(x, y, y, key_padding_mask=library(m).tensor(PADDING[0]))[1]),
    ):
        ours, theirs = twins("MultiheadAttention", E, N)
        assert_same(ours, theirs, arrays, call)


LAYERS = {
    "post": {},
    "pre": {"norm_first": True},
    "gelu": {"activation": "gelu", "batch_first": True},
    "no bias": {"bias": False, "layer_norm_eps": 1e-3},
}


@pytest.mark.parametrize("options", LAYERS.values(), ids=LAYERS)
def test_encoder_and_decoder_layers(options):
    shape = (B, L, E) if options.get("batch_first") else (L, B, E)
    memory = normal(B, S, E) if options.get("batch_first") else normal(S, B, E)
    ours, theirs = twins("TransformerEncoderLayer", E, N, 16, 0.0, **options)
    assert_same(ours, theirs, [normal(*shape)], lambda m, x: m(x, library(m).tensor(LATER[:, :L])))
    ours, theirs = twins("TransformerDecoderLayer", E, N, 16, 0.0, **options)

    def decode(m, x, y):
        of = library(m).tensor
        return m(x, y, of(LATER[:, :L]), of(LATER), memory_key_padding_mask=of(PADDING))

    assert_same(ours, theirs, [normal(*shape), memory], decode)


@pytest.mark.filterwarnings("ignore")  # PyTorch's, about its own fast path
@pytest.mark.parametrize("norm", [False, True])
def test_encoder_and_decoder(norm):
    def make(lib, kind):
        layer = getattr(lib, f"Transformer{kind}Layer")(E, N, 16, 0.0)
        return getattr(lib, f"Transformer{kind}")(layer, 2, norm=lib.LayerNorm(E) if norm else None)

    ours, theirs = same_weights(make(nn, "Encoder"), make(torch.nn, "Encoder"))
    assert_same(ours, theirs, [normal(S, B, E)], lambda m, x: m(x, src_key_padding_mask=library(m).tensor(PADDING)))
    ours, theirs = same_weights(make(nn, "Decoder"), make(torch.nn, "Decoder"))
    assert_same(ours, theirs, [normal(L, B, E), normal(S, B, E)])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", [{}, {"batch_first": True, "norm_first": True}])
def test_transformer(options):
    ours, theirs = twins("Transformer", E, N, 2, 2, 16, 0.0, **options)
    arrays = [normal(B, S, E), normal(B, L, E)]
    arrays = arrays if options else [a.swapaxes(0, 1) for a in arrays]

    def call(m, src, tgt):
        later = library(m).tensor(LATER[:, :L])
        return m(src, tgt, tgt_mask=later, src_key_padding_mask=library(m).tensor(PADDING))

    assert_same(ours, theirs, arrays, call)


def test_subsequent_mask():
    ours, theirs = (m.Transformer.generate_square_subsequent_mask(4) for m in (nn, torch.nn))
    close(ours, theirs, 0)
    assert ours.dtype == tg.float32


def test_second_derivatives_through_multihead_attention():
    ours, theirs = twins("MultiheadAttention", E, N)
    x, y = tg.tensor(normal(L, B, E), requires_grad=True), torch.tensor(normal(L, B, E), requires_grad=True)
    found = []
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        for module, leaf, grad in ((ours, x, tg.autograd.grad), (theirs, y, torch.autograd.grad)):
            (g,) = grad((module(leaf, leaf, leaf)[0] ** 2).sum(), leaf, create_graph=True)
            found.append(grad((g**2).sum(), [leaf, module.in_proj_weight]))
    for a, b in zip(*found, strict=True):
        close(a, b, 1e-9)


def test_encoder_layers_are_copies():
    layer = nn.TransformerEncoderLayer(E, N, 16)
    model = nn.TransformerEncoder(layer, 2)
    assert len(list(model.parameters())) == 2 * len(list(layer.parameters()))
    assert model.layers[0].linear1.weight is not model.layers[1].linear1.weight
    twin = copy.deepcopy(model)
    assert twin.layers[1].linear1.weight is not model.layers[1].linear1.weight
