"""Hooks on gradients, and retain_grad."""

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd

from .helpers import agree, no_grad_kept


def leaf(value=3.0, **options):
    return tg.tensor(value, requires_grad=True, **options)


def test_a_hook_sees_the_whole_gradient_once():
    x = leaf()
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    (y * y + y).backward()
    assert seen == [13.0]


def test_what_a_hook_returns_replaces_the_gradient():
    x = leaf()
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.backward()
    assert x.grad.item() == 20.0


def test_hooks_run_in_order_each_seeing_what_the_last_returned():
    x = leaf()
    y = x * 1
    seen = []
    y.register_hook(lambda g: g + 1)
    y.register_hook(lambda g: seen.append(g.item()))
    y.register_hook(lambda g: g * 10)
    y.backward()
    assert seen == [2.0]
    assert x.grad.item() == 20.0


def test_a_hook_on_a_leaf_runs_before_grad():
    x = leaf()
    x.register_hook(lambda g: g * 0.5)
    (x * 2 + x * 4).backward()
    assert x.grad.item() == 3.0


def test_a_removed_hook_is_silent():
    x = leaf()
    handle = x.register_hook(lambda g: g * 100)
    handle.remove()
    handle.remove()
    x.backward()
    assert x.grad.item() == 1.0


def test_a_handle_is_a_context_manager():
    x = leaf()
    with x.register_hook(lambda g: g * 100):
        (x * 1).backward()
    (x * 1).backward()
    assert x.grad.item() == 101.0


def test_the_same_function_hooked_twice_runs_twice():
    x = leaf()

    def double(g):
        return g * 2

    first = x.register_hook(double)
    x.register_hook(double)
    (x * 1).backward()
    assert x.grad.item() == 4.0
    first.remove()
    x.grad = None
    (x * 1).backward()
    assert x.grad.item() == 2.0


def test_hooks_need_something_that_requires_grad():
    with pytest.raises(RuntimeError, match="doesn't require grad"):
        tg.ones(2).register_hook(print)


def test_a_hook_must_keep_the_shape():
    x = leaf([1.0, 2.0])
    x.register_hook(lambda g: g.sum())
    with pytest.raises(RuntimeError, match=r"\[2\].*\[\]"):
        (x * 2).sum().backward()


def test_a_hook_on_one_of_several_outputs():
    x = leaf([1.0, 2.0])
    a, b = x.unbind()
    b.register_hook(lambda g: g * 7)
    (a + b).backward()
    assert x.grad.tolist() == [1.0, 7.0]


def test_a_hook_acts_in_grad_too():
    x = leaf()
    y = x * 2
    y.register_hook(lambda g: g * 10)
    assert autograd.grad(y, x)[0].item() == 20.0


@pytest.mark.torch
def test_a_hook_is_part_of_the_recorded_gradient():
    def program(t, x):
        grad = autograd.grad if t is tg else t.autograd.grad
        y = x * x
        y.register_hook(lambda g: g * x)
        (dx,) = grad((y * y).sum(), x, create_graph=True)
        return dx

    agree(program, [1.5, -2.0])


def test_grad_by_a_hooked_tensor_is_what_the_hook_made_of_it():
    x = leaf()
    h = x * 2
    h.register_hook(lambda g: g * 10)
    loss = h * h
    by_h, by_x = autograd.grad(loss, (h, x), retain_graph=True)
    assert (by_h.item(), by_x.item()) == (120.0, 240.0)
    assert autograd.grad(loss, h)[0].item() == 120.0


def test_grad_by_a_hooked_leaf_is_what_the_hook_made_of_it():
    x = leaf()
    x.register_hook(lambda g: g + 1)
    assert autograd.grad(x * 2, x)[0].item() == 3.0
    assert x.grad is None


def test_hooks_run_in_order_in_grad_too():
    x = leaf()
    h = x * 2
    seen = []
    for factor in (2, 3):
        h.register_hook(lambda g, factor=factor: seen.append(g.item()) or g * factor)
    assert autograd.grad(h * 5, h)[0].item() == 30.0
    assert seen == [5.0, 10.0]


