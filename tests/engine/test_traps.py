"""Mistakes that autograd libraries are known for, and the promise that rules each out here.

What needs more than a line is in the other files of this folder; this one holds what fits nowhere else:
NumPy's ways, types, conversions, and errors that must not depend on `assert`.
"""

import subprocess
import sys
import threading

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd


def leaf(value, **options):
    return tg.tensor(value, requires_grad=True, **options)


# --- types: NumPy turns float32 into float64 on contact with its own scalars ------------------------------

NUMBERS = [2, 2.0, True, np.float64(2.0), np.int64(2), np.float32(2.0)]


@pytest.mark.parametrize("number", [2, 2.0, True])
def test_a_python_number_never_changes_the_type(number):
    for dtype in (tg.float16, tg.float32, tg.float64):
        x = tg.ones(3, dtype=dtype)
        for y in (x + number, x * number, x / number, x**number, number + x, number / x):
            assert y.dtype == dtype
        if number is not True:  # PyTorch refuses to subtract bools
            assert (x - number).dtype == (number - x).dtype == dtype


def test_a_python_float_makes_integers_float32():
    assert (tg.tensor([1, 2]) * 2.0).dtype == tg.float32
    assert (tg.tensor([1, 2]) / 2).dtype == tg.float32
    assert (tg.tensor([1, 2]) * 2).dtype == tg.int64


def test_a_numpy_scalar_does_not_change_float32():
    x = leaf([1.0, 2.0])
    y = x * np.float64(2.0) + np.float32(1.0)
    assert y.dtype == tg.float32
    y.sum().backward()
    assert x.grad.dtype == tg.float32


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.sum(), lambda x: x.mean(), lambda x: x.std(), lambda x: x.norm(), lambda x: x.exp(),
        lambda x: x.sigmoid(), lambda x: x.softmax(-1), lambda x: x.log_softmax(-1), lambda x: x.logsumexp(-1),
        lambda x: x.max(), lambda x: x.prod(), lambda x: x.cumsum(0), lambda x: x.rsqrt(), lambda x: x.erf(),
        lambda x: x @ x, lambda x: x**2, lambda x: x**0.5, lambda x: 2**x, lambda x: x.log2(), lambda x: x.var(),
    ],
)  # fmt: skip
def test_values_and_gradients_stay_float32(function):
    x = leaf([0.5, 1.5, 2.5])
    y = function(x)
    assert y.dtype == tg.float32
    assert isinstance(y.array, np.ndarray)
    y.sum().backward()
    assert x.grad.dtype == tg.float32


def test_a_full_reduction_is_an_array_not_a_numpy_scalar():
    x = leaf([1.0, 2.0])
    for y in (x.sum(), x.mean(), x.max(), (x * x).sum() * 2.0, x[0] + x[1]):
        assert type(y.array) is np.ndarray
        assert y.shape == ()
    x.sum().backward()
    assert type(x.grad.array) is np.ndarray


def test_the_gradient_of_a_0d_leaf_is_an_array():
    x = leaf(2.0)
    (x + x).backward()
    (x * x).backward()
    assert type(x.grad.array) is np.ndarray
    assert x.grad.shape == ()


# --- mixing with arrays -------------------------------------------------------------------------------------


@pytest.mark.parametrize("operate", [lambda a, t: a + t, lambda a, t: a * t, lambda a, t: a - t, lambda a, t: a / t])
def test_an_array_on_the_left_gives_a_tensor_with_its_gradient(operate):
    a, t = np.array([3.0, 4.0], np.float32), leaf([1.0, 2.0])
    y = operate(a, t)
    assert isinstance(y, tg.Tensor)
    np.testing.assert_array_equal(y.detach().numpy(), operate(a, t.detach().numpy()))
    y.sum().backward()
    assert t.grad is not None


def test_an_array_at_matmul_and_comparisons():
    a, t = np.ones((2, 2), np.float32), leaf([[1.0, 2.0], [3.0, 4.0]])
    assert isinstance(a @ t, tg.Tensor)
    assert isinstance(a < t, tg.Tensor)
    assert isinstance(np.float32(2.0) * t, tg.Tensor)


