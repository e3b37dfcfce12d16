"""Threads that share weights: no gradient is lost."""

import os
import signal
import sys
import threading

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import _tensor as tensors

THREADS, TIMES = 8, 100


@pytest.fixture(autouse=True)
def threads_meet_often():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def in_threads(work):
    """Run `work` again and again in several threads at once; raise what one of them raised."""
    errors, start = [], threading.Barrier(THREADS)

    def run():
        start.wait()
        try:
            for _ in range(TIMES):
                work()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        raise error


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_weight_shared_by_threads_gets_every_gradient(create_graph):
    w = tg.ones(3, requires_grad=True)
    in_threads(lambda: w.sum().backward(create_graph=create_graph))
    assert w.grad.tolist() == [THREADS * TIMES] * 3
    w.grad = None


def test_several_uses_of_a_shared_weight():
    w = tg.ones(3, requires_grad=True)
    in_threads(lambda: (w.sum() + (w * 2).sum()).backward())
    assert w.grad.tolist() == [3.0 * THREADS * TIMES] * 3


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_retained_gradient_gets_every_gradient(create_graph):
    w = tg.ones(3, requires_grad=True)
    h = w * 1
    h.retain_grad()
    in_threads(lambda: h.sum().backward(retain_graph=True, create_graph=create_graph))
    assert h.grad.tolist() == w.grad.tolist() == [THREADS * TIMES] * 3
    w.grad = h.grad = None


def test_backward_into_an_input_gets_every_gradient():
    w = tg.ones(3, requires_grad=True)
    h = w * 1
    in_threads(lambda: h.sum().backward(inputs=[h], retain_graph=True))
    assert h.grad.tolist() == [THREADS * TIMES] * 3
    assert w.grad is None


def test_backward_in_a_hook_of_backward_does_not_wait_for_itself():
    w, v = tg.ones(3, requires_grad=True), tg.ones(3, requires_grad=True)

    def hook(g):
        with tg.enable_grad():
            v.sum().backward()

    w.register_hook(hook)
    w.sum().backward()
    assert w.grad.tolist() == v.grad.tolist() == [1.0] * 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_child_forked_while_other_threads_draw_and_add_gradients_does_both():
    """The locks are held by another thread at the moment of the fork; the child finds them open."""
    own, w, held, over = tg.Generator(), tg.ones(3, requires_grad=True), threading.Event(), threading.Event()

    def hold():
        with own.numpy.bit_generator.lock, tg.random.source().bit_generator.lock, tensors._adding:
            held.set()
            over.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    child = os.fork()
    if child == 0:  # hangs at the first of these if a lock is still held
        try:
            signal.alarm(60)
            tg.rand(3)
            tg.rand(3, generator=own)
            w.sum().backward()
            os._exit(0)
        finally:
            os._exit(1)
    over.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
