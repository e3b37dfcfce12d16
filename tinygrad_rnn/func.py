"""PyTorch's `torch.func`, as far as sequence programs use it: a module called with other parameters, as MAML does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._tensor import Tensor
from .nn.module import Module


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """`module(*args, **kwargs)` with the given tensors, by name, in the place of its parameters and buffers.

    The module keeps its own; gradients go to the given tensors. A tensor that the module holds under several names is
    replaced under all of them, unless `tie_weights` is False; `strict` demands every name.
    """
    given = parameter_and_buffer_dicts
    new = dict(given) if isinstance(given, Mapping) else {name: t for part in given for name, t in part.items()}
    places = {
        f"{path}.{name}" if path else name: (place, name)
        for path, m in module.named_modules(remove_duplicate=False)
        for place in (m._parameters, m._buffers)
        for name in place
    }
    unknown, absent = [n for n in new if n not in places], [n for n in places if n not in new]
    if unknown or (strict and absent):
        raise RuntimeError(
            f"functional_call(): {type(module).__name__} has no {unknown}"
            if unknown
            else f"functional_call(): {absent} of {type(module).__name__} missing"
        )
    before = {name: place[key] for name, (place, key) in places.items()}
    if tie_weights:
        of_one = {id(before[name]): t for name, t in new.items() if before[name] is not None}
        new = {name: of_one[id(t)] for name, t in before.items() if id(t) in of_one} | new
    try:
        for name, t in new.items():
            place, key = places[name]
            place[key] = t
        return module(*(args if isinstance(args, tuple) else () if args is None else (args,)), **(kwargs or {}))
    finally:
        for name, (place, key) in places.items():
            place[key] = before[name]
