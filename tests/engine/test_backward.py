"""Gradients back along the edges: backward() and grad()."""

import threading

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd
from tinygrad_rnn._mode import switch

from .helpers import agree, no_grad_kept


def leaf(value=2.0, **options):
    return tg.tensor(value, requires_grad=True, **options)


# --- accumulation -----------------------------------------------------------------------------------


def test_backward_adds_to_grad():
    x = leaf()
    (x * 3).backward()
    (x * 4).backward()
    assert x.grad.item() == 7.0


def test_diamond():
    x = leaf(3.0)
    (x + x).backward()
    assert x.grad.item() == 2.0


def test_twenty_five_doublings():
    """2^25 paths, 26 nodes: following paths would take minutes."""
    x = leaf(1.0)
    y = x
    for _ in range(25):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**25


def test_a_leaf_used_a_hundred_thousand_times():
    """Adding up must not make one new array per use, nor sort a worklist per node."""
    x = leaf([1.0, 2.0], dtype=tg.float64)
    total = x * 0.0
    for _ in range(100_000):
        total = total + x
    total.sum().backward()
    assert x.grad.tolist() == [100_000.0, 100_000.0]


def test_a_hundred_thousand_branches_into_one_cat():
    x = leaf(1.0)
    tg.stack([x * 1.0 for _ in range(100_000)]).sum().backward()
    assert x.grad.item() == 100_000.0


def test_leaves_do_not_share_gradient_memory():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (a + b).sum().backward()
    assert a.grad is not b.grad
    assert not np.shares_memory(a.grad.array, b.grad.array)
    a.grad.mul_(0)
    assert b.grad.tolist() == [1.0, 1.0]


def test_gradient_given_by_the_user_is_not_kept():
    x, seed = leaf([1.0, 2.0]), tg.ones(2)
    (x + 0).backward(seed)
    assert not np.shares_memory(x.grad.array, seed.array)
    x.grad.zero_()
    assert seed.tolist() == [1.0, 1.0]


def test_gradient_of_a_leaf_used_directly():
    x, seed = leaf([1.0, 2.0]), tg.ones(2)
    x.backward(seed)
    x.grad.zero_()
    assert seed.tolist() == [1.0, 1.0]


def test_grad_does_not_hand_out_shared_memory():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    da, db = autograd.grad((a + b).sum(), (a, b))
    assert not np.shares_memory(da.array, db.array)
    assert da.array.flags.writeable


def test_earlier_gradient_is_not_changed_by_a_later_backward():
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward()
    kept = x.grad
    (x * 3).sum().backward()
    assert kept.tolist() == [2.0, 2.0]
    assert x.grad.tolist() == [5.0, 5.0]


def test_adding_up_inside_backward_leaves_given_arrays_alone():
    x, seed = leaf([1.0, 2.0]), tg.tensor([1.0, 1.0])
    y = x * 1.0
    autograd.backward([y + 0, y + 0, y], [seed, seed, seed])
    assert seed.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [3.0, 3.0]


def test_unreached_leaves_keep_none():
    """None, not zero: an optimiser must be able to leave unused weights alone."""
    x, unused = leaf(), leaf()
    (x * 2).backward()
    assert unused.grad is None


def test_gradient_has_the_type_and_shape_of_its_tensor():
    a, b = leaf([[1.0], [2.0]], dtype=tg.float32), leaf([1.0, 2.0, 3.0], dtype=tg.float64)
    (a * b).sum().backward()
    assert (a.grad.dtype, a.grad.shape) == (tg.float32, (2, 1))
    assert (b.grad.dtype, b.grad.shape) == (tg.float64, (3,))


@pytest.mark.torch
def test_broadcasting_is_undone():
    agree(lambda t, a, b, c: a * b + c, np.ones((2, 1, 3)), np.full((4, 1), 2.0), np.array(3.0))


