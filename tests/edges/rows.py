"""Calls on tensors of no dimensions, of one element and of no elements: a call, and the inputs to try it on.

Written as in tests/parity/samples.py, whose `make` reads the inputs. In a call `t` is the library, `F` its
nn.functional, `nn` its layers; `set(layer)` gives a layer known weights, and `steps` trains with an optimiser.
"""

from __future__ import annotations

from typing import Any

SINGLE = ["f8", "f8 1", "f8 1,1", "f8 0", "f8 0,3", "f4", "f4 0"]
OTHER_TYPES = ["i8", "i8 0", "b1", "b1 0"]
ALL = [*SINGLE, *OTHER_TYPES]
PAIRS = [
    ("f8", "f8"), ("f8 1", "f8"), ("f8", "f8 0"), ("f8 0", "f8 1"), ("f8 0,3", "f8 3"), ("f8 1,0", "f8 2,1"),
    ("f4", "f8 1"), ("f4 1", "f8"), ("f8 0", "f8 2"),
]  # fmt: skip
REDUCED = ["f8", "f8 1", "f8 1,1", "f8 0", "f8 0,3", "f8 3,0", "f8 2,0,3", "f8 2,3", "i8", "i8 0", "b1", "b1 2"]


def on(inputs: list[Any], *calls: str) -> list[tuple[str, Any]]:
    """Each call on each of the inputs."""
    return [(call, specs) for call in calls for specs in inputs]


def each(inputs: list[Any], form: str, *names: str) -> list[tuple[str, Any]]:
    """The call `form`, with each of the names in it, on each of the inputs."""
    return on(inputs, *[form.replace("…", name) for name in names])


ELEMENTWISE = [
    *each(ALL, "t.…(x)", "abs", "neg", "square", "reciprocal", "exp", "expm1", "log", "log2", "log10", "log1p", "sqrt",
          "rsqrt", "sin", "cos", "erf", "sign", "floor", "ceil", "trunc", "round", "sigmoid", "tanh", "relu",
          "logical_not", "isnan", "isinf", "isfinite", "nan_to_num", "bitwise_not", "clone", "zeros_like", "nonzero",
          "argwhere", "numel"),
    *on(ALL, "x.clamp(-1, 1)", "x.clamp(0.0)", "x.clamp(max=-0.5)", "x.clamp(min=nan)", "x.clamp(nan, 1)",
        "x.clamp(-1, max=nan)", "x.clamp(2, 1)", "t.round(x, decimals=1)", "-x", "x + 1", "2 / x", "x ** 2",
        "x ** 0", "x ** 0.5", "(x // 2).detach()", "x % 2", "x == x", "x < 1", "t.clamp_min(x, 0)", "t.clamp_max(x, 0)"),
    *on(ALL, "F.relu(x)", "F.leaky_relu(x)", "F.elu(x)", "F.gelu(x)", "F.gelu(x, approximate='tanh')", "F.silu(x)", "F.softplus(x)",
        "F.softplus(x, 2, 0.5)", "F.hardtanh(x)", "F.hardtanh(x, -0.5, 0.5)", "F.relu6(x)", "F.logsigmoid(x)",
        "F.glu(x)",
        "F.dropout(x, 0.5, False)", "F.normalize(x, dim=0)", "F.normalize(x, dim=-1)", "F.pad(x, ())"),
    *on([*SINGLE, "i8", "b1"], "F.softmax(x, 0)", "F.softmax(x, -1)", "F.log_softmax(x, 0)", "F.log_softmax(x, -1)"),
    *on(["f8", "f8 1", "f8 0"], "nn.ReLU()(x)", "nn.LeakyReLU()(x)", "nn.ELU()(x)", "nn.GELU()(x)", "nn.SiLU()(x)",
        "nn.Softplus()(x)", "nn.Hardtanh()(x)", "nn.LogSigmoid()(x)", "nn.Sigmoid()(x)", "nn.Tanh()(x)", "nn.Softmax(0)(x)",
        "nn.LogSoftmax(0)(x)", "nn.Identity()(x)", "nn.Dropout(0.5).eval()(x)"),
    *each(PAIRS, "t.…(x, y)", "add", "sub", "mul", "div", "remainder", "pow", "maximum", "minimum",
          "logaddexp", "xlogy", "eq", "ne", "lt", "ge", "logical_and", "clamp"),
    *on(PAIRS, "t.floor_divide(x, y).detach()", "x + y", "x * y", "t.lerp(x, y, 0.3)", "t.addcmul(x, y, y)", "t.addcdiv(x, y, y)", "t.where(x > 0, x, y)",
        "x.masked_fill(y > 0, 2.0)", "t.broadcast_tensors(x, y)", "t.equal(x, y)", "t.max(x, y)", "F.l1_loss(x, x)"),
    *on([("f8", "f8"), ("f8 0", "f8 0"), ("f8 0,2", "f8 1")], "t.isclose(x, y)", "t.allclose(x, y)"),
]  # fmt: skip

