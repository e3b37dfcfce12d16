"""Sample calls, and what it means that two libraries agree on one.

A `Row` has calls written as text, so that each names itself when it fails, and the inputs to try them
on. In a call `t` is the library, and x, y, z are the inputs. An input is written "type shape flags":

    "f8 2,3"      float64, random in the row's domain       "f4 3 T"   transposed in memory
    "i8 4"        integers from -4 to 4                     "b1 2,3"   bools
    "ix5 2,3"     indices 0..4, int64                       "f8 special"   0, -0, Inf, NaN, halves, ties
"""

from __future__ import annotations

import warnings
import zlib
from typing import Any, NamedTuple

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import gradients

TYPES = {"f8": "float64", "f4": "float32", "f2": "float16", "i8": "int64", "i4": "int32", "i2": "int16"}
TYPES |= {"i1": "int8", "u1": "uint8", "b1": "bool"}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 2.0, 2.0, np.inf, -np.inf, np.nan, 1e-8, 40.0, -40.0]
UNARY = ["f8", "f8 1", "f8 5", "f8 0", "f8 2,3", "f8 3,2 T", "f8 2,0,3", "f8 1,3,1", "f4 4", "f8 special"]
PAIRS = [
    ("f8 2,3", "f8 2,3"), ("f8 2,3", "f8 3"), ("f8 2,1", "f8 1,3"), ("f8", "f8 2"), ("f8 2", "f8"), ("f8", "f8"),
    ("f8 0", "f8 1"), ("f8 4,1,3", "f8 2,1"), ("f4 3", "f4 2,3"), ("f8 3,2 T", "f8 2,3"),
]  # fmt: skip


class Row(NamedTuple):
    """One operator: calls, inputs, and between which numbers the floats lie."""

    name: str
    calls: list[str]
    inputs: list[Any]
    domain: tuple[float, float] = (-2.0, 2.0)
    first: bool = True  # compare first derivatives
    second: bool = True  # and second ones
    tolerance: float = 1.0  # times the usual


def make(spec: str, domain: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """The array that a spec describes."""
    kind, _, rest = spec.partition(" ")
    if "special" in rest:
        return np.array(SPECIAL, TYPES[kind])
    shape_text, _, flags = rest.partition(" ")
    shape = tuple(int(n) for n in shape_text.split(",")) if shape_text else ()
    if kind.startswith("ix"):
        array: Any = rng.integers(0, int(kind[2:]), shape)
    elif kind == "b1":
        array = rng.random(shape) < 0.5
    elif kind[0] in "iu":
        array = rng.integers(0 if kind[0] == "u" else -4, 5, shape)
    else:
        array = rng.uniform(*domain, shape)
    array = np.asarray(array).astype("int64" if kind.startswith("ix") else TYPES[kind])
    return array.T if "T" in flags else array


def arrays_for(row: Row, call: str, specs: Any) -> list[np.ndarray]:
    """The same inputs in every run: the seed is the text of the call."""
    specs = (specs,) if isinstance(specs, str) else specs
    rng = np.random.default_rng(zlib.crc32(f"{call} {specs}".encode()))
    return [make(spec, row.domain, rng) for spec in specs]


def tensors(library: Any, arrays: list[np.ndarray], grad: bool) -> list[Any]:
    """Leaf tensors with those numbers and that layout; float64 ones require grad."""
    made = []
    for array in arrays:
        t = library.from_numpy(array.copy(order="K") if array.flags.c_contiguous else array.T.copy().T)
        made.append(t.requires_grad_() if grad and array.dtype == np.float64 else t)
    return made


def run(library: Any, call: str, inputs: list[Any]) -> Any:
    """The value of the call."""
    names = dict(zip("xyzw", inputs, strict=False), t=library, inf=float("inf"), nan=float("nan"))
    return eval(call, names)  # the texts are in this folder


def flat(result: Any) -> list[Any]:
    """The parts of a result: itself, or the entries of a tuple."""
    return [part for entry in result for part in flat(entry)] if type(result) in (tuple, list) or hasattr(
        type(result), "_fields") or type(result).__module__ == "torch.return_types" else [result]  # fmt: skip


def numbers(t: Any) -> Any:
    """A tensor's numbers; other things as they are."""
    return t.detach().numpy(force=True) if hasattr(t, "detach") else t


def type_name(t: Any) -> str:
    """float32, int64, ..."""
    return str(t.dtype).removeprefix("torch.")


def check_same(ours: Any, theirs: Any, tolerance: float, what: str) -> None:
    """Two results have the same types, shapes and numbers."""
    if not hasattr(theirs, "detach"):
        same = type(ours).__name__ == type(theirs).__name__ and ours == theirs
        assert same, f"{what}: {ours!r}, torch {theirs!r}"
        return
    assert hasattr(ours, "detach"), f"{what}: {ours!r}, torch {theirs!r}"
    assert type_name(ours) == type_name(theirs), f"{what}: dtype {type_name(ours)}, torch {type_name(theirs)}"
    assert tuple(ours.shape) == tuple(theirs.shape), f"{what}: shape {ours.shape}, torch {theirs.shape}"
    rtol = {"float64": 1e-9, "float32": 2e-6, "float16": 2e-3}.get(type_name(ours), 0) * tolerance
    np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=rtol, atol=rtol, err_msg=what)


