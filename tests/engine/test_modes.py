"""no_grad and its relatives: nested, in generators, in threads, across exceptions."""

import threading

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd

x = tg.tensor(2.0, requires_grad=True)


def recorded():
    return (x * 2).requires_grad


def test_no_grad_as_context_and_decorator():
    with tg.no_grad():
        assert not recorded()
    assert recorded()
    assert not tg.no_grad()(recorded)()
    assert not tg.no_grad(recorded)()
    assert recorded()


MAKE = {
    "operator": lambda x: x * x, "with a number": lambda x: 2 - x, "function": lambda x: x.exp(), "several inputs": lambda x: tg.cat([x, x]),
    "with options": lambda x: x.sum(0), "slice": lambda x: x[1:], "view": lambda x: x.view(2, 1), "index": lambda x: x[[0, 0]],
    "where": lambda x: tg.where(x > 0, x, 0.0), "several outputs": lambda x: x.unbind()[0], "write": lambda x: tg.zeros(2).copy_(x),
    "item": lambda x: tg.zeros(2).index_add(0, tg.tensor([1]), x[:1]),
}  # fmt: skip


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_no_way_to_make_a_tensor_records_under_no_grad(make):
    w = tg.ones(2, requires_grad=True)
    assert make(w).requires_grad
    with tg.no_grad():
        y = make(w)
    assert y.grad_fn is None
    assert not y.requires_grad


def test_enable_grad_inside_no_grad():
    with tg.no_grad():
        with tg.enable_grad():
            assert recorded()
        assert not recorded()
        assert tg.enable_grad()(recorded)()


def test_tensors_made_under_no_grad_may_still_require_it():
    with tg.no_grad():
        w = tg.ones(2, requires_grad=True)
    assert w.requires_grad
    assert w.is_leaf


def test_one_object_nested_in_itself():
    """PyTorch keeps one value per object and loses the outer mode here."""
    off = tg.no_grad()
    with off:
        with off:
            assert not recorded()
        assert not recorded()
    assert recorded()
    on = tg.enable_grad()
    with off, on, off, on:
        assert recorded()
    assert recorded()


def test_one_object_in_two_threads_at_once():
    off = tg.no_grad()
    inside, leave, results = threading.Event(), threading.Event(), {}

    def work():
        with off:
            inside.set()
            leave.wait(60)
            results["inside"] = recorded()
        results["after"] = recorded()

    other = threading.Thread(target=work)
    other.start()
    inside.wait(60)
    results["here"] = recorded()
    with off:
        leave.set()
        other.join()
        results["here inside"] = recorded()
    assert results == {"inside": False, "after": True, "here": True, "here inside": False}


def test_a_new_thread_records():
    found = []
    with tg.no_grad():
        thread = threading.Thread(target=lambda: found.append(recorded()))
        thread.start()
        thread.join()
    assert found == [True]


def test_an_exception_inside_restores_the_mode():
    with pytest.raises(ValueError), tg.no_grad():
        raise ValueError
    assert recorded()

    @tg.no_grad()
    def fails():
        raise ValueError

    with pytest.raises(ValueError):
        fails()
    assert recorded()


def test_a_generator_runs_without_grad_while_its_consumer_records():
    @tg.no_grad()
    def steps():
        received = yield recorded()
        assert received == "hello"
        try:
            yield recorded()
        except ValueError:
            yield "caught", recorded()
        return "done"

    steps_once = steps()
    assert next(steps_once) is False
    assert recorded()
    assert steps_once.send("hello") is False
    assert recorded()
    assert steps_once.throw(ValueError()) == ("caught", False)
    with pytest.raises(StopIteration) as stop:
        next(steps_once)
    assert stop.value.value == "done"
    assert recorded()


def test_a_generator_closed_early_cleans_up_without_grad():
    seen = []

    @tg.no_grad()
    def steps():
        try:
            yield 1
        finally:
            seen.append(recorded())

    generator = steps()
    next(generator)
    generator.close()
    assert seen == [False]
    assert recorded()


def test_interleaved_generators():
    @tg.no_grad()
    def off():
        while True:
            yield recorded()

    @tg.enable_grad()
    def on():
        while True:
            yield recorded()

    a, b = off(), on()
    with tg.no_grad():
        assert [next(a), next(b), next(a), next(b)] == [False, True, False, True]
        assert not recorded()
    assert recorded()


def test_set_grad_enabled_at_once_and_as_context():
    tg.set_grad_enabled(False)
    try:
        assert not recorded()
    finally:
        tg.set_grad_enabled(True)
    assert recorded()
    with tg.set_grad_enabled(False):
        assert not recorded()
        with tg.set_grad_enabled(True):
            assert recorded()
    assert recorded()


def test_set_grad_enabled_as_decorator_acts_only_inside():
    wrapped = tg.set_grad_enabled(False)(recorded)
    assert recorded()
    assert wrapped() is False
    assert recorded()


def test_inference_mode():
    with tg.inference_mode():
        assert not recorded()
        assert tg.is_inference_mode_enabled()
        with tg.inference_mode(False):
            assert recorded()
            assert not tg.is_inference_mode_enabled()
    assert not tg.is_inference_mode_enabled()
    assert tg.inference_mode(recorded)() is False
    assert tg.inference_mode()(recorded)() is False


def test_modes_are_exported_by_autograd():
    assert autograd.no_grad is tg.no_grad
    assert autograd.enable_grad is tg.enable_grad
    assert autograd.set_grad_enabled is tg.set_grad_enabled
    assert autograd.inference_mode is tg.inference_mode


def test_backward_restores_the_mode():
    with tg.no_grad():
        with tg.enable_grad():
            y = x * x
        y.backward()
        assert not tg.is_grad_enabled()
    x.grad = None


def test_a_decorated_function_keeps_its_name():
    """A decorated function keeps its metadata, so tools still see what it is."""

    @tg.no_grad()
    def documented():
        "What it does."

    assert documented.__name__ == "documented"
    assert documented.__doc__ == "What it does."