REDUCTIONS = [
    *each(REDUCED, "t.…(x)", "sum", "mean", "var", "std", "amax", "amin", "max", "min", "argmax", "argmin", "prod", "norm",
          "any", "all", "count_nonzero", "linalg.vector_norm"),
    *each(REDUCED, "t.…(x, 0)", "sum", "mean", "var", "std", "amax", "amin", "max", "min", "argmax", "argmin", "prod",
          "logsumexp", "any", "all", "count_nonzero", "cumsum", "cumprod", "logcumsumexp", "sort", "argsort", "var_mean"),
    *each(REDUCED, "t.…(x, dim=-1, keepdim=True)", "sum", "mean", "var", "amax", "max", "argmin", "prod", "logsumexp",
          "any", "all"),
    *each(["f8", "f8 0", "f8 2,3", "f8 2,0"], "t.…(x, dim=())", "sum", "mean", "var", "std", "amax", "amin", "norm", "any",
          "all", "count_nonzero", "linalg.vector_norm", "var_mean", "flip", "squeeze", "roll", "permute"),
    *each(["f8", "f8 2,3"], "t.…(x, dim=(), keepdim=True)", "sum", "mean", "var", "amax", "norm", "any", "all"),
    *each(["f8", "f8 1", "f8 2,3"], "t.…(x, (0, -1))", "sum", "mean", "var", "amax", "any", "logsumexp", "squeeze", "flip"),
    *on(["f8", "f8 1", "f8 0", "f8 0,3", "f8 3,0"], "t.norm(x, 1)", "t.norm(x, inf)", "t.norm(x, -inf)", "t.norm(x, 0)",
        "t.norm(x, 3)", "t.norm(x, 2, 0)", "t.norm(x, inf, 0)", "t.norm(x, inf, -1)", "t.var(x, correction=0)",
        "t.std(x, 0, correction=0)", "t.topk(x, 0)", "t.topk(x, 1)", "x.var(0, unbiased=False)"),
    *on(["i8 2,3", "b1 2,3", "i8 0", "i8"], "x.prod(dtype=t.bool)", "x.prod(0, dtype=t.bool)", "x.sum(dtype=t.bool)",
        "x.prod(0, dtype=t.int32)", "x.sum(0, dtype=t.float32)", "x.mean(dtype=t.float64)", "x.cumsum(0, dtype=t.int32)",
        "x.cumprod(0, dtype=t.float64)"),
]  # fmt: skip

SHAPES = [
    *on(ALL, "x.reshape(-1)", "x.reshape(())", "x.view(-1)", "x.flatten()", "x.t()", "x.squeeze()", "x.squeeze(0)",
        "x.squeeze(())", "x.unsqueeze(0)", "x.unsqueeze(-1)", "x.expand(())", "x.expand(2, *x.shape)", "x.repeat(2)",
        "x.repeat(())", "x.repeat(0)", "x.tile(2)", "x.tile(())", "x.flip(0)", "x.flip(())", "x.flip(dims=())",
        "x.roll(1)", "x.roll(1, 0)", "x.roll(())", "x.roll((), ())", "x.roll(1, ())", "x.roll((1,), ())", "x.roll((1, 2))",
        "x.movedim(0, -1)", "x.movedim((), ())", "x.permute(())", "x.permute(*range(x.ndim))", "x.transpose(0, -1)",
        "x.narrow(0, 0, 0)", "x.narrow(0, 0, 1)", "x.select(0, 0)", "x.split(1)", "x.split([])", "x.chunk(2)", "x.unbind()",
        "x.repeat_interleave(2)", "x.repeat_interleave(2, 0)", "x.diag()", "x.tril()", "x.diagonal()", "x.item()",
        "x.tolist()", "x.float()", "x.long()", "x.bool()", "x.contiguous()", "x.unflatten(0, (1, -1))", "x.unflatten(0, ())",
        "x.broadcast_to((2, *x.shape))", "x.expand_as(x)", "t.meshgrid(x, x, indexing='ij')", "x.masked_select(x > 0)",
        "t.stack([x, x])", "t.stack([x, x], -1)", "t.cat([x, x])", "t.cat([x, x], -1)", "t.hstack([x, x])",
        "t.vstack([x, x])", "t.cat([x])", "t.stack([x])", "x.triu(1)"),
    *on([("f8 0", "f8 2,3"), ("f8 0", "f8 2"), ("f8 0,3", "f8 2,3"), ("f8 0", "f8 0"), ("f8 0,2", "f8 0"), ("f8 1", "f4 0"),
         ("f4 0", "i8 2"), ("f8", "f8 1"), ("f8 0,1", "f8 2")],
        "t.cat([x, y])", "t.cat([y, x])", "t.cat([y, x], -1)", "t.hstack([x, y])", "t.vstack([x, y])"),
    *on(["f8 0", "f8"], "t.cat([])", "t.stack([])", "t.hstack([])", "t.vstack([])", "t.cat([x], 1)", "t.cat([], 1)"),
]  # fmt: skip

