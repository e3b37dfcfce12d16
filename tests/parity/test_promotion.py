"""Mixed types give the type that PyTorch gives: tensors outrank 0-d tensors, which outrank numbers."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import tinygrad_rnn as tg

from .samples import run, type_name

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

NAMES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
KINDS = [(name, shape) for name in NAMES for shape in [(2,), ()]] + [("True", None), ("3", None), ("2.5", None)]
OPERATIONS = [
    "x + y",
    "x * y",
    "x / y",
    "t.maximum(x, y)",
    "t.where(t.tensor([True, False]), x, y)",
    "x == y",
    "x ** y",
    "t.add(x, y)",
]


def operand(library, kind):
    name, shape = kind
    return eval(name) if shape is None else library.from_numpy(np.ones(shape, name))


def outcome(library, operation: str, *kinds) -> str:
    """The type of the result, or of the error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return type_name(run(library, operation, [operand(library, kind) for kind in kinds]))
    except Exception as error:
        return type(error).__name__  # ...Error


def wrong(found: dict) -> dict:
    """Where the types differ. Calls that PyTorch refuses for some type (powers of bools) may have a result here."""
    return {key: types for key, types in found.items() if types[0] != types[1] and "Error" not in types[1]}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_result_type_of_two_operands(operation: str):
    pairs = [(a, b) for a, b in itertools.product(KINDS, KINDS) if a[1] is not None or b[1] is not None]
    if operation == "x ** y":  # PyTorch has no power of bools, except to the number True
        pairs = [(a, b) for a, b in pairs if {a[0], b[0]} - {"bool", "True"}]
    found = {(a, b): (outcome(tg, operation, a, b), outcome(torch, operation, a, b)) for a, b in pairs}
    assert wrong(found) == {}


@pytest.mark.parametrize(
    "call",
    ["x.sum()", "x.cumsum(-1)", "x.prod()", "x.exp()", "x.sqrt()", "x.abs()", "x.sigmoid()", "x.relu()", "x.max()", "x.argmax()", "x.mean()",
     "x.floor()", "x.sign()", "x.clamp(0, 1)", "x.clamp(0.5)", "x ** 2", "x ** 0.5", "2 ** x", "x // 2", "x % 2", "x // 2.0", "-x", "~x", "x.any()", "x.all()",
     "x.var()", "x.round()", "x.square()", "x.reciprocal()", "x.log()", "x.logsumexp(0)", "x.tril() if x.ndim > 1 else x", "t.zeros_like(x)", "x.lerp(x, 0.5)",
     "x * True", "1 - x", "1.0 - x", "x.masked_fill(x == 0, 1)", "t.cat([x, x.float()])", "t.stack([x, x.long()])", "x.new_zeros(2)", "t.full_like(x, 1)", "x.neg()",
     "x.logical_not()", "x.isnan()", "x.norm()", "x.count_nonzero()", "x.median() if False else x", "x.nonzero()", "x.sort()[0]", "t.erf(x)", "x.tanh()", "x.expm1()"],
)  # fmt: skip
def test_result_type_of_one_operand(call: str):
    found = {name: (outcome(tg, call, (name, (2,))), outcome(torch, call, (name, (2,)))) for name in NAMES}
    assert wrong(found) == {}


def test_promote_types_and_result_type():
    for a, b in itertools.product(NAMES, NAMES):
        ours = tg.promote_types(getattr(tg, a), getattr(tg, b))
        theirs = torch.promote_types(getattr(torch, a), getattr(torch, b))
        assert str(ours) == str(theirs).removeprefix("torch."), (a, b)