def test_bias_gradient_over_a_million_float32_rows():
    """Added row by row in float32 it would be off by about 1 %."""
    bias = tg.zeros(3, requires_grad=True)
    rows = np.random.default_rng(0).random((1_000_000, 3), dtype=np.float32)
    ((tg.from_numpy(rows) + bias) * tg.from_numpy(rows)).sum().backward()
    expected = rows.sum(axis=0, dtype=np.float64)
    np.testing.assert_allclose(bias.grad.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_output_of_several_that_is_used_more_than_once(create_graph):
    x = leaf([1.0, 2.0])
    a, b = x.unbind()
    (a * 2 + b + a * 3 + a * 5).backward(create_graph=create_graph)
    assert x.grad.tolist() == [10.0, 1.0]
    x.grad = None


def test_a_start_given_more_than_once_counts_as_often():
    x = leaf([1.0, 2.0])
    y = x * 1
    a, b = x.unbind()
    autograd.backward([y, y, y, a, a], [tg.ones(2), tg.ones(2) * 2, tg.ones(2) * 4, tg.tensor(10.0), tg.tensor(20.0)])
    assert x.grad.tolist() == [37.0, 7.0]


def test_watchers_see_every_node_once_with_what_it_got_and_sent():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    y = (x * w).sum()
    seen = []
    with switch(watchers=(lambda node, g, sent: seen.append((node.name(), g.tolist(), [d.tolist() for d in sent])),)):
        y.backward()
    assert seen[:2] == [("SumBackward0", 1.0, [[1.0, 1.0]]), ("MulBackward0", [1.0, 1.0], [[3.0, 4.0], [1.0, 2.0]])]
    assert seen[2:] == [("AccumulateGrad", [1.0, 2.0], []), ("AccumulateGrad", [3.0, 4.0], [])]


# --- what backward may be called on ------------------------------------------------------------------


def test_backward_of_a_non_scalar_needs_a_gradient():
    with pytest.raises(RuntimeError, match=r"grad can be implicitly created only for scalar outputs.*\[2\]"):
        (leaf([1.0, 2.0]) * 2).backward()


def test_one_element_of_any_shape_is_a_scalar():
    x = leaf([[2.0]])
    (x * 3).backward()
    assert x.grad.tolist() == [[3.0]]


def test_a_given_gradient_must_have_the_shape_of_the_output():
    with pytest.raises(RuntimeError, match=r"shape \[3\].*\[2\]"):
        (leaf([1.0, 2.0]) * 2).backward(tg.ones(3))


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_given_gradient_of_another_type_is_converted(create_graph):
    x, seed = leaf([1.0, 2.0], dtype=tg.float32), tg.tensor([3.0, 4.0], dtype=tg.float64)
    x.backward(seed, create_graph=create_graph)
    assert (x.grad.dtype, x.grad.tolist()) == (tg.float32, [3.0, 4.0])
    x.grad = None


def test_a_given_gradient_must_be_a_tensor():
    with pytest.raises(TypeError, match="ndarray"):
        (leaf([1.0, 2.0]) * 2).backward(np.ones(2))


def test_backward_without_anything_that_requires_grad():
    with pytest.raises(RuntimeError, match="does not require grad"):
        tg.ones(2).sum().backward()


@pytest.mark.parametrize("dtype", [tg.int64, tg.int32, tg.uint8, tg.bool])
def test_integers_and_booleans_cannot_require_grad(dtype):
    with pytest.raises(RuntimeError, match="floating point"):
        tg.ones(2, dtype=dtype, requires_grad=True)
    with pytest.raises(RuntimeError, match="floating point"):
        tg.ones(2, dtype=dtype).requires_grad_()


def test_integer_results_do_not_require_grad():
    x = leaf([1.0, 2.0])
    assert not x.argmax().requires_grad
    assert not (x > 1).requires_grad
    assert not x.long().requires_grad


def test_only_leaves_can_stop_requiring_grad():
    x = leaf()
    y = x * 2
    with pytest.raises(RuntimeError, match="detach"):
        y.requires_grad_(False)
    assert not x.requires_grad_(False).requires_grad


# --- twice through the same graph ---------------------------------------------------------------------


def test_second_backward_names_both_cures():
    x = leaf(3.0)
    y = x * x
    y.backward()
    with pytest.raises(RuntimeError, match=r"(?s)retain_graph=True.*detach\(\)"):
        y.backward()
    assert x.grad.item() == 6.0


def test_retain_graph_allows_a_second_backward():
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 12.0


def test_second_backward_through_a_shared_part():
    """The classic mistake of a recurrent loop that carries its state without detach."""
    w = leaf(0.5)
    h = tg.tensor(1.0)
    h = w * h
    h = h * w
    h.backward()
    with pytest.raises(RuntimeError, match="detach"):
        (h * w).backward()


def test_detached_state_in_a_loop_works():
    w = leaf(0.5)
    h = tg.tensor(1.0)
    for _ in range(3):
        h = (w * h.detach()).tanh()
        h.backward()
    assert np.isfinite(w.grad.item())


def test_saved_values_are_released_after_backward():
    x = leaf(3.0)
    y = x * x
    node = y.grad_fn
    assert len(node.saved_tensors) == 2
    y.backward()
    assert not any(isinstance(value, np.ndarray) for value in node.saved_tensors)


# --- grad() and backward(inputs=) ------------------------------------------------------------------------


def test_grad_leaves_grad_alone():
    x = leaf(3.0)
    (dx,) = autograd.grad(x * x, x)
    assert dx.item() == 6.0
    assert x.grad is None


def test_grad_by_a_computed_tensor():
    x = leaf(3.0)
    y = x * 2
    (dy,) = autograd.grad(y * y, y)
    assert dy.item() == 12.0


def test_grad_by_a_tensor_and_by_what_it_was_made_from():
    x = leaf(3.0)
    y = x * x
    dy, dx = autograd.grad(y * x, (y, x))
    assert (dy.item(), dx.item()) == (3.0, 27.0)


def test_grad_of_an_output_by_itself():
    x = leaf(3.0)
    y = x * x
    assert [g.item() for g in autograd.grad(y, (y, x))] == [1.0, 6.0]


def test_grad_of_the_same_input_twice():
    x = leaf(3.0)
    assert [g.item() for g in autograd.grad(x * x, (x, x))] == [6.0, 6.0]


def test_grad_by_one_output_of_several():
    x = leaf([1.0, 2.0, 3.0])
    first, second, _ = x.unbind()
    a, b = autograd.grad(first * second, (first, second))
    assert (a.item(), b.item()) == (2.0, 1.0)


def test_unused_input():
    x, unused = leaf(3.0), leaf([1.0, 2.0])
    y = x * x
    with pytest.raises(RuntimeError, match="allow_unused=True"):
        autograd.grad(y, (x, unused), retain_graph=True)
    assert autograd.grad(y, (x, unused), allow_unused=True, retain_graph=True)[1] is None
    assert autograd.grad(y, (x, unused), materialize_grads=True)[1].tolist() == [0.0, 0.0]


def test_grad_by_something_that_does_not_require_grad():
    with pytest.raises(RuntimeError, match=r"input 0.*does not require grad"):
        autograd.grad(leaf() * 2, tg.ones(2))


def test_several_outputs_with_their_gradients():
    x = leaf([1.0, 2.0])
    (dx,) = autograd.grad((x * 2, x * x), x, (tg.ones(2), tg.tensor([1.0, 10.0])))
    assert dx.tolist() == [4.0, 42.0]


def test_number_of_gradients_must_match():
    x = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match="2 tensors and 1 gradients"):
        autograd.grad((x * 2, x * x), x, (tg.ones(2),))