INDEXING = [
    *on(ALL, "x[()]", "x[...]", "x[None]", "x[0]", "x[:0]", "x[[]]", "x[t.tensor([], dtype=t.int64)]", "x[x == x]", "x[True]",
        "x[False]", "x[t.tensor(True)]", "x[t.tensor(0)]", "x[..., None]", "x.where(x > 0, x)", "t.take(x, t.tensor(0))",
        "t.take(x, t.tensor([], dtype=t.int64))", "x.topk(0, 0)", "x.sort()", "x.argsort(descending=True)"),
    *on([("f8", "ix1"), ("f8", "ix1 1"), ("f8", "ix1 0"), ("f8 1", "ix1"), ("f8 2", "ix2 1"), ("f8 0", "ix1 0"),
         ("f8 0,3", "ix1 0"), ("f8 2,0", "ix2 2"), ("f8 2", "u1 0"), ("f8", "u1 0"), ("f8 2,3", "ix2"), ("i8", "ix1 1")],
        "x.index_select(0, y)", "x.index_fill(0, y, 3)", "x.index_fill(0, y, t.tensor(3.0))", "x.clone().index_fill_(0, y, 3)",
        "x.gather(0, y)", "x.scatter(0, y, 2)", "x.take(y)", "x.take_along_dim(y)", "x.take_along_dim(y, 0)",
        "x.repeat_interleave(y)", "x.repeat_interleave(y, 0)"),
    *on([("f8", "ix1", "f8"), ("f8", "ix1 1", "f8"), ("f8", "ix1 1", "f8 1"), ("f8", "ix1", "f8 1"), ("f8", "ix1 0", "f8 0"),
         ("f8 1", "ix1", "f8"), ("f8 2", "ix2", "f8"), ("f8 2", "ix2 1", "f8 1"), ("f8 2", "ix2 0", "f8 0"), ("f8 0", "ix1 0", "f8 0"),
         ("f8 2,3", "ix2", "f8 3"), ("f8 2,3", "ix2", "f8 1,3"), ("f8 2,0", "ix2 3", "f8 3,0"),
         ("i8", "ix1 1", "i8"), ("f8 2,3", "ix2 4", "f8 4,3"), ("f8 2,3", "ix2 1", "f8 3"), ("f8 2", "ix2 2,1", "f8 2,1")],
        "x.index_add(0, y, z)", "x.index_add(0, y, z, alpha=2)", "x.clone().index_add_(0, y, z)",
        "x.scatter(0, y, z.detach())", "x.scatter_add(0, y, z.detach())"),
    *on([("f8", "ix1", "f8"), ("f8", "ix1 1", "f8 1"), ("f8 2", "ix2 1", "f8 1"), ("f8 2", "ix2 0", "f8 0"), ("f8 2,3", "ix2 1,3", "f8 1,3")],
        "x.scatter(0, y, z)", "x.scatter_add(0, y, z)"),
    *on([("f8 3", "ix3 5", "f8"), ("f8 2,3", "ix2 4", "f8"), ("f8", "ix1 2", "f8")], "x.index_fill(0, y, z)"),  # repeats
    *on([("f8", "b1", "f8"), ("f8", "b1", "f8 2"), ("f8 0", "b1 0", "f8 0"), ("f8 0", "b1 0", "f8 2"), ("f8 2", "b1", "f8 2"),
         ("f8 2", "b1 3,2", "f8 6"), ("f8 2", "b1 1", "f8 0"), ("f8 1", "u1 1", "f8 1"), ("f8 2", "f8 2", "f8 2")],
        "x.masked_scatter(y, z)"),
    *on([("f8", "b1"), ("f8 0", "b1 0"), ("f8 0", "b1"), ("f8 1", "b1 1"), ("f8 0,3", "b1 3"), ("f8 2", "b1")],
        "x[y]", "x.masked_select(y)", "x.masked_fill(y, 1.5)", "x.where(y, x)", "t.where(y)", "t.where(y, x, 0.0)"),
    *on(["f8 3", "f8 2,3"], "x.take_along_dim(t.tensor([-1, 0]))", "x.take_along_dim(t.tensor([[-1], [0]]), -1)",
        "x.take_along_dim(t.tensor([-3, 2]), 0)",
        "x.gather(0, t.tensor([-1]))", "x.take(t.tensor([-1]))", "x.index_select(-1, t.tensor([2, 0, 2]))"),
]  # fmt: skip

