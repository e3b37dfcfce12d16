"""Synthetic speech: each label is a chord that lasts a while, and nothing says where one ends and the next begins."""

from __future__ import annotations

import numpy as np

Arrays = tuple[np.ndarray, ...]


def voices(labels: int, bands: int) -> np.ndarray:
    """The loudness (labels, bands) of each label in each band of frequency, the same for everyone: two peaks each."""
    places = np.arange(bands)
    peaks = np.random.default_rng(0).permutation(bands * (bands - 1))[:labels]
    low, high = peaks // (bands - 1), peaks % (bands - 1)
    high = high + (high >= low)
    near_low, near_high = (np.exp(-0.5 * ((places - peak[:, None]) / 0.7) ** 2) for peak in (low, high))
    return (near_low + near_high).astype(np.float32)


def spoken(rng: np.random.Generator, count: int, frames: int, labels: int, bands: int, noise: float = 0.3) -> Arrays:
    """x (count, frames, bands): loudness over time. y (count, most) ints: the labels 1..labels said, filled with -100.

    Each label sounds for 3 to 6 frames, silence of 1 to 4 frames before each and at the end. Read with CTC, 0 is blank.
    """
    sound, most = voices(labels, bands), frames // 10
    x = rng.normal(0, noise, (count, frames, bands)).astype(np.float32)
    y = np.full((count, most), -100)
    for row in range(count):
        t = 0
        for k in range(int(rng.integers(1, most + 1))):
            t += int(rng.integers(1, 5))
            size, label = int(rng.integers(3, 7)), int(rng.integers(labels))
            x[row, t : t + size] += sound[label]
            y[row, k], t = label + 1, t + size
    return x, y
