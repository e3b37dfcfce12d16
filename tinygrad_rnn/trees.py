"""Nested structures: tuples, lists and dicts of anything, as the states of models and the batches of loaders are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def tree_map(function: Callable[[Any], Any], tree: Any, leaf: Any, lists: bool = False) -> Any:
    """The same structure with `function(x)` in place of each x that is a `leaf`, a type or a tuple of types.

    Tuples, named tuples, lists and mappings keep their types; everything else, such as None, stays as it is.

    lists   plain tuples become lists, as in PyTorch's loaders
    """
    if isinstance(tree, leaf):
        return function(tree)
    if isinstance(tree, Mapping):
        return like(tree, [tree_map(function, part, leaf, lists) for part in tree.values()])
    if isinstance(tree, (tuple, list)):
        parts = [tree_map(function, part, leaf, lists) for part in tree]
        return parts if lists and not hasattr(tree, "_fields") else like(tree, parts)
    return tree


def like(tree: Any, parts: Iterable[Any]) -> Any:
    """A tuple, named tuple, list or mapping of the type of `tree`, with other parts; a dict where a mapping's type
    cannot be made from one."""
    if not isinstance(tree, Mapping):
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    values = dict(zip(tree, parts, strict=True))
    try:
        return values if type(tree) is dict else type(tree)(values)  # type: ignore[call-arg]
    except TypeError:
        return values
