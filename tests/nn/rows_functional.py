"""Calls of nn.functional over its options: name, shapes of the inputs, function of (m, *inputs) where m is either library."""

from __future__ import annotations

import numpy as np
import pytest

T = np.array([0, 3, 1, 4, 2])
IGNORED = np.array([0, -100, 1, -100, 2])
GRID = (np.arange(15) * 7 % 11 % 4).reshape(3, 5)
W4, W5 = np.array([0.5, 2.0, 1.0, 0.25]), np.array([0.1, 1.0, 2.0, 0.5, 3.0])
QKV = [(2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 2)]
SEEN = (np.arange(24) * 7 % 5 < 3).reshape(4, 6)
SEEN[1] = False  # a query that may look nowhere


def SIGNS(m, shape):
    """1 and -1 in turn."""
    return m.tensor((np.arange(int(np.prod(shape))) % 3 % 2 * 2.0 - 1).reshape(shape))


def in_old_words(loss, *inputs, **words):
    """The loss, asked for by size_average= or reduce=: both libraries warn."""
    with pytest.warns(UserWarning, match="size_average and reduce args"):
        return loss(*inputs, **words)


ROWS = [
    ("linear", [(2, 3, 4), (5, 4), (5,)], lambda m, x, w, b: m.F.linear(x, w, b)),
    ("bilinear", [(2, 3), (2, 4), (5, 3, 4), (5,)], lambda m, x, y, w, b: m.F.bilinear(x, y, w, b)),
    ("embedding", [(5, 3)], lambda m, w: m.F.embedding(m.tensor(GRID), w)),
    ("embedding padding", [(5, 3)], lambda m, w: m.F.embedding(m.tensor(GRID), w, padding_idx=-3)),
    *[
        (name, [(3, 4)], lambda m, x, name=name: getattr(m.F, name)(x * 2))
        for name in (
            *("relu", "leaky_relu", "elu", "gelu", "silu", "softplus"),
            *("hardtanh", "relu6", "logsigmoid", "glu", "sigmoid", "tanh"),
        )
    ],
    ("leaky_relu slope", [(3, 4)], lambda m, x: m.F.leaky_relu(x, 0.3)),
    ("elu alpha", [(3, 4)], lambda m, x: m.F.elu(x, alpha=0.4)),
    ("gelu tanh", [(3, 4)], lambda m, x: m.F.gelu(x, approximate="tanh")),
    ("softplus beta", [(3, 4)], lambda m, x: m.F.softplus(x * 3, beta=2, threshold=3)),
    ("hardtanh bounds", [(3, 4)], lambda m, x: m.F.hardtanh(x, -0.3, 0.2)),
    ("glu dim", [(4, 3)], lambda m, x: m.F.glu(x, 0)),
    ("softmax", [(3, 4)], lambda m, x: m.F.softmax(x, dim=1)),
    ("torch.softmax", [(3, 4)], lambda m, x: m.softmax(x, 0)),
    ("Tensor.softmax", [(3, 4)], lambda m, x: x.softmax(-1)),
    ("log_softmax", [(3, 4)], lambda m, x: m.log_softmax(x, dim=-1)),
    ("softmax 0-d", [()], lambda m, x: m.softmax(x, 0)),
    ("normalize", [(3, 4)], lambda m, x: m.F.normalize(x)),
    ("normalize p", [(3, 4)], lambda m, x: m.F.normalize(x, p=1, dim=0)),
    ("cosine_similarity", [(3, 4), (3, 4)], lambda m, x, y: m.F.cosine_similarity(x, y)),
    ("cosine_similarity dim", [(3, 1, 4), (2, 4)], lambda m, x, y: m.F.cosine_similarity(x, y, dim=-1)),
    ("layer_norm", [(2, 3, 4), (4,), (4,)], lambda m, x, w, b: m.F.layer_norm(x, (4,), w, b)),
    ("layer_norm 2 axes", [(2, 3, 4), (3, 4), (3, 4)], lambda m, x, w, b: m.F.layer_norm(x, (3, 4), w, b, eps=0.1)),
    ("layer_norm bare", [(2, 4)], lambda m, x: m.F.layer_norm(x, [4])),
    ("group_norm", [(2, 6, 5), (6,), (6,)], lambda m, x, w, b: m.F.group_norm(x, 3, w, b)),
    ("rms_norm", [(2, 3, 4), (4,)], lambda m, x, w: m.F.rms_norm(x, (4,), w)),
    ("rms_norm eps", [(2, 3, 4)], lambda m, x: m.F.rms_norm(x, (3, 4), eps=0.1)),
    ("batch_norm", [(5, 3), (3,), (3,)], lambda m, x, w, b: m.F.batch_norm(x, None, None, w, b, training=True)),
    (
        "batch_norm running",
        [(5, 3, 2), (3,), (3,)],
        lambda m, x, w, b: m.F.batch_norm(x, m.tensor(W4[:3]), m.tensor(W4[:3]), w, b),
    ),
    ("conv1d", [(2, 4, 9), (6, 4, 3), (6,)], lambda m, x, w, b: m.F.conv1d(x, w, b)),
    ("conv1d options", [(2, 4, 9), (6, 2, 3)], lambda m, x, w: m.F.conv1d(x, w, None, 2, 3, 2, 2)),
    ("conv1d same", [(4, 9), (6, 4, 4)], lambda m, x, w: m.F.conv1d(x, w, padding="same")),
    ("conv1d depthwise", [(2, 4, 9), (4, 1, 2)], lambda m, x, w: m.F.conv1d(x, w, groups=4, padding="valid")),
    ("conv1d tail", [(1, 2, 10), (3, 2, 3)], lambda m, x, w: m.F.conv1d(x, w, stride=4)),
    ("max_pool1d", [(2, 3, 9)], lambda m, x: m.F.max_pool1d(x, 2)),
    ("max_pool1d options", [(3, 10)], lambda m, x: m.F.max_pool1d(x, 3, 2, 1, 2)),
    ("max_pool1d ceil", [(2, 3, 10)], lambda m, x: m.F.max_pool1d(x, 3, 2, 1, ceil_mode=True)),
    ("avg_pool1d", [(2, 3, 9)], lambda m, x: m.F.avg_pool1d(x, 2)),
    ("avg_pool1d options", [(3, 10)], lambda m, x: m.F.avg_pool1d(x, 3, 2, 1, False, False)),
    ("avg_pool1d ceil", [(2, 3, 10)], lambda m, x: m.F.avg_pool1d(x, 4, 3, 1, True)),
    ("adaptive_avg_pool1d", [(2, 3, 10)], lambda m, x: m.F.adaptive_avg_pool1d(x, 4)),
    ("conv2d", [(2, 4, 6, 7), (6, 4, 3, 2), (6,)], lambda m, x, w, b: m.F.conv2d(x, w, b)),
    ("conv2d options", [(2, 4, 7, 9), (6, 2, 3, 2)], lambda m, x, w: m.F.conv2d(x, w, None, (2, 1), (1, 2), (2, 3), 2)),
    ("conv2d same", [(4, 6, 7), (6, 4, 4, 3)], lambda m, x, w: m.F.conv2d(x, w, padding="same")),
    ("conv_transpose1d", [(2, 4, 5), (4, 3, 3), (3,)], lambda m, x, w, b: m.F.conv_transpose1d(x, w, b)),
    (
        "conv_transpose1d options",
        [(4, 5), (4, 3, 3)],
        lambda m, x, w: m.F.conv_transpose1d(x, w, None, 3, 2, 2, groups=2, dilation=2),
    ),
    ("conv_transpose2d", [(2, 3, 4, 5), (3, 2, 3, 2), (2,)], lambda m, x, w, b: m.F.conv_transpose2d(x, w, b, 2, 1, 1)),
    ("max_pool2d", [(2, 3, 7, 9)], lambda m, x: m.F.max_pool2d(x, 2)),
    ("max_pool2d options", [(3, 10, 9)], lambda m, x: m.F.max_pool2d(x, (3, 2), (2, 1), (1, 0), (2, 1), True)),
    ("avg_pool2d", [(2, 3, 7, 9)], lambda m, x: m.F.avg_pool2d(x, (2, 3))),
    ("avg_pool2d options", [(3, 10, 9)], lambda m, x: m.F.avg_pool2d(x, 3, 2, 1, True, False)),
    ("avg_pool2d divisor", [(3, 10, 9)], lambda m, x: m.F.avg_pool2d(x, 3, 2, divisor_override=7)),
    ("adaptive_avg_pool2d", [(2, 3, 10, 7)], lambda m, x: m.F.adaptive_avg_pool2d(x, (4, 3))),
    ("adaptive_avg_pool2d none", [(3, 10, 7)], lambda m, x: m.F.adaptive_avg_pool2d(x, (None, 3))),
    ("adaptive_max_pool1d", [(2, 3, 10)], lambda m, x: m.F.adaptive_max_pool1d(x, 4)),
    ("adaptive_max_pool2d", [(2, 3, 10, 7)], lambda m, x: m.F.adaptive_max_pool2d(x, (4, 3))),
    ("instance_norm", [(2, 3, 5), (3,), (3,)], lambda m, x, w, b: m.F.instance_norm(x, weight=w, bias=b)),
    ("instance_norm images", [(2, 3, 4, 5)], lambda m, x: m.F.instance_norm(x, eps=0.1)),
    (
        "instance_norm running",
        [(2, 3, 5)],
        lambda m, x: m.F.instance_norm(x, m.tensor(W4[:3]), m.tensor(W4[:3]), use_input_stats=False),
    ),
    *[
        (name, [(3, 4)], lambda m, x, name=name: getattr(m.F, name)(x * 4))
        for name in ("selu", "celu", "mish", "hardshrink", "softshrink", "tanhshrink", "softsign")
    ],
    ("celu alpha", [(3, 4)], lambda m, x: m.F.celu(x, 0.5)),
    ("hardshrink lambd", [(3, 4)], lambda m, x: m.F.hardshrink(x, 0.2)),
    ("softshrink lambd", [(3, 4)], lambda m, x: m.F.softshrink(x, 0.2)),
    ("softmin", [(3, 4)], lambda m, x: m.F.softmin(x, dim=1)),
    ("threshold", [(3, 4)], lambda m, x: m.F.threshold(x, 0.1, -2.0)),
    ("rrelu", [(3, 4)], lambda m, x: m.F.rrelu(x, 0.1, 0.4)),
    ("prelu", [(3, 4, 2), (4,)], lambda m, x, w: m.F.prelu(x, w)),
    ("prelu one", [(3, 4), (1,)], lambda m, x, w: m.F.prelu(x, w)),
    *[
        (
            f"{name} {reduction}",
            [(5, 4), (5, 4)],
            lambda m, x, y, name=name, r=reduction: getattr(m.F, name)(x, y, SIGNS(m, (5, 4)), margin=0.3, reduction=r),
        )
        for name in ("margin_ranking_loss",)
        for reduction in ("mean", "sum", "none")
    ],
    (
        "cosine_embedding_loss",
        [(5, 4), (5, 4)],
        lambda m, x, y: m.F.cosine_embedding_loss(x, y, SIGNS(m, (5,)), 0.1, reduction="none"),
    ),
    ("cosine_embedding_loss one", [(4,), (4,)], lambda m, x, y: m.F.cosine_embedding_loss(x, y, SIGNS(m, ()))),
    (
        "hinge_embedding_loss",
        [(5, 4)],
        lambda m, x: m.F.hinge_embedding_loss(x, SIGNS(m, (5, 4)), 0.7, reduction="none"),
    ),
    ("soft_margin_loss", [(5, 4)], lambda m, x: m.F.soft_margin_loss(x, SIGNS(m, (5, 4)))),
    (
        "multilabel_soft_margin_loss",
        [(5, 4)],
        lambda m, x: m.F.multilabel_soft_margin_loss(x, SIGNS(m, (5, 4)).clamp(min=0), m.tensor(W4)),
    ),
    ("multi_margin_loss", [(5, 5)], lambda m, x: m.F.multi_margin_loss(x, m.tensor(T), 2, 0.7, m.tensor(W5))),
    (
        "triplet_margin_loss",
        [(5, 4)] * 3,
        lambda m, x, y, z: m.F.triplet_margin_loss(x, y, z, swap=True, reduction="none"),
    ),
    ("triplet_margin_loss p", [(5, 4)] * 3, lambda m, x, y, z: m.F.triplet_margin_loss(x, y, z, 0.4, 1.0)),
    ("gaussian_nll_loss", [(5, 4)] * 3, lambda m, x, y, v: m.F.gaussian_nll_loss(x, y, v * v, full=True)),
    (
        "gaussian_nll_loss of rows",
        [(5, 4), (5, 4), (5,)],
        lambda m, x, y, v: m.F.gaussian_nll_loss(x, y, v * v, eps=0.5, reduction="sum"),
    ),
    (
        "poisson_nll_loss",
        [(5, 4), (5, 4)],
        lambda m, x, y: m.F.poisson_nll_loss(x, y * y * 4, full=True, reduction="none"),
    ),
    ("poisson_nll_loss rate", [(5, 4), (5, 4)], lambda m, x, y: m.F.poisson_nll_loss(x * x, y * y, log_input=False)),
    ("pairwise_distance", [(5, 4), (5, 4)], lambda m, x, y: m.F.pairwise_distance(x, y, 3.0, keepdim=True)),
    *[
        (
            f"size_average of {name}",
            [(5, 4)],
            lambda m, x, name=name: in_old_words(
                getattr(m.F, name), x.sigmoid(), m.tensor(np.full((5, 4), 0.3)), size_average=False
            ),
        )
        for name in ("mse_loss", "l1_loss", "binary_cross_entropy", "kl_div")
    ],
    ("reduce of cross_entropy", [(5, 5)], lambda m, x: in_old_words(m.F.cross_entropy, x, m.tensor(T), reduce=False)),
    ("interpolate", [(2, 3, 5)], lambda m, x: m.F.interpolate(x, 8)),
    ("interpolate nearest", [(2, 3, 4, 5)], lambda m, x: m.F.interpolate(x, scale_factor=(1.7, 0.6))),
    ("interpolate exact", [(2, 3, 5)], lambda m, x: m.F.interpolate(x, 8, mode="nearest-exact")),
    ("interpolate linear", [(2, 3, 5)], lambda m, x: m.F.interpolate(x, scale_factor=2, mode="linear")),
    ("interpolate linear down", [(2, 3, 9)], lambda m, x: m.F.interpolate(x, scale_factor=0.4, mode="linear")),
    ("interpolate corners", [(2, 3, 5)], lambda m, x: m.F.interpolate(x, 9, mode="linear", align_corners=True)),
    ("interpolate bilinear", [(1, 2, 4, 5)], lambda m, x: m.F.interpolate(x, (7, 3), mode="bilinear")),
    ("interpolate bicubic", [(1, 2, 4, 5)], lambda m, x: m.F.interpolate(x, (7, 9), mode="bicubic")),
    (
        "interpolate cubic corners",
        [(1, 2, 4, 5)],
        lambda m, x: m.F.interpolate(x, (3, 9), mode="bicubic", align_corners=True),
    ),
    ("interpolate area", [(1, 2, 4, 5)], lambda m, x: m.F.interpolate(x, (3, 2), mode="area")),
    ("pad", [(2, 3, 4)], lambda m, x: m.F.pad(x, (1, 2, 0, 1), value=0.5)),
    ("pad negative", [(2, 3, 4)], lambda m, x: m.F.pad(x, (-1, 2, 1, -1))),
    *[
        (f"pad {mode}", [(2, 3, 4)], lambda m, x, mode=mode: m.F.pad(x, (2, 3), mode=mode))
        for mode in ("reflect", "replicate", "circular")
    ],
    ("attention", QKV, lambda m, q, k, v: m.F.scaled_dot_product_attention(q, k, v)),
    (
        "attention causal",
        QKV,
        lambda m, q, k, v: m.F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.3),
    ),
    (
        "attention bool",
        QKV,
        lambda m, q, k, v: m.F.scaled_dot_product_attention(q, k, v, attn_mask=m.tensor(SEEN)),
    ),
    (
        "attention float",
        [*QKV, (2, 1, 4, 6)],
        lambda m, q, k, v, mask: m.F.scaled_dot_product_attention(q, k, v, attn_mask=mask),
    ),
    (
        "attention gqa",
        [(2, 4, 3, 5), (2, 2, 6, 5), (2, 2, 6, 5)],
        lambda m, q, k, v: m.F.scaled_dot_product_attention(q, k, v, enable_gqa=True),
    ),
]

