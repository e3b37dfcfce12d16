"""Layers, losses and modules, as programs for either library: see tests/reference."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..reference.stored import filled, gradients, leaf, wave, weighed
from . import programs_attention, programs_recurrent
from .rows_modules import CLASSES, ROWS

W4, FLAT = np.array([0.5, 2.0, 1.0, 0.25]), np.full((3, 4), 0.25)
MORE: list[tuple[str, tuple[Any, ...], dict[str, Any], list[Any]]] = [
    ("LeakyReLU", (0.3,), {}, [wave(3, 4)]),
    ("ELU", (0.4,), {}, [wave(3, 4)]),
    ("Softplus", (2.0, 1.5), {}, [wave(3, 4)]),
    ("Hardtanh", (-0.3, 0.2), {}, [wave(3, 4)]),
    ("GLU", (0,), {}, [wave(4, 3)]),
    ("CosineSimilarity", (0, 0.5), {}, [wave(3, 4), wave(3, 4)]),
    ("LayerNorm", (4,), {"eps": 0.1}, [wave(3, 4)]),
    ("RMSNorm", ((3, 4),), {"eps": 0.1}, [wave(2, 3, 4)]),
    ("RMSNorm", (4,), {"elementwise_affine": False}, [wave(2, 4)]),
    ("GroupNorm", (2, 4, 0.1), {}, [wave(3, 4, 2)]),
    ("BatchNorm1d", (4, 0.1, 0.3), {}, [wave(3, 4, 2)]),
    ("MaxPool1d", (3, 2, 1, 2), {"ceil_mode": True}, [wave(2, 3, 10)]),
    ("MaxPool1d", (3, 2), {"ceil_mode": True}, [wave(2, 3, 10)]),
    ("AvgPool1d", (3,), {}, [wave(2, 3, 10)]),
    ("AvgPool1d", (4, 3, 1), {"ceil_mode": True}, [wave(2, 3, 10)]),
    ("AvgPool1d", (4, 3, 1, True, False), {}, [wave(2, 3, 10)]),
    ("HuberLoss", ("sum", 0.4), {}, [wave(3, 4), wave(3, 4, k=3)]),
    ("SmoothL1Loss", (), {"beta": 0.3, "reduction": "sum"}, [wave(3, 4), wave(3, 4, k=3)]),
    *[(name, (), {"reduction": "none"}, [wave(3, 4), wave(3, 4, k=3)]) for name in ("MSELoss", "L1Loss", "HuberLoss")],
    *[(name, (), {"reduction": "sum"}, [wave(3, 4), wave(3, 4, k=3)]) for name in ("MSELoss", "L1Loss", "KLDivLoss")],
    ("KLDivLoss", (), {"log_target": True}, [wave(3, 4), wave(3, 4, k=3)]),
    ("Embedding", (5, 3), {"padding_idx": -2, "max_norm": 0.7}, [np.array([[0, 3], [1, 1]])]),
    ("Embedding", (5, 3), {"max_norm": 0.7, "norm_type": 1.0}, [np.array([[0, 4], [1, 1]])]),
]
WEIGHTED: dict[str, Any] = {
    "CrossEntropyLoss": (lambda nn, w: nn.CrossEntropyLoss(w, ignore_index=2, label_smoothing=0.2), CLASSES.clip(0)),
    "CrossEntropyLoss sum": (lambda nn, w: nn.CrossEntropyLoss(w, reduction="sum"), CLASSES),
    "NLLLoss": (lambda nn, w: nn.NLLLoss(w, ignore_index=3), CLASSES.clip(0)),
    "NLLLoss none": (lambda nn, w: nn.NLLLoss(w, reduction="none"), CLASSES),
    "BCEWithLogitsLoss": (lambda nn, w: nn.BCEWithLogitsLoss(w, pos_weight=w * 3 + 1), np.full((5, 4), 0.3)),
    "BCEWithLogitsLoss pos": (lambda nn, w: nn.BCEWithLogitsLoss(pos_weight=w, reduction="none"), np.full((5, 4), 0.3)),
    "BCELoss": (lambda nn, w: nn.BCELoss(w, reduction="sum"), np.full((5, 4), 0.3)),
}


def module(name: str, args: Any, options: Any, arrays: list[np.ndarray], torch: Any) -> dict[str, Any]:
    """A run while training, and one in evaluation, with all gradients and buffers."""
    layer = filled(torch, getattr(torch.nn, name)(*args, **options))
    inputs = []
    for k, a in enumerate(arrays):
        floats = a.dtype.kind == "f"
        plain = torch.tensor(a) if not floats or a.min() == a.max() else torch.tensor(wave(*a.shape, k=k))
        inputs.append(plain.requires_grad_() if floats else plain)
    y = layer(*inputs)
    weighed(torch, y).backward()
    found = {"output": y} | gradients(layer, *inputs)
    return found | {"buffers": dict(layer.named_buffers()), "in evaluation": layer.eval()(*inputs)}


def weighted(make: Any, target: np.ndarray, torch: Any) -> dict[str, Any]:
    loss, x = make(torch.nn, torch.tensor(W4)), leaf(torch, 5, 4)
    y = loss(x.sigmoid() if "BCELoss" in type(loss).__name__ else x, torch.tensor(target))
    weighed(torch, y).backward()
    return {"loss": y, "gradient": x.grad, "state": dict(loss.state_dict())}


def running(options: dict[str, Any], torch: Any) -> dict[str, Any]:
    """Batch norm: three batches in training, then evaluation, then one more batch, then a new start."""
    layer = filled(torch, torch.nn.BatchNorm1d(3, **options))
    batches = [torch.tensor(wave(5, 3, k=k) * (k + 1) + k) for k in range(5)]
    found = {f"batch {k}": [layer(batches[k]), dict(layer.named_buffers())] for k in range(3)}
    layer.eval()
    x = leaf(torch, 4, 3, 2, k=7)
    y = layer(x)
    weighed(torch, y).backward()
    found |= {"in evaluation": y} | gradients(layer, x) | {"unchanged": dict(layer.named_buffers())}
    layer.train()
    layer(batches[4])
    found["one more"] = [t.clone() for t in layer.buffers()]
    layer.reset_running_stats()
    return found | {"new start": dict(layer.named_buffers()), "names": list(layer.state_dict())}


def asleep(torch: Any) -> dict[str, Any]:
    """In evaluation nothing is dropped, in layers, between layers, or in attention."""
    nn = torch.nn
    x = torch.tensor(wave(4, 2, 6))
    found: dict[str, Any] = {kind: getattr(nn, kind)(0.8).eval()(x) for kind in ("Dropout", "Dropout1d")}
    for name, layer in {
        "LSTM": nn.LSTM(6, 3, 2, dropout=0.8),
        "attention": nn.MultiheadAttention(6, 2, dropout=0.8),
        "encoder": nn.TransformerEncoderLayer(6, 2, 8, dropout=0.8),
        "decoder": nn.TransformerDecoderLayer(6, 2, 8, dropout=0.8),
    }.items():
        layer = filled(torch, layer).eval()
        given = (x, x, x) if name == "attention" else (x, x) if name == "decoder" else (x,)
        y = layer(*given)
        found[name] = y[0] if isinstance(y, tuple) else y
    return found


def length_and_direction(dim: int | None, path: str, torch: Any) -> dict[str, Any]:
    """weight_norm, and its undoing."""
    layer = filled(torch, torch.nn.Conv1d(4, 6, 3))
    utils = torch.nn.utils if path == "utils" else torch.nn.utils.parametrizations
    utils.weight_norm(layer, dim=dim)
    with torch.no_grad():
        for k, p in enumerate(layer.parameters()):
            p.add_(torch.tensor(0.3 * wave(*p.shape, k=k + 3)))
    x = leaf(torch, 2, 4, 7)
    y = layer(x)
    weighed(torch, y).backward()
    found = {"output": y, "state": dict(layer.state_dict())} | gradients(layer, x)
    if path == "utils":
        torch.nn.utils.remove_weight_norm(layer)
        found["undone"] = [layer.weight, sorted(layer.state_dict())]
    return found


def named(rows: list[Any]) -> dict[str, Any]:
    """A program for each row, with a name that says what is made."""
    found: dict[str, Any] = {}
    for name, args, options, arrays in rows:
        text = f"{name}{args} {options} {[a.shape for a in arrays]}"
        assert text not in found, text
        found[text] = partial(module, name, args, options, arrays)
    return found


PROGRAMS: dict[str, Any] = {
    **named([*ROWS, *MORE]),
    **{f"weighted {name}": partial(weighted, *row) for name, row in WEIGHTED.items()},
    **{
        f"BatchNorm1d over batches {options}": partial(running, options)
        for options in ({}, {"momentum": 0.3}, {"momentum": None}, {"affine": False}, {"eps": 0.1},
                        {"track_running_stats": False}, {"momentum": None, "affine": False})
    },
    "nothing is dropped in evaluation": asleep,
    **{
        f"weight_norm {path} {dim}": partial(length_and_direction, dim, path)
        for path in ("utils", "parametrizations")
        for dim in (0, 1, 2, -1, None)
    },
    **programs_attention.PROGRAMS,
    **programs_recurrent.PROGRAMS,
}  # fmt: skip