PRODUCTS = [
    *on([("f8 0", "f8 0"), ("f8 1", "f8 1"), ("f8 0,3", "f8 3"), ("f8 2,0", "f8 0"), ("f8 0,3", "f8 3,2"), ("f8 2,0", "f8 0,3"),
         ("f8 1,1", "f8 1,1"), ("f8", "f8"), ("f8", "f8 2"), ("f8 0,2,3", "f8 0,3,2"), ("f8 0,2,3", "f8 3,2"), ("f8 2,0,3", "f8 2,3,0"),
         ("f8 2,2,0", "f8 2,0,2"), ("f8 0", "f8 0,2"), ("i8 0", "i8 0"), ("i4 3", "i4 3"), ("i8 2,3", "i8 3,2"), ("i2 2", "i2 2"),
         ("b1 2", "b1 2"), ("b1 2,2", "b1 2,2")],
        "x @ y", "t.matmul(x, y)", "t.mm(x, y)", "t.bmm(x, y)", "t.mv(x, y)", "t.dot(x, y)", "t.outer(x, y)"),
    *on([("f8 2,2", "f8 2,0", "f8 0,2"), ("f8", "f8 2,3", "f8 3,2"), ("f8 1", "f8 0,3", "f8 3,2"), ("f8 0,2", "f8 0,3", "f8 3,2"),
         ("i8 2,2", "i8 2,3", "i8 3,2"), ("f8 1,1", "f8 1,1", "f8 1,1"), ("b1 2,2", "b1 2,2", "b1 2,2")],
        "t.addmm(x, y, z)", "t.addmm(x, y, z, beta=0)", "t.addmm(x, y, z, beta=2, alpha=3)", "t.addmm(x, y, z, beta=0.5, alpha=1.5)",
        "t.addmm(x, y, z, alpha=0)"),
    *on([("f8", "f8 2,2,3", "f8 2,3,2"), ("f8 1", "f8 0,2,3", "f8 0,3,2"), ("f8 2,2,2", "f8 2,2,0", "f8 2,0,2"),
         ("i8 1", "i8 2,2,3", "i8 2,3,2"), ("b1 1", "b1 2,2,3", "b1 2,3,2")],
        "t.baddbmm(x, y, z)", "t.baddbmm(x, y, z, beta=0)", "t.baddbmm(x, y, z, beta=2, alpha=3)",
        "t.baddbmm(x, y, z, beta=0.2, alpha=0.6)", "t.baddbmm(x, y, z, beta=-1.8, alpha=-2.9)"),
    *on(["f8", "f8 1", "f8 0"], "t.einsum('...->...', x)", "t.einsum('...->', x)", "t.einsum(',->', x.sum(), x.sum())"),
    *on(["f8 0", "f8 1"], "t.einsum('i->', x)", "t.einsum('i,i->', x, x)", "t.einsum('i,j->ij', x, x)"),
    *on([("f8 0,3", "f8 3,2"), ("f8 2,0", "f8 0,3"), ("f8 1,3", "f8 1,2")], "t.einsum('ij,jk->ik', x, y)", "t.einsum('ij,jk', x, y)",
        "t.einsum('ij,jk->', x, y)"),
]  # fmt: skip

MADE = on(
    ["f8"],
    "t.zeros(())", "t.zeros(0)", "t.ones(0, 3)", "t.full((), 2.5)", "t.full((0,), 1)", "t.eye(0)", "t.eye(1)", "t.eye(0, 2)",
    "t.arange(0)", "t.arange(1, 1)", "t.arange(0.0)", "t.linspace(0, 1, 0)", "t.linspace(0, 1, 1)", "t.linspace(2, 2, 3)",
    "t.tensor([])", "t.tensor([[]])", "t.tensor(())", "t.tensor(3)", "t.tensor(True)", "t.zeros_like(x)", "t.ones_like(x[None][:0])",
    "t.full_like(x, 2)", "x.new_zeros(0)", "x.new_full((), 2)", "t.arange(5, 5, -1)", "t.arange(1, 2, -1)", "t.arange(0, 1, 0)",
    "t.linspace(0, 1, -1)", "t.zeros(-1)", "[*t.rand(0).shape]", "[*t.randn(()).shape]", "[*t.randint(0, 2, ()).shape]", "t.randperm(0)",
    "t.randperm(1)", "t.arange(0, inf)", "t.arange(2.9, dtype=t.int64)", "t.linspace(4.3, -3, 5, dtype=t.int64)",
    "t.arange(2.1, -2.9, -1.0, dtype=t.int64)", "t.arange(0.0, -8.1, -4.0, dtype=t.int64)", "t.linspace(0, 10, 4, dtype=t.int64)",
)  # fmt: skip

