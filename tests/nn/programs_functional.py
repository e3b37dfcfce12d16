"""The functions of nn.functional and nn.utils, as programs for either library: see tests/reference."""

from __future__ import annotations

import math
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..reference.stored import leaf, wave, weighed
from .rows_functional import ROWS

WIDE = ["relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "hardtanh", "relu6", "logsigmoid", "sigmoid", "tanh"]

# what the other rows leave to the usual options, or do not reach
MORE = [
    *[(f"{name} of large numbers", [(5, 6)], lambda m, x, name=name: getattr(m.F, name)(x * 16)) for name in WIDE],
    ("gelu tanh of large numbers", [(5, 6)], lambda m, x: m.F.gelu(x * 5, approximate="tanh")),
    ("huber_loss far apart", [(4, 5), (4, 5)], lambda m, x, y: m.F.huber_loss(x * 2, y)),
    ("smooth_l1_loss far apart", [(4, 5), (4, 5)], lambda m, x, y: m.F.smooth_l1_loss(x * 2, y)),
    ("smooth_l1_loss beta", [(4, 5), (4, 5)], lambda m, x, y: m.F.smooth_l1_loss(x * 2, y, beta=2.5)),
    ("binary_cross_entropy of certainty", [(2, 3)],
     lambda m, x: m.F.binary_cross_entropy((x * 1e3).sigmoid() * 0 + m.tensor([[1.0, 0.0, 0.5]] * 2), m.tensor([[0.0, 1.0, 1.0]] * 2).double())),
    ("layer_norm of nearly equal numbers", [(3, 4)], lambda m, x: m.F.layer_norm(x * 1e-3, (4,))),
    ("group_norm of nearly equal numbers", [(3, 4)], lambda m, x: m.F.group_norm(x * 1e-3, 2)),
    ("batch_norm of nearly equal numbers", [(3, 4)], lambda m, x: m.F.batch_norm(x * 1e-3, None, None, training=True)),
    ("rms_norm of small numbers", [(3, 4)], lambda m, x: m.F.rms_norm(x * 1e-8, (4,))),
    ("normalize of small numbers", [(3, 4)], lambda m, x: m.F.normalize(x * 1e-12)),
    ("normalize p and eps", [(3, 4)], lambda m, x: m.F.normalize(x, 3.0, -1, 2.0)),
    ("cosine_similarity eps", [(3, 4), (3, 4)], lambda m, x, y: m.F.cosine_similarity(x.detach() * 0.1, y, dim=0, eps=0.5)),
    ("dropout in evaluation", [(3, 4)], lambda m, x: m.F.dropout(x, 0.7, training=False)),
    ("attention of large scores", [(2, 3, 4), (2, 5, 4), (2, 5, 3)],
     lambda m, q, k, v: m.F.scaled_dot_product_attention(q * 60, k * 60, v, is_causal=True)),
    ("attention of large scores and a mask", [(2, 3, 4), (2, 5, 4), (2, 5, 3)],
     lambda m, q, k, v: m.F.scaled_dot_product_attention(q * 60, k * 60, v, m.tensor(np.arange(15).reshape(3, 5) % 4 > 0))),
    ("softmax over a middle axis", [(2, 3, 4)], lambda m, x: m.softmax(x, 1)),
    ("log_softmax over the first axis", [(2, 3, 4)], lambda m, x: m.log_softmax(x, 0)),
    ("softmax of large numbers", [(3, 4)], lambda m, x: m.softmax(x * 500, 0)),
    ("log_softmax of large numbers", [(3, 4)], lambda m, x: m.log_softmax(x * 500, 1)),
    ("cross_entropy of large scores", [(5, 4)], lambda m, x: m.F.cross_entropy(x * 500, m.tensor(np.array([0, 3, 1, 2, 2])))),
    ("cross_entropy where an ignored row is not finite", [(3, 2)],
     lambda m, x: m.F.cross_entropy(x.detach() + m.tensor([[0.0], [np.nan], [np.inf]]), m.tensor(np.array([1, -100, -100])),
                                    reduction="none") + 0 * x.sum()),
    ("clamp at its bounds", [(2, 5)], lambda m, x: (x - x.detach() + m.tensor([-0.5, 0.5, 0.2, 2.0, -1.0])).clamp(-0.5, 0.5)),
    ("hardtanh at its bounds", [(2, 5)], lambda m, x: m.F.hardtanh(x - x.detach() + m.tensor([-0.5, 0.5, 0.2, 2.0, -1.0]), -0.5, 0.5)),
    ("cross_entropy of large scores, smooth, ignoring", [(5, 4)],
     lambda m, x: m.F.cross_entropy(x * 500, m.tensor(np.array([0, 3, -1, 2, 2])), ignore_index=-1, label_smoothing=0.2)),
]  # fmt: skip


def called(shapes: list[tuple[int, ...]], function: Any, torch: Any) -> dict[str, Any]:
    """The value, and the gradients of a sum that weighs each number differently."""
    library = SimpleNamespace(
        F=torch.nn.functional, tensor=torch.tensor, softmax=torch.softmax, log_softmax=torch.log_softmax
    )
    inputs = [leaf(torch, *shape, k=k) for k, shape in enumerate(shapes)]
    with np.errstate(all="ignore"):
        y = function(library, *inputs)
    weighed(torch, y).backward()
    return {"value": y, "gradients": [x.grad for x in inputs]}


def windows(torch: Any) -> dict[str, Any]:
    """The places that max pooling found."""
    x = torch.tensor(wave(2, 3, 11))
    pool = partial(torch.nn.functional.max_pool1d, x, return_indices=True)
    return {"plain": pool(2), "all": pool(3, 2, 1, 2), "ceil": pool(3, 2, 1, ceil_mode=True)}


def tables(torch: Any) -> dict[str, Any]:
    """Embeddings with all options, and one-hot vectors."""
    F, index = torch.nn.functional, torch.tensor([[1, 4, 1], [0, 2, 5]])
    table = leaf(torch, 6, 3)
    y = F.embedding(index, table, padding_idx=4)
    weighed(torch, y).backward()
    shortened, one = torch.tensor(wave(6, 3)), torch.tensor(wave(6, 3))
    return {
        "value": y,
        "gradient": table.grad,
        "max_norm": [F.embedding(index, shortened, max_norm=1.5), shortened],
        "norm_type": [F.embedding(index, one, max_norm=1.5, norm_type=1.0), one],
        "one_hot": [F.one_hot(index), F.one_hot(index, 7)],
    }


def clipped(max_norm: float, norm_type: float, torch: Any) -> dict[str, Any]:
    params = [torch.zeros(shape, dtype=torch.float64, requires_grad=True) for shape in [(3, 4), (5,), (), (2, 2)]]
    for k, p in enumerate(params[:3]):
        p.grad = torch.tensor(wave(*p.shape, k=k))
    norm = torch.nn.utils.clip_grad_norm_(params, max_norm, norm_type)
    return {"norm": norm, "gradients": [p.grad for p in params]}


def held(torch: Any) -> dict[str, Any]:
    """clip_grad_value_, and parameters as a vector and back."""
    p, utils = torch.zeros(3, 4, requires_grad=True), torch.nn.utils
    p.grad = torch.tensor(wave(3, 4)).float()
    utils.clip_grad_value_([p], 0.3)
    model = torch.nn.Linear(3, 2)
    utils.vector_to_parameters(torch.arange(8.0), model.parameters())
    vector = utils.parameters_to_vector(reversed(list(model.parameters())))
    return {"gradient": p.grad, "parameters": [model.weight, model.bias], "vector": vector}


PROGRAMS: dict[str, Any] = {
    **{f"{name} {shapes}": partial(called, shapes, function) for name, shapes, function in [*ROWS, *MORE]},
    "max_pool1d indices": windows,
    "embedding and one_hot": tables,
    **{
        f"clip_grad_norm_ {norm} {p}": partial(clipped, norm, p)
        for norm in (0.1, 1.0, 100)
        for p in (2, 1, 3.5, math.inf)
    },
    "clip_grad_value_ and vectors": held,
}
assert len(PROGRAMS) == len(ROWS) + len(MORE) + 15, "two rows have one name"
