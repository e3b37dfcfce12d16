"""Everything public that computes with floats, one row each, for the promises of float16.

A call gets `m`, the library (ours or PyTorch, with `F`, `nn` and `optim`), and its inputs. `kind` says what numbers
suit it; rows of kind "any" are tried with numbers in the hundreds, too, whose squares no float16 can hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Row(NamedTuple):
    """One function: how to call it, and the shapes of its inputs."""

    name: str
    call: Callable[..., Any]  # (m, *inputs)
    shapes: list[tuple[int, ...]]
    kind: str = "any"

    def __repr__(self) -> str:
        return self.name


def numbers(row: Row, scale: float = 1.0) -> list[np.ndarray]:
    """Float16 inputs for `row`, the same in every run."""
    rng = np.random.default_rng(len(row.name) + 7)
    draw = {
        "any": lambda shape: rng.standard_normal(shape) * scale,
        "small": lambda shape: rng.standard_normal(shape),
        "positive": lambda shape: rng.uniform(0.5, 2.0, shape) * scale,
        "above one": lambda shape: rng.uniform(1.1, 30, shape),
        "tiny": lambda shape: rng.standard_normal(shape) * 1e-3,
        "probabilities": lambda shape: rng.uniform(0.1, 0.9, shape),
        "logs": lambda shape: np.log(rng.dirichlet(np.ones(shape[-1]) * 3, shape[:-1])),
    }[row.kind]
    return [np.asarray(draw(shape)).astype(np.float16) for shape in row.shapes]


def losses(name: str, call: Callable[..., Any], shapes: list[tuple[int, ...]], kind: str = "any") -> list[Row]:
    """A loss by each reduction."""
    return [
        Row(f"{name} {how}", lambda m, *inputs, how=how: call(m, *inputs, reduction=how), shapes, kind)
        for how in ("none", "mean", "sum")
    ]


X, Y, MANY = (3, 4), (5, 6), (3000, 2)

ELEMENTWISE = [
    *[Row(name, lambda m, x, name=name: getattr(m, name)(x), [X]) for name in
      ("neg", "abs", "sigmoid", "tanh", "relu", "erf", "sin", "cos", "square", "sign", "deg2rad", "rad2deg")],
    *[Row(name, lambda m, x, name=name: getattr(m, name)(x), [X], "positive") for name in
      ("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal")],
    *[Row(name, lambda m, x, name=name: getattr(m, name)(x), [X], "small") for name in ("exp", "expm1")],
    *[Row(name, lambda m, x, y, name=name: getattr(m, name)(x, y), [X, X]) for name in ("add", "sub", "mul", "maximum", "minimum", "logaddexp")],
    Row("div", lambda m, x, y: m.div(x, y), [X, X], "positive"),
    Row("pow", lambda m, x, y: m.pow(x, y), [X, X], "probabilities"),
    Row("pow number", lambda m, x: x**1.7 + x**-0.3, [X], "positive"),
    Row("xlogy", lambda m, x, y: m.xlogy(x, y), [X, X], "positive"),
    Row("remainder", lambda m, x: m.remainder(x, 0.3), [X], "small"),
    Row("fmod", lambda m, x: m.fmod(x, 0.3), [X], "small"),
    Row("where", lambda m, x, y: m.where(x.detach() > 0, x, y), [X, X]),
    Row("clamp", lambda m, x: m.clamp(x, -0.5, 0.75), [X]),
    Row("lerp", lambda m, x, y: m.lerp(x, y, 0.3), [X, X]),
    Row("add alpha", lambda m, x, y: m.add(x, y, alpha=0.3), [X, X]),
    Row("sub alpha", lambda m, x, y: m.sub(x, y, alpha=0.3), [X, X]),
    Row("addcmul", lambda m, x, y, z: m.addcmul(x, y, z, value=1e-4), [X, X, X]),
    Row("addcdiv", lambda m, x, y, z: m.addcdiv(x, y, z, value=1e-4), [X, X, X], "positive"),
    *[Row(name, lambda m, x, y, name=name: getattr(m, name)(x, y), [(3,), (4,)]) for name in ("outer", "ger")],
    Row("times number", lambda m, x: x * 3e-6, [X]),
    Row("by number", lambda m, x: x / 100_000, [X]),
    Row("by small number", lambda m, x: x / 1e-6, [X], "tiny"),
    Row("plus number", lambda m, x: 0.1 - (x + 1e-3), [X]),
]  # fmt: skip

FURTHER = [
    *[Row(name, lambda m, x, name=name: getattr(m, name)(x), [X]) for name in ("atan", "asinh", "erfc", "frac")],
    *[Row(name, lambda m, x, name=name: getattr(m, name)(x), [X], "small") for name in
      ("sinh", "cosh", "tan", "exp2", "sinc")],
    *[Row(name, lambda m, x, name=name: getattr(m, name)(x), [X], "probabilities") for name in
      ("asin", "acos", "atanh", "logit", "lgamma", "digamma")],
    Row("acosh", lambda m, x: m.acosh(x), [X], "above one"),
    *[Row(name, lambda m, x, y, name=name: getattr(m, name)(x, y), [X, X]) for name in ("atan2", "hypot")],
    Row("addr", lambda m, x, y, z: m.addr(x, y, z, beta=0.3, alpha=0.1), [(3, 4), (3,), (4,)]),
    Row("diff", lambda m, x: m.diff(x, 2), [Y]),
    Row("renorm", lambda m, x: m.renorm(x, 2, 0, 1.5), [Y]),
    Row("index_put", lambda m, x, v: m.index_put(x, (m.tensor(ROWS_AT),), v, accumulate=True), [(3, 4), (5, 4)]),
]  # fmt: skip

REDUCTIONS = [
    *[Row(f"{name} {dims}", lambda m, x, name=name, dims=dims: getattr(m, name)(x, dims), [shape], kind)
      for name, shape, kind in (("sum", MANY, "positive"), ("mean", MANY, "positive"), ("var", Y, "any"), ("std", Y, "any"))
      for dims in ((0,), (1,), (0, 1))],
    Row("var_mean", lambda m, x: m.var_mean(x, 0)[0], [Y]),
    Row("std_mean", lambda m, x: m.std_mean(x, 0)[0], [Y]),
    Row("nansum", lambda m, x: m.nansum(x, 0), [MANY], "positive"),
    Row("nanmean", lambda m, x: m.nanmean(x, 0), [MANY], "positive"),
    Row("trace", lambda m, x: m.trace(x), [(40, 50)]),
    Row("quantile", lambda m, x: m.quantile(x, m.tensor([0.125, 0.375]).to(x.dtype), 1), [Y]),
    Row("dist", lambda m, x, y: m.dist(x, y), [Y, Y]),
    Row("amax", lambda m, x: m.amax(x, 1), [Y]),
    Row("amin", lambda m, x: m.amin(x, 1), [Y]),
    Row("max", lambda m, x: m.max(x, 1)[0], [Y]),
    Row("min", lambda m, x: m.min(x), [Y]),
    Row("prod", lambda m, x: m.prod(x, 1), [Y], "small"),
    Row("logsumexp", lambda m, x: m.logsumexp(x, 1), [Y]),
    *[Row(f"norm {p}", lambda m, x, p=p: m.norm(x, p, dim=1), [Y]) for p in (2, 1, 3, np.inf)],
    Row("cumsum", lambda m, x: m.cumsum(x, 0), [(1500, 2)], "positive"),
    Row("cumprod", lambda m, x: m.cumprod(x, 1), [Y], "small"),
    Row("logcumsumexp", lambda m, x: m.logcumsumexp(x, 1), [Y]),
    Row("softmin", lambda m, x: m.F.softmin(x, 1), [Y]),
    Row("softmax", lambda m, x: m.softmax(x, 1), [Y]),
    Row("log_softmax", lambda m, x: m.log_softmax(x, 1), [Y]),
]  # fmt: skip

PRODUCTS = [
    Row("matmul", lambda m, x, y: x @ y, [(3, 300), (300, 2)]),
    Row("mm", lambda m, x, y: m.mm(x, y), [(3, 4), (4, 2)]),
    Row("bmm", lambda m, x, y: m.bmm(x, y), [(2, 3, 40), (2, 40, 2)]),
    Row("mv", lambda m, x, y: m.mv(x, y), [(3, 40), (40,)]),
    Row("dot", lambda m, x, y: m.dot(x, y), [(400,), (400,)], "small"),
    Row("addmm", lambda m, x, y, z: m.addmm(x, y, z, beta=0.3, alpha=0.1), [(3, 2), (3, 40), (40, 2)]),
    Row("baddbmm", lambda m, x, y, z: m.baddbmm(x, y, z, alpha=0.1), [(2, 3, 2), (2, 3, 40), (2, 40, 2)]),
    Row("einsum", lambda m, x, y, z: m.einsum("bi,ij,bj->b", x, y, z), [(3, 4), (4, 5), (3, 5)]),
    Row("linear", lambda m, x, w, b: m.F.linear(x, w, b), [(2, 3, 40), (5, 40), (5,)]),
    Row("bilinear", lambda m, x, y, w, b: m.F.bilinear(x, y, w, b), [(3, 4), (3, 5), (2, 4, 5), (2,)]),
    Row("addmv", lambda m, x, y, z: m.addmv(x, y, z, beta=0.3, alpha=0.1), [(3,), (3, 40), (40,)]),
    Row("vdot", lambda m, x, y: m.vdot(x, y), [(400,), (400,)], "small"),
    Row("inner", lambda m, x, y: m.inner(x, y), [(3, 40), (2, 40)]),
    Row("tensordot", lambda m, x, y: m.tensordot(x, y, 2), [(3, 4, 5), (4, 5, 2)]),
    Row("cross", lambda m, x, y: m.cross(x, y, dim=1), [(4, 3), (4, 3)]),
    Row("cov", lambda m, x: m.cov(x), [(3, 40)]),
    Row("corrcoef", lambda m, x: m.corrcoef(x), [(3, 40)]),
    Row("scatter_reduce", lambda m, x, y: m.scatter_reduce(x, 0, m.tensor([0, 1, 1, 1, 1]), y, "mean"), [(2,), (5,)]),
    Row("cdist", lambda m, x, y: m.cdist(x, y), [(3, 4), (5, 4)]),
    Row("conv1d", lambda m, x, w, b: m.F.conv1d(x, w, b, 2, 1, 2), [(2, 4, 30), (5, 4, 3), (5,)]),
    Row("conv2d", lambda m, x, w, b: m.F.conv2d(x, w, b, 2, 1), [(2, 4, 6, 7), (5, 4, 3, 3), (5,)]),
    Row("conv_transpose1d", lambda m, x, w, b: m.F.conv_transpose1d(x, w, b, 2, 1), [(2, 4, 9), (4, 5, 3), (5,)]),
    Row("conv_transpose2d", lambda m, x, w, b: m.F.conv_transpose2d(x, w, b, 2), [(2, 4, 3, 4), (4, 5, 3, 3), (5,)]),
]

NORMS = [
    Row("layer_norm", lambda m, x, w, b: m.F.layer_norm(x, (6,), w, b), [Y, (6,), (6,)]),
    Row("group_norm", lambda m, x, w, b: m.F.group_norm(x, 2, w, b), [(2, 4, 5), (4,), (4,)]),
    Row("rms_norm", lambda m, x, w: m.F.rms_norm(x, (6,), w), [Y, (6,)]),
    Row("batch_norm", lambda m, x, w, b: m.F.batch_norm(x, None, None, w, b, training=True), [(6, 3, 4), (3,), (3,)]),
    Row("instance_norm", lambda m, x, w, b: m.F.instance_norm(x, None, None, w, b), [(2, 3, 7), (3,), (3,)]),
    Row("pairwise_distance", lambda m, x, y: m.F.pairwise_distance(x, y), [Y, Y]),
    Row("normalize", lambda m, x: m.F.normalize(x), [Y]),
    Row("cosine_similarity", lambda m, x, y: m.F.cosine_similarity(x, y), [Y, Y]),
]

ACTIVATIONS = [
    *[Row(name, lambda m, x, name=name: getattr(m.F, name)(x), [X]) for name in
      ("leaky_relu", "elu", "gelu", "silu", "softplus", "logsigmoid", "glu", "hardtanh", "relu6", "selu", "celu", "mish",
       "hardsigmoid", "hardswish", "softshrink", "tanhshrink", "softsign", "rrelu")],
    Row("prelu", lambda m, x, w: m.F.prelu(x, w), [X, (4,)]),
    Row("gumbel_softmax", lambda m, x: (m.manual_seed(5), m.F.gumbel_softmax(x, 0.7))[1], [Y]),
    Row("alpha_dropout", lambda m, x: (m.manual_seed(5), m.F.alpha_dropout(x, 0.3, True))[1], [X]),
    Row("gelu tanh", lambda m, x: m.F.gelu(x, approximate="tanh"), [X]),
    Row("softplus beta", lambda m, x: m.F.softplus(x, beta=0.3, threshold=5), [X]),
    Row("elu alpha", lambda m, x: m.F.elu(x, alpha=0.3), [X]),
]  # fmt: skip


def signs(m: Any, x: Any) -> Any:
    """A target of 1 and -1 in turn for each row of x."""
    return m.tensor((np.arange(x.shape[0]) % 2 * 2 - 1).astype("f4")).to(x.dtype)


CLASSES, PADDED = np.array([1, 0, 3]), np.array([1, -100, 3])
LABELS = np.array([[1, 2, 2], [3, 1, 0]])
LOSSES = [
    *[row for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits")
      for row in losses(name, lambda m, x, y, name=name, **how: getattr(m.F, name)(x, y, **how), [Y, Y])],
    *losses("huber_loss delta", lambda m, x, y, **how: m.F.huber_loss(x, y, delta=450.0, **how), [Y, Y]),
    *losses("smooth_l1_loss beta", lambda m, x, y, **how: m.F.smooth_l1_loss(x, y, beta=450.0, **how), [Y, Y]),
    *losses("binary_cross_entropy", lambda m, x, y, **how: m.F.binary_cross_entropy(x, y, **how), [Y, Y], "probabilities"),
    *losses("kl_div", lambda m, x, y, **how: m.F.kl_div(x, y.detach(), **how), [Y, Y], "probabilities"),
    *losses("kl_div logs", lambda m, x, y, **how: m.F.kl_div(x, y, log_target=True, **how), [Y, Y], "logs"),
    *losses("nll_loss", lambda m, x, **how: m.F.nll_loss(x, m.tensor(CLASSES), **how), [X]),
    *losses("cross_entropy", lambda m, x, **how: m.F.cross_entropy(x, m.tensor(CLASSES), **how), [X]),
    *losses("cross_entropy smooth", lambda m, x, **how: m.F.cross_entropy(x, m.tensor(PADDED), label_smoothing=0.1, **how), [X]),
    *losses("cross_entropy soft", lambda m, x, q, **how: m.F.cross_entropy(x, q.detach(), **how), [X, X]),
    *losses("cross_entropy weight", lambda m, x, w, **how: m.F.cross_entropy(x, m.tensor(CLASSES), w.detach(), **how), [X, (4,)], "positive"),
    *losses("margin_ranking_loss", lambda m, x, y, **how: m.F.margin_ranking_loss(x, y, signs(m, x), 0.3, **how), [(9,), (9,)]),
    *losses("hinge_embedding_loss", lambda m, x, **how: m.F.hinge_embedding_loss(x, signs(m, x), 0.3, **how), [(9,)], "small"),
    *losses("cosine_embedding_loss", lambda m, x, y, **how: m.F.cosine_embedding_loss(x, y, signs(m, x), 0.1, **how), [Y, Y]),
    *losses("soft_margin_loss", lambda m, x, **how: m.F.soft_margin_loss(x, signs(m, x), **how), [(9,)]),
    *losses("multilabel_soft_margin_loss", lambda m, x, y, **how: m.F.multilabel_soft_margin_loss(x, (y.detach() > 0.5).to(x.dtype), **how), [Y, Y], "probabilities"),
    *losses("multi_margin_loss", lambda m, x, **how: m.F.multi_margin_loss(x, m.tensor(CLASSES), 2, 0.3, **how), [X]),
    *losses("triplet_margin_loss", lambda m, x, y, z, **how: m.F.triplet_margin_loss(x, y, z, 0.3, **how), [Y, Y, Y]),
    *losses("gaussian_nll_loss", lambda m, x, y, v, **how: m.F.gaussian_nll_loss(x, y, v, full=True, **how), [Y, Y, Y], "positive"),
    *losses("poisson_nll_loss", lambda m, x, y, **how: m.F.poisson_nll_loss(x, y.detach(), full=True, **how), [Y, Y], "small"),
    Row("cross_entropy many", lambda m, x: m.F.cross_entropy(x, m.tensor(np.arange(3000) % 2)), [MANY]),
    *losses("ctc_loss", lambda m, x, **how: m.F.ctc_loss(x, m.tensor(LABELS), m.tensor([9, 7]), m.tensor([3, 2]), **how), [(9, 2, 4)], "logs"),
]  # fmt: skip

ROWS_AT = np.array([0, 2, 0, 0, 1])
LAYOUT_AND_ADDING = [
    Row("embedding", lambda m, w: m.F.embedding(m.tensor(np.zeros(3000, int)), w), [(3, 2)]),
    Row("index_add", lambda m, x, v: m.index_add(x, 0, m.tensor(ROWS_AT), v), [(3, 4), (5, 4)]),
    Row(
        "scatter_add", lambda m, x, v: m.scatter_add(x, 0, m.tensor(ROWS_AT[:, None].repeat(4, 1)), v), [(3, 4), (5, 4)]
    ),
    Row("gather", lambda m, x: m.gather(x, 0, m.tensor(np.zeros((4000, 2), int))), [(3, 2)]),
    Row("index", lambda m, x: x[m.tensor(np.zeros(4000, int))], [(3, 2)]),
    Row("expand", lambda m, x: x.expand(4000, 2), [(1, 2)]),
    Row("pad", lambda m, x: m.F.pad(x, (1, 2)), [X]),
    Row("embedding_bag", lambda m, w: m.F.embedding_bag(m.tensor(np.arange(3000).reshape(2, -1) % 3), w), [(3, 2)]),
    Row("interpolate", lambda m, x: m.F.interpolate(x, 13, mode="linear"), [(2, 3, 30)]),
    Row("avg_pool2d", lambda m, x: m.F.avg_pool2d(x, 3, 2, 1), [(2, 3, 9, 8)]),
    Row("adaptive_avg_pool2d", lambda m, x: m.F.adaptive_avg_pool2d(x, (4, 2)), [(2, 3, 9, 8)]),
    Row("max_pool2d", lambda m, x: m.F.max_pool2d(x, 3), [(2, 3, 9, 8)]),
    Row("adaptive_max_pool1d", lambda m, x: m.F.adaptive_max_pool1d(x, 4), [(2, 3, 30)]),
    Row("adaptive_max_pool2d", lambda m, x: m.F.adaptive_max_pool2d(x, (4, 2)), [(2, 3, 9, 8)]),
    Row("avg_pool1d", lambda m, x: m.F.avg_pool1d(x, 3, 2, 1), [(2, 3, 30)]),
    Row("adaptive_avg_pool1d", lambda m, x: m.F.adaptive_avg_pool1d(x, 4), [(2, 3, 30)]),
    Row("max_pool1d", lambda m, x: m.F.max_pool1d(x, 3), [(2, 3, 30)]),
]

SDPA = [(2, 3, 4, 8), (2, 3, 6, 8), (2, 3, 6, 5)]
ATTENTION = [
    Row("scaled_dot_product_attention", lambda m, q, k, v: m.F.scaled_dot_product_attention(q, k, v), SDPA),
    Row("attention mask", lambda m, q, k, v, b: m.F.scaled_dot_product_attention(q, k, v, b), [*SDPA, (4, 6)], "small"),
    Row("attention causal", lambda m, q, k, v: m.F.scaled_dot_product_attention(q, k, v, is_causal=True), SDPA, "small"),
]  # fmt: skip

ROWS = [
    *ELEMENTWISE,
    *FURTHER,
    *REDUCTIONS,
    *PRODUCTS,
    *NORMS,
    *ACTIVATIONS,
    *LOSSES,
    *LAYOUT_AND_ADDING,
    *ATTENTION,
]
