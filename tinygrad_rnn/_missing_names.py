"""What to say when a name is not there: that it is left out on purpose, where else it is, or the nearest names."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ._left_out import WAY_ROUND

HOMES = [
    f"tinygrad_rnn{home}"
    for home in (
        "",
        ".nn",
        ".nn.functional",
        ".nn.utils.rnn",
        ".optim",
        ".optim.lr_scheduler",
        ".utils.data",
        ".models",
    )
]


def missing(owner: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error for `owner.name`, where `owner` is one of PyTorch's; `known` are the names that there are."""
    if name in WAY_ROUND:
        return AttributeError(f"{owner} has no attribute {name!r}: {WAY_ROUND[name]}")
    for home in HOMES if owner.startswith("module") else ():
        if name in getattr(sys.modules.get(home), "__dict__", {}):
            return AttributeError(f"{owner} has no attribute {name!r}; it is {home}.{name}")
    return AttributeError(f"{owner} has no attribute {name!r}{nearest(name, known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """ "; did you mean …?", if names like it are known; none is like `__wrapped__`, for which many programs look everywhere."""
    if name.startswith("_"):
        return ""
    import difflib  # only a mistake needs it

    spelt: dict[str, list[str]] = {}
    for k in known:
        if not k.startswith("_"):
            spelt.setdefault(k.lower(), []).append(k)
    near = [k for close in difflib.get_close_matches(name.lower(), spelt, n=3) for k in sorted(set(spelt[close]))]
    return f"; did you mean {' or '.join(near)}?" if near else ""