LOSSES = [
    *[(f"F.{loss}(x, y, reduction='{how}')", specs)
      for loss in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div", "binary_cross_entropy_with_logits")
      for how in ("mean", "sum", "none")
      for specs in [("f8", "f8"), ("f8 1", "f8 1"), ("f8 0", "f8 0"), ("f8 0,3", "f8 0,3"), ("f4", "f4")]],
    *[(f"F.binary_cross_entropy(x.sigmoid(), y.sigmoid(), reduction='{how}')", specs)
      for how in ("mean", "sum", "none") for specs in [("f8", "f8"), ("f8 1", "f8 1"), ("f8 0", "f8 0"), ("f8 0,3", "f8 0,3")]],
    *[(f"F.{loss}(x, y, reduction='{how}')", specs)
      for loss in ("cross_entropy", "nll_loss") for how in ("mean", "sum", "none")
      for specs in [("f8 1", "ix1"), ("f8 3", "ix3"), ("f8 1,1", "ix1 1"), ("f8 0,3", "ix3 0"), ("f8 0,3,2", "ix3 0,2"),
                    ("f8 2,3,0", "ix3 2,0"), ("f8", "ix1"), ("f8 0", "ix1"), ("f8 1,3", "ix3 1")]],
    *[(f"F.cross_entropy(x, y, reduction='{how}')", specs) for how in ("mean", "sum", "none")
      for specs in [("f8 3", "f8 3"), ("f8 1,3", "f8 1,3"), ("f8 0,3", "f8 0,3"), ("f8 1", "f8 1")]],
    *on([("f8 0,3", "ix3 0"), ("f8 1,3", "ix3 1")], "F.cross_entropy(x, y, label_smoothing=0.1)", "F.cross_entropy(x, y, ignore_index=0)",
        "F.cross_entropy(x, y, t.tensor([1.0, 2.0, 3.0], dtype=t.float64))", "nn.CrossEntropyLoss()(x, y)", "nn.NLLLoss()(x, y)"),
    *on([("f8", "f8"), ("f8 1", "f8 1"), ("f8 0", "f8 0")], "nn.MSELoss()(x, y)", "nn.L1Loss()(x, y)", "nn.SmoothL1Loss()(x, y)",
        "nn.HuberLoss()(x, y)", "nn.BCEWithLogitsLoss()(x, y)", "nn.BCELoss()(x.sigmoid(), y.sigmoid())", "nn.KLDivLoss(reduction='sum')(x, y)",
        "F.kl_div(x, y, reduction='batchmean')", "F.kl_div(x, y, log_target=True, reduction='sum')",
        "F.binary_cross_entropy_with_logits(x, y, t.tensor(2.0, dtype=t.float64))",
        "F.binary_cross_entropy_with_logits(x, y, pos_weight=t.tensor(2.0, dtype=t.float64))", "F.smooth_l1_loss(x, y, beta=0)"),
]  # fmt: skip

