"""Processor time in seconds, on one core, that each task's default model took to solve it (seed 0).

Measured by `python -m tests.tasks.solve_all`, which prints the whole table.
"""

SECONDS: dict[str, int] = {}
