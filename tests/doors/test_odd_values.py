"""What is not a plain array or a real number is refused at every door, with the way round; nothing passes in silence."""

from __future__ import annotations

import datetime
import warnings
from decimal import Decimal
from fractions import Fraction
from unittest.mock import ANY

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.utils.data import default_collate, default_convert

MASKED = np.ma.masked_array([1.0, 2.0], [False, True])
X, MASK = tg.tensor([1.0, 2.0]), tg.tensor([True, False])

# Doors for arrays.
ARRAY_DOORS = {
    "tensor": tg.tensor,
    "tensor in a list": lambda a: tg.tensor([a]),
    "tensor in a list of lists": lambda a: tg.tensor([[a], [a]]),
    "tensor with dtype": lambda a: tg.tensor(a, dtype=tg.float32),
    "as_tensor": tg.as_tensor,
    "from_numpy": tg.from_numpy,
    "new_tensor": X.new_tensor,
    "FloatTensor": tg.FloatTensor,
    "Tensor": tg.Tensor,
    "default_convert": lambda a: default_convert(a) if a.dtype.kind in "biuf" else tg.tensor(a),
    "default_collate": lambda a: default_collate([a, a]),
    "load_state_dict": lambda a: nn.BatchNorm1d(2, affine=False).load_state_dict(
        {"running_mean": a if a.shape == (2,) else a.repeat(2), "running_var": X, "num_batches_tracked": tg.tensor(0)}
    ),
    "add": lambda a: X + a,
    "radd": lambda a: X.__radd__(a),
    "mul": lambda a: X * a,
    "div": lambda a: X / a,
    "pow": lambda a: X**a,
    "matmul": lambda a: X @ a,
    "rmatmul": lambda a: X.__rmatmul__(a),
    "add function": lambda a: tg.add(X, a),
    "iadd": lambda a: X.clone().__iadd__(a),
    "floordiv": lambda a: X // a,
    "mod": lambda a: X % a,
    "eq": lambda a: X.__eq__(a),
    "ne": lambda a: X.__ne__(a),
    "lt": lambda a: X.__lt__(a),
    "where": lambda a: tg.where(MASK, X, a),
    "clamp": lambda a: X.clamp(a),
    "setitem": lambda a: X.clone().__setitem__(slice(None), a),
    "fill_": lambda a: X.clone().fill_(a),
    "full": lambda a: tg.full((2,), a),
    "masked_fill": lambda a: X.masked_fill(MASK, a),
    "apply_": lambda a: X.clone().apply_(lambda v: a),
}
ARRAYS = {
    "masked": (MASKED, "array.filled"),
    "structured": (np.zeros(2, "f4,i4"), r"array\['f0'\]"),
    "records": (np.rec.array([(1.0, 2)], "f4,i4"), r"array\['f0'\]"),
    "longdouble": (np.ones(2, np.longdouble), "astype|float"),
    "complex": (np.ones(2, "c8"), "array.real"),
    "times": (np.array(["2020-01-01", "2020-01-02"], "M8[D]"), "astype"),
    "durations": (np.array([1, 2], "m8[s]"), "astype"),
    "objects": (np.array([1.5, 2.5], object), "astype"),
    "text": (np.array(["a", "b"]), "convert"),
    "uint16": (np.ones(2, "u2"), r"astype\('int32'\)"),
    "uint64": (np.ones(2, "u8"), r"astype\('int64'\)"),
}


@pytest.mark.parametrize("door", ARRAY_DOORS)
def test_arrays_without_a_plain_form_are_refused(door):
    for name, (array, way_out) in ARRAYS.items():
        with pytest.raises(RuntimeError if door == "load_state_dict" else TypeError) as refusal:
            ARRAY_DOORS[door](array)
        assert "ufunc" not in str(refusal.value), name
        if door in ("tensor", "from_numpy", "new_tensor", "add", "eq", "add function", "where"):
            assert refusal.match(way_out), name