LAYERS = [
    *on([("f8 3", "f8 2,3"), ("f8 0,3", "f8 2,3"), ("f8 1", "f8 1,1"), ("f8 1", "f8 1"), ("f8 2,0", "f8 3,0"), ("f8 0,2,3", "f8 2,3"),
         ("f8", "f8 1,1"), ("f8 2,3", "f8 0,3"), ("f8 3", "f8 3")], "F.linear(x, y)"),
    *on([("f8 0,3", "f8 2,3", "f8 2"), ("f8 0", "f8 2,0", "f8 2"), ("f8 3", "f8 1,3", "f8"), ("f8 3", "f8 3", "f8")], "F.linear(x, y, z)"),
    *on([("f8 0,3", "f8 0,4", "f8 2,3,4"), ("f8 3", "f8 4", "f8 2,3,4"), ("f8 1,1", "f8 1,1", "f8 1,1,1"), ("f8 0,2,3", "f8 0,2,4", "f8 1,3,4"),
         ("f8 1,3", "f8 2,4", "f8 2,3,4"), ("i8 0,3", "i8 0,4", "i8 2,3,4")], "F.bilinear(x, y, z)",
        "F.bilinear(x, y, z, t.ones(2, dtype=z.dtype))"),
    *on([("f8 0,2,5", "f8 3,2,2"), ("f8 1,1,1", "f8 1,1,1"), ("f8 2,5", "f8 3,2,2"), ("f8 2,2,0", "f8 3,2,1"), ("f8 2,0", "f8 3,2,1"),
         ("f8 0,2,0", "f8 3,2,1"), ("f8 2,2,1", "f8 0,2,1"), ("f8 1", "f8 1,1,1"), ("f8", "f8 1,1,1")],
        "F.conv1d(x, y)", "F.conv1d(x, y, padding=1)"),
    *on(["f8 0,2,5", "f8 2,0,5", "f8 1,1,1", "f8 2,0", "f8 0,3", "f8 1,5", "f8 5", "f8", "f8 0,0,5", "i8 1,2,5", "i4 2,4", "b1 1,4", "i8 0,2,5"],
        "F.avg_pool1d(x, 1)", "F.avg_pool1d(x, 3, 2, 1)", "F.avg_pool1d(x, 3, 2, 1, True, False)", "F.avg_pool1d(x, 2, ceil_mode=True)",
        "F.max_pool1d(x, 1)", "F.max_pool1d(x, 3, 2, 1)", "F.max_pool1d(x, 2, return_indices=True)", "F.adaptive_avg_pool1d(x, 1)",
        "F.adaptive_avg_pool1d(x, 2).detach()", "F.adaptive_avg_pool1d(x, 0).detach()"),
    *on(["f8 0,3", "f8 1,3", "f8 2,3", "f8 0,3,2", "f8 2,3,0", "f8 1,3,1", "f8 1,3,2", "f8 3", "f8 0", "f8", "f8 2,0", "f8 1,0", "f8 2,1", "f8 0,0",
         "i8 2,3", "i8 0,3"],
        "F.batch_norm(x, None, None, training=True)", "F.batch_norm(x, t.zeros(3, dtype=t.float64), t.ones(3, dtype=t.float64))",
        "F.batch_norm(x, None, None)", "set(nn.BatchNorm1d(3, dtype=t.float64))(x)", "set(nn.BatchNorm1d(3, dtype=t.float64)).eval()(x)",
        "moved(nn.BatchNorm1d(3, dtype=t.float64), x)", "moved(nn.BatchNorm1d(3, momentum=None, dtype=t.float64), x)",
        "F.group_norm(x, 1)", "F.group_norm(x, 3)", "set(nn.GroupNorm(3, 3, dtype=t.float64))(x)", "F.layer_norm(x, (3,))", "F.layer_norm(x, x.shape)",
        "F.layer_norm(x, ())", "F.rms_norm(x, (3,))", "F.rms_norm(x, x.shape)", "F.layer_norm(x, x.shape[-1:], eps=0.0)",
        "set(nn.LayerNorm(3, dtype=t.float64))(x)", "set(nn.RMSNorm(3, dtype=t.float64))(x)"),
    *on(["f8 2,3"], "F.batch_norm(x, None, None, training=True, eps=0)", "F.batch_norm(x, None, None, training=True, eps=-1e-5)",
        "F.batch_norm(x, t.zeros(3, dtype=t.float64), t.ones(3, dtype=t.float64), eps=0)",
        "F.batch_norm(x, t.zeros(3, dtype=t.float64), t.ones(3, dtype=t.float64), eps=-1)", "F.group_norm(x, 1, eps=0)",
        "F.group_norm(x, 1, eps=-1)", "F.layer_norm(x, (3,), eps=0)", "F.layer_norm(x, (3,), eps=-1)", "F.rms_norm(x, (3,), eps=0)",
        "F.rms_norm(x, (3,), eps=-1)", "F.rms_norm(x * 0, (3,), eps=0)", "F.layer_norm(x * 0, (3,), eps=0)", "F.normalize(x * 0, eps=0)",
        "F.normalize(x, eps=-1)", "F.cosine_similarity(x * 0, x, eps=0)", "F.cosine_similarity(x, x, eps=-1)", "nn.BatchNorm1d(3, eps=0)",
        "nn.BatchNorm1d(3, eps=0, dtype=t.float64)(x)", "nn.LayerNorm(3, eps=-1)", "nn.GroupNorm(1, 3, eps=0, dtype=t.float64)(x)"),
    *on(["f8 2,3"], "list(nn.GroupNorm(1, 3, bias=False).state_dict())", "list(nn.BatchNorm1d(3, bias=False).state_dict())",
        "nn.GroupNorm(1, 3, 1e-5, True, None, None, False)", "nn.BatchNorm1d(3, 1e-5, 0.1, True, True, None, None, False)",
        "list(nn.GroupNorm(1, 3, affine=False, bias=True).state_dict())", "set(nn.GroupNorm(1, 3, bias=False, dtype=t.float64))(x)",
        "set(nn.BatchNorm1d(3, bias=False, dtype=t.float64))(x)", "str(nn.GroupNorm(1, 3, bias=False))", "str(nn.GroupNorm(1, 3))",
        "str(nn.BatchNorm1d(3, bias=False))", "str(nn.BatchNorm1d(3, affine=False))", "str(nn.LayerNorm(3, bias=False))"),
    *on(["f8"], *[f"nn.{layer}(2, 3, {argument}={value})" for layer in ("RNN", "LSTM", "GRU") for argument in ("bias", "batch_first")
                  for value in ("1", "'True'", "None", "t.tensor(True)")], "nn.LSTM(2, 3, 1, 1)", "nn.GRU(2, 3, 1, True, 0)",
        "nn.RNN(2, 3, bias=False).bias", "nn.LSTM(2, 3, 0)", "nn.LSTM(0, 3)", "nn.LSTM(2, 0)", "nn.LSTM(2, 3, proj_size=-1)",
        "nn.LSTM(2.0, 3)", "nn.LSTM(2, '3')", "nn.LSTM(2, 3, dropout=True)", "nn.GRU(2, 3, dropout=2)"),
    *[(f"set(nn.{layer}(2, 3, bidirectional=True, dtype=t.float64))(x)", specs) for layer in ("RNN", "LSTM", "GRU")
      for specs in ("f8 1,1,2", "f8 3,0,2", "f8 0,2,2", "f8 1,2", "f8 0,2", "f8 2", "f8", "f8 0,0,2")],
    *[(f"set(nn.{layer}(2, 3, dtype=t.float64))(x)", specs) for layer in ("RNNCell", "LSTMCell", "GRUCell")
      for specs in ("f8 2", "f8 0,2", "f8 1,2", "f8", "f8 0", "f8 1,1,2")],
    *on(["ix3", "ix3 1", "ix3 0", "ix3 0,2", "i4 0", "f8", "f8 0"], "set(nn.Embedding(3, 2, dtype=t.float64))(x)", "F.one_hot(x, 3)", "F.one_hot(x)"),
    *on([("f8 1,1", "f8 1,1", "f8 1,1"), ("f8 0,2,3", "f8 0,4,3", "f8 0,4,2"), ("f8 2,0,3", "f8 2,4,3", "f8 2,4,2"), ("f8 2,2,3", "f8 2,0,3", "f8 2,0,2"),
         ("f8 1", "f8 1", "f8 1"), ("f8", "f8", "f8"), ("i8 2,3", "i8 2,3", "i8 2,3"), ("f8 2,3,0", "f8 2,4,0", "f8 2,4,2")],
        "F.scaled_dot_product_attention(x, y, z)", "F.scaled_dot_product_attention(x, y, z, is_causal=True)"),
    *on(["f8 1,1,4", "f8 3,0,4", "f8 0,2,4", "f8 1,4", "f8 0,4"], "set(nn.MultiheadAttention(4, 2, dtype=t.float64))(x, x, x)",
        "set(nn.TransformerEncoderLayer(4, 2, 3, dropout=0.0, dtype=t.float64))(x)"),
    *on([("f8 3", "f8 3"), ("f8", "f8"), ("f8 0", "f8 0"), ("f8 0,3", "f8 0,3"), ("f8 2,0", "f8 2,0"), ("f8 1,3", "f8 2,3"), ("f8 2,1", "f8 1,3"),
         ("f8 1,2,1", "f8 2,1,1"), ("f8 2,3", "f8 3"), ("f8 3", "f8 2,3"), ("f8 3,1", "f8 2,1,3")],
        *[f"F.cosine_similarity(x, y, dim={dim})" for dim in (0, 1, -1, -2, 2)]),
    *on(["f8 1", "f8 0", "f8 0,3", "f8 1,1", "f8", "f8 2,0", "f8 1,2,0"], "F.pad(x, (1, 2))", "F.pad(x, (0, 0))", "F.pad(x, (1, 1), 'replicate')",
        "F.pad(x, (0, 0), 'reflect')", "F.pad(x, (1, 1), 'circular')", "F.pad(x, (-1, 1))", "F.pad(x, (1, -1), value=2.0)"),
    *on(["f8 1,2,4"], "F.pad(x, (-1, 1), 'circular')", "F.pad(x, (-1, 1), 'replicate')", "F.pad(x, (-1, 1), 'reflect')",
        "F.pad(x, (-2, 3), 'replicate')", "F.pad(x, (-4, 3), 'replicate')"),
    *on(["f8 0", "f8 2", "f8 0,2", "f8"], "nn.utils.rnn.pad_sequence([x, x])", "nn.utils.rnn.pad_sequence([x, x[:0]], True, 2.0)",
        "nn.utils.parameters_to_vector([x, x])", "nn.Flatten()(x)", "F.dropout1d(x, 0.5, False)"),
]  # fmt: skip

