"""What to say when a name is not there: the nearest names that are."""

from __future__ import annotations

from collections.abc import Iterable


def missing(owner: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error for `owner.name`; `known` are the names that there are."""
    import difflib  # only a mistake needs it

    near = difflib.get_close_matches(name, [k for k in known if not k.startswith("_")], n=3)
    return AttributeError(
        f"{owner} has no attribute {name!r}" + (f"; did you mean {' or '.join(near)}?" if near else "")
    )