def test_the_way_out_of_a_masked_array_works():
    assert tg.tensor(MASKED.filled(0)).tolist() == [1.0, 0.0]
    with pytest.raises(TypeError, match="masked"):
        X[np.ma.masked_array([0, 1], [False, True])]
    with pytest.raises(TypeError, match="masked"):
        models.padding_mask(np.ma.masked_array([2, 1], [False, True]))
    with pytest.raises(TypeError, match="masked"):
        tg.tensor([1.0, np.ma.masked])


def test_a_matrix_is_an_array():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        check_a_matrix(np.matrix([[1.0, 2.0], [3.0, 4.0]]))


def check_a_matrix(m):
    squares = [[1.0, 4.0], [9.0, 16.0]]
    for t in (tg.tensor(m), tg.as_tensor(m), tg.from_numpy(m), tg.tensor([m])[0], tg.ones(1).double().new_tensor(m)):
        assert type(t.array) is np.ndarray
        assert (t * t).tolist() == (t * m).tolist() == (m * t).tolist() == (t**2).tolist() == squares
        assert t[0].shape == (2,)
    m[0, 0] = 7
    assert tg.from_numpy(m)[0, 0].item() == 7


# --- numbers -------------------------------------------------------------------------------------------

NUMBERS = [np.longdouble(2), np.float64(2), np.float32(2), np.float16(2), np.int8(2), np.uint64(2), np.longlong(2)]
NUMBERS += [np.uint16(2), np.bool_(True), np.float64("nan")]
NUMBER_DOORS = {
    "add": lambda n: X + n,
    "radd": lambda n: n + X,
    "sub": lambda n: X - n if type(n) not in (bool, np.bool_) else X + n,
    "mul": lambda n: X * n,
    "rmul": lambda n: n * X,
    "div": lambda n: X / n,
    "rdiv": lambda n: n / X,
    "pow": lambda n: X**n,
    "rpow": lambda n: n**X,
    "mod": lambda n: X % n,
    "floordiv": lambda n: X // n,
    "add function": lambda n: tg.add(X, n),
    "alpha": lambda n: X.add(X, alpha=n),
    "where": lambda n: tg.where(MASK, X, n),
    "where of numbers": lambda n: tg.where(MASK, n, 1.5),
    "clamp": lambda n: X.clamp(n),
    "maximum by clamp": lambda n: X.clamp(min=n, max=n),
    "masked_fill": lambda n: X.masked_fill(MASK, n),
    "fill_": lambda n: X.clone().fill_(n),
    "full_like": lambda n: tg.full_like(X, n),
    "new_full": lambda n: X.new_full((2,), n),
    "pad": lambda n: F.pad(X, (1, 1), value=n),
    "index_fill": lambda n: X.index_fill(0, tg.tensor([0]), n),
    "scatter": lambda n: X.scatter(0, tg.tensor([0]), n),
    "xlogy": lambda n: tg.xlogy(X, n),
    "iadd": lambda n: X.clone().__iadd__(n),
}


@pytest.mark.parametrize("door", NUMBER_DOORS)
def test_a_number_of_numpys_acts_as_pythons_own(door):
    for number in NUMBERS:
        python = float(number) if number.dtype.kind == "f" else number.item()
        found, expected = NUMBER_DOORS[door](number), NUMBER_DOORS[door](python)
        assert found.dtype is expected.dtype is tg.float32, repr(number)
        np.testing.assert_array_equal(found.numpy(), expected.numpy(), err_msg=repr(number))


def test_comparing_with_numpys_numbers_is_comparing_with_pythons():
    x = tg.tensor([0.1, 0.2])
    for number in (np.float64(0.1), np.longdouble(0.1), np.float32(0.1), 0.1):
        assert (x == number).tolist() == [True, False]
        assert (x >= number).tolist() == [True, True]
    assert np.float64(0.1) in x
    assert 0.3 not in x


def name_of(value):
    """Of a parameter: its repr without an address, so that a test has the same name in every process."""
    return repr(value).partition(" at 0x")[0]