def test_hooks_beyond_the_asked_for_inputs_do_not_run():
    x = leaf()
    h = x * 2
    seen = []
    x.register_hook(seen.append)
    autograd.grad(h * h, h)
    (h * h).backward(inputs=[h])
    assert seen == []
    assert x.grad is None


def test_a_hook_that_removes_itself_does_not_silence_the_next():
    x = leaf()
    seen = []
    handle = x.register_hook(lambda g: handle.remove())
    x.register_hook(lambda g: seen.append(g.item()))
    (x * 3).backward()
    assert seen == [3.0]


def test_a_hook_on_an_output_that_nothing_reaches_is_not_called():
    x = leaf([1.0, 2.0])
    a, b = x.unbind()
    b.register_hook(lambda g: pytest.fail("called"))
    (a * 2).backward()
    assert x.grad.tolist() == [2.0, 0.0]


def test_hooks_see_gradients_that_are_not_recorded():
    x = leaf()
    flags = []
    y = x * 2
    y.register_hook(lambda g: flags.append((g.requires_grad, tg.is_grad_enabled())))
    y.backward()
    assert flags == [(False, False)]


# --- retain_grad ------------------------------------------------------------------------------------


def test_retain_grad_keeps_the_gradient_of_a_computed_tensor():
    x = leaf()
    y = x * 2
    assert not y.retains_grad
    y.retain_grad()
    y.retain_grad()
    (y * y).backward()
    assert y.retains_grad
    assert y.grad.item() == 12.0


@pytest.mark.torch
def test_retain_grad_sees_what_hooks_made_of_it():
    x = leaf()
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    torch = pytest.importorskip("torch")
    p = torch.tensor(3.0, requires_grad=True)
    q = p * 2
    q.retain_grad()
    q.register_hook(lambda g: g * 10)
    (y * y).backward()
    (q * q).backward()
    assert y.grad.item() == q.grad.item()


def test_retain_grad_comes_last_whenever_it_was_asked_for():
    x = leaf()
    y = x * 2
    y.register_hook(lambda g: g + 1)
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    (y * y).backward()
    assert y.grad.item() == 130.0
    assert x.grad.item() == 260.0


def test_retained_gradients_add_up():
    x = leaf()
    y = x * 2
    y.retain_grad()
    (y * y).backward(retain_graph=True)
    kept = y.grad
    (y * 3).backward()
    assert (kept.item(), y.grad.item()) == (12.0, 15.0)


def test_retain_grad_while_gradients_are_recorded():
    x = leaf()
    y = x * 2
    y.retain_grad()
    (y**3).backward(create_graph=True)
    assert y.grad.item() == 108.0
    assert autograd.grad(y.grad, y)[0].item() == 36.0
    x.grad = None


def test_retain_grad_of_one_of_several_outputs():
    a, b = leaf([1.0, 2.0]).unbind()
    b.retain_grad()
    assert (a.retains_grad, b.retains_grad) == (False, True)
    (a * 2 + b * 3).backward()
    assert b.grad.item() == 3.0
    assert no_grad_kept(a)


def test_retain_grad_does_not_run_beyond_the_asked_for_inputs():
    x = leaf()
    y = x * 2
    z = y * 3
    y.retain_grad()
    autograd.grad(z * z, z)
    assert y.grad is None


def test_retain_grad_on_a_leaf_changes_nothing():
    x = leaf()
    x.retain_grad()
    (x * 2).backward()
    assert x.grad.item() == 2.0


def test_retain_grad_needs_a_graph():
    with pytest.raises(RuntimeError, match="requires_grad=False"):
        tg.ones(2).retain_grad()


def test_retained_gradient_does_not_share_memory_with_others():
    x = leaf([1.0, 2.0])
    y = x + 0
    y.retain_grad()
    y.sum().backward()
    y.grad.zero_()
    assert x.grad.tolist() == [1.0, 1.0]


def test_a_tensor_that_is_gone_receives_nothing():
    x = leaf()
    y = x * 2
    y.retain_grad()
    z = y * 3
    del y
    z.backward()
    assert x.grad.item() == 6.0