def test_numpy_functions_do_not_drop_the_gradient_in_silence():
    t = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match=r"np\.exp.*detach"):
        np.exp(t)


def test_asarray_refuses_a_tensor_in_a_graph():
    x = leaf([1.0, 2.0])
    for t in (x, x * 2):
        with pytest.raises(RuntimeError, match="detach"):
            np.asarray(t)
        with pytest.raises(RuntimeError, match="detach"):
            t.numpy()
    assert np.asarray(x.detach()).tolist() == [1.0, 2.0]
    assert np.asarray(x.detach(), dtype=np.float64).dtype == np.float64


def test_asarray_shares_memory():
    t = tg.zeros(3)
    np.asarray(t)[0] = 5.0
    assert t.tolist() == [5.0, 0.0, 0.0]


def test_in_place_on_an_array_does_not_swallow_a_tensor():
    a, t = np.ones(2, np.float32), leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match=r"np\.add.*detach"):
        a += t
    assert a.tolist() == [1.0, 1.0]


# --- indices ------------------------------------------------------------------------------------------------


def test_repeated_indices_add_up():
    x = leaf([1.0, 2.0, 3.0])
    x[[0, 0, 2, 0]].sum().backward()
    assert x.grad.tolist() == [3.0, 0.0, 1.0]


def test_a_wrong_index_is_an_error():
    x = leaf([1.0, 2.0])
    with pytest.raises(IndexError, match=r"out of bounds.*2"):
        x[2]
    with pytest.raises(IndexError):
        x[[0, 5]]


def test_iterating_stops():
    """Without __iter__ Python would index until an IndexError."""
    assert [v.item() for v in leaf([1.0, 2.0])] == [1.0, 2.0]
    with pytest.raises(TypeError, match="0-d"):
        iter(tg.tensor(1.0))


# --- Inf, NaN and kinks ---------------------------------------------------------------------------------------


def test_masking_selects_and_does_not_multiply():
    x = leaf([0.0, 1.0])
    safe = tg.where(x > 0, x.log(), 0.0)
    safe.sum().backward()
    assert safe.tolist() == [0.0, 0.0]
    y = tg.tensor([float("inf"), 1.0])
    assert y.masked_fill(tg.tensor([True, False]), 0.0).tolist() == [0.0, 1.0]


def test_relu_in_backward_selects():
    x = leaf([-1.0, 1.0])
    y = x.relu()
    y.backward(tg.tensor([float("inf"), 1.0]))
    assert x.grad.tolist() == [0.0, 1.0]


def test_maximum_keeps_nan():
    x = tg.tensor([float("nan"), 1.0])
    assert tg.maximum(x, tg.zeros(2)).isnan().tolist() == [True, False]


@pytest.mark.parametrize("value", [-1000.0, -100.0, 100.0, 1000.0])
def test_saturated_functions_stay_finite(value):
    for function in (lambda x: x.tanh(), lambda x: x.sigmoid(), lambda x: x.log_softmax(0), lambda x: x.logsumexp(0)):
        x = leaf([value, 0.0])
        y = function(x)
        y.sum().backward()
        assert y.isfinite().all()
        assert x.grad.isfinite().all()


def test_derivatives_at_zero():
    for function in (lambda x: x.relu(), lambda x: x.abs(), lambda x: x.sign()):
        x = leaf(0.0)
        function(x).backward()
        assert x.grad.item() == 0.0


def test_the_norm_at_zero():
    x = leaf([0.0, 0.0])
    x.norm().backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_ties_share_in_max_and_amax_but_not_along_a_dim():
    x = leaf([2.0, 1.0, 2.0])
    x.max().backward()
    assert x.grad.tolist() == [0.5, 0.0, 0.5]
    x.grad = None
    x.amax(0).backward()
    assert x.grad.tolist() == [0.5, 0.0, 0.5]
    x.grad = None
    x.max(0).values.backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.0]


