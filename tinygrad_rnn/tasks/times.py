"""Processor time in seconds, on one core, that each task's default model took to solve it (seed 0).

Measured by `python -m tests.tasks.solve_all`, which prints the whole table.
"""

SECONDS: dict[str, int] = {
    "adding": 2, "copy_memory": 10, "echo": 1, "parity": 1, "latch": 1, "reber": 3, "counting": 1,
    "brackets": 1, "reverse": 18, "sort": 17, "sums": 36, "dates": 7, "text": 42, "words": 17, "sentiment": 1,
    "tagging": 1, "sines": 2, "lorenz": 7, "autoregression": 1, "co2": 3, "sunspots": 1, "weather": 2,
    "captions": 27, "video": 4, "speech": 3,
}  # fmt: skip
