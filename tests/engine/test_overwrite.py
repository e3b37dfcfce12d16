"""Writing over a tensor as a whole or in part: it stays in the graph, and what was there before gets the gradient 0."""

import numpy as np
import pytest

import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F
from tinygrad_rnn import autograd

from .helpers import agree

A = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]])
EVERYWHERE = np.ones((2, 3), bool)


def leaf(value=A, **options):
    return tg.tensor(value, dtype=tg.float64, requires_grad=True, **options)


def item(index, value):
    return lambda t, y: y.__setitem__(index, value(t) if callable(value) else value)


def ones(t):
    return t.ones(2, 3, dtype=t.float64)


# all numbers are replaced, and none depends on what was there
WHOLE = {
    "zero_": lambda t, y: y.zero_(),
    "fill_": lambda t, y: y.fill_(2.0),
    "fill_ with a tensor": lambda t, y: y.fill_(t.tensor(2.0)),
    "copy_": lambda t, y: y.copy_(ones(t)),
    "copy_ of one row": lambda t, y: y.copy_(t.ones(3)),
    "copy_ of integers": lambda t, y: y.copy_(t.tensor([[1, 2, 3], [4, 5, 6]])),
    "y[...]": item(..., 1.0),
    "y[:]": item(slice(None), 1.0),
    "y[:, :]": item((slice(None), slice(None)), ones),
    "normal_": lambda t, y: y.normal_(),
    "uniform_": lambda t, y: y.uniform_(),
    "bernoulli_": lambda t, y: y.bernoulli_(),
    "random_": lambda t, y: y.random_(5),
}

# the same through a part, a view or an index: the node that made the numbers must not have kept them
PARTS = {
    "masked_fill_": lambda t, y: y.masked_fill_(t.tensor(EVERYWHERE), 3.0),
    "index_fill_": lambda t, y: y.index_fill_(0, t.tensor([0, 1]), 3.0),
    "mask": lambda t, y: y.__setitem__(t.tensor(EVERYWHERE), 3.0),
    "list": item([0, 1], 1.0),
    "both rows": lambda t, y: (y[0].zero_(), y[1].fill_(1.0)),
    "view": lambda t, y: y.view(-1).zero_(),
    "transpose": lambda t, y: y.t().copy_(t.ones(3, 2)),
    "mul_ by 0": lambda t, y: y.mul_(0),
    "floor_": lambda t, y: y.floor_(),
    "scatter_": lambda t, y: y.scatter_(1, t.tensor([[0, 1, 2], [0, 1, 2]]), 1.0),
}


@pytest.mark.parametrize("change", [*WHOLE.values(), *PARTS.values()], ids=[*WHOLE, *PARTS])
def test_what_was_written_over_has_gradient_0(change):
    x = leaf()
    y = x * 2
    change(tg, y)
    assert y.requires_grad
    assert not y.is_leaf
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros((2, 3)))


@pytest.mark.parametrize("change", WHOLE.values(), ids=WHOLE)
def test_the_node_that_made_the_numbers_may_have_kept_them(change):
    """PyTorch refuses this; here that node gets a copy, and its other uses stay right."""
    x = leaf()
    y = x.exp()
    z = y + 1
    change(tg, y)
    (y.sum() + z.sum()).backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp(A))


@pytest.mark.torch
@pytest.mark.parametrize("name", [name for name in [*WHOLE, *PARTS] if name not in ("normal_", "uniform_", "bernoulli_", "random_")])  # fmt: skip
def test_numbers_and_gradients_are_pytorchs(name):
    def program(t, x):
        y = x * 2
        {**WHOLE, **PARTS}[name](t, y)
        return y, y * x

    agree(program, A)


def test_the_source_of_a_copy_gets_the_gradient():
    x, source = leaf(), leaf([1.0, 2.0, 3.0])
    y = x.exp()
    y.copy_(source)
    before, now = autograd.grad((y * tg.tensor(A)).sum(), (x, source))
    np.testing.assert_array_equal(before.numpy(), np.zeros((2, 3)))
    np.testing.assert_allclose(now.numpy(), A.sum(0))


def test_a_number_as_tensor_gets_the_sum_of_what_it_fills():
    x, value = leaf(), leaf(2.0)
    y = x * 1
    y.fill_(value)
    y.sum().backward()
    assert value.grad.item() == 6.0
    assert not x.grad.any()


def test_writing_over_a_view_stops_the_gradient_there_alone():
    x = leaf()
    y = x * 2
    y[0].normal_()
    y.sum().backward()
    assert x.grad.tolist() == [[0.0] * 3, [2.0] * 3]


def test_a_plain_tensor_stays_plain():
    y = tg.zeros(2, 3)
    for change in WHOLE.values():
        change(tg, y)
        assert y.is_leaf
        assert not y.requires_grad


def test_a_buffer_that_is_written_over_takes_part_from_then_on():
    x, buffer = leaf(), tg.zeros(2, 3, dtype=tg.float64)
    buffer.copy_(x * 3)
    buffer.sum().backward()
    assert x.grad.tolist() == [[3.0] * 3] * 2


def test_under_no_grad_the_edge_stays_and_the_change_is_found():
    x = leaf()
    y = x.exp()
    with tg.no_grad():
        y.zero_()
    assert y.grad_fn.name() == "ExpBackward0"
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


def test_writing_over_after_backward_does_not_revive_a_freed_graph():
    x = leaf()
    y = x.exp()
    y.sum().backward()
    y.zero_()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.sum().backward()


