"""There is no GPU here: these names exist so that programs can ask."""

from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Does nothing: there is no GPU to seed."""


def manual_seed_all(seed: int) -> None:
    """Does nothing: there is no GPU to seed."""


def empty_cache() -> None:
    """Does nothing."""