def test_backward_into_some_inputs_only():
    x, w = leaf(3.0), leaf(4.0)
    y = x * w
    (y * y).backward(inputs=[w])
    assert x.grad is None
    assert w.grad.item() == 72.0


def test_backward_into_a_computed_tensor():
    x = leaf(3.0)
    y = x * 2
    (y * y).backward(inputs=[y])
    assert y.grad.item() == 12.0
    assert x.grad is None


def test_backward_into_a_computed_tensor_and_what_it_came_from():
    x = leaf(3.0)
    y = x * 2
    for times in (1, 2):
        (y * y).backward(inputs=[y, x], retain_graph=True)
        assert (y.grad.item(), x.grad.item()) == (12.0 * times, 24.0 * times)


def test_backward_into_one_tensor_leaves_those_on_the_way_alone():
    x, w, unused = leaf(3.0), leaf(4.0), leaf(5.0)
    y = x * w
    (y * w + unused * x).backward(inputs=x)
    assert x.grad.item() == 16.0 + 5.0
    assert (w.grad, unused.grad) == (None, None)
    assert no_grad_kept(y)


def test_backward_into_an_input_that_was_not_used():
    x, unused = leaf(3.0), leaf(5.0)
    y = unused * 2
    (x * 2).backward(inputs=[x, unused, y])
    assert (x.grad.item(), unused.grad) == (2.0, None)
    assert no_grad_kept(y)