# how to call each function that changes its tensor
ARGUMENTS = {
    "add_": (1.0,), "sub_": (1.0,), "mul_": (2.0,), "div_": (2.0,), "pow_": (2.0,), "floor_divide_": (2.0,), "remainder_": (2.0,),
    "addcmul_": (tg.ones(3), tg.ones(3)), "addcdiv_": (tg.ones(3), tg.ones(3)), "lerp_": (tg.ones(2, 3, dtype=tg.float64), 0.5),
    "clamp_": (0.0, 1.0), "clip_": (0.0, 1.0), "clamp_min_": (0.0,), "clamp_max_": (1.0,), "fill_": (1.0,), "copy_": (tg.ones(3),),
    "scatter_": (1, tg.tensor([[0], [1]]), 1.0), "scatter_add_": (1, tg.tensor([[0], [1]]), tg.ones(2, 1, dtype=tg.float64)),
    "scatter_reduce_": (1, tg.tensor([[0], [1]]), tg.ones(2, 1, dtype=tg.float64), "amax"),
    "index_add_": (0, tg.tensor([0]), tg.ones(1, 3, dtype=tg.float64)), "index_fill_": (0, tg.tensor([0]), 1.0),
    "masked_fill_": (tg.tensor(EVERYWHERE), 1.0), "apply_": (lambda v: v + 1,),
    "addmm_": (tg.ones(2, 4, dtype=tg.float64), tg.ones(4, 3, dtype=tg.float64)), "cumsum_": (0,), "fmod_": (2.0,), "xlogy_": (2.0,),
    "index_copy_": (0, tg.tensor([0]), tg.ones(1, 3, dtype=tg.float64)), "index_put_": ((tg.tensor([0]),), tg.ones(3, dtype=tg.float64)),
    "masked_scatter_": (tg.tensor(EVERYWHERE), tg.ones(6, dtype=tg.float64)), "unsqueeze_": (0,), "transpose_": (0, 1),
    "divide_": (2.0,), "true_divide_": (2.0,), "multiply_": (2.0,), "subtract_": (1.0,), "fill_diagonal_": (1.0,),
}  # fmt: skip
IN_PLACE = sorted(
    name
    for name in dir(tg.Tensor)
    if name.endswith("_")
    and not name.startswith("_")
    and name not in ("detach_", "requires_grad_", "resize_", "resize_as_", "set_")
)


@pytest.mark.parametrize("name", IN_PLACE)
def test_no_function_drops_its_tensor_from_the_graph(name):
    y = leaf(np.abs(A)) * 1
    assert getattr(y, name)(*ARGUMENTS.get(name, ())) is y
    assert y.requires_grad
    y.sum().backward()


@pytest.mark.parametrize("function", [F.relu, F.leaky_relu, F.elu, F.hardtanh, F.silu, F.relu6])
def test_activations_in_place_have_the_gradient_of_those_out_of_place(function):
    x, z = leaf(), leaf()
    y = x * 1
    assert function(y, inplace=True) is y
    (y * y).sum().backward()
    (function(z) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy(), rtol=1e-12)


# --- a tensor and itself ---------------------------------------------------------------------------------

S = np.array([[1.0, 2.0, -3.0], [0.5, -1.5, 4.0], [2.5, 0.25, -2.0]])
C = np.array([[0.1, 0.7, 0.2], [-0.4, 0.3, 0.9], [0.8, -0.6, 0.5]])  # the gradient that arrives


def shifted(x):
    x[1:] += x[:-1]


def first_column_into_first_row(x):
    x[0] = x[:, 0]


# the change, its numbers, and the gradient it sends back for C
WITH_ITSELF = {
    "add_ transposed": (lambda x: x.add_(x.t()), S + S.T, C + C.T),
    "sub_ transposed": (lambda x: x.sub_(x.T), S - S.T, C - C.T),
    "mul_ transposed": (lambda x: x.mul_(x.T), S * S.T, (C + C.T) * S.T),
    "div_ by itself": (lambda x: x.div_(x), np.ones((3, 3)), np.zeros((3, 3))),
    "copy_ flipped": (lambda x: x.copy_(x.flip(0)), S[::-1], C[::-1]),
    "copy_ transposed": (lambda x: x.copy_(x.t()), S.T, C.T),
    "x[...] = transposed": (lambda x: x.__setitem__(..., x.t()), S.T, C.T),
    "mul_ of its first row": (lambda x: x.mul_(x[0]), S * S[0], C * S[0] + np.array([(C * S).sum(0), [0] * 3, [0] * 3])),
    "rows shifted": (shifted, S + np.vstack([[0] * 3, S[:-1]]), C + np.vstack([C[1:], [0] * 3])),
    "column into row": (first_column_into_first_row, np.vstack([S[:, 0], S[1:]]),
                        np.array([[C[0, 0], 0, 0], [C[1, 0] + C[0, 1], *C[1, 1:]], [C[2, 0] + C[0, 2], *C[2, 1:]]])),
}  # fmt: skip


@pytest.mark.parametrize(("change", "numbers", "gradient"), WITH_ITSELF.values(), ids=WITH_ITSELF)
def test_a_change_by_a_view_of_itself_reads_the_old_numbers(change, numbers, gradient):
    x = leaf(S)
    y = x * 1
    change(y)
    np.testing.assert_allclose(y.detach().numpy(), numbers, rtol=1e-12)
    (y * tg.tensor(C)).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), gradient, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("change", "numbers", "gradient"), WITH_ITSELF.values(), ids=WITH_ITSELF)
def test_the_same_outside_the_graph(change, numbers, gradient):
    y = tg.tensor(S)
    change(y)
    np.testing.assert_allclose(y.numpy(), numbers, rtol=1e-12)