CHANGES = [
    *on(SINGLE, *[f"x.clone().{call}" for call in ("add_(1)", "mul_(x)", "div_(2)", "sub_(x, alpha=2)", "pow_(2)", "zero_()", "fill_(3)", "copy_(x)",
        "clamp_(0, 1)", "exp_()", "relu_()", "masked_fill_(x > 0, 1)", "unsqueeze_(0)", "squeeze_()", "t_()", "neg_()", "lerp_(x, 0.5)",
        "addcmul_(x, x)", "floor_()", "index_fill_(0, t.tensor([], dtype=t.int64), 1)", "add_(t.ones(2, *x.shape))")]),
    *[(f"steps(t.optim.{optimizer}, x)", specs) for optimizer in
      ("SGD([x], 0.1, momentum=0.9)", "SGD([x], 0.1, nesterov=True, momentum=0.5, weight_decay=0.1)", "Adam([x], 0.1)", "Adam([x], 0.1, amsgrad=True)",
       "AdamW([x], 0.1)", "RMSprop([x], 0.1, centered=True, momentum=0.5)", "Adagrad([x], 0.1)", "Adadelta([x])", "LBFGS([x])")
      for specs in ("f8", "f8 1", "f8 0", "f8 0,3", "f4")],
    *on(["f8", "f8 1", "f8 0", "f8 2,0"], "clipped(x, 0.1)", "clipped(x, 0.1, inf)", "clipped_value(x, 0.1)"),
]  # fmt: skip

CTC = [
    *[(f"F.ctc_loss(x.log_softmax(-1), t.tensor({labels}, dtype=t.int64), [{steps}], [{len(labels)}], reduction='{how}', zero_infinity={zero})",
       "f8 3,1,4")
      for labels in ([], [1], [1, 1], [1, 2], [1, 2, 1]) for steps in range(4) for how in ("none", "mean") for zero in (False, True)],
    *[(f"F.ctc_loss(x.log_softmax(-1), t.tensor([[1, 2], [3, 3], [2, 1]]), {steps}, {sizes}, reduction='{how}', zero_infinity={zero})", "f8 3,3,4")
      for steps in ([0, 1, 3], [3, 0, 2], [2, 3, 0], [0, 0, 0]) for sizes in ([0, 1, 2], [2, 2, 2], [0, 0, 0]) for how in ("none", "sum")
      for zero in (False, True)],
    *on(["f8 0,1,4", "f8 3,0,4"], "F.ctc_loss(x, t.tensor([1]), [0], [1])", "F.ctc_loss(x, t.tensor([], dtype=t.int64), [], [])"),
    *on(["f8 3,4"], "F.ctc_loss(x.log_softmax(-1), t.tensor([1]), t.tensor(0), t.tensor(1), reduction='none')",
        "F.ctc_loss(x.log_softmax(-1), t.tensor([1, 2]), t.tensor(2), t.tensor(2), reduction='none')"),
]  # fmt: skip

