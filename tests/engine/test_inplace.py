"""Changing tensors in place: what is refused, what is noticed, and the same gradients as PyTorch's."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd

from .helpers import agree, both_refuse

A = np.arange(1.0, 7.0).reshape(2, 3)
V = np.array([0.5, -1.0, 2.0])


def leaf(value, **options):
    return tg.tensor(value, requires_grad=True, **options)


# --- saved values ------------------------------------------------------------------------------------


def test_a_changed_saved_value_is_named_with_both_versions():
    x = leaf([1.0, 2.0])
    y = x * 2
    z = y * y
    y += 1
    with pytest.raises(RuntimeError, match=r"MulBackward0.*\(2,\).*version 1.*version 0"):
        z.sum().backward()


def test_a_changed_output_is_found():
    y = leaf(V).exp()
    y += 1
    with pytest.raises(RuntimeError, match=r"ExpBackward0.*changed in place"):
        y.sum().backward()


def test_a_change_through_a_view_is_found():
    x = leaf([1.0, 2.0])
    y = x * 1
    z = y * y
    y[0] = 5.0
    with pytest.raises(RuntimeError, match="changed in place"):
        z.sum().backward()


def test_a_change_through_data_is_not_recorded_but_memory_is_shared():
    x = leaf([1.0, 2.0])
    x.data[0] = 5.0
    assert x.tolist() == [5.0, 2.0]
    assert x.is_leaf


def test_a_change_through_detach_is_found():
    x = leaf([1.0, 2.0])
    y = x * 1
    z = y * y
    y.detach().add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        z.sum().backward()


def test_a_change_of_what_backward_does_not_need_is_allowed():
    x = leaf([1.0, 2.0])
    y = x * 2
    z = y + 3
    y += 1
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_change_before_saving_is_allowed():
    x = leaf([1.0, 2.0])
    y = x * 1
    y += 1
    (y * y).sum().backward()
    assert x.grad.tolist() == [4.0, 6.0]


def test_a_weight_changed_by_an_optimiser_between_forward_and_backward():
    w, x = leaf([1.0]), tg.tensor([3.0], requires_grad=True)
    y = w * x
    with tg.no_grad():
        w -= 0.1
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_many_changes_do_not_lose_count():
    x = leaf([1.0])
    y = x * 1
    for _ in range(100):
        y += 1
    z = y * y
    for _ in range(3):
        y += 1
    with pytest.raises(RuntimeError, match=r"version 103.*version 100"):
        z.backward()


def test_version_counts_per_memory():
    x = tg.zeros(4)
    view = x[1:]
    assert x._version == 0
    view += 1
    assert (x._version, view._version, x[0]._version) == (1, 1, 1)
    assert x.clone()._version == 0


# --- leaves ------------------------------------------------------------------------------------------


def changed_output(t, x):
    y = x.exp()
    y += 1
    y.sum().backward()


def changed_row_of_output(t, x):
    y = x.exp()
    y[0] = 5.0
    y.sum().backward()


def view_made_under_no_grad(t, x):
    y = x * 2
    with t.no_grad():
        part = y[:2]
    return part


REFUSED = {
    "a view made under no_grad": lambda t, x: view_made_under_no_grad(t, x).add_(1),
    "an item of such a view": lambda t, x: view_made_under_no_grad(t, x).__setitem__(0, 1.0),
    "all of such a view": lambda t, x: view_made_under_no_grad(t, x).zero_(),
    "an output that was saved": changed_output,
    "a part of an output that was saved": changed_row_of_output,
    "a leaf": lambda t, x: x.add_(1),
    "an item of a leaf": lambda t, x: x.__setitem__(0, 1.0),
    "a slice of a leaf": lambda t, x: x[0:2].mul_(2),
    "a view of a leaf": lambda t, x: x.view(3, 1).zero_(),
    "a view of a view of a leaf": lambda t, x: x[1:][0].fill_(1.0),
    "an item of a slice of a leaf": lambda t, x: x[1:].__setitem__(0, 1.0),
    "a piece of split": lambda t, x: (x * 1).split(1)[0].mul_(2),
    "a piece of chunk": lambda t, x: (x * 1).chunk(3)[0].mul_(2),
    "a piece of unbind": lambda t, x: (x * 1).unbind()[0].mul_(2),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_changes_that_would_make_a_gradient_wrong_are_refused(change):
    with pytest.raises(RuntimeError, match="in place"):
        change(tg, leaf(V))


def test_a_view_made_under_no_grad_may_be_changed_there():
    x = leaf(V)
    y = x * 2
    with tg.no_grad():
        y[:2].zero_()
    assert y.tolist() == [0.0, 0.0, 4.0]
    y.sum().backward()
    assert x.grad.tolist() == [2.0] * 3


def test_a_view_of_a_plain_tensor_may_be_changed_after_it_joined_a_graph():
    x, buffer = leaf(V), tg.zeros(2, 3)
    row = buffer[1]
    buffer[0] = x
    row.fill_(2.0)
    row[0] = 3.0
    (buffer * buffer).sum().backward()
    assert x.grad.tolist() == (2 * V).tolist()


@pytest.mark.torch
@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_pytorch_refuses_the_same(change):
    both_refuse(change, V)


def test_a_leaf_may_change_under_no_grad():
    x = leaf([1.0, 2.0])
    with tg.no_grad():
        x.add_(1)
        x[0] = 7.0
        x -= 1
    assert x.tolist() == [6.0, 2.0]
    assert x.is_leaf
    assert x.requires_grad
    (x * x).sum().backward()
    assert x.grad.tolist() == [12.0, 4.0]


def test_a_refused_change_changes_nothing():
    x = leaf([1.0, 2.0])
    for change in (lambda: x.add_(1), lambda: x.__setitem__(0, 9.0), lambda: x.fill_(3.0)):
        with pytest.raises(RuntimeError, match="leaf"):
            change()
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.torch
def test_outputs_of_other_functions_with_several_results_may_change():
    """Only views into shared memory are a problem."""

    def program(t, x):
        values, _ = (x * 1).max(0)
        values += 1
        return values

    agree(program, A)


def test_expanded_tensors_refuse():
    x = tg.zeros(3, 1).expand(3, 4)
    with pytest.raises(RuntimeError, match="clone"):
        x += 1
    with pytest.raises(RuntimeError, match="clone"):
        x[0, 0] = 1


# --- gradients through changes ------------------------------------------------------------------------


def item_gets_value(t, x, v):
    y = x * 1
    y[1] = v * v
    return y * x


def item_gets_number(t, x, v):
    y = x * 2
    y[0, 1] = 7.0
    return y * y, v * 1


def value_is_broadcast(t, x, v):
    y = x * 2
    y[:, 1:] = v[0]
    return y * x


def mask_gets_number(t, x, v):
    y = x * x
    y[x > 2] = 1.0
    return y, v * 1


def mask_gets_values(t, x, v):
    y = x * x
    y[x < 4] = v
    return y


def list_of_indices(t, x, v):
    y = x * x
    y[:, [2, 0]] = v[:2]
    return y


def view_of_view(t, x, v):
    y = x * 1
    y[0][1] = v[0] * v[1]
    y[1][:2] += v[:2]
    return y.exp()


def write_through_a_view(t, x, v):
    y = x * 1
    row = y[0]
    row.mul_(v)
    return y * y, row * 2


def write_to_the_base_of_a_view(t, x, v):
    y = x * 1
    row = y[1]
    y.mul_(3)
    return row * v, y


def both_ways(t, x, v):
    y = x * 1
    row, column = y[0], y[:, 1]
    row += v
    column *= 2
    y -= 1
    return row * row, column.exp(), y


def transposed_view(t, x, v):
    y = x * 1
    y.t()[0] = v[:2]
    y.transpose(0, 1).mul_(2)
    return y * y


def reshaped_view(t, x, v):
    y = x * 1
    y.view(3, 2)[1] = v[1:]
    return y * x


def change_of_a_view_of_a_constant(t, x, v):
    y = t.zeros(2, 3, dtype=t.float64)
    y[0] = v
    y[1, :2] = x[0, :2] * 2
    return y * y


def fill_a_buffer_in_a_loop(t, x, v):
    out = t.zeros(4, 3, dtype=t.float64)
    h = v
    for k in range(4):
        h = (h * 0.5).tanh() + x[k % 2]
        out[k] = h
    return out * out


def augmented(t, x, v):
    y = x * 1
    y += v
    y -= x
    y *= v
    y /= 2
    y **= 2
    return y


def copies(t, x, v):
    y = t.zeros(2, 3, dtype=t.float64)
    y.copy_(x)
    z = x * 1
    z[0].copy_(v)
    return y * z


def fills(t, x, v):
    y = x * x
    y[0].zero_()
    y[1, 0:1].fill_(3.0)
    return y * x, v * 1


def swap_rows(t, x, v):
    y = x * 1
    y[0], y[1] = y[1].clone(), y[0].clone()
    return y * x


def from_a_part_of_itself(t, x, v):
    y = x * 1
    y[0] = y[1]
    return y * x


def masked_fill(t, x, v):
    y = x * v
    y.masked_fill_(x > 3, 0.0)
    return y * y


def changed_twice(t, x, v):
    y = x * 1
    y[0] = v
    y[0] = v * 2
    return y


def view_made_before_and_after(t, x, v):
    y = x * 1
    before = y[0]
    y[0, 0] = v[0]
    after = y[0]
    return before * after


PROGRAMS = [
    item_gets_value, item_gets_number, value_is_broadcast, mask_gets_number, mask_gets_values, list_of_indices,
    view_of_view, write_through_a_view, write_to_the_base_of_a_view, both_ways, transposed_view, reshaped_view,
    change_of_a_view_of_a_constant, fill_a_buffer_in_a_loop, augmented, copies, fills, swap_rows, from_a_part_of_itself, masked_fill, changed_twice, view_made_before_and_after,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_gradients_through_changes_agree_with_differences(program):
    inputs = leaf(A + 0.1, dtype=tg.float64), leaf(V, dtype=tg.float64)
    assert autograd.gradcheck(lambda x, v: program(tg, x, v), inputs)


@pytest.mark.torch
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_gradients_through_changes_are_pytorchs(program):
    agree(program, A, V)


def test_functions_in_place_keep_the_values_their_rule_needs():
    """PyTorch refuses some of these; the gradient must be that of the same functions out of place."""
    x, z = leaf(A, dtype=tg.float64), leaf(A, dtype=tg.float64)
    y = x * 0.1
    y.exp_().sqrt_().tanh_().sigmoid_().neg_().clamp_(-0.63, 1.0)
    y.mul_(y)
    y.add_(y.sum())
    ((z * 0.1).exp().sqrt().tanh().sigmoid().neg().clamp(-0.63, 1.0) ** 2 * 7 / 7).sum().backward()
    (y / 7).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy(), rtol=1e-12)


def test_a_view_of_one_number_shares_memory_too():
    """NumPy hands out a copy where all axes are indexed by ints."""
    t = tg.zeros(3)
    t[0].add_(1.0)
    t.select(0, 1).fill_(2.0)
    assert t.tolist() == [1.0, 2.0, 0.0]
    numbers = t.unbind()
    t[2] = 3.0
    assert [n.item() for n in numbers] == [1.0, 2.0, 3.0]


def test_a_view_shares_memory_with_its_base():
    t = tg.zeros(2, 3)
    t[0][1] = 1.0
    t.t()[2, 1] = 2.0
    t.view(-1)[0] = 3.0
    assert t.tolist() == [[3.0, 1.0, 0.0], [0.0, 0.0, 2.0]]


def test_an_integer_tensor_keeps_its_type():
    x = tg.tensor([1, 2])
    with pytest.raises(RuntimeError, match="can't be cast"):
        x += 0.5
    x += 1
    assert x.tolist() == [2, 3]


def test_the_shape_may_not_grow():
    x = tg.zeros(3)
    with pytest.raises(RuntimeError, match=r"\[3\]"):
        x += tg.zeros(2, 3)


def test_setitem_refuses_a_wrong_shape():
    x = tg.zeros(2, 3)
    with pytest.raises(RuntimeError, match=r"\[2\].*\[3\]"):
        x[0] = tg.zeros(2)


def test_detach_in_place():
    x = leaf([1.0, 2.0])
    y = x * 2
    y.detach_()
    assert y.is_leaf
    assert not y.requires_grad


def test_zero_grad_in_place():
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward()
    x.grad.zero_()
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
