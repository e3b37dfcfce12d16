"""Processor time in seconds, on one core, that each task's default model took to solve it (seed 0).

Measured by `python -m tests.tasks.solve_all`, which prints the whole table.
"""

SECONDS: dict[str, int] = {
    "adding": 3, "copy_memory": 16, "echo": 1, "parity": 1, "latch": 1, "reber": 6, "counting": 1,
    "brackets": 2, "reverse": 20, "sort": 21, "sums": 35, "dates": 11, "text": 65, "words": 22, "sentiment": 3,
    "tagging": 2, "sines": 3, "lorenz": 7, "autoregression": 1, "co2": 1, "sunspots": 1, "weather": 1,
    "captions": 16, "video": 4, "speech": 4,
}  # fmt: skip
