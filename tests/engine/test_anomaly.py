"""Anomaly detection names the operation that first made a NaN or an infinity, and the line that made it."""

import threading

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd
from tinygrad_rnn.autograd import anomaly, detect_anomaly, is_anomaly_enabled, set_detect_anomaly


def leaf(value, **options):
    return tg.tensor(value, requires_grad=True, **options)


def line_of(marker):
    """The number of the line of this file that ends in `# marker`."""
    with open(__file__) as file:
        return next(k for k, line in enumerate(file, 1) if line.rstrip().endswith(f"# {marker}"))


def test_forward_names_op_place_shape_and_line():
    x = leaf([[1.0, 0.0, 4.0]])
    with detect_anomaly(), pytest.raises(RuntimeError) as error, tg.scope("model"), tg.scope("head"), tg.step(7):
        x.log()  # the logarithm
    text = str(error.value)
    assert "Inf in output 0 of LogBackward0 (module model.head, time step 7)" in text
    assert "1 of 3 elements" in text
    assert "output shape [1, 3]" in text
    assert f"{__file__}:{line_of('the logarithm')}: x.log()" in text


def test_forward_finds_a_nan():
    x = leaf([-1.0, 4.0])
    with detect_anomaly(), pytest.raises(RuntimeError, match=r"NaN in output 0 of SqrtBackward0"):
        x.sqrt()


def test_forward_says_when_the_nan_came_in():
    x = leaf([1.0, float("nan")])
    with detect_anomaly(), pytest.raises(RuntimeError, match="MulBackward0, which came in with its input 1"):
        leaf([1.0, 1.0]) * x


def test_backward_names_op_input_place_shape_and_line():
    x = leaf([0.0, 1.0])
    with detect_anomaly():
        with tg.scope("cell"), tg.step(2):
            y = x.sqrt()  # the square root
        loss = y.sum()
        with pytest.raises(RuntimeError) as error:
            loss.backward()
    text = str(error.value)
    assert "anomaly in backward: Inf in the gradient of input 0 of SqrtBackward0 (module cell, time step 2)" in text
    assert "1 of 2 elements; gradient shape [2]" in text
    assert f"{__file__}:{line_of('the square root')}: y = x.sqrt()" in text
    assert "not finite either" not in text


def test_backward_finds_zero_times_infinity():
    x = leaf([0.0, 1.0])
    with detect_anomaly():
        y = (x.sqrt() * 0.0).sum()
        with pytest.raises(RuntimeError, match="NaN in the gradient of input 0 of SqrtBackward0"):
            y.backward()


def test_backward_says_when_the_gradient_that_arrived_was_bad():
    x = leaf([1.0])
    with detect_anomaly(), pytest.raises(RuntimeError, match="arrived was not finite either"):
        (x * 2).backward(tg.tensor([float("nan")]))


def test_backward_of_a_graph_made_before():
    y = leaf([0.0]).sqrt()
    with detect_anomaly(), pytest.raises(RuntimeError, match="unknown line"):
        y.backward()


def test_backward_while_gradients_are_recorded():
    x = leaf([0.0])
    with detect_anomaly(), pytest.raises(RuntimeError, match="SqrtBackward0"):
        autograd.grad(x.sqrt().sum(), x, create_graph=True)


def test_second_backward_is_watched_too():
    x = leaf(0.0)
    y = x**1.5
    (first,) = autograd.grad(y, x, create_graph=True)
    with detect_anomaly(), pytest.raises(RuntimeError, match="anomaly in backward"):
        first.backward()


def test_a_chosen_infinity_may_pass():
    """Masks are made of -Inf, and the softmax of it is finite."""
    x = leaf([[1.0, 2.0, 3.0]])
    mask = tg.tensor([[False, False, True]])
    with detect_anomaly():
        y = x.masked_fill(mask, float("-inf")).softmax(-1)
        (y * y).sum().backward()
    assert x.grad[0, 2].item() == 0.0


