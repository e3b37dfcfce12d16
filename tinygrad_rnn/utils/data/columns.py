"""What people have at hand as a dataset: columns under names, a pandas table or column, any iterable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .dataset import Dataset, IterableDataset


class Columns(Dataset[Any]):
    """Sample k is {name: column[k], ...}, for columns of one length: arrays, tensors, lists, pandas columns.

    Raises ValueError if the lengths differ.
    """

    def __init__(self, columns: Mapping[Any, Any]):
        self.columns: dict[Any, Any] = {name: by_position(column) for name, column in columns.items()}
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"DataLoader: the columns differ in length: {lengths}")

    def __getitem__(self, index: Any) -> dict[Any, Any]:
        return {name: column[index] for name, column in self.columns.items()}

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


class Stream(IterableDataset[Any]):
    """The items of any iterable, one after the other. An iterator gives them once: the second epoch raises."""

    def __init__(self, items: Iterable[Any]):
        self.items: Iterable[Any] = items
        self.used = False

    def __iter__(self) -> Iterator[Any]:
        source = iter(self.items)
        if source is self.items and self.used:
            raise RuntimeError(
                f"DataLoader: the dataset is a {type(self.items).__name__}, which gave its items in the first epoch; pass "
                f"list(...) of it, or an IterableDataset whose __iter__ starts anew"
            )
        self.used: bool = True
        return source

    def __len__(self) -> int:
        return len(self.items)  # type: ignore[arg-type]


def by_position(column: Any) -> Any:
    """`column` so that column[k] is its k-th element; a pandas column counts by labels, which may be others."""
    return column.to_numpy() if hasattr(column, "iloc") else column


def as_dataset(data: Any) -> Any:
    """`data` as DataLoader needs it: what has indices stays, columns become samples, other iterables a stream.

    A dict whose keys are 0, 1, 2 … has samples by index, as in PyTorch; with other keys it holds columns.
    """
    if hasattr(data, "iloc"):
        return Columns({name: data[name] for name in data.columns}) if hasattr(data, "columns") else by_position(data)
    if isinstance(data, Mapping) and not all(isinstance(key, int) for key in data):
        return Columns(data)
    if isinstance(data, Iterable) and not hasattr(data, "__getitem__"):
        return data if isinstance(data, IterableDataset) else Stream(data)
    return data
