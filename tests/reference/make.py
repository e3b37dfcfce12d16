"""Run all programs with PyTorch and keep what they give: `python -m tests.reference.make [optim nn ...]`."""

from __future__ import annotations

import importlib
import sys

from .stored import path_of, write

FOLDERS = ("optim", "nn", "functional", "parity", "printing")
PLACES = {"functional": "tests.nn.programs_functional", "printing": "tests.parity.programs_printing"}


def main(names: list[str]) -> None:
    """Write the files of these names, or all."""
    import torch

    torch.set_num_threads(1)
    for name in names or FOLDERS:
        programs = importlib.import_module(PLACES.get(name, f"tests.{name}.programs")).PROGRAMS
        write(name, programs, torch)
        print(f"{path_of(name)}: {len(programs)} programs, {path_of(name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