NOT_REAL = [np.complex64(1), np.complex128(1j), 1j, np.datetime64("2020"), np.timedelta64(3, "s"), Decimal("1.5")]
NOT_REAL += [
    Fraction(1, 2),
    datetime.datetime(2020, 1, 1),
    "a",
    b"a",
    None,
    object(),
    [1, 2],
    (1.0, 2.0),
    {1},
    np.str_("a"),
]


@pytest.mark.parametrize("door", sorted({*NUMBER_DOORS} - {"pad", "clamp", "maximum by clamp", "rpow", "alpha"}))
def test_what_is_no_real_number_is_refused(door):
    for value in NOT_REAL:
        try:
            found = NUMBER_DOORS[door](value)
        except TypeError:
            continue
        pytest.fail(f"{door} took {value!r} and gave {found!r}")


@pytest.mark.parametrize("value", [v for v in NOT_REAL if not isinstance(v, (list, tuple))], ids=name_of)
def test_tensors_are_not_made_of_it(value):
    for make in (tg.tensor, tg.as_tensor, X.new_tensor):
        for data in (value, [value], [[1.0], [value]]):
            with pytest.raises(TypeError):
                make(data)
    with pytest.raises(TypeError):
        X.clone()[0] = value
    with pytest.raises(TypeError):
        tg.full((2,), value)


def test_a_longdouble_beyond_float64_is_refused():
    if np.finfo(np.longdouble).max > np.finfo(np.float64).max:
        with pytest.raises(RuntimeError, match="does not fit into a float"):
            X + np.longdouble("1e4000")
    assert (X + np.longdouble("inf")).tolist() == [np.inf, np.inf]


# --- comparisons ---------------------------------------------------------------------------------------

FOREIGN = [
    None,
    "a",
    object(),
    [1.0, 2.0],
    (1.0, 2.0),
    {1: 2},
    Decimal(1),
    Fraction(1, 2),
    np.ndarray,
    int,
    np.str_("a"),
]
FOREIGN += [np.datetime64("2020"), datetime.date(2020, 1, 1), ..., slice(1)]


@pytest.mark.parametrize("x", [tg.ones(2), tg.ones(()), tg.zeros(0), tg.tensor([1]), tg.tensor(True)], ids=repr)
@pytest.mark.parametrize("other", FOREIGN, ids=name_of)
def test_a_tensor_is_not_equal_to_what_is_no_number(x, other):
    assert (x == other) is False
    assert (other == x) is False
    assert (x != other) is True
    assert (other != x) is True
    assert x not in (other, other)
    assert x in (other, x) if x.numel() == 1 else True
    for compare in (lambda: x < other, lambda: x <= other, lambda: x > other, lambda: x >= other, lambda: other < x):
        with pytest.raises(TypeError, match=r"not supported between instances|does not support ufuncs"):
            compare()
    for function in (tg.eq, tg.ne, tg.lt, tg.le, tg.gt, tg.ge):
        with pytest.raises(TypeError):
            function(x, other)
    with pytest.raises(RuntimeError, match="expected a Tensor or a number"):
        assert other in x


def test_old_tutorials_compare_with_none():
    hidden = None
    for _ in range(2):
        if hidden == None:  # noqa: E711
            hidden = tg.zeros(2, 3)
        assert hidden != None  # noqa: E711
    assert None in (None, hidden)


def test_an_object_with_its_own_comparison_decides():
    assert (X == ANY) is True
    assert (X != ANY) is False


def test_numbers_and_arrays_are_compared_element_by_element():
    assert (X == 1).tolist() == (np.array([1.0, 0.0]) == X).tolist() == [True, False]
    assert (X != True).tolist() == [False, True]  # noqa: E712
    assert (X == 1 + 0j).tolist() == (np.complex64(1) == X).tolist() == [True, False]
    assert (X == 1j).tolist() == [False, False]
    with pytest.raises(TypeError):
        assert X < 1j
    u = tg.tensor([1, 200], dtype=tg.uint8)
    assert (u == 300).tolist() == (u == -56).tolist() == (u < -1).tolist() == [False, False]
    assert (u < 300).tolist() == (u > -1).tolist() == (u != 2**70).tolist() == [True, True]
