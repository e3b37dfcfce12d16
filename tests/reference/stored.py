"""What is kept of a result, and the comparison.

A text is kept as it is. Of everything else one number is kept: the sum of all its numbers with weights between 1 and 2 that
differ from place to place, and of something for each type and shape. What is wrong anywhere in a result shows in that sum,
and the files stay small; where the difference is, the tests that run beside PyTorch tell.
"""

from __future__ import annotations

import contextlib
import json
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_rnn

FOLDER = Path(__file__).parent / "values"
GOLDEN = 0.6180339887498949  # its multiples modulo 1 are all different, and spread evenly
TOLERANCE = {"float64": 1e-7, "float32": 1e-5, "float16": 5e-3}  # relative; the files hold 9 digits
NOT_FINITE = {"nan": 3.1, "posinf": 5.3, "neginf": -7.7}  # stand in for what has no place in a sum

Program = Callable[[Any], dict[str, Any]]


def wave(*shape: int, k: int = 0) -> np.ndarray:
    """Numbers between -1.5 and 1.5 by a formula, so that no generator has to draw the same ones everywhere; k for others."""
    n = np.arange(1, int(np.prod(shape)) + 1)
    return (1.5 * np.sin(n * (0.9 + 0.37 * k) + k)).reshape(shape)


def leaf(torch: Any, *shape: int, k: int = 0) -> Any:
    """A float64 tensor of these numbers that wants a gradient."""
    return torch.tensor(wave(*shape, k=k), requires_grad=True)


def filled(torch: Any, module: Any) -> Any:
    """The module in float64, every parameter with numbers by a formula."""
    module = module.double()
    with torch.no_grad():
        for k, p in enumerate(module.parameters()):
            p.copy_(torch.tensor(0.4 * wave(*p.shape, k=k)))
    return module


def weighed(torch: Any, *parts: Any) -> Any:
    """A scalar that depends on each number of the parts in its own way, to go backward from."""
    sums = []
    for k, part in enumerate(parts):
        weights = 1 + (np.arange(part.numel()) * GOLDEN + k) % 1
        sums.append((part * torch.tensor(weights.reshape(tuple(part.shape)))).sum())
    return sum(sums[1:], sums[0])


def gradients(module: Any, *inputs: Any) -> dict[str, Any]:
    """What backward left in the inputs and in the parameters."""
    return {"to inputs": [x.grad for x in inputs], "to parameters": {n: p.grad for n, p in module.named_parameters()}}


# --- one number for a result ----------------------------------------------------------------------------------


def leaves(value: Any) -> Iterator[tuple[str, np.ndarray]]:
    """The type and the numbers of each part of a result."""
    if hasattr(value, "detach"):
        yield str(value.dtype).removeprefix("torch."), value.detach().numpy()
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(str(key))
            yield from leaves(part)
    elif isinstance(value, (tuple, list)):
        yield "list", np.array(len(value))
        for part in value:
            yield from leaves(part)
    elif isinstance(value, str) or value is None:
        yield "text", np.array(zlib.crc32(str(value).encode()) % 9973 / 9973)
    elif isinstance(value, float):
        yield "float64", np.array(value)
    elif isinstance(value, (bool, int, np.ndarray)):
        yield type(value).__name__, np.asarray(value)
    else:
        raise TypeError(f"no number for a {type(value).__name__}")


def number(value: Any) -> tuple[float, float]:
    """The weighed sum of a result, and by how much another one may differ from it."""
    total = allowed = 0.0
    place = 0
    for kind, array in leaves(value):
        flat = np.nan_to_num(array.reshape(-1).astype(np.float64), **NOT_FINITE).clip(-1e200, 1e200)
        weighed = (1 + (np.arange(place, place + flat.size) * GOLDEN) % 1) * flat
        total += float(weighed.sum()) + zlib.crc32(f"{kind} {array.shape}".encode()) % 997 / 997
        allowed += TOLERANCE.get(kind, 1e-9) * float(np.abs(weighed).sum()) + 1e-8
        place += flat.size + 1
    return total, allowed + 1e-8 * abs(total)


def outcome(program: Program, library: Any) -> dict[str, Any]:
    """The results of a program by name; from PyTorch without its warnings."""
    with warnings.catch_warnings() if library is not tinygrad_rnn else contextlib.nullcontext():
        if library is not tinygrad_rnn:
            warnings.simplefilter("ignore")
        return program(library)


# --- files ------------------------------------------------------------------------------------------------------


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.json"


def write(name: str, programs: dict[str, Program], torch: Any) -> None:
    """Run the programs with PyTorch and keep what they give."""
    cases = {}
    for case, program in programs.items():
        results = outcome(program, torch)
        cases[case] = {
            part: value if isinstance(value, str) else float(f"{number(value)[0]:.9g}")
            for part, value in results.items()
        }
    lines = [f"  {json.dumps(case)}: {json.dumps(parts)}" for case, parts in cases.items()]
    text = '{"torch": ' + json.dumps(torch.__version__) + ', "cases": {\n' + ",\n".join(lines) + "\n}}\n"
    path_of(name).write_text(text, "utf8")


def read(name: str) -> dict[str, Any]:
    """{"torch": version, "cases": {case: {part: number or text}}}."""
    return json.loads(path_of(name).read_text("utf8"))


def differences(name: str, case: str, program: Program, library: Any = tinygrad_rnn) -> list[str]:
    """What is not as it was kept, a line for each part."""
    file = read_once(name)
    if case not in file["cases"]:
        return [f"{case}: nothing is kept of it; run python -m tests.reference.make where PyTorch is installed"]
    kept, results = file["cases"][case], outcome(program, library)
    wrong = (
        [f"{case}: parts {sorted(kept.keys() ^ results.keys())} on one side only"]
        if kept.keys() != results.keys()
        else []
    )
    for part in kept.keys() & results.keys():
        if isinstance(kept[part], str):
            if results[part] != kept[part]:
                wrong.append(f"{case}, {part}:\n{results[part]}\nPyTorch {file['torch']}:\n{kept[part]}")
            continue
        found, allowed = number(results[part])
        if not abs(found - kept[part]) <= allowed:
            wrong.append(f"{case}, {part}: {found:.9g}, PyTorch {file['torch']} {kept[part]:.9g}")
    return wrong


def differences_now(name: str, programs: dict[str, Program], torch: Any) -> list[str]:
    """What PyTorch itself gives otherwise than it was kept: of every fifth program, for the time it takes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the arrays are small
    try:
        return [line for case in [*programs][::5] for line in differences(name, case, programs[case], torch)]
    finally:
        torch.set_num_threads(threads)


_files: dict[str, Any] = {}


def read_once(name: str) -> dict[str, Any]:
    """`read`, once in a process."""
    if name not in _files:
        _files[name] = read(name)
    return _files[name]