def test_sums_of_many_float32_numbers():
    """Row after row, NumPy's float32 sum of a million rows is off by about 1 %."""
    x = tg.full((1_000_000, 2), 0.1, requires_grad=True)
    for total in (x.sum(0), x.mean(0) * 1_000_000):
        np.testing.assert_allclose(total.detach().numpy(), [100_000.0] * 2, rtol=1e-5)
    np.testing.assert_allclose(x.sum().item(), 200_000.0, rtol=1e-5)


# --- mistakes that must be heard ---------------------------------------------------------------------------------


def test_a_misspelt_attribute_names_the_nearest():
    with pytest.raises(AttributeError, match="sigmoid"):
        tg.ones(2).sigmoit()
    with pytest.raises(AttributeError, match="requires_grad"):
        tg.ones(2).require_grad


def test_a_tensor_of_several_numbers_has_no_truth():
    with pytest.raises(RuntimeError, match="ambiguous"):
        bool(tg.ones(2))
    assert bool(tg.tensor(1.0))


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(RuntimeError, match=r"3.*4.*\[2, 3\].*\[4\]"):
        leaf([[1.0] * 3] * 2) + tg.ones(4)


def test_strangers_are_a_type_error():
    x = tg.ones(2)
    for stranger in ("2", None, [1.0, 2.0], object()):
        with pytest.raises(TypeError):
            x + stranger


def test_errors_do_not_depend_on_assert():
    """`python -O` removes assertions: what users get wrong must still raise."""
    program = """
import tinygrad_rnn as tg
from tinygrad_rnn import autograd
x = tg.ones(2, requires_grad=True)
def raises(work):
    try:
        work()
    except (RuntimeError, TypeError, ValueError, IndexError):
        return
    raise SystemExit(f"nothing raised at line {work.__code__.co_firstlineno}")
raises(lambda: (x * 2).backward())
raises(lambda: tg.ones(2).sum().backward())
raises(lambda: x.add_(1))
raises(lambda: x + tg.ones(3))
raises(lambda: tg.tensor([1], requires_grad=True))
y = (x * x).sum(); y.backward(); raises(y.backward)
raises(lambda: autograd.grad(x.sum(), tg.ones(2)))
raises(lambda: x[5])
raises(lambda: autograd.gradcheck(lambda x: x, (x,)))
"""
    done = subprocess.run([sys.executable, "-O", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# --- recursion ------------------------------------------------------------------------------------------------------


def test_the_recursion_limit_is_never_touched():
    before = sys.getrecursionlimit()
    x = leaf(1.0)
    y = x
    for _ in range(20_000):
        y = y * 1.0
    y.backward(create_graph=True)
    repr(y)
    str(x.grad)
    del y
    assert sys.getrecursionlimit() == before
    x.grad = None


def test_second_order_of_a_long_chain_in_a_small_stack():
    """The graph of the gradient is deep too, and is freed as a chain."""
    from .helpers import in_small_thread

    def work():
        x = leaf(1.0, dtype=tg.float64)
        y = x
        for _ in range(20_000):
            y = y.sin()
        (dx,) = autograd.grad(y, x, create_graph=True)
        (ddx,) = autograd.grad(dx, x)
        return dx.item(), ddx.item()

    first, second = in_small_thread(work)
    assert np.isfinite([first, second]).all()


def test_gradients_do_not_cross_threads():
    """Each thread has its own switches; a graph made in one may run backward in another."""
    x = leaf(3.0)
    y = x * x
    other = threading.Thread(target=y.backward)
    other.start()
    other.join()
    assert x.grad.item() == 6.0


def test_variable_is_the_tensor():
    """PyTorch's form from before 0.4."""
    x = leaf([1.0])
    v = autograd.Variable(x * 2)
    assert isinstance(v, tg.Tensor)
    assert isinstance(x, autograd.Variable)
    assert not v.requires_grad
    assert autograd.Variable(tg.ones(2), requires_grad=True).is_leaf
    with pytest.raises(TypeError, match="list"):
        autograd.Variable([1.0])
