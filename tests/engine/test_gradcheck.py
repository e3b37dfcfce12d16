"""The checkers accept right rules and reject wrong ones."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.autograd import Function, GradcheckError, gradcheck, gradgradcheck


def double(*shape):
    return tg.randn(shape, dtype=tg.float64, requires_grad=True)


def rule(forward, backward):
    """A Function from two plain functions: forward(x), backward(x, g)."""

    class Rule(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, g):
            return backward(ctx.saved_tensors[0], g)

    return Rule.apply


square = rule(lambda x: x * x, lambda x, g: g * 2 * x)
WRONG = {
    "factor": rule(lambda x: x * x, lambda x, g: g * x),
    "sign": rule(lambda x: x * x, lambda x, g: -g * 2 * x),
    "zero": rule(lambda x: x * x, lambda x, g: g * 0),
    "missing": rule(lambda x: x * x, lambda x, g: None),
    "ignores the incoming gradient": rule(lambda x: x * x, lambda x, g: 2 * x),
    "transposed": rule(lambda x: x @ x, lambda x, g: g @ x + x @ g),
    "one entry": rule(lambda x: x * x, lambda x, g: g * 2 * x + tg.tensor([[0.0, 0.0], [0.0, 1e-2]])),
    "nan": rule(lambda x: x * x, lambda x, g: g * float("nan")),
    "off by a little": rule(lambda x: x * x, lambda x, g: g * 2.01 * x),
}


@pytest.mark.parametrize("fast_mode", [False, True])
def test_right_rules_pass(fast_mode):
    assert gradcheck(square, (double(2, 3),), fast_mode=fast_mode)
    assert gradcheck(lambda x, y: (x @ y, x.exp().sum()), (double(2, 3), double(3, 2)), fast_mode=fast_mode)
    assert gradgradcheck(square, (double(2, 3),), fast_mode=fast_mode)
    assert gradcheck(lambda x: x * 2, double(), fast_mode=fast_mode)
    assert gradcheck(lambda x: x * 2, double(0, 3), fast_mode=fast_mode)


@pytest.mark.parametrize("fast_mode", [False, True])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_rules_are_rejected(name, fast_mode):
    x = double(2, 2)
    with pytest.raises(GradcheckError):
        gradcheck(WRONG[name], (x,), fast_mode=fast_mode)
    assert not gradcheck(WRONG[name], (x,), raise_exception=False, fast_mode=fast_mode)


def test_the_message_names_input_entry_and_both_numbers():
    x = tg.tensor([[1.0, 2.0, 3.0]], dtype=tg.float64, requires_grad=True)
    y = tg.ones(1, 3, dtype=tg.float64, requires_grad=True)

    def func(y, x):
        wrong = rule(lambda x: x * x, lambda x, g: g * (2 * x + tg.tensor([[0.0, 5.0, 0.0]])))
        return y.exp(), wrong(x) * y.detach()

    with pytest.raises(GradcheckError) as error:
        gradcheck(func, (y.detach(), x))
    text = str(error.value)
    assert "output 1 at entry (0, 1) by input 1 at entry (0, 1)" in text
    assert "analytical 9" in text
    assert "numerical 4" in text or "numerical 3.99999" in text
    assert "1 of 9" in text


def test_fast_mode_names_the_entry_too():
    with pytest.raises(GradcheckError, match=r"at entry \(1, 1\)"):
        gradcheck(WRONG["one entry"], (double(2, 2),), fast_mode=True)


def test_a_detached_part_is_found():
    with pytest.raises(GradcheckError, match="numerical"):
        gradcheck(lambda x: x.detach() * x, (double(3),))
    with pytest.raises(GradcheckError):
        gradcheck(lambda x: (x * 2, x.detach() * 3), (double(3),))


def test_float32_is_refused_by_name():
    x, y = double(2), tg.randn(3, requires_grad=True)
    with pytest.raises(ValueError, match=r"input 1 \(shape \[3\]\) is float32.*float64"):
        gradcheck(lambda x, y: x.sum() + y.sum(), (x, y))
    with pytest.raises(ValueError, match=r"output 0.*float32"):
        gradcheck(lambda x: x.float(), (x,))


def test_inputs_that_cannot_be_checked():
    with pytest.raises(ValueError, match="at least one"):
        gradcheck(square, (tg.randn(2, dtype=tg.float64),))
    with pytest.raises(ValueError, match="clone"):
        gradcheck(square, (double(1, 3).expand(2, 3),))
    with pytest.raises(ValueError, match="not a Tensor"):
        gradcheck(lambda x: (x * 2, 3.0), (double(2),))
    with pytest.raises(ValueError, match="nothing to check"):
        gradcheck(lambda x: x.long(), (double(2),))


def test_other_arguments_are_passed_on():
    assert gradcheck(lambda x, flag, ints: x[ints] * 2 if flag else x, (double(3), True, tg.tensor([0, 2])))


def test_integer_outputs_are_left_out():
    assert gradcheck(lambda x: tuple(x.max(1)), (double(2, 3),))


def test_inputs_come_back_unchanged():
    x = double(2, 3)
    before = x.detach().numpy().copy()
    gradcheck(square, (x,))
    gradcheck(square, (x,), fast_mode=True)
    with pytest.raises(ZeroDivisionError):
        gradcheck(lambda x: square(x) if x._edge is None or np.array_equal(x.array, before) else 1 / 0, (x,))
    assert np.array_equal(x.detach().numpy(), before)
    assert x.grad is None


def test_parameters_reached_without_being_passed_are_checked():
    w = double(3)
    assert gradcheck(lambda _: (w * w).sum(), (w,))


def test_a_rule_that_changes_what_it_saved_is_rejected():
    """The first backward is right, every later one is not."""

    def backward(x, g):
        d = g * 2 * x.clone()
        x.array[...] = 0.0  # behind the back of the version counter
        return d

    for fast_mode in (False, True):
        with pytest.raises(GradcheckError):
            gradcheck(lambda x: rule(lambda y: y * y, backward)(x * 1), (double(3),), fast_mode=fast_mode)


def test_a_random_rule_is_rejected_unless_tolerated():
    noise = np.random.default_rng(0)
    wobbly = rule(lambda x: x * x, lambda x, g: g * 2 * x + 1e-8 * float(noise.random()))
    for fast_mode in (False, True):
        with pytest.raises(GradcheckError, match="two runs of the same backward"):
            gradcheck(wobbly, (double(3),), fast_mode=fast_mode)
    assert gradcheck(wobbly, (double(3),), nondet_tol=1e-6)


class Pair(Function):
    """Right when both outputs get a gradient or a zero; wrong where one is missing."""

    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    @staticmethod
    def backward(ctx, a, b):
        if a is None or b is None:
            return (a if a is not None else b) * 2
        return a * 2 + b * 3


class PairTogether(Pair):
    """Right for one output at a time, wrong for both at once."""

    @staticmethod
    def backward(ctx, a, b):
        return a * 2 if a is not None else b * 3


def test_missing_gradients_must_count_as_zero():
    with pytest.raises(GradcheckError):
        gradcheck(Pair.apply, (double(3),))
    with pytest.raises(GradcheckError, match="treat a missing"):
        gradcheck(PairTogether.apply, (double(3),))
    assert gradcheck(PairTogether.apply, (double(3),), check_undefined_grad=False)


def test_an_unused_input_has_a_zero_gradient():
    assert gradcheck(lambda x, y: x * 2, (double(2), double(3)))


# --- second order -------------------------------------------------------------------------------------


def test_a_wrong_second_derivative_is_rejected_though_the_first_is_right():
    """The gradient is right, but it was computed outside the graph."""
    cut = rule(lambda x: x**3, lambda x, g: g * 3 * (x * x).detach())
    x = double(3)
    assert gradcheck(cut, (x,))
    for fast_mode in (False, True):
        with pytest.raises(GradcheckError):
            gradgradcheck(cut, (x,), fast_mode=fast_mode)
    assert not gradgradcheck(cut, (x,), raise_exception=False)


def test_gradgradcheck_with_given_gradients():
    x = double(3)
    assert gradgradcheck(lambda x: x**3, (x,), (double(3),))
    assert gradgradcheck(lambda x: (x**3, x.sum()), (x,), [double(3), double()])


def test_gradgradcheck_of_several_inputs():
    assert gradgradcheck(lambda x, w: (x @ w).tanh(), (double(2, 3), double(3, 2)))
