"""PyTorch's `torch.func`, as far as sequence programs use it: modules called with other parameters, gradients of functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ._missing_names import missing as _missing
from ._mode import enable_grad
from ._tensor import Tensor
from .gradients import grad as _gradients
from .nn.module import Module
from .trees import tree_map


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


def grad_and_value(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Any:
    """A function that returns the gradient of `func`, whose value is a number, by its arguments `argnums`, and the value.

    Such an argument is a tensor, or tensors in dicts, lists and tuples. has_aux: `func` returns (value, something else).
    """
    places = (argnums,) if isinstance(argnums, int) else argnums

    def both(*args: Any, **kwargs: Any) -> Any:
        given, leaves = list(args), []
        with enable_grad():
            for k in places:
                given[k] = tree_map(lambda x: leaves.append(_own(x)) or leaves[-1], args[k], Tensor)
            result = func(*given, **kwargs)
            value = result[0] if has_aux else result
            outer = any(not x.is_leaf for x in leaves)  # this is part of a larger graph
            found = iter(_gradients(value, leaves, create_graph=outer, allow_unused=True, materialize_grads=True))
        by = tuple([tree_map(lambda _: next(found), given[k], Tensor) for k in places])
        result = result if outer else tree_map(Tensor.detach, result, Tensor)
        return by[0] if isinstance(argnums, int) else by, result

    return both


def _own(x: Tensor) -> Tensor:
    return x.view_as(x) if x.requires_grad else x.detach().requires_grad_()


def grad(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Any:
    """As `grad_and_value`: the gradient alone, or with `has_aux` the gradient and the something else."""

    def gradient(*args: Any, **kwargs: Any) -> Any:
        by, result = grad_and_value(func, argnums, has_aux)(*args, **kwargs)
        return (by, result[1]) if has_aux else by

    return gradient


def __getattr__(name: str) -> Any:
    raise _missing(f"module {__name__!r}", name, globals())
