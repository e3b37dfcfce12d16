"""What a call does, as numbers and names that a JSON file can hold: results and gradients; or the error."""

from __future__ import annotations

import warnings
import zlib
from typing import Any

import numpy as np

from tests.parity.samples import make, numbers, type_name


def tensors(library: Any, call: str, specs: Any) -> list[Any]:
    """The inputs, the same in every run; floats require grad."""
    rng = np.random.default_rng(zlib.crc32(f"{call} {specs}".encode()))
    arrays = [make(spec, (-2.0, 2.0), rng) for spec in ((specs,) if isinstance(specs, str) else specs)]
    return [library.from_numpy(a).requires_grad_(a.dtype.kind == "f") for a in arrays]


def names(library: Any, inputs: list[Any]) -> dict[str, Any]:
    """What a call may use."""

    def set(layer: Any) -> Any:
        """Known weights for a layer: -0.6, -0.3, 0, 0.3, 0.6, -0.6, ..."""
        with library.no_grad():
            for p in layer.parameters():
                p.copy_(((library.arange(p.numel()) % 5).to(p.dtype) * 0.3 - 0.6).reshape(p.shape))
        return layer

    def moved(layer: Any, x: Any) -> list[Any]:
        """The buffers of a layer after it saw x."""
        layer(x)
        return list(layer.buffers())

    def steps(optimizer: Any, x: Any) -> Any:
        """x after two steps towards 1 from where it is."""
        for _ in range(2):
            optimizer.zero_grad()
            optimizer.step(lambda: _loss(optimizer, x))
        return x.detach()

    def clipped(x: Any, *limits: float) -> list[Any]:
        x.grad = x.detach() * 3
        return [library.nn.utils.clip_grad_norm_([x], *limits), x.grad]

    def clipped_value(x: Any, limit: float) -> Any:
        x.grad = x.detach() * 3
        library.nn.utils.clip_grad_value_([x], limit)
        return x.grad

    known = dict(zip("xyz", inputs, strict=False), t=library, nn=library.nn, F=library.nn.functional)
    known |= {"set": set, "moved": moved, "steps": steps, "clipped": clipped, "clipped_value": clipped_value}
    return known | {"inf": float("inf"), "nan": float("nan")}


def _loss(optimizer: Any, x: Any) -> Any:
    optimizer.zero_grad()
    loss = ((x - 1) ** 2).sum()
    loss.backward()
    return loss


def outcome(library: Any, call: str, specs: Any) -> Any:
    """[the results, the gradients of their weighted sum by each input], or the error that was raised."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            inputs = tensors(library, call, specs)
            result = eval(call, names(library, inputs))  # the texts are in this folder
            parts = _flat(result)
            described = [_described(part) for part in parts]
            differentiable = [p for p in parts if isinstance(p, library.Tensor) and p.requires_grad]
        except Exception as error:
            return error
        return [described, _gradients(library, differentiable, inputs)]


def _flat(result: Any) -> list[Any]:
    """The parts of a result: itself, or the entries of a tuple or list."""
    return [p for entry in result for p in _flat(entry)] if isinstance(result, (tuple, list)) else [result]


def _gradients(library: Any, parts: list[Any], inputs: list[Any]) -> list[Any]:
    wanted = [x for x in inputs if x.requires_grad]
    if not parts or not wanted:
        return []
    seeds = [(library.arange(p.numel()).to(p.dtype) * 0.5 + 1).reshape(tuple(p.shape)) for p in parts]
    found = library.autograd.grad(parts, wanted, seeds, allow_unused=True)
    return [None if g is None else _described(g) for g in found]


def _described(part: Any) -> Any:
    if not hasattr(part, "detach"):
        return part if isinstance(part, (bool, int, float)) else str(part)
    values = [float(f"{v:.7g}") if isinstance(v, float) else v for v in np.asarray(numbers(part)).reshape(-1).tolist()]
    return [type_name(part), list(part.shape), values]


def agree(found: Any, expected: Any) -> bool:
    """The same outcome, but for rounding; no gradient is as good as a gradient of zeros, and an error may be a special case."""
    if isinstance(expected, str):
        return isinstance(found, Exception) and expected in [kind.__name__ for kind in type(found).__mro__]
    if isinstance(found, Exception) or not _same(found[0], expected[0]):
        return False
    gradients, wanted = (side[1] or [None] * len(found[1] or expected[1]) for side in (found, expected))
    return len(gradients) == len(wanted) and all(
        _same(g, h) if g and h else not any((g or h or [0, 0, []])[2]) for g, h in zip(gradients, wanted, strict=True)
    )


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if type(a) is type(b) is float:
        return a == b or abs(a - b) <= 3e-6 * (1 + abs(b)) or (a != a and b != b)
    return type(a) is type(b) and a == b
