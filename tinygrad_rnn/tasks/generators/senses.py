"""Small pictures (shapes with a caption, shapes that move) and synthetic speech: each label is a chord that lasts a while.

Nothing says where one chord ends and the next begins.
"""

from __future__ import annotations

import numpy as np

Arrays = tuple[np.ndarray, ...]
SHAPES = {
    "square": ["111", "111", "111"], "cross": ["010", "111", "010"], "ring": ["111", "101", "111"],
    "corner": ["100", "100", "111"],
}  # fmt: skip
SIZES, ROWS, COLUMNS = ("small", "large"), ("top", "middle", "bottom"), ("left", "centre", "right")
CAPTION_WORDS = ["<pad>", "<end>", "a", "in", "the", "at", *SIZES, *SHAPES, *ROWS, *COLUMNS]
MOVES = [(0, 1), (1, 0), (0, -1), (-1, 0)]  # right, down, left, up: (rows, columns) per frame
SIDE = 16


def stamp(name: str, scale: int) -> np.ndarray:
    """The shape as an array of 0 and 1, `scale` pixels per cell."""
    cells = np.array([[float(cell) for cell in row] for row in SHAPES[name]], np.float32)
    return cells.repeat(scale, 0).repeat(scale, 1)


def captioned(rng: np.random.Generator, count: int, noise: float = 0.1) -> Arrays:
    """x (count, 1, 16, 16): a shape on a noisy ground. y (count, 8): "a small ring at the top left <end>".

    Its place inside a third of the picture is shifted by up to two pixels.
    """
    x = rng.normal(0, noise, (count, 1, SIDE, SIDE)).astype(np.float32)
    y = np.empty((count, 8), np.int64)
    names = list(SHAPES)
    choices = rng.integers(0, [2, len(names), 3, 3, 3, 3], (count, 6))
    for row, (size, name, down, across, dy, dx) in enumerate(choices):
        shape = stamp(names[name], size + 1)
        top, left = (int(place * (SIDE - 2 - len(shape)) / 2) for place in (down, across))
        x[row, 0, top + dy : top + dy + len(shape), left + dx : left + dx + len(shape)] += shape
        caption = ["a", SIZES[size], names[name], "at", "the", ROWS[down], COLUMNS[across], "<end>"]
        y[row] = [CAPTION_WORDS.index(word) for word in caption]
    return x, y


def moving(rng: np.random.Generator, count: int, frames: int, noise: float = 0.1) -> Arrays:
    """x (count, frames, 1, 16, 16): a shape that moves a pixel per frame and stays inside.

    y (count,): where to, 0..3 for right, down, left, up. Of a single frame, the first or the last, one can guess 14 of
    36 for 6 frames: who goes right tends to end there.
    """
    x = rng.normal(0, noise, (count, frames, 1, SIDE, SIDE)).astype(np.float32)
    names, y = list(SHAPES), rng.integers(0, len(MOVES), count)
    for row, move in enumerate(y):
        shape, way = stamp(names[int(rng.integers(len(names)))], 1), np.array(MOVES[move])
        room = SIDE - 3 - (frames - 1) * np.abs(way)
        start = rng.integers(0, room + 1) - (frames - 1) * np.minimum(way, 0)
        for t, (top, left) in enumerate(start + np.arange(frames)[:, None] * way):
            x[row, t, 0, top : top + 3, left : left + 3] += shape
    return x, y


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