def derivatives(library: Any, parts: list[Any], inputs: list[Any], recorded: bool, rng: Any) -> list[Any]:
    """The gradients by all inputs of a weighted sum of the parts; None where nothing arrives."""
    parts = [p for p in parts if p is not None and p.requires_grad]
    wanted = [x for x in inputs if x.requires_grad]
    if not parts or not wanted:
        return []
    seeds = [library.from_numpy(np.asarray(rng.uniform(0.5, 1.5, tuple(p.shape))).astype(type_name(p))) for p in parts]
    grad = gradients.grad if library is tg else library.autograd.grad
    return list(grad(parts, wanted, seeds, allow_unused=True, create_graph=recorded, retain_graph=True))


def compare_call(torch: Any, row: Row, call: str, specs: Any) -> None:
    """Values, dtypes, shapes, first derivatives (plain and recorded) and second derivatives agree."""
    arrays = arrays_for(row, call, specs)
    sides = []
    for library in (tg, torch):
        inputs = tensors(library, arrays, grad=row.first)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = run(library, call, inputs)
            parts = flat(result)
            graph = [p for p in parts if hasattr(p, "requires_grad")]
            plain = derivatives(library, graph, inputs, False, np.random.default_rng(1))
            first = derivatives(library, graph, inputs, True, np.random.default_rng(1))
            second = derivatives(library, first, inputs, False, np.random.default_rng(2)) if row.second else []
        sides.append((result, parts, plain, first, second))
    (a, parts_a, plain_a, first_a, second_a), (b, parts_b, plain_b, first_b, second_b) = sides
    what = f"{call} on {specs}"
    assert len(parts_a) == len(parts_b), f"{what}: {len(parts_a)} results, torch {len(parts_b)}"
    fields = [name for name in ("values", "indices") if type(b).__module__ == "torch.return_types" and hasattr(b, name)]
    assert all(hasattr(a, name) for name in fields), f"{what}: no named fields {fields}"
    for k, (p, q) in enumerate(zip(parts_a, parts_b, strict=True)):
        check_same(p, q, row.tolerance, f"{what}: result {k}")
        assert getattr(p, "requires_grad", 0) == getattr(q, "requires_grad", 0), f"{what}: requires_grad of result {k}"
    both = [
        ("gradient", plain_a, plain_b),
        ("recorded gradient", first_a, first_b),
        ("second derivative", second_a, second_b),
    ]
    for kind, found, expected in both:
        missing = found or [None] * len(expected)
        for k, (g, h) in enumerate(zip(missing, expected or [None] * len(missing), strict=True)):
            if g is None or h is None:  # no gradient and a gradient of zeros mean the same
                rest = g if h is None else h
                assert rest is None or not np.any(numbers(rest)), f"{what}: {kind} {k}: {g}, torch {h}"
            else:
                check_same(g, h, row.tolerance * 100, f"{what}: {kind} {k}")
