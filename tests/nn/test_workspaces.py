"""The memory that kernels use again: nothing that a user holds may lie in it, and it stays within its limit."""

import copy
import gc
import pickle
import random
import sys
import threading

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.kernels import workspace
from tinygrad_rnn.kernels.workspace import Lease, Workspace


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch):
    gc.collect()
    monkeypatch.setattr(workspace, "_waiting", type(workspace._waiting)())
    monkeypatch.setattr(workspace, "_bytes", 0)


class Thousand(Workspace):
    def __init__(self, number):
        self.numbers = np.zeros(250, "float32")


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (40, 1), (40, 3)])
@pytest.mark.parametrize("recorded", [True, False])
def test_what_a_layer_returned_stays_as_it_was(kind, steps, batch, recorded):
    model = getattr(nn, kind)(4, 5)

    def run():
        x = tg.randn(steps, batch, 4, requires_grad=True)
        output, state = model(x)
        if recorded:
            (output.sum() + sum(s.sum() for s in (state if kind == "LSTM" else [state]))).backward()
        states = [s.detach() for s in (state if kind == "LSTM" else [state])]
        return [output.detach(), *states, *([x.grad] if recorded else [])]

    with tg.set_grad_enabled(recorded):
        first = run()
        copies = [t.numpy().copy() for t in first]
        for _ in range(3):
            run()
    for t, as_it_was in zip(first, copies, strict=True):
        np.testing.assert_array_equal(t.numpy(), as_it_was)


def test_two_runs_at_once_have_a_workspace_each():
    model, x = nn.LSTM(3, 4), tg.randn(6, 2, 3)
    alone = [tg.autograd.grad(model(a)[0].sum(), model.weight_hh_l0)[0].numpy() for a in (x, 2 * x)]
    losses = [model(a)[0].sum() for a in (x, 2 * x)]
    together = [tg.autograd.grad(loss, model.weight_hh_l0)[0].numpy() for loss in reversed(losses)]
    for a, b in zip(alone, reversed(together), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_freed_graph_gives_its_workspace_back_and_the_next_run_takes_it():
    model, x = nn.GRU(3, 4), tg.randn(6, 2, 3)
    output, _ = model(x)
    node = output._edge[0]
    space = node.saved_tensors[-1][0]
    key = space.key
    assert not workspace._waiting.get(key)
    del node
    output.sum().backward()
    assert workspace._waiting[key] == [space]
    again, _ = model(x)
    assert again._edge[0].saved_tensors[-1][0] is space


def test_at_most_the_limit_waits_and_the_oldest_goes_first(monkeypatch):
    monkeypatch.setattr(workspace, "LIMIT", 3500)  # bytes; each of these has 1,000
    for number in range(5):
        Thousand.take(number).give()
    assert [key[1] for key, waiting in workspace._waiting.items() if waiting] == [2, 3, 4]
    assert workspace._bytes == 3000
    Thousand.take(2).give()  # used again: now the youngest
    Thousand.take(5).give()
    assert [key[1] for key, waiting in workspace._waiting.items() if waiting] == [4, 2, 5]


def test_one_above_the_limit_is_not_kept(monkeypatch):
    monkeypatch.setattr(workspace, "LIMIT", 999)
    Thousand.take(0).give()
    assert workspace._bytes == 0
    assert not any(workspace._waiting.values())


def test_views_count_too():
    model = nn.RNN(1, 1)
    with tg.no_grad(), tg.use_kernels("numpy"):
        model(tg.zeros(1000, 1, 1))
    (space,) = [w for waiting in workspace._waiting.values() for w in waiting]
    assert space.nbytes == 1001 * 3 * 4 + 1000 * 3 * workspace.VIEW


def test_a_lease_gives_back_when_it_goes():
    space = Thousand.take(0)
    lease = Lease((space, "more"))
    assert not workspace._bytes
    del lease
    assert workspace._bytes == 1000


def test_threads_give_and_take_while_the_oldest_goes(monkeypatch):
    monkeypatch.setattr(workspace, "LIMIT", 3500)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that threads meet often
    errors = []

    def work(seed):
        numbers = random.Random(seed)
        try:
            for _ in range(3_000):
                Thousand.take(numbers.randrange(8)).give()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert errors == []


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_lease_is_not_copied(copied):
    """A second one would give the same memory back while the first is still in use."""
    output, _ = nn.LSTM(3, 4)(tg.randn(5, 2, 3))
    with pytest.raises(TypeError, match="cannot be copied"):
        copied(output._edge[0].saved_tensors[-1])