BOUNDS = [
    *on(["f8 3", "f8 0", "f4 3"], *[f"x.clamp({low}, {high})" for low, high in [
        ("t.tensor(nan)", "None"), ("None", "t.tensor(nan)"), ("t.tensor(nan)", "t.tensor(0.5)"), ("t.tensor(-0.5)", "t.tensor(nan)"),
        ("nan", "0.5"), ("-0.5", "nan"), ("nan", "None"), ("None", "nan"), ("1.0", "-1.0"), ("t.tensor(1.0)", "t.tensor(-1.0)")]]),
    *on(["f8 3", "f4 3"], "x.clamp(t.tensor([nan, 0.0, 1.0]), t.tensor([0.0, nan, 0.5]))", "(x * nan).clamp(t.tensor(0.0))",
        "F.hardtanh(x, nan, 1.0)", "F.hardtanh(x * nan)", "F.relu6(x * nan)", "(x * nan).clamp(0, 1)"),
    *on(["i8 5", "i4 5", "u1 5", "b1 3", "i8"], "F.hardtanh(x)", "F.hardtanh(x, 0, 2)", "F.hardtanh(x, 0.5, 2.5)", "F.relu6(x)", "x.clamp(0.5, 1.5)",
        "x.clamp(1, 2)", "x.clamp(nan)", "x.clamp(max=nan)", "x.clamp(t.tensor(1.5))", "x.clamp(t.tensor(1), t.tensor(2))"),
]  # fmt: skip

STATISTICS = "t.zeros(3, dtype=t.float64), t.ones(3, dtype=t.float64)"
NORMS = ["set(nn.BatchNorm1d(3, dtype=t.float64))(x)", "set(nn.BatchNorm1d(3, dtype=t.float64)).eval()(x)", f"F.batch_norm(x, {STATISTICS})",
         *[f"moved(nn.BatchNorm1d(3, {momentum}dtype=t.float64), x)" for momentum in ("", "momentum=None, ")]]  # fmt: skip

# Where PyTorch's answer cannot be meant: what happens here instead, an error or (None) a result.
OWN_WAYS = {
    "RuntimeError": [
        *on(
            ["f8 3"], "x.take_along_dim(t.tensor([3]), 0)", "x.take_along_dim(t.tensor([-4]), 0)"
        ),  # it counts round and round
        *on(["f8 2,0"], "F.adaptive_avg_pool1d(x, 1)"),  # NaN; but for two means of nothing an error
        *on([("f8 2,0,3", "f8 4,0,1")], "F.conv1d(x, y)"),  # a result without the four channels
        *on(["f8 1,2,4"], "F.pad(x, (2, -3), 'circular')"),  # numbers that nobody wrote
        *on(
            ["f8 2,0", "f8 1,0", "f8 0,0"], *NORMS
        ),  # channels that do not fit are no trouble where there are no numbers
        *on([("f8", "f8"), ("f8", "f8 2")], "t.mv(x, y)"),  # an IndexError, as if a dim had been given
        *on(["f8 3", "f8"], "F.batch_norm(x, None, None, training=True)"),
        *on(["f8"], "F.rms_norm(x, (3,))", "set(nn.RMSNorm(3, dtype=t.float64))(x)"),
    ],
    "NotImplementedError": [  # integers are refused, but not if there are none
        *on(["i8 0", "b1 0"], "F.softmax(x, 0)", "F.log_softmax(x, -1)"),
        *on(["i8 0,3"], *NORMS, "F.batch_norm(x, None, None)", "F.batch_norm(x, None, None, training=True)"),
        *on(["i8 0,2,5"], "F.adaptive_avg_pool1d(x, 2).detach()"),
        *on(["i8 1,2,5", "i4 2,4", "b1 1,4", "i8 0,2,5"], "F.adaptive_avg_pool1d(x, 0).detach()"),
    ],
    None: [  # the largest of no numbers, asked for only inside
        *on(["f8 0", "f8 0,3"], "steps(t.optim.LBFGS([x]), x)"),
        *on(["f8 0", "f8 2,0"], "clipped(x, 0.1, inf)"),
    ],
}

_OWN = {(call, str(specs)) for rows in OWN_WAYS.values() for call, specs in rows}
ROWS = {
    name: [(call, specs) for call, specs in rows if (call, str(specs)) not in _OWN]
    for name, rows in [("elementwise", ELEMENTWISE), ("reductions", REDUCTIONS), ("shapes", SHAPES), ("indexing", INDEXING),
                       ("products", PRODUCTS), ("made", MADE), ("losses", LOSSES), ("ctc", CTC), ("bounds", BOUNDS), ("layers", LAYERS), ("changes", CHANGES)]
}  # fmt: skip
