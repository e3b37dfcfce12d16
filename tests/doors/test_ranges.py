"""Numbers that do not fit into a type raise, with the number and the range; those at its bounds pass exactly."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.nn import functional as F

inf, nan = math.inf, math.nan
MASK, AT = tg.tensor([True, False]), tg.tensor([0])


def changed(x: tg.Tensor, index, value) -> tg.Tensor:
    x[index] = value
    return x


def two(d) -> tg.Tensor:
    return tg.zeros(2, dtype=d)


# Ways to put one number into a tensor of a type. The result holds the number at least once.
FILLS = {
    "full": lambda v, d: tg.full((2,), v, dtype=d),
    "full of nothing": lambda v, d: [tg.full((0,), v, dtype=d), tg.full((1,), v, dtype=d)][1],
    "full of a tensor's item": lambda v, d: tg.full(
        (2,), tg.tensor(v, dtype=tg.float64) if isinstance(v, float) else v, dtype=d
    ),
    "full_like": lambda v, d: tg.full_like(two(d), v),
    "full_like with dtype": lambda v, d: tg.full_like(tg.ones(2), v, dtype=d),
    "new_full": lambda v, d: two(d).new_full((2,), v),
    "fill_": lambda v, d: two(d).fill_(v),
    "constant_": lambda v, d: nn.init.constant_(two(d), v),
    "x[0] = v": lambda v, d: changed(two(d), 0, v),
    "x[:] = v": lambda v, d: changed(two(d), slice(None), v),
    "x[mask] = v": lambda v, d: changed(two(d), MASK, v),
    "x[indices] = v": lambda v, d: changed(two(d), AT, v),
    "x[0] = numpy's v": lambda v, d: changed(two(d), 0, np.asarray(v)[()]),
    "masked_fill": lambda v, d: two(d).masked_fill(MASK, v),
    "masked_fill_": lambda v, d: two(d).masked_fill_(MASK, v),
    "index_fill": lambda v, d: two(d).index_fill(0, AT, v),
    "index_fill_": lambda v, d: two(d).index_fill_(0, AT, v),
    "scatter": lambda v, d: two(d).scatter(0, AT, v),
    "scatter_": lambda v, d: two(d).scatter_(0, AT, value=v),
    "pad": lambda v, d: F.pad(two(d), (0, 1), value=v),
    "pad_sequence": lambda v, d: nn.utils.rnn.pad_sequence([two(d), two(d)[:1]], padding_value=v),
    "clamp": lambda v, d: (tg.full((1,), v, dtype=d), two(d).clamp(v, v))[1],
}
# Ways to make a tensor of data. Floats may overflow to Inf in a smaller float type, as in PyTorch.
DATA = {
    "tensor": lambda v, d: tg.tensor(v, dtype=d),
    "tensor of a list": lambda v, d: tg.tensor([0, v], dtype=d),
    "tensor of nested lists": lambda v, d: tg.tensor([[0], [v]], dtype=d),
    "tensor of numpy's": lambda v, d: tg.tensor(np.asarray(v)[()], dtype=d),
    "tensor of an array": lambda v, d: tg.tensor(np.array([v]), dtype=d),
    "tensor of a list of arrays": lambda v, d: tg.tensor([np.array([v])], dtype=d),
    "tensor of a list of tensors": lambda v, d: tg.tensor(
        [tg.tensor(v, dtype=tg.float64 if isinstance(v, float) else None)], dtype=d
    ),
    "as_tensor": lambda v, d: tg.as_tensor([v], dtype=d),
    "new_tensor": lambda v, d: two(d).new_tensor([v]),
    "new_tensor with dtype": lambda v, d: tg.ones(1).new_tensor(v, dtype=d),
    "apply_": lambda v, d: two(d).apply_(lambda _: v),
}
LEGACY = {"uint8": tg.ByteTensor, "int8": tg.CharTensor, "int16": tg.ShortTensor, "int32": tg.IntTensor}
LEGACY |= {"int64": tg.LongTensor}

INTEGERS = {"uint8": (0, 255), "int8": (-128, 127), "int16": (-(2**15), 2**15 - 1), "int32": (-(2**31), 2**31 - 1)}
INTEGERS |= {"int64": (-(2**63), 2**63 - 1)}


def outside(kind: str) -> list[float]:
    low, high = INTEGERS[kind]
    whole = [] if kind == "int64" else [low - 1, high + 1, 2**40]
    return [*whole, nan, inf, -inf, 1e30, float(high + 1), float(low) * 1.01 - 1]


@pytest.mark.parametrize("way", [*FILLS, *DATA])
def test_an_integer_type_refuses_what_it_cannot_hold(way):
    call = {**FILLS, **DATA}[way]
    for kind, (low, high) in INTEGERS.items():
        for value in outside(kind):
            if way == "clamp" and isinstance(value, float):
                continue  # the result is a float
            with pytest.raises(RuntimeError) as refusal:
                call(value, getattr(tg, kind))
            message = str(refusal.value)
            assert f"cannot be converted to type {kind} without overflow" in message, (kind, value)
            assert f"{low} to {high}" in message
            assert f"value {value} " in message


@pytest.mark.parametrize("way", [*FILLS, *DATA])
def test_bounds_and_fractions_pass(way):
    call = {**FILLS, **DATA}[way]
    for kind, (low, high) in INTEGERS.items():
        for value in (low, high, 0, 1):
            assert value in call(value, getattr(tg, kind)).reshape(-1).tolist(), (kind, value)
        if way not in ("clamp", "tensor of a list of tensors"):
            assert 1 in call(1.75, getattr(tg, kind)).reshape(-1).tolist()
    if way != "clamp":
        for value in (300, -1, nan, 0.5):
            assert True in call(value, tg.bool).reshape(-1).tolist()


def test_legacy_constructors_check_too():
    for kind, make in LEGACY.items():
        for value in outside(kind):
            with pytest.raises(RuntimeError, match="without overflow"):
                make([value])
        assert make([1.5, 1]).tolist() == [1, 1]


@pytest.mark.parametrize("way", FILLS)
def test_a_float_type_refuses_numbers_beyond_its_range_but_not_inf_and_nan(way):
    call = FILLS[way]
    for kind, largest in (
        ("float16", 65504.0),
        ("float32", 3.4028234663852886e38),
        ("float64", 1.7976931348623157e308),
    ):
        d = getattr(tg, kind)
        for value in (largest, -largest, inf, -inf):
            assert value in call(value, d).reshape(-1).tolist()
        assert np.isnan(call(nan, d).numpy()).any()
        if kind != "float64":
            for value in (largest * 1.001, -largest * 1.001, int(largest * 2)):
                if not (isinstance(value, int) and way in ("x[0] = numpy's v", "full of a tensor's item")):
                    with pytest.raises(
                        RuntimeError, match=re.escape(f"to type {kind} without overflow: it holds -{largest}")
                    ):
                        call(value, d)
    with pytest.raises((RuntimeError, OverflowError, TypeError)):
        call(10**400, tg.float64)


def test_data_overflows_to_inf_without_a_warning():
    assert tg.tensor([1e39, 70000.0]).tolist() == [inf, 70000.0]
    assert tg.tensor(70000.0, dtype=tg.float16).item() == inf
    assert tg.tensor(np.array([1e300]), dtype=tg.float32).item() == inf


def test_where_takes_the_type_of_both_and_then_checks():
    u = tg.tensor([1, 2], dtype=tg.uint8)
    for call in (
        lambda: tg.where(MASK, u, 300),
        lambda: tg.where(MASK, 300, u),
        lambda: tg.where(MASK, u, -1),
        lambda: u.where(MASK, 256),
    ):
        with pytest.raises(RuntimeError, match=r"where\(\): value .* type uint8 without overflow: it holds 0 to 255"):
            call()
    with pytest.raises(RuntimeError, match="float32 without overflow"):
        tg.where(MASK, tg.ones(2), 1e300)
    assert tg.where(MASK, u, 255).tolist() == [1, 255]
    assert tg.where(MASK, u, 1.5).dtype is tg.float32
    assert tg.where(MASK, 300, 2).dtype is tg.int64
    assert tg.where(MASK, tg.ones(2), -inf).tolist() == [1.0, -inf]


def test_a_tensor_as_fill_value_takes_the_type():
    u = tg.tensor([1, 2], dtype=tg.uint8)
    with pytest.raises(RuntimeError, match="value 300 cannot be converted to type uint8"):
        u.masked_fill(MASK, tg.tensor(300))
    filled = u.masked_fill(MASK, tg.tensor(7.5))
    assert (filled.dtype, filled.tolist()) == (tg.uint8, [7, 2])
    value = tg.tensor(3.0, dtype=tg.float64, requires_grad=True)
    tg.ones(2).masked_fill(MASK, value).sum().backward()
    assert value.grad.item() == 1


ARITHMETIC = {
    "+": lambda u, n: u + n,
    "-": lambda u, n: u - n,
    "r-": lambda u, n: n - u,
    "*": lambda u, n: u * n,
    "//": lambda u, n: u // n,
    "%": lambda u, n: u % n,
    "**": lambda u, n: u**n,
    "&": lambda u, n: u & n,
    "|": lambda u, n: u | n,
    "^": lambda u, n: u ^ n,
    "add": lambda u, n: tg.add(u, n),
    "add_": lambda u, n: u.add_(n),
    "alpha": lambda u, n: u.add(u, alpha=n),
    "clamp": lambda u, n: u.clamp(max=n),
}


@pytest.mark.parametrize("name", ARITHMETIC)
def test_a_number_beside_an_integer_tensor_must_fit_its_type(name):
    for kind, number in (("uint8", 300), ("int8", 200), ("int16", 2**15), ("int32", 2**31), ("int64", 2**63)):
        x = tg.tensor([1, 2], dtype=getattr(tg, kind))
        with pytest.raises(RuntimeError, match=f"value {number} cannot be converted to type {kind} without overflow"):
            ARITHMETIC[name](x, number)
    assert ARITHMETIC[name](tg.tensor([1, 2], dtype=tg.uint8), 3).dtype is tg.uint8


def test_ranges_and_random_integers_fit():
    for call in (
        lambda: tg.arange(300, dtype=tg.uint8),
        lambda: tg.arange(-1, 2, dtype=tg.uint8),
        lambda: tg.arange(250, 260, dtype=tg.uint8),
        lambda: tg.arange(0, 2**70),
        lambda: tg.linspace(0, 300, 3, dtype=tg.uint8),
        lambda: tg.linspace(0, 1e300, 3),
        lambda: tg.randint(300, (2,), dtype=tg.uint8),
        lambda: tg.randint(-5, 5, (2,), dtype=tg.uint8),
        lambda: tg.randint(2**40, (2,), dtype=tg.int32),
        lambda: tg.randint_like(tg.zeros(2, dtype=tg.uint8), 300),
        lambda: tg.randperm(300, dtype=tg.uint8),
        lambda: two(tg.uint8).random_(0, 300),
        lambda: two(tg.int8).random_(-200, 0),
        lambda: tg.arange(0, inf),
        lambda: tg.arange(0, nan),
        lambda: tg.arange(0, 3, 0.5, dtype=tg.int64),
    ):
        with pytest.raises(RuntimeError, match=r"without overflow|must be finite|too small"):
            call()
    assert tg.arange(250, 256, dtype=tg.uint8).tolist() == [250, 251, 252, 253, 254, 255]
    assert tg.randint(0, 256, (300,), dtype=tg.uint8).dtype is tg.uint8
    assert two(tg.uint8).random_().dtype is two(tg.uint8).random_(0, 256).dtype is tg.uint8


def test_integer_ranges_with_fractions_are_pytorchs():
    for args, long, other in [
        ((3.5,), [0, 1, 2], [0, 1, 2, 3]),
        ((0.5, 3.5), [0, 1, 2], [0, 1, 2]),
        ((0, 3.5, 1.5), [0, 1, 2], [0, 1, 2]),
        ((0, 10, 2.5), [0, 2, 4, 6, 8], [0, 2, 4, 6]),
        ((5.5, 0, -2.5), [5, 3, 1], [5, 3, 1]),
    ]:
        assert tg.arange(*args, dtype=tg.int64).tolist() == long
        assert tg.arange(*args, dtype=tg.int32).tolist() == other


def test_modules_refuse_integer_types():
    layer = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    for call in (
        lambda: layer.to(tg.int64), lambda: layer.to(dtype=tg.bool), lambda: layer.to(tg.tensor([1])), lambda: layer.to("cpu", tg.uint8),
        lambda: layer.type(tg.int32),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"only accepts floating point dtypes, but got desired dtype="):
            call()
    assert layer[0].weight.dtype is tg.float32
    layer.to(tg.float64)
    assert layer[0].weight.dtype is layer[1].running_mean.dtype is tg.float64
    assert layer[1].num_batches_tracked.dtype is tg.int64
    assert layer.to(tg.ones(1)).to("cpu").to(device="cpu")[0].weight.dtype is tg.float32
