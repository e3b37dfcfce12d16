"""Which type a result has: of lists with NumPy's numbers in them, and of two operands of any types."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg

f2, f4, f8, i1, i4, i8 = np.float16, np.float32, np.float64, np.int8, np.int32, np.int64

LISTS = [
    ([f8(1.5)], "float64"), ([f4(1.5)], "float32"), ([f2(1.5)], "float16"), ((f8(1),), "float64"), ([[f8(1.5)]], "float64"),
    ([f8(1.5), 1.5], "float64"), ([1.5, f8(1.5)], "float64"), ([1, f8(1.5)], "float64"), ([True, f8(1.5)], "float64"),
    ([f4(1.5), 1.5], "float32"), ([f2(1.5), 1.5], "float32"), ([f2(1.5), 1], "float16"), ([f2(1), f8(1)], "float64"),
    ([i1(1), f4(1)], "float32"), ([i8(1), f2(1.5)], "float16"), ([i1(1), 1.5], "float32"), ([i1(1)], "int8"), ([i1(1), 1], "int64"),
    ([1, i1(1)], "int64"), ([True, i1(2)], "int8"), ([np.bool_(True)], "bool"), ([np.uint8(255), i1(1)], "int16"),
    ([[1.5], [f8(1.5)]], "float64"), ([[f8(1.5)], [1.5]], "float64"), ([np.longlong(3)], "int64"),
    ([np.ones(2)], "float64"), ([np.ones(2, f4), np.ones(2)], "float64"), ([np.ones(2, f2), [1.0, 2.0]], "float32"),
    ([[1.0, 2.0], np.ones(2, f8)], "float64"), ([np.ones(2, i4), np.ones(2, f2)], "float16"), ([np.ones(2, i4)], "int32"),
    ([np.zeros(0)], "float64"), ([np.zeros(0, f4)], "float32"), ([np.array(1.5)], "float64"),
    ([tg.tensor(1.5).double()], "float64"), ([tg.tensor(1.5).double(), 1.5], "float64"), ([1.5, tg.tensor(1)], "float32"),
    ([tg.tensor(1), 1.5], "float32"), ([tg.tensor(1).int()], "int32"), ([tg.tensor(1).int(), 1], "int64"), ([tg.tensor(1.5).half()], "float16"),
    ([[tg.tensor(1.5).double()]], "float64"), ([1, 2.5], "float32"), ([True, 2.5], "float32"), ([True, 2], "int64"), ([True], "bool"),
    ([], "float32"), ([[]], "float32"), (range(3), "int64"), ([range(3)], "int64"),
    (f8(1.5), "float64"), (f2(1.5), "float16"), (i1(1), "int8"), (np.bool_(True), "bool"), (1.5, "float32"), (1, "int64"), (True, "bool"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "kind"), LISTS, ids=repr)
def test_lists_keep_the_types_in_them(data, kind):
    for make in (tg.tensor, tg.as_tensor):
        assert make(data).dtype is getattr(tg, kind)
        np.testing.assert_array_equal(make(data).numpy().ravel(), [float(v) for v in _flat(data)])


def _flat(data):
    scalar = getattr(data, "ndim", 0) == 0 and not isinstance(data, (list, tuple, range))
    return [data] if scalar else [v for d in data for v in _flat(d)]


def test_float64_numbers_in_lists_keep_their_digits():
    third = f8(1) / 3
    assert tg.tensor([third]).item() == tg.tensor(third).item() == 1 / 3
    assert tg.tensor([[third, 1.0], [0.5, 1]])[0, 0].item() == 1 / 3


def test_tensors_of_other_libraries_keep_their_type():
    class Theirs:
        def __array__(self, dtype=None, copy=None):
            return np.array([1 / 3])

    assert tg.tensor(Theirs()).item() == 1 / 3


def test_lists_take_the_default_type():
    tg.set_default_dtype(tg.float64)
    try:
        assert tg.tensor([1.5, f4(1)]).dtype is tg.tensor([1.5]).dtype is tg.float64
        assert tg.tensor([f4(1)]).dtype is tg.float32
    finally:
        tg.set_default_dtype(tg.float32)


# --- two operands of any types ---------------------------------------------------------------------------

TYPES = ["bool", "uint8", "int8", "int32", "int64", "float16", "float32"]
FUNCTIONS = [
    "add",
    "sub",
    "mul",
    "div",
    "floor_divide",
    "remainder",
    "pow",
    "maximum",
    "minimum",
    "logaddexp",
    "xlogy",
    "eq",
    "ne",
    "lt",
    "le",
]
FUNCTIONS += [
    "gt",
    "ge",
    "logical_and",
    "logical_or",
    "logical_xor",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "lerp",
    "outer",
    "isclose",
]
FUNCTIONS += ["where", "minus", "operator //", "operator %"]
PYTHON = [True, 2, 2.5, -1, 0, -1.5]
SHAPES = {"(2,)": [1, 2], "(2,) too": [3, 1], "()": 2}


def call(t, name, x, y):
    special = {
        "lerp": lambda: t.lerp(x, y, 0.5),
        "where": lambda: t.where(t.tensor([True, False]), x, y),
        "minus": lambda: x - y,
        "operator //": lambda: x // y,
        "operator %": lambda: x % y,
    }
    return special[name]() if name in special else getattr(t, name)(x, y)


def outcome(t, name, x, y):
    """The type and the numbers of a result, or the type of the exception."""
    try:
        result = call(t, name, x, y)
    except Exception as error:
        return type(error).__name__, None
    return str(result.dtype).removeprefix("torch."), np.asarray(result.tolist(), float)


def pairs(t, a):
    """Operands: tensors of type `a` beside tensors of every type, both with and without dimensions, and beside numbers."""
    for b in TYPES:
        for x, y in (("(2,)", "(2,) too"), ("(2,)", "()"), ("()", "(2,)")):
            text = f"{a} {x}, {b} {y}"
            yield text, t.tensor(SHAPES[x], dtype=getattr(t, a)), t.tensor(SHAPES[y], dtype=getattr(t, b))
    for number in PYTHON:
        if a == "uint8" and number == -1:
            continue  # PyTorch wraps it to 255; refused here
        yield f"{a}, {number}", t.tensor([1, 2], dtype=getattr(t, a)), number
        yield f"{number}, {a}", number, t.tensor([1, 2], dtype=getattr(t, a))


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_types_and_numbers_of_two_operands_are_pytorchs(name):
    torch = pytest.importorskip("torch")
    differ = []
    for a in TYPES:
        for (text, *ours), (_, *theirs) in zip(pairs(tg, a), pairs(torch, a), strict=True):
            if name == "pow" and text == "bool, True":
                continue  # refused here, as of two bool tensors
            (kind, numbers), (expected, right) = outcome(tg, name, *ours), outcome(torch, name, *theirs)
            same = numbers is right is None or (
                numbers is not None and right is not None and np.allclose(numbers, right, rtol=2e-3, equal_nan=True)
            )
            if kind != expected or not same:
                differ.append(f"{name}({text}): {kind} {numbers}, torch {expected} {right}")
    assert not differ, "\n".join(differ)


INTS, BYTES = tg.tensor([1, 2]), tg.tensor([1, 2], dtype=tg.uint8)
FIXED = [
    (lambda: tg.xlogy(INTS, 3), "float32", [1.0986123, 2.1972246]),
    (lambda: tg.xlogy(INTS, INTS), "float32", [0.0, 1.3862944]),
    (lambda: tg.xlogy(2, BYTES), "float32", [0.0, 1.3862944]),
    (lambda: tg.xlogy(tg.tensor([0, 1]), 0), "float32", [0.0, -np.inf]),
    (lambda: INTS / 2, "float32", [0.5, 1.0]),
    (lambda: INTS / INTS.half(), "float16", [1.0, 1.0]),
    (lambda: 2.5 * BYTES, "float32", [2.5, 5.0]),
    (lambda: INTS**0.5, "float32", [1.0, 1.4142135]),
    (lambda: 2.5**INTS, "float32", [2.5, 6.25]),
    (lambda: BYTES // tg.tensor(2), "uint8", [0, 1]),
    (lambda: BYTES.div(tg.tensor(2).int(), rounding_mode="trunc"), "uint8", [0, 1]),
    (lambda: INTS // 0.5, "float32", [2.0, 4.0]),
    (lambda: BYTES & tg.tensor(2), "uint8", [0, 2]),
    (lambda: BYTES | tg.tensor(2, dtype=tg.int8), "uint8", [3, 2]),
    (lambda: BYTES ^ INTS.int(), "int32", [0, 0]),
    (lambda: BYTES % tg.tensor(2), "uint8", [1, 0]),
]


@pytest.mark.parametrize(("compute", "kind", "expected"), FIXED)
def test_operations_on_integers_have_pytorchs_type(compute, kind, expected):
    result = compute()
    assert result.dtype is getattr(tg, kind)
    np.testing.assert_allclose(result.tolist(), expected, rtol=1e-6)


YES = tg.tensor([True, False])
REFUSED = [
    (lambda: YES - YES, RuntimeError),
    (lambda: INTS - YES, RuntimeError),
    (lambda: INTS - True, RuntimeError),
    (lambda: True - INTS, RuntimeError),
    (lambda: tg.sub(INTS, YES), RuntimeError),
    (lambda: YES // YES, NotImplementedError),
    (lambda: YES % YES, NotImplementedError),
    (lambda: YES**YES, NotImplementedError),
    (lambda: YES**-1, RuntimeError),
    (lambda: INTS // 0, RuntimeError),
    (lambda: INTS % 0, RuntimeError),
    (lambda: INTS % tg.tensor([0, 1]), RuntimeError),
    (lambda: INTS & 1.5, NotImplementedError),
    (lambda: tg.ones(2) | 1, NotImplementedError),
    (lambda: tg.logaddexp(INTS, INTS), NotImplementedError),
    (lambda: tg.logaddexp(tg.ones(2), 1.0), TypeError),
    (lambda: tg.lerp(INTS, INTS, 0.5), NotImplementedError),
    (lambda: tg.lerp(tg.ones(2), 1.0, 0.5), TypeError),
    (lambda: tg.logical_and(YES, True), TypeError),
    (lambda: tg.eq(1, INTS), TypeError),
]


@pytest.mark.parametrize(("compute", "error"), REFUSED)
def test_what_pytorch_refuses_is_refused(compute, error):
    with pytest.raises(error):
        compute()
