"""Processor time in seconds, on one core, that each task's default model took to solve it (seed 0).

Measured by `python -m tests.tasks.solve_all`, which prints the whole table.
"""

SECONDS: dict[str, int] = {
    "adding": 2, "copy_memory": 12, "echo": 1, "parity": 1, "latch": 1, "reber": 5, "counting": 1,
    "brackets": 2, "reverse": 17, "sort": 37, "sums": 37, "dates": 10, "text": 58, "words": 22, "sentiment": 2,
    "tagging": 2, "sines": 2, "lorenz": 7, "autoregression": 1, "co2": 4, "sunspots": 1, "weather": 2,
    "captions": 14, "video": 3, "speech": 4,
}  # fmt: skip
