"""Write down what PyTorch does in each row: `python -m tests.edges.record`, with PyTorch installed."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

from .outcomes import outcome
from .rows import ROWS

FILE = Path(__file__).with_name("record.json")


def fingerprint() -> int:
    """Changes when the rows do."""
    return zlib.crc32(repr(ROWS).encode())


def recorded(result: Any) -> Any:
    """An outcome as JSON has it: of an error, the name of its type."""
    return type(result).__name__ if isinstance(result, Exception) else result


if __name__ == "__main__":
    import torch

    about = {"torch": torch.__version__.partition("+")[0], "rows": fingerprint()}
    parts = [json.dumps(about)[1:-1]]
    for name, rows in ROWS.items():
        lines = [json.dumps(recorded(outcome(torch, *row)), separators=(",", ":")) for row in rows]
        parts.append(f'"{name}": [\n' + ",\n".join(lines) + "\n]")
    FILE.write_text("{" + ",\n".join(parts) + "}\n")
