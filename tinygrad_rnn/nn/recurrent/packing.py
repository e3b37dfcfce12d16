"""Sequences of different length: padding them to one, and packing them without padding, as PyTorch does.

A PackedSequence holds, for each time step, the elements of the sequences that still run, longest sequence
first: lengths 3, 2, 1 of sequences a, b, c give data [a0 b0 c0 a1 b1 a2] and batch_sizes [3, 2, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..._tensor import Tensor
from ...arrays import came
from ...ops.checks import need_tensor
from ...ops.joining import cat, stack
from ...ops.making import filled


class PackedSequence(NamedTuple):
    """Sequences without padding, ready for RNN, LSTM and GRU; made by `pack_padded_sequence` or `pack_sequence`.

    data              (Σ lengths, ·)
    batch_sizes       int64 (T,): how many sequences run at each step
    sorted_indices    the order in which the batch was sorted by length, None if it was sorted already
    unsorted_indices  the way back
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Convert the data, as `Tensor.to`."""
        return self._replace(data=self.data.to(*args, **kwargs))

    def float(self) -> PackedSequence:
        """The data as float32."""
        return self._replace(data=self.data.float())

    def double(self) -> PackedSequence:
        """The data as float64."""
        return self._replace(data=self.data.double())

    def cpu(self) -> PackedSequence:
        """Itself."""
        return self

    @property
    def is_cuda(self) -> bool:
        """Always False."""
        return False


def _lengths(lengths: Any, batch: int) -> np.ndarray:
    found = np.asarray(lengths.array if isinstance(lengths, Tensor) else [int(n) for n in lengths])
    if found.dtype.kind not in "iu":
        raise RuntimeError(f"pack_padded_sequence: lengths must be integers, got {found.dtype}")
    if found.ndim != 1 or len(found) != batch:
        raise RuntimeError(
            f"pack_padded_sequence: expected `lengths` to have {batch} entries, one per sequence, got {found.size}"
        )
    if found.size == 0 or found.min() <= 0:
        raise RuntimeError(
            f"pack_padded_sequence: length of all samples has to be greater than 0, got {found.tolist()}"
        )
    return found.astype(np.int64)


def packed_places(sizes: Sequence[int] | np.ndarray) -> tuple[Tensor, Tensor]:
    """(t, b) of each element of packed data in the padded batch (T, B), for the given batch sizes."""
    t, b = np.nonzero(np.arange(sizes[0]) < np.asarray(sizes)[:, None])
    return Tensor._of(t), Tensor._of(b)


def turned(sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """An index that turns each sequence of a padded batch (T, B) round within its own length; its own inverse."""
    steps = np.arange(len(sizes))[:, None]
    lengths = (np.asarray(sizes)[:, None] > np.arange(sizes[0])).sum(0)
    back = np.where(steps < lengths, lengths - 1 - steps, steps)
    return back, np.broadcast_to(np.arange(sizes[0]), back.shape)


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch.

    input     (T, B, ·), or (B, T, ·) if batch_first
    lengths   B ints: list, array or tensor
    enforce_sorted  raise if the lengths do not decrease; False sorts, and results come back in the given order
    """
    need_tensor("pack_padded_sequence", input)
    if input.ndim < 2:
        raise RuntimeError(f"pack_padded_sequence: expected at least 2 dimensions, got shape {list(input.shape)}")
    x = input.transpose(0, 1) if batch_first else input
    sizes = _lengths(lengths, x.array.shape[1])
    if sizes.max() > x.array.shape[0]:
        raise RuntimeError(
            f"pack_padded_sequence: length {sizes.max()} exceeds the {x.array.shape[0]} steps of the input"
        )
    sorted_indices = unsorted_indices = None
    if not enforce_sorted:
        order = np.argsort(-sizes, kind="stable")
        sizes = sizes[order]
        sorted_indices = Tensor._of(order)
        unsorted_indices = Tensor._of(np.argsort(order, kind="stable"))
        x = x.index_select(1, sorted_indices)
    elif (np.diff(sizes) > 0).any():
        raise RuntimeError(
            f"pack_padded_sequence: lengths must be sorted in decreasing order when enforce_sorted is True, got "
            f"{sizes.tolist()}; pass enforce_sorted=False to have them sorted"
        )
    running = (np.arange(sizes[0])[:, None] < sizes).sum(1)
    return PackedSequence(x[packed_places(running)], Tensor._of(running), sorted_indices, unsorted_indices)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The padded batch (T, B, ·) and the lengths, int64 (B,), in the order before packing."""
    if not isinstance(sequence, PackedSequence):
        raise TypeError(f"pad_packed_sequence: expected a PackedSequence, got {came(sequence)}")
    sizes = sequence.batch_sizes.array
    steps = len(sizes)
    if total_length is not None and total_length < steps:
        raise ValueError(
            f"pad_packed_sequence: total_length {total_length} is less than the longest sequence's {steps} elements"
        )
    lengths = (sizes[:, None] > np.arange(sizes[0])).sum(0)
    data = sequence.data
    shape = (steps if total_length is None else total_length, int(sizes[0]), *data.array.shape[1:])
    padded = Tensor._of(filled("pad_packed_sequence", shape, padding_value, data.dtype))
    padded[packed_places(sizes)] = data
    result_lengths = Tensor._of(lengths.astype(np.int64))
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(1, sequence.unsorted_indices)
        result_lengths = result_lengths[sequence.unsorted_indices]
    return padded.transpose(0, 1) if batch_first else padded, result_lengths


def pad_sequence(
    sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (L_i, ·) of different length as one tensor (T, B, ·), padded at the end or (padding_side="left") the start."""
    if isinstance(sequences, Tensor) or not all(isinstance(s, Tensor) for s in sequences):
        raise RuntimeError(f"pad_sequence: expected a list of Tensors, got {type(sequences).__name__}")
    if not sequences:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"pad_sequence: padding_side must be 'left' or 'right', got {padding_side!r}")
    if any(s.ndim == 0 for s in sequences):
        raise RuntimeError("pad_sequence: expected sequences (L_i, ·), got a 0-d tensor, which has no length")
    longest = max(s.array.shape[0] for s in sequences)
    padded = []
    for s in sequences:
        missing = longest - s.array.shape[0]
        filler = Tensor._of(filled("pad_sequence", (missing, *s.array.shape[1:]), padding_value, s.dtype))
        pieces = [s] if not missing else [s, filler] if padding_side == "right" else [filler, s]
        padded.append(pieces[0] if len(pieces) == 1 else cat(pieces))
    return stack(padded, 0 if batch_first else 1)


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences (L_i, ·)."""
    lengths = [s.array.shape[0] for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, each cut to its length."""
    batch = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [s[: int(n)] for s, n in zip(batch, lengths, strict=True)]


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed batch, in the order before packing."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
