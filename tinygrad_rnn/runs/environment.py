"""What the last bits of a training depend on, besides the program: versions, kernels, the machine, threads."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path
from typing import Any

from .. import kernels
from ..config import configuration
from ..kernels.choice import state_of_kernels
from ..threads import get_num_threads


def environment() -> dict[str, Any]:
    """Versions, which kernels run and a digest of their source, BLAS, processor, threads: plain values for a JSON file."""
    facts = configuration()
    return {
        "python": platform.python_version(),
        "versions": facts["versions"],
        "kernels": f"{state_of_kernels()}, source {_digest(Path(str(kernels.__file__)).parent)}",
        "blas": facts["BLAS"],
        "machine": f"{platform.system()} {platform.machine()} {_processor()}",
        "threads": get_num_threads(),
    }


def differences(before: dict[str, Any], now: dict[str, Any]) -> str:
    """What is not as it was, in words; empty if all is."""
    return ", ".join(f"{name} {before.get(name)} (now {now.get(name)})" for name in now if before.get(name) != now[name])  # fmt: skip


def _digest(folder: Path) -> str:
    """Of all that lies in the folder but caches, compiled parts included."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    content = hashlib.sha256()
    for path in files:
        content.update(path.name.encode() + path.read_bytes())
    return content.hexdigest()[:16]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or f"{os.cpu_count()} cores"
