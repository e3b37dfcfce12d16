"""Nodes, edges and the one walk."""

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.graph import Leaf, Node, ancestors

from .helpers import in_small_thread


def leaf(value=2.0, **options):
    return tg.tensor(value, requires_grad=True, **options)


def test_a_leaf_has_no_grad_fn_and_a_result_has_one():
    x = leaf()
    y = x * x
    assert x.is_leaf
    assert x.grad_fn is None
    assert not y.is_leaf
    assert y.grad_fn.name() == "MulBackward0"


@pytest.mark.torch
def test_next_functions_look_as_in_pytorch():
    torch = pytest.importorskip("torch")

    def names(library):
        x = library.tensor(2.0, requires_grad=True)
        y = (x * 3.0 + x).exp()
        found, to_visit = [], [y.grad_fn]
        while to_visit:
            node = to_visit.pop()
            found.append(node.name() if hasattr(node, "name") else str(node))
            to_visit += [next_node for next_node, _ in node.next_functions if next_node is not None]
        return [name.split("::")[-1] for name in found]

    assert names(tg) == names(torch)


def test_an_edge_is_missing_where_no_gradient_is_wanted():
    x = leaf()
    assert (x * tg.tensor(3.0)).grad_fn.next_functions[1] == (None, 0)


def test_both_edges_of_a_square_lead_to_the_same_leaf():
    """The diamond in its smallest form: y = x + x."""
    x = leaf()
    a, b = (x + x).grad_fn.edges
    assert a[0] is b[0]
    assert a[0].variable is x


def test_a_leaf_does_not_keep_its_tensor_alive():
    x = leaf()
    y = x * 2
    del x
    assert y.grad_fn.edges[0][0].variable is None
    y.backward()  # nobody is there to receive the gradient; nothing breaks


def test_ancestors_visits_each_node_once_newest_first():
    x = leaf()
    y = x
    for _ in range(25):  # 2^25 paths
        y = y + y
    found = ancestors([y.grad_fn])
    assert len(found) == 26
    births = [node.birth for node in found]
    assert births == sorted(births, reverse=True)
    assert isinstance(found[-1], Leaf)


def test_ancestors_of_several_nodes_share_what_they_share():
    x = leaf()
    shared = x.exp()
    a, b = shared * 2, shared * 3
    assert len(ancestors([a.grad_fn, b.grad_fn])) == 4


def test_node_knows_shape_and_type_of_each_output():
    x = leaf([[1.0, 2.0, 3.0]], dtype=tg.float64)
    node = x.split(1, dim=1)[0].grad_fn
    assert node.n_outputs == 3
    assert node.shapes == ((1, 1),) * 3
    assert (x * 2).grad_fn.shape == (1, 3)
    assert (x * 2).grad_fn.dtype == tg.float64


def test_scope_and_step_are_noted_on_the_nodes_made_inside():
    x = leaf()
    with tg.scope("encoder"), tg.scope("cell"), tg.step(3, layer=1, direction="reverse"):
        node = (x * 2).grad_fn
    assert node.scope.path == "encoder.cell"
    assert (node.scope.step, node.scope.layer, node.scope.direction) == (3, 1, "reverse")
    assert (x * 2).grad_fn.scope.path == ""


def test_a_scope_inside_another_belongs_to_its_call_unless_it_has_its_own():
    x = leaf()
    with tg.scope("layer", call=5, layer=1), tg.scope("gate"):
        assert (x * 2).grad_fn.scope == ("layer.gate", 5, 1, None, None)
        with tg.scope("inner", call=6), tg.step(2):
            assert (x * 2).grad_fn.scope == ("layer.gate.inner", 6, 1, None, 2)
        assert (x * 2).grad_fn.scope.call == 5


def test_a_step_sets_what_it_is_given_and_leaves_the_rest():
    x = leaf()
    with tg.step(1, layer=4, direction="forward"):
        with tg.step(2, direction="reverse"):
            assert (x * 2).grad_fn.scope[2:] == (4, "reverse", 2)
        with tg.step(3, layer=5):
            assert (x * 2).grad_fn.scope[2:] == (5, "forward", 3)


def test_scope_is_restored_when_an_exception_passes():
    x = leaf()
    with pytest.raises(ZeroDivisionError), tg.scope("broken"), tg.step(1):
        1 / 0
    assert (x * 2).grad_fn.scope == (x * 3).grad_fn.scope
    assert (x * 2).grad_fn.scope.step is None


def chain(operation, length):
    x = leaf(1.0)
    y = x
    for _ in range(length):
        y = operation(y)
    y.backward()
    del y
    return x.grad.item()


def test_a_hundred_thousand_operations_build_run_backward_and_are_freed():
    """No recursion anywhere, in building, backward or freeing; with under 3 bytes of stack for each, so that C code may not recurse either."""
    assert in_small_thread(lambda: chain(lambda y: y + 0.0, 100_000), stack=1 << 18) == 1.0


def test_a_long_chain_that_saves_values():
    """Freeing them must not recurse either: in a small stack, and in the thread of the program itself."""
    assert in_small_thread(lambda: chain(lambda y: y * 1.0, 30_000), stack=1 << 18) == 1.0
    assert chain(lambda y: y * 1.0, 100_000) == 1.0


def test_walking_a_long_chain_in_a_thread_with_a_small_stack():
    def chain():
        y = leaf(1.0)
        for _ in range(100_000):
            y = y.abs()
        return len(ancestors([y.grad_fn]))

    assert in_small_thread(chain) == 100_001


def test_a_long_chain_freed_without_backward():
    def chain():
        y = leaf(1.0)
        for _ in range(100_000):
            y = -y
        return y.item()

    assert in_small_thread(chain) == 1.0


def test_a_long_chain_of_in_place_changes():
    def chain():
        x = leaf(1.0)
        y = x * 1.0
        for _ in range(20_000):
            y += 1.0
        y.backward()
        return x.grad.item()

    assert in_small_thread(chain) == 1.0


def test_repr_of_a_node_is_short_however_deep_the_graph():
    y = leaf()
    for _ in range(10_000):
        y = y + 1
    assert repr(y.grad_fn) == "<AddBackward0>"


def test_every_op_is_a_node():
    assert isinstance((leaf() * 2).grad_fn, Node)
