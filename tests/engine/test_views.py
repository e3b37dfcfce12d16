"""Views of tensors that change: what a view saved is guarded, and a view follows its base."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd, recording
from tinygrad_rnn.ops import inplace

S = np.arange(1.0, 10.0).reshape(3, 3)

VIEWS = {
    "row": lambda y: y[0],
    "one number": lambda y: y[1, 2],
    "slice": lambda y: y[1:, ::2],
    "column": lambda y: y[:, 1],
    "new axis": lambda y: y[None],
    "transpose": lambda y: y.t(),
    "view": lambda y: y.view(-1),
    "narrow": lambda y: y.narrow(0, 1, 2),
    "select": lambda y: y.select(1, 0),
    "piece of split": lambda y: y.split(1)[2],
    "piece of unbind": lambda y: y.unbind(1)[0],
    "expand": lambda y: y[0].expand(2, 3),
    "diagonal": lambda y: y.diagonal(),
    "detached": lambda y: y.detach()[0],
    "view of a view": lambda y: y[1:][0].view(3, 1),
}


def leaf(value=S):
    return tg.tensor(value, dtype=tg.float64, requires_grad=True)


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_saved_view_is_guarded(view):
    x, w = leaf(), leaf(2.0)
    y = x * 1
    z = (view(y) * w).sum()
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"MulBackward0.*changed in place.*version 1.*version 0"):
        z.backward()


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_saved_view_of_a_leaf_is_guarded(view):
    x, w = leaf(), leaf(2.0)
    z = (view(x) * w).sum()
    with tg.no_grad():
        x.add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        z.backward()


@pytest.mark.parametrize("name", sorted(VIEWS.keys() - {"expand", "piece of split", "piece of unbind"}))  # those refuse
def test_a_saved_base_is_guarded_against_its_views(name):
    x, w = leaf(), leaf(2.0)
    y = x * 1
    z = (y * w).sum()
    VIEWS[name](y).zero_()
    with pytest.raises(RuntimeError, match="changed in place"):
        z.backward()


def test_a_view_saved_after_the_change_is_fine():
    x = leaf()
    y = x * 1
    y.add_(1)
    row = y[0]
    (row * row).sum().backward()
    np.testing.assert_allclose(x.grad.numpy()[0], 2 * (S[0] + 1))


@pytest.mark.parametrize("asked", [lambda v: v * 1, lambda v: v.requires_grad, lambda v: v.exp(), lambda v: v[0]])
def test_a_view_first_used_under_no_grad_stays_in_the_graph(asked):
    x = leaf()
    y = x * 1
    row = y[0]
    y.mul_(3)
    with tg.no_grad():
        asked(row)
    (row * row).sum().backward()
    np.testing.assert_allclose(x.grad.numpy()[0], 2 * 9 * S[0])


USES = {
    "x + y": lambda v: v + v, "x + 1": lambda v: v + 1, "1 - x": lambda v: 1 - v, "x * constant": lambda v: v * tg.ones(3, dtype=tg.float64),
    "constant * x": lambda v: tg.ones(3, dtype=tg.float64) * v, "exp": lambda v: v.exp(), "slice": lambda v: v[1:], "number": lambda v: v[0],
    "iteration": lambda v: sum(v), "split": lambda v: v.split(2)[0], "transpose": lambda v: v[None].t(), "unsqueeze": lambda v: v.unsqueeze(0),
    "chunk": lambda v: v.chunk(2)[1], "view": lambda v: v.view(3, 1), "expand": lambda v: v.expand(2, 3), "flip": lambda v: v.flip(0),
    "sum": lambda v: v.sum(),
    "cat": lambda v: tg.cat([v, v]), "itself": lambda v: v, "where": lambda v: tg.where(v > 0, v, 0.0), "array": lambda v: v * np.ones(3),
}  # fmt: skip


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_every_way_to_use_a_view_follows_its_base(use):
    """The fast paths of operators, functions and slices each ask for the edge."""
    x = leaf()
    y = x * 1
    row = y[1]
    y.mul_(3)
    (found,) = autograd.grad(use(row).sum(), x)
    z = leaf()
    (expected,) = autograd.grad(use((z * 3)[1]).sum(), z)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


def test_a_view_found_anew_is_found_once():
    """Its hooks and its gradient belong to the edge that later operations use."""
    x = leaf()
    y = x * 1
    row = y[0]
    y.mul_(3)
    assert autograd.grad((row * 2).sum(), row)[0].tolist() == [2.0] * 3
    row.retain_grad()
    (row * 2).sum().backward()
    assert row.grad.tolist() == [2.0] * 3


@pytest.mark.parametrize("change", [lambda y: y[1:][0].mul_(3), lambda y: y[1].view(3).mul_(3), lambda y: y.t()[:, 1].mul_(3), lambda y: y[None][0][1:2].mul_(3)])  # fmt: skip
def test_a_change_through_a_view_of_a_view_reaches_the_base_and_its_other_views(change):
    x = leaf()
    y = x * 1
    row = y[1]
    change(y)
    assert row.tolist() == [12.0, 15.0, 18.0]
    (y.sum() + row.sum() * 10).backward()
    assert x.grad.tolist() == [[1.0] * 3, [33.0] * 3, [1.0] * 3]


def test_only_views_are_asked(monkeypatch):
    """A tensor that is no view has nothing to pay, whatever was changed elsewhere."""
    x = leaf()
    y = x * 1
    row = y[0]
    y.mul_(2)
    assert recording.rebased
    asked = []
    monkeypatch.setattr(recording, "edge_of", lambda t: asked.append(t) or t._edge)
    z = (x + x) * 2
    z = (1 - z.exp()).sum() + z.sum() * tg.ones(())
    assert asked == []
    row + 1
    assert asked == [row]


def test_a_view_keeps_its_edge_when_its_base_becomes_a_leaf():
    x = tg.zeros(3)
    part = x[:2]
    x.requires_grad_()
    leaf() * 1
    assert not part.requires_grad
    assert not (part + 1).requires_grad


def test_a_view_keeps_its_edge_when_its_base_leaves_the_graph():
    x = leaf()
    y = x * 2
    row = y[0]
    y.detach_()
    assert not y.requires_grad
    row.sum().backward()
    assert x.grad.tolist() == [[2.0] * 3, [0.0] * 3, [0.0] * 3]


def test_a_view_of_a_plain_tensor_joins_the_graph_with_it():
    x, buffer = leaf(), tg.zeros(3, 3, dtype=tg.float64)
    row, column = buffer[1], buffer[:, 0]
    assert not row.requires_grad
    buffer[1] = x[0] * 2
    assert row.requires_grad
    (row.sum() + column.sum() * 10).backward()
    assert x.grad.tolist()[0] == [22.0, 2.0, 2.0]


def test_a_view_whose_base_has_other_memory_now_is_on_its_own():
    x = leaf()
    y = x * 2
    row = y[0]
    y.data = tg.zeros(3, 3, dtype=tg.float64)
    y.mul_(5)
    row.sum().backward()
    assert x.grad.tolist() == [[2.0] * 3, [0.0] * 3, [0.0] * 3]


def test_writing_through_two_views_in_turn():
    x = leaf()
    y = x * 1
    row, column = y[0], y[:, 0]
    row.mul_(2)
    column.mul_(3)
    row.mul_(5)
    np.testing.assert_allclose(y.detach().numpy(), S * [[30, 10, 10], [3, 1, 1], [3, 1, 1]])
    (y.sum() + row.sum()).backward()
    np.testing.assert_allclose(x.grad.numpy(), [[60, 20, 20], [3, 1, 1], [3, 1, 1]])


@pytest.mark.parametrize("layout", ["C", "F", "strided", "backwards"])
def test_places_are_found_in_any_layout(layout):
    """A base need not be in C order, nor without gaps."""
    big = np.arange(36.0).reshape(6, 6)
    array = {"C": big[:3, :3].copy(), "F": np.asfortranarray(big[:3, :3]), "strided": big[::2, ::2], "backwards": big[2::-1, 2::-1]}[layout]  # fmt: skip
    for view in (array[1], array[:, 2], array[1:, :2], array.T, array[2, 2:]):
        places = inplace.places_in(array, view)
        np.testing.assert_array_equal(array.reshape(-1)[places], view)