def test_backward_into_one_of_several_outputs():
    x = leaf([1.0, 2.0, 3.0])
    a, b, c = x.unbind()
    (a * 2 + b * 3).backward(inputs=[b, c])
    assert (b.grad.item(), x.grad) == (3.0, None)
    assert no_grad_kept(a)
    assert no_grad_kept(c)


def test_what_lies_beyond_the_inputs_keeps_its_saved_values():
    """Only nodes on a path to an input run, so only they are freed."""
    x = leaf(3.0)
    y = x.exp()
    z = y * y
    autograd.grad(z, y)
    y.backward()
    assert x.grad.item() == pytest.approx(np.exp(3.0))


def test_a_node_that_leads_to_no_input_is_not_freed():
    x, w = leaf(3.0), leaf(4.0)
    a, b = x.exp(), w.exp()
    autograd.grad(a + b, x)
    b.backward()
    with pytest.raises(RuntimeError, match="retain_graph"):
        a.backward()


def test_a_rule_knows_which_gradients_are_wanted():
    x, c = leaf([[1.0, 2.0]]), tg.ones(1, 2)
    assert (x * c).grad_fn.needs_input_grad == (True, False)
    assert (c * x).grad_fn.needs_input_grad == (False, True)
    assert (x * x).grad_fn.needs_input_grad == (True, True)
    assert (x @ c.t()).grad_fn.needs_input_grad == (True, False)
    assert tg.cat([c, x]).grad_fn.needs_input_grad == (False, True)
    assert x.exp().grad_fn.needs_input_grad == (True,)


@pytest.mark.parametrize("operate", [lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a**b, lambda a, b: a @ b.t(), lambda a, b: tg.where(a > b, a, b), lambda a, b: tg.logaddexp(a, b)])  # fmt: skip
def test_the_gradient_of_one_operand_is_the_same_alone_as_with_the_other(operate):
    a, b = tg.tensor([[1.5, 0.5]], dtype=tg.float64), tg.tensor([[0.7, 2.0]], dtype=tg.float64)
    p, q = a.clone().requires_grad_(), b.clone().requires_grad_()
    together = autograd.grad(operate(p, q).sum(), (p, q))
    (left,), (right,) = autograd.grad(operate(p, b).sum(), p), autograd.grad(operate(a, q).sum(), q)
    np.testing.assert_array_equal(left.numpy(), together[0].numpy())
    np.testing.assert_array_equal(right.numpy(), together[1].numpy())


def test_values_that_no_gradient_needs_are_not_kept():
    x, c = leaf([1.0, 2.0]), tg.ones(2)
    assert [value is None for value in (x * c).grad_fn.saved_tensors] == [True, False]
    assert [value is None for value in (c * x).grad_fn.saved_tensors] == [False, True]


def test_backward_into_no_inputs():
    with pytest.raises(RuntimeError, match="empty"):
        (leaf() * 2).backward(inputs=[])


def test_backward_of_several_tensors():
    x = leaf(3.0)
    autograd.backward([x * 2, x * x])
    assert x.grad.item() == 8.0


