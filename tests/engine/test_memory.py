"""Memory is a promise: graphs die by reference counting, with the garbage collector off."""

import gc
import platform
import subprocess
import sys
import weakref

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import autograd
from tinygrad_rnn.autograd import functional, gradcheck

from .helpers import alive, collector_off


def leaf(value, **options):
    return tg.tensor(value, requires_grad=True, **options)


def parameters():
    return [leaf(np.random.default_rng(k).standard_normal(s).tolist()) for k, s in enumerate([(3, 4), (4, 4), (4,)])]


def step(w, u, b):
    """One step of training a small recurrent network, by hand."""
    h = tg.zeros(2, 4)
    x = tg.ones(2, 3)
    for _ in range(5):
        h = (x @ w + h @ u + b).tanh()
    loss = (h * h).mean()
    loss.backward()
    with tg.no_grad():
        for p in (w, u, b):
            p -= 0.1 * p.grad
            p.grad = None


def second_order(w, u, b):
    x = tg.ones(2, 3) @ w
    (dw,) = autograd.grad((x @ u + b).tanh().sum(), w, create_graph=True)
    (dw * dw).sum().backward()
    for p in (w, u, b):
        p.grad = None


def grad_with_a_graph(w, u, b):
    """PyTorch warns of a leak here: gradient and parameter hold each other through the graph."""
    (w * w).sum().backward(create_graph=True)
    w.grad = None


def in_place(w, u, b):
    h = w @ u
    h += b
    h[0] = 0.0
    row = h[1]
    row *= 2
    h.sum().backward()
    for p in (w, u, b):
        p.grad = None


def several_outputs(w, u, b):
    a, c = (w @ u).chunk(2, dim=1)
    (a * c).sum().backward()
    values, _ = (w * 2).max(1)
    values.sum().backward()
    for p in (w, u):
        p.grad = None


def hooks(w, u, b):
    h = w @ u
    h.retain_grad()
    h.register_hook(lambda g: g * 2)
    h.sum().backward()
    for p in (w, u):
        p.grad = None


def no_backward(w, u, b):
    (w @ u + b).sum()


def retained(w, u, b):
    y = (w @ u).tanh().sum()
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    w.grad = u.grad = None


def failing(w, u, b):
    y = (w @ u) * 1
    z = y * y
    y += 1
    try:
        z.sum().backward()
    except RuntimeError:
        pass
    else:
        raise AssertionError("the change in place was not noticed")


def watched(w, u, b):
    with autograd.detect_anomaly():
        (w @ u).sum().backward()
    w.grad = u.grad = None


def jacobians(w, u, b):
    functional.hessian(lambda b: (b**3).sum(), b)
    functional.jvp(lambda b: b * b, b, tg.ones(4), create_graph=True)


def cut(w, u, b):
    h = tg.zeros(2, 4)
    for _ in range(4):
        h = (h.detach() @ u + b).tanh()
        h.sum().backward()
    u.grad = b.grad = None


WORK = [
    step, second_order, grad_with_a_graph, in_place, several_outputs, hooks, no_backward, retained, failing, watched,
    jacobians, cut,
]  # fmt: skip


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
def test_nothing_is_left_behind_without_the_collector(work):
    """100 rounds with the collector off leave as many tensors and nodes as before."""
    kept = parameters()
    work(*kept)
    with collector_off():
        before = alive()
        for _ in range(100):
            work(*kept)
        assert alive() == before
        assert gc.collect() < 1000


def test_a_graph_dies_with_its_output():
    x = leaf([1.0, 2.0])
    with collector_off():
        y = x * 2
        z = (y * y).sum()
        middle, node = weakref.ref(y), z.grad_fn
        del y
        assert middle() is None  # nodes keep arrays, not tensors
        before = alive()
        del z, node
        assert alive() < before


def test_saved_values_are_freed_by_backward():
    """After backward the output alone keeps no large array alive."""
    x = leaf(np.ones(1000).tolist())
    with collector_off():
        y = x.exp() * 2
        array = weakref.ref(y.grad_fn.edges[0][0].saved_tensors[0])
        y.sum().backward()
        assert array() is None
        assert y.requires_grad


def test_gradcheck_leaves_nothing():
    x = leaf([1.0, 2.0], dtype=tg.float64)
    gradcheck(lambda x: x * x, (x,))
    with collector_off():
        before = alive()
        gradcheck(lambda x: x * x, (x,))
        assert alive() == before


def test_the_log_of_writes_forgets_memory_that_is_gone():
    from tinygrad_rnn.ops.inplace import written

    gc.collect()
    before = len(written)
    for _ in range(100):
        x = tg.zeros(3)
        x += 1
    del x
    assert len(written) == before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators have other rules")
@pytest.mark.parametrize(("first", "kept"), [("pass", False), ("import tinygrad_rnn", True)])
def test_large_arrays_stay_with_the_process(first, kept):
    """What lies below the end of the heap was not mapped for this array alone, to be unmapped with it."""
    program = f"""
import ctypes, numpy as np
{first}
end = ctypes.CDLL(None).sbrk
end.restype = ctypes.c_size_t
array = np.empty(8 * 2**20, np.uint8)
print(array.ctypes.data < end(0))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(kept)