def test_an_infinity_that_turns_into_nan_is_found():
    x = leaf([float("inf")])
    with detect_anomaly():
        y = x * 2
        with pytest.raises(RuntimeError, match="NaN in output 0 of SubBackward0"):
            y - y


def test_one_of_both_kinds_can_be_left_out():
    x = leaf([0.0])
    with detect_anomaly(check_inf=False):
        x.log()
        with pytest.raises(RuntimeError, match="NaN"):
            (x - 1).log()
    with detect_anomaly(check_nan=False):
        (x - 1).log()
        with pytest.raises(RuntimeError, match="Inf"):
            x.log()


def test_operations_outside_the_graph_are_checked():
    with detect_anomaly(), pytest.raises(RuntimeError, match=r"an operation outside the graph.*test_anomaly"):
        tg.tensor([0.0]).log()


def test_several_outputs_are_checked():
    class Pair(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1, x.log()

        @staticmethod
        def backward(ctx, a, b):
            return a

    with detect_anomaly(), pytest.raises(RuntimeError, match="Inf in output 1 of PairBackward"):
        Pair.apply(leaf([0.0]))


def test_nothing_is_found_where_nothing_is_wrong():
    x = leaf([1.0, 2.0])
    with detect_anomaly():
        (x.log() * x).sum().backward()
    assert x.grad.isfinite().all()


def test_integers_are_no_trouble():
    with detect_anomaly():
        assert (tg.tensor([1, 2]) + 1).tolist() == [2, 3]


def test_outside_nothing_is_checked_or_noted():
    x = leaf([0.0])
    with detect_anomaly():
        inside = x * 2
    outside = (x * 2).grad_fn
    assert inside.grad_fn.source.startswith(__file__)
    assert outside.source is None
    x.log()
    assert not is_anomaly_enabled()


def test_an_error_inside_turns_it_off():
    with pytest.raises(RuntimeError), detect_anomaly():
        leaf([0.0]).log()
    assert not is_anomaly_enabled()
    leaf([0.0]).log()


def test_set_detect_anomaly():
    x = leaf([0.0])
    set_detect_anomaly(True)
    try:
        assert is_anomaly_enabled()
        with pytest.raises(RuntimeError, match="LogBackward0"):
            x.log()
        with set_detect_anomaly(False):
            assert not is_anomaly_enabled()
            x.log()
        assert is_anomaly_enabled()
    finally:
        set_detect_anomaly(False)
    assert not is_anomaly_enabled()
    x.log()
    with set_detect_anomaly(True):
        assert is_anomaly_enabled()
    assert not is_anomaly_enabled()


def test_it_can_be_nested_and_turned_off_inside():
    x = leaf([0.0])
    with detect_anomaly():
        with detect_anomaly(check_inf=False), pytest.raises(RuntimeError, match="LogBackward0"):
            x.log()
        set_detect_anomaly(False)
        x.log()
    assert not is_anomaly_enabled()


def test_another_watcher_stays():
    from tinygrad_rnn._mode import switch

    seen = []
    with switch(listeners=(lambda node, out, inputs: seen.append(node.name()),)):
        with detect_anomaly():
            y = leaf([1.0]) * 2
            set_detect_anomaly(False)
            y * 3
        y * 4
    assert seen == ["MulBackward0"] * 3


def test_other_threads_are_not_watched():
    found = []

    def work():
        found.append(is_anomaly_enabled())
        leaf([0.0]).log()

    with detect_anomaly():
        other = threading.Thread(target=work)
        other.start()
        other.join()
    assert found == [False]


def test_as_decorator():
    @detect_anomaly()
    def compute(x):
        return x.log()

    with pytest.raises(RuntimeError, match="LogBackward0"):
        compute(leaf([0.0]))
    assert not is_anomaly_enabled()


def test_the_line_is_the_users_own():
    """Not that of the program `tinygrad-rnn`, which stands beside the package."""
    for file, expected in (("model.py", "model.py:1"), (f"{anomaly.PACKAGE[:-1]}_start.py", None)):
        found = {"line": anomaly.user_line}
        exec(compile("here = line()", file, "exec"), found)
        assert found["here"] == expected