PAIRS = {
    "mse_loss": {},
    "l1_loss": {},
    "smooth_l1_loss": {"beta": 0.5},
    "huber_loss": {"delta": 0.7},
    "kl_div": {},
}
for reduction in ("mean", "sum", "none"):
    for name, options in PAIRS.items():
        ROWS.append(
            (
                f"{name} {reduction}",
                [(3, 4), (3, 4)],
                lambda m, x, y, name=name, kw={**options, "reduction": reduction}: getattr(m.F, name)(
                    x, y.sigmoid(), **kw
                ),
            )
        )
    kw = {"reduction": reduction}
    ROWS += [
        (
            f"kl_div log {reduction}",
            [(3, 4), (3, 4)],
            lambda m, x, y, kw=kw: m.F.kl_div(x.log_softmax(1), y.log_softmax(1), log_target=True, **kw),
        ),
        (
            f"binary_cross_entropy {reduction}",
            [(3, 4), (3, 4)],
            lambda m, x, y, kw=kw: m.F.binary_cross_entropy(x.sigmoid(), y.sigmoid(), m.tensor(W4), **kw),
        ),
        (
            f"with_logits {reduction}",
            [(3, 4), (3, 4)],
            lambda m, x, y, kw=kw: m.F.binary_cross_entropy_with_logits(
                x * 5, y.sigmoid(), m.tensor(W4), pos_weight=m.tensor(W4), **kw
            ),
        ),
    ]
    for smoothing in (0.0, 0.3):
        kw = {"reduction": reduction, "label_smoothing": smoothing}
        ROWS += [
            (
                f"cross_entropy {kw}",
                [(5, 5)],
                lambda m, x, kw=kw: m.F.cross_entropy(x * 3, m.tensor(T), **kw),
            ),
            (
                f"cross_entropy weight {kw}",
                [(5, 5)],
                lambda m, x, kw=kw: m.F.cross_entropy(x * 3, m.tensor(IGNORED), m.tensor(W5), **kw),
            ),
            (
                f"cross_entropy ignore_index {kw}",
                [(5, 5)],
                lambda m, x, kw=kw: m.F.cross_entropy(x, m.tensor(T), ignore_index=3, **kw),
            ),
            (
                f"cross_entropy N-d {kw}",
                [(3, 4, 5)],
                lambda m, x, kw=kw: m.F.cross_entropy(x, m.tensor(GRID), m.tensor(W4), **kw),
            ),
            (f"cross_entropy 1-d {kw}", [(5,)], lambda m, x, kw=kw: m.F.cross_entropy(x, m.tensor(2), **kw)),
            (
                f"cross_entropy probabilities {kw}",
                [(5, 4), (5, 4)],
                lambda m, x, y, kw=kw: m.F.cross_entropy(x, y.softmax(1), m.tensor(W4), **kw),
            ),
            (
                f"cross_entropy N-d probabilities {kw}",
                [(3, 4, 5), (3, 4, 5)],
                lambda m, x, y, kw=kw: m.F.cross_entropy(x, y.softmax(1), m.tensor(W4), **kw),
            ),
        ]
    ROWS += [
        (
            f"nll_loss {reduction}",
            [(5, 5)],
            lambda m, x, r=reduction: m.F.nll_loss(x, m.tensor(IGNORED), m.tensor(W5), reduction=r),
        ),
        (
            f"nll_loss N-d {reduction}",
            [(3, 4, 5)],
            lambda m, x, r=reduction: m.F.nll_loss(x.log_softmax(1), m.tensor(GRID), reduction=r),
        ),
        (
            f"ctc_loss {reduction}",
            [(7, 3, 5)],
            lambda m, x, r=reduction: m.F.ctc_loss(
                x.log_softmax(2),
                m.tensor(np.array([[1, 2, 2], [3, 1, 1], [4, 0, 0]])),
                m.tensor(np.array([7, 5, 6])),
                m.tensor(np.array([3, 2, 1])),
                reduction=r,
            ),
        ),
        (
            f"ctc_loss in a row {reduction}",
            [(7, 3, 5)],
            lambda m, x, r=reduction: m.F.ctc_loss(
                x.log_softmax(2), m.tensor(np.array([1, 2, 2, 3, 1, 0])), (7, 5, 6), (3, 2, 1), blank=4, reduction=r
            ),
        ),
        (
            f"ctc_loss zero_infinity {reduction}",
            [(3, 2, 5)],
            lambda m, x, r=reduction: m.F.ctc_loss(
                x.log_softmax(2), m.tensor(np.array([[1, 1, 1], [2, 3, 0]])), (3, 3), (3, 2), 0, r, True
            ),
        ),
    ]
ROWS.append(
    (
        "kl_div batchmean",
        [(3, 4), (3, 4)],
        lambda m, x, y: m.F.kl_div(x.log_softmax(1), y.softmax(1), reduction="batchmean"),
    )
)
