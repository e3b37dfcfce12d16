"""The state of a thread and NumPy's error state are as they were, whatever raised inside: one test for each place.

Every test starts from an unusual state, so that a reset to the defaults would be seen too.
"""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd, nn
from tinygrad_rnn._mode import Mode, switch, thread


class Trouble(Exception):
    """Raised inside."""


def fail(*_):
    raise Trouble


def everything():
    """All switches of this thread, and NumPy's error state."""
    return (
        {name: getattr(thread.mode, name) for name in Mode.__slots__ if name != "before"},
        len(thread.mode.before),
        np.geterr(),
    )


def watch(node, gradient, sent):
    """A watcher that does nothing."""


@pytest.fixture(params=[False, True], ids=["recording off", "recording on"], autouse=True)
def unusual(request):
    outside = everything()
    with (
        tg.set_grad_enabled(request.param), tg.scope("outer", 7, layer=2), tg.step(3), tg.unrolled(), switch(watchers=(watch,)),
        np.errstate(over="raise", divide="print", under="raise", invalid="ignore"),
    ):  # fmt: skip
        inside = everything()
        yield
        assert everything() == inside
    assert everything() == outside


def leaf(value=3.0):
    return tg.tensor(value, requires_grad=True)


def recorded(make):
    with tg.enable_grad():
        return make()


def test_nothing_raised():
    y = recorded(lambda: leaf() * 2)
    y.backward(create_graph=True)
    nn.Linear(1, 1)(tg.ones(1, 1))


def test_forward_of_an_op():
    with pytest.raises(RuntimeError, match="size of tensor"):
        leaf([1.0, 2.0]) + tg.ones(3)


def test_forward_of_a_function():
    class Broken(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with tg.scope("inner"):
                fail()

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(Trouble), tg.enable_grad():
        Broken.apply(leaf())


@pytest.mark.parametrize("create_graph", [False, True])
def test_backward_rule(create_graph):
    class Broken(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            with tg.scope("inner"):
                fail()

    y = recorded(lambda: Broken.apply(leaf()))
    with pytest.raises(Trouble):
        y.backward(create_graph=create_graph)


@pytest.mark.parametrize("create_graph", [False, True])
def test_engine_itself(create_graph):
    y = recorded(lambda: leaf() ** 2)
    y.backward()
    with pytest.raises(RuntimeError, match="twice"):
        y.backward(create_graph=create_graph)


@pytest.mark.parametrize("create_graph", [False, True])
def test_hook(create_graph):
    y = recorded(lambda: leaf() * 2)
    y.register_hook(fail)
    with pytest.raises(Trouble):
        y.backward(create_graph=create_graph)


def test_hook_of_a_leaf_in_grad():
    x = leaf()
    y = recorded(lambda: x * 2)
    x.register_hook(fail)
    with pytest.raises(Trouble):
        autograd.grad(y, x)


def test_watcher():
    y = recorded(lambda: leaf() * 2)
    with pytest.raises(Trouble), switch(watchers=(fail,)):
        y.backward()


def test_forward_of_a_module():
    class Broken(nn.Module):
        def forward(self, x):
            with tg.step(9):
                fail()

    model = nn.Sequential(nn.Linear(1, 1), Broken())
    with pytest.raises(Trouble):
        model(tg.ones(1, 1))


def test_hook_of_a_module():
    model = nn.Linear(1, 1)
    model.register_forward_hook(fail)
    with pytest.raises(Trouble):
        model(tg.ones(1, 1))


@pytest.mark.parametrize(
    "made", [tg.no_grad, tg.enable_grad, tg.inference_mode, lambda: tg.scope("inner"), lambda: tg.step(5)]
)
def test_function(made):
    with pytest.raises(Trouble):
        made()(fail)()


@pytest.mark.parametrize(
    "made", [tg.no_grad, tg.enable_grad, tg.inference_mode, lambda: tg.scope("inner"), lambda: tg.step(5)]
)
def test_block(made):
    with pytest.raises(Trouble), made():
        fail()


@pytest.mark.parametrize("made", [tg.no_grad, tg.enable_grad, tg.inference_mode])
def test_generator(made):
    before = everything()

    @made()
    def steps():
        yield 1
        fail()

    generator = steps()
    next(generator)
    assert everything() == before
    with pytest.raises(Trouble):
        next(generator)


def test_generator_that_is_thrown_into():
    before = everything()

    @tg.no_grad()
    def steps():
        try:
            yield 1
        except Trouble:
            yield tg.is_grad_enabled()

    generator = steps()
    next(generator)
    assert generator.throw(Trouble()) is False
    assert everything() == before
    with pytest.raises(Trouble):
        generator.throw(Trouble())


def test_generator_that_fails_while_it_closes():
    @tg.enable_grad()
    def steps():
        try:
            yield 1
        finally:
            fail()

    generator = steps()
    next(generator)
    with pytest.raises(Trouble):
        generator.close()


def test_set_grad_enabled_in_a_block():
    for value in (True, False):
        with pytest.raises(Trouble), tg.set_grad_enabled(value):
            fail()


def test_anomaly_detection():
    y = recorded(lambda: (leaf(0.0) / 0.0) * 0.0)
    with pytest.raises(RuntimeError, match=r"(?i)nan"), autograd.detect_anomaly():
        y.backward()


def test_recomputation():
    from tinygrad_rnn.utils.checkpoint import checkpoint

    calls = []

    def part(x):
        calls.append(x)
        if len(calls) > 1:
            fail()
        return x * 2

    y = recorded(lambda: checkpoint(part, leaf(), use_reentrant=False) ** 2)
    with pytest.raises(Trouble):
        y.backward()


def test_gradcheck_of_something_broken():
    with pytest.raises(Trouble), tg.enable_grad():
        autograd.gradcheck(fail, (tg.ones(2, dtype=tg.float64, requires_grad=True),))


def test_graph_inside_a_graph():
    """Modes within modes within a backward: each ends as it began."""
    x = leaf()
    y = recorded(lambda: x * x)

    def hook(g):
        here = everything()
        with tg.enable_grad():
            z = leaf(2.0)
            (z * z).backward(create_graph=True)
            assert z.grad.item() == 4.0
            z.grad = None
            with pytest.raises(Trouble), tg.no_grad(), tg.scope("deep"):
                fail()
        assert everything() == here

    y.register_hook(hook)
    y.backward()
    assert x.grad.item() == 6.0
