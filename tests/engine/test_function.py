"""Rules written by the user: autograd.Function."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd
from tinygrad_rnn.autograd import Function, gradcheck, gradgradcheck
from tinygrad_rnn.autograd.function import once_differentiable

from .helpers import alive, collector_off


def leaf(value=2.0, **options):
    return tg.tensor(value, requires_grad=True, **options)


def double(*shape):
    return tg.randn(*shape, dtype=tg.float64, requires_grad=True)


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x * x


class Exp(Function):
    """Saves its own output, and uses the other form."""

    @staticmethod
    def forward(x):
        return x.exp()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class SumAndProduct(Function):
    @staticmethod
    def forward(ctx, x, y, scale):
        ctx.save_for_backward(x, y)
        ctx.scale = scale
        return (x + y) * scale, x * y

    @staticmethod
    def backward(ctx, g_sum, g_product):
        x, y = ctx.saved_tensors
        return g_sum * ctx.scale + g_product * y, g_sum * ctx.scale + g_product * x, None


def test_forward_and_backward():
    x = leaf()
    y = Cube.apply(x)
    y.backward()
    assert (y.item(), x.grad.item()) == (8.0, 12.0)


def test_it_is_one_node_named_after_the_class():
    y = Cube.apply(leaf())
    assert y.grad_fn.name() == "CubeBackward"
    assert repr(y.grad_fn) == "<CubeBackward>"
    assert type(y.grad_fn).__name__ == "Cube"
    assert [node.name() for node, _ in y.grad_fn.next_functions] == ["AccumulateGrad"]


def test_forward_is_not_recorded():
    recorded = []

    class Look(Cube):
        @staticmethod
        def forward(ctx, x):
            recorded.append((tg.is_grad_enabled(), (x * 2).requires_grad))
            return Cube.forward(ctx, x)

    Look.apply(leaf())
    assert recorded == [(False, False)]


@pytest.mark.parametrize("rule", [Cube.apply, Exp.apply, lambda x: SumAndProduct.apply(x, x * 2, 3.0)])
def test_first_and_second_derivatives(rule):
    x = double(2, 3)
    assert gradcheck(rule, (x,))
    assert gradgradcheck(rule, (x,))
    assert gradcheck(rule, (x,), fast_mode=True)


def test_third_derivative():
    x = leaf()
    y = Cube.apply(x)
    for _ in range(3):
        (y,) = autograd.grad(y, x, create_graph=True)
    assert y.item() == 6.0


def test_several_outputs_and_an_argument_that_is_no_tensor():
    x, y = leaf(2.0), leaf(3.0)
    total, product = SumAndProduct.apply(x, y, 10.0)
    (total + product).backward()
    assert (x.grad.item(), y.grad.item()) == (13.0, 12.0)


def test_an_output_nobody_used_has_a_zero_gradient():
    x, y = leaf(2.0), leaf(3.0)
    total, product = SumAndProduct.apply(x, y, 10.0)
    product.backward()
    assert (x.grad.item(), y.grad.item()) == (3.0, 2.0)


def test_without_materialized_gradients_it_is_none():
    seen = []

    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, a, b):
            seen.append((a, b))
            return b * 2

    x = leaf()
    Two.apply(x)[1].backward()
    assert seen[0][0] is None
    assert x.grad.item() == 2.0


def test_needs_input_grad():
    seen = []

    class Look(SumAndProduct):
        @staticmethod
        def forward(ctx, x, y, scale):
            seen.append(ctx.needs_input_grad)
            return SumAndProduct.forward(ctx, x, y, scale)

        @staticmethod
        def backward(ctx, *gs):
            seen.append(ctx.needs_input_grad)
            return SumAndProduct.backward(ctx, *gs)

    Look.apply(leaf(), tg.tensor(3.0), 2.0)[0].backward()
    assert seen == [(True, False, False)] * 2


def test_nothing_is_recorded_without_need():
    assert not Cube.apply(tg.tensor(2.0)).requires_grad
    with tg.no_grad():
        assert not Cube.apply(leaf()).requires_grad


def test_mark_non_differentiable():
    class SortWithRank(Function):
        @staticmethod
        def forward(ctx, x):
            order = x.argsort()
            rank = order.to(x.dtype)
            ctx.mark_non_differentiable(rank)
            ctx.save_for_backward(order, rank)
            return x[order], rank, order

        @staticmethod
        def backward(ctx, g, g_rank, g_order):
            order, rank = ctx.saved_tensors
            assert not rank.requires_grad
            return tg.zeros(3).scatter(0, order, g)

    x = leaf([3.0, 1.0, 2.0])
    values, rank, order = SortWithRank.apply(x)
    assert values.requires_grad
    assert not rank.requires_grad
    assert not order.requires_grad
    (values * tg.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [3.0, 1.0, 2.0]


class DoubleInPlace(Function):
    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx, g):
        return g * 2


def test_mark_dirty():
    x = leaf([1.0, 2.0])
    y = x * 1
    z = DoubleInPlace.apply(y)
    assert z is y
    assert y.grad_fn.name() == "DoubleInPlaceBackward"
    (y * y).sum().backward()
    assert x.grad.tolist() == [8.0, 16.0]


def test_mark_dirty_through_a_view_reaches_the_base():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    y = x * 1
    DoubleInPlace.apply(y[0])
    (y * y).sum().backward()
    assert x.grad.tolist() == [[8.0, 16.0], [6.0, 8.0]]


def test_a_dirty_saved_value_is_found():
    x = leaf([1.0, 2.0])
    y = x * 1
    z = y * y
    DoubleInPlace.apply(y)
    with pytest.raises(RuntimeError, match="changed in place"):
        z.sum().backward()


def test_marking_dirty_is_enough_for_a_change_made_through_numpy():
    class ThroughNumpy(DoubleInPlace):
        @staticmethod
        def forward(ctx, x):
            x.array[...] *= 2
            ctx.mark_dirty(x)
            return x

    y = leaf([1.0, 2.0]) * 1
    z = y * y
    ThroughNumpy.apply(y)
    with pytest.raises(RuntimeError, match="changed in place"):
        z.sum().backward()


def test_a_dirty_leaf_is_refused():
    with pytest.raises(RuntimeError, match="leaf"):
        DoubleInPlace.apply(leaf())


def test_dirty_inputs_must_be_returned():
    class Forgets(DoubleInPlace):
        @staticmethod
        def forward(ctx, x):
            DoubleInPlace.forward(ctx, x)
            return x + 0

    with pytest.raises(RuntimeError, match="marked dirty but not returned"):
        Forgets.apply(leaf() * 1)


def test_returning_an_input_gives_a_tensor_of_its_own():
    class Same(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return -g

    x = leaf()
    y = Same.apply(x)
    assert y is not x
    y.backward()
    assert x.grad.item() == -1.0
    assert x.is_leaf


def test_broadcast_gradients_are_summed_back():
    class Add(Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g, g

    x, b = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([1.0, 2.0])
    Add.apply(x, b).sum().backward()
    assert b.grad.tolist() == [2.0, 2.0]


# --- errors -------------------------------------------------------------------------------------------


def returning(result):
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x, scale):
            return x * scale

        @staticmethod
        def backward(ctx, g):
            return result(g)

    return Wrong.apply(leaf([1.0, 2.0]), 2.0).sum()


@pytest.mark.parametrize(
    ("result", "error", "words"),
    [
        (lambda g: g, RuntimeError, r"WrongBackward.*incorrect number of gradients \(expected 2.*got 1"),
        (lambda g: (g, None, g), RuntimeError, "expected 2.*got 3"),
        (lambda g: (g[:1].expand(3), None), RuntimeError, r"index 0.*\[3\].*\[2\]"),
        (lambda g: (g, g), RuntimeError, "different from None at position 1"),
        (lambda g: (2.0, None), TypeError, "expected a Tensor or None at position 0, got float"),
        (lambda g: (g.numpy(), None), TypeError, "position 0, got ndarray"),
    ],
)
def test_wrong_results_of_backward(result, error, words):
    with pytest.raises(error, match=words):
        returning(result).backward()


def test_trailing_nones_and_no_gradient_at_all_are_fine():
    returning(lambda g: (g, None, None)).backward()
    returning(lambda g: (None, None)).backward()


def test_missing_rules():
    class Nothing(Function):
        pass

    class NoBackward(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    with pytest.raises(NotImplementedError, match="forward"):
        Nothing.apply(leaf())
    with pytest.raises(NotImplementedError, match="backward"):
        NoBackward.apply(leaf()).backward()


def test_a_function_is_not_instantiated():
    with pytest.raises(RuntimeError, match=r"Cube.apply"):
        Cube()


def test_only_tensors_are_saved_for_backward():
    class Saves(Cube):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, 3.0)
            return x

    with pytest.raises(TypeError, match="argument 1 is of type float"):
        Saves.apply(leaf())


def test_forward_must_return_tensors():
    class Array(Cube):
        @staticmethod
        def forward(ctx, x):
            return x.detach().numpy()

    with pytest.raises(TypeError, match="ndarray"):
        Array.apply(leaf())


def test_a_saved_value_changed_in_place_is_found():
    x = leaf([1.0, 2.0])
    y = x * 1
    z = Cube.apply(y)
    y += 1
    with pytest.raises(RuntimeError, match=r"CubeBackward.*\(2,\).*version 1.*version 0"):
        z.sum().backward()


def test_a_saved_output_changed_in_place_is_found():
    y = Exp.apply(leaf([1.0, 2.0]))
    y += 1
    with pytest.raises(RuntimeError, match="ExpBackward"):
        y.sum().backward()


def test_second_backward():
    y = Cube.apply(leaf())
    y.backward()
    with pytest.raises(RuntimeError, match=r"CubeBackward.*retain_graph=True"):
        y.backward()
    y = Cube.apply(leaf())
    y.backward(retain_graph=True)
    y.backward()


def test_an_exception_in_forward_or_backward_leaves_the_library_usable():
    class Breaks(Function):
        @staticmethod
        def forward(ctx, x, early):
            if early:
                raise ValueError("early")
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise ValueError("late")

    with pytest.raises(ValueError, match="early"):
        Breaks.apply(leaf(), True)
    assert tg.is_grad_enabled()
    with pytest.raises(ValueError, match="late"):
        Breaks.apply(leaf(), False).backward()
    assert tg.is_grad_enabled()


# --- once differentiable --------------------------------------------------------------------------------


class NumpySine(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return tg.from_numpy(np.sin(x.detach().numpy()))

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * tg.from_numpy(np.cos(x.detach().numpy()))


def test_once_differentiable_works_once():
    x = double(3)
    assert gradcheck(NumpySine.apply, (x,))


def test_once_differentiable_refuses_a_second_derivative():
    x = double(3)
    (dx,) = autograd.grad(NumpySine.apply(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(dx.detach().numpy(), np.cos(x.detach().numpy()))
    with pytest.raises(RuntimeError, match="once_differentiable"):
        dx.sum().backward()


# --- in company -------------------------------------------------------------------------------------------


def test_attributes_set_in_backward_stay():
    class Counts(Cube):
        @staticmethod
        def backward(ctx, g):
            ctx.calls = getattr(ctx, "calls", 0) + 1
            return Cube.backward(ctx, g)

    y = Counts.apply(leaf())
    y.backward(retain_graph=True)
    y.backward()
    assert y.grad_fn.calls == 2


def test_one_rule_may_call_another():
    class Twice(Function):
        @staticmethod
        def forward(ctx, x):
            return Cube.forward(ctx, x)

        @staticmethod
        def backward(ctx, g):
            return Cube.backward(ctx, g)

    assert gradgradcheck(Twice.apply, (double(2),))


def test_backward_may_run_a_backward():
    """As checkpointing does: compute again inside, and differentiate that."""

    class Again(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.tanh().exp()

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            with tg.enable_grad():
                inner = x.detach().requires_grad_()
                y = inner.tanh().exp()
            y.backward(g)
            return inner.grad

    assert gradcheck(Again.apply, (double(2, 2),))


def test_hooks_and_retain_grad_work_on_its_outputs():
    x = leaf()
    y = Cube.apply(x)
    y.retain_grad()
    y.register_hook(lambda g: g * 2)
    y.backward()
    assert (y.grad.item(), x.grad.item()) == (2.0, 24.0)


def test_scope_and_step_are_noted():
    with tg.scope("layer"), tg.step(4):
        node = Cube.apply(leaf()).grad_fn
    assert (node.scope.path, node.scope.step) == ("layer", 4)


def test_it_is_freed_by_reference_counting():
    """Even when it saves its own output, and when forward keeps it on ctx."""

    class Keeps(Exp):
        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(output, *inputs)
            ctx.output = output

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    def work(create_graph):
        x = leaf([1.0, 2.0])
        y = Keeps.apply(x).sum()
        if create_graph:
            autograd.grad(y, x, create_graph=True)
        else:
            y.backward()

    work(True)
    with collector_off():
        before = alive()
        for create_graph in (False, True, False, True):
            work(create_graph)
        Keeps.apply(leaf())
        assert alive() == before


@pytest.mark.torch
def test_same_numbers_as_pytorch():
    torch = pytest.importorskip("torch")
    results = []
    for library, base in ((tg, Function), (torch, torch.autograd.Function)):

        class Gate(base):
            @staticmethod
            def forward(ctx, x, w, power):
                s = (x @ w).sigmoid()
                ctx.save_for_backward(x, w, s)
                ctx.power = power
                return s**power, s.sum(0)

            @staticmethod
            def backward(ctx, g, g_sum):
                x, w, s = ctx.saved_tensors
                da = (g * ctx.power * s ** (ctx.power - 1) + g_sum) * s * (1 - s)
                return da @ w.T, x.T @ da, None

        x = library.tensor([[0.1, -0.4], [0.7, 0.2]], dtype=library.float64, requires_grad=True)
        w = library.tensor([[0.3, 0.5], [-0.2, 0.9]], dtype=library.float64, requires_grad=True)
        y, total = Gate.apply(x, w, 3)
        ((y * x).sum() + (total * total).sum()).backward()
        results.append([x.grad.numpy(), w.grad.numpy()])
    np.testing.assert_allclose(results[0][0], results[1][0])
    np.testing.assert_allclose(results[0][1], results[1][1])