# --- gradients of gradients ------------------------------------------------------------------------------


def test_create_graph_gives_differentiable_gradients():
    x = leaf(3.0)
    (first,) = autograd.grad(x**3, x, create_graph=True)
    (second,) = autograd.grad(first, x, create_graph=True)
    (third,) = autograd.grad(second, x)
    assert (first.item(), second.item(), third.item()) == (27.0, 18.0, 6.0)


def test_sixth_derivative_of_sine():
    x = leaf(0.7, dtype=tg.float64)
    y = x.sin()
    for _ in range(6):
        (y,) = autograd.grad(y, x, create_graph=True)
    assert y.item() == pytest.approx(-np.sin(0.7), abs=1e-12)


def test_derivative_of_a_product_over_a_shared_weight():
    w = leaf(0.9, dtype=tg.float64)
    h = tg.tensor(0.3, dtype=tg.float64)
    for _ in range(5):
        h = (w * h).tanh()
    (first,) = autograd.grad(h, w, create_graph=True)
    (second,) = autograd.grad(first, w)

    def slope(v):
        h, d = 0.3, 0.0
        for _ in range(5):
            h, d = np.tanh(v * h), (1 - np.tanh(v * h) ** 2) * (h + v * d)
        return d

    assert first.item() == pytest.approx(slope(0.9), abs=1e-12)
    assert second.item() == pytest.approx((slope(0.9 + 1e-6) - slope(0.9 - 1e-6)) / 2e-6, abs=1e-8)


def test_backward_with_create_graph_leaves_a_differentiable_grad():
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    (second,) = autograd.grad(x.grad, x)
    assert second.item() == 18.0
    x.grad = None


@pytest.mark.torch
def test_gradient_penalty():
    agree_values = []
    torch = pytest.importorskip("torch")
    for library, differentiate in ((tg, autograd.grad), (torch, torch.autograd.grad)):
        w = library.tensor([[0.3, -0.2], [0.5, 0.1]], dtype=library.float64, requires_grad=True)
        x = library.tensor([[1.0, 2.0]], dtype=library.float64, requires_grad=True)
        y = (x @ w).tanh().sum()
        (dx,) = differentiate(y, x, create_graph=True)
        (y + (dx * dx).sum()).backward()
        agree_values.append((w.grad.numpy(), x.grad.numpy()))
    for ours, theirs in zip(*agree_values, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_gradients_are_not_recorded_without_create_graph():
    x = leaf(3.0)
    (dx,) = autograd.grad(x**3, x)
    assert not dx.requires_grad


def test_backward_works_under_no_grad():
    x = leaf(3.0)
    y = x * x
    with tg.no_grad():
        y.backward()
    assert x.grad.item() == 6.0


# --- when something goes wrong -----------------------------------------------------------------------------


def test_an_exception_inside_backward_leaves_the_library_usable():
    x = leaf(3.0)
    y = x * 2

    def hook(g):
        raise ValueError("from the hook")

    handle = y.register_hook(hook)
    with pytest.raises(ValueError, match="from the hook"):
        (y * y).backward()
    handle.remove()
    assert tg.is_grad_enabled()
    (x * x).backward()
    assert x.grad.item() == 6.0


def test_backward_inside_a_hook():
    x, other = leaf(3.0), leaf(5.0)
    y = x * 2

    def hook(g):
        with tg.enable_grad():
            (other * other).backward()

    y.register_hook(hook)
    y.backward()
    assert (x.grad.item(), other.grad.item()) == (2.0, 10.0)


def test_threads_run_backward_on_their_own_graphs():
    found = {}

    def work(k):
        x = leaf(float(k))
        y = x
        for _ in range(200):
            y = y * 1.0 + x * 0.0
        (y * y).backward()
        found[k] = x.grad.item()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == {k: 2.0 * k for k in range(8)}


def test_constants_and_outputs_that_stop_the_gradient():
    x = leaf([1.0, 2.0])
    (x.detach() * x).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]
