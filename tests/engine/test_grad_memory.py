"""`.grad` owns its memory: no other gradient, no saved value and nothing that the user holds looks into it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F
from tinygrad_rnn import ops
from tinygrad_rnn._mode import switch
from tinygrad_rnn.graph import Node
from tinygrad_rnn.ops.function import Function
from tinygrad_rnn.recording import record_op


def leaves(*shapes):
    random = np.random.default_rng(0)
    return [tg.tensor(random.standard_normal(shape), requires_grad=True) for shape in shapes]


CASES = {
    "add": (lambda x, y: x + y, [(3, 4), (3, 4)]),
    "mul": (lambda x, y: x * y, [(3, 4), (3, 4)]),
    "mul broadcast": (lambda x, y: x * y, [(3, 4), (4,)]),
    "square": (lambda x: x * x, [(3, 4)]),
    "sum": (lambda x: x.sum(), [(3, 4)]),
    "index": (lambda x: x[1:], [(3, 4)]),
    "index by list": (lambda x: x[[0, 0, 2]], [(3, 4)]),
    "matmul": (lambda x, y: x @ y, [(3, 4), (4, 2)]),
    "matmul of one": (lambda x: x @ x, [(3, 3)]),
    "linear": (F.linear, [(3, 4), (2, 4), (2,)]),
    "linear in 3-d": (F.linear, [(2, 3, 4), (2, 4), (2,)]),
    "embedding": (lambda w: F.embedding(tg.tensor([0, 2, 2]), w), [(4, 3)]),
    "cross_entropy": (lambda x: F.cross_entropy(x, tg.tensor([0, 2, 1])), [(3, 4)]),
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (4,), w, b), [(3, 4), (4,), (4,)]),
    "attention": (F.scaled_dot_product_attention, [(3, 4), (3, 4), (3, 4)]),
    "attention with numbers added": (lambda q, m: F.scaled_dot_product_attention(q, q, q, m), [(3, 4), (3, 3)]),
}


def test_every_rule_that_says_fresh_has_a_case():
    said = {op for op in subclasses(Node) if op.__dict__.get("fresh") and op.__module__.startswith(ops.__name__)}
    made = set()
    for function, shapes in CASES.values():
        node = function(*leaves(*shapes)).grad_fn
        made |= set(type(node).__mro__)
    assert said <= made


def subclasses(cls):
    for sub in cls.__subclasses__():
        yield sub
        yield from subclasses(sub)


@pytest.mark.parametrize(("function", "shapes"), CASES.values(), ids=CASES)
def test_gradients_share_no_memory(function, shapes):
    random = np.random.default_rng(1)
    tensors = leaves(*shapes)
    y = function(*tensors)
    sent = tg.tensor(random.standard_normal(y.array.shape))
    y.backward(sent, retain_graph=True)
    arrays = [sent.array, y.array, *[t.array for t in tensors], *[t.grad.array for t in tensors]]
    for a, b in itertools.combinations(arrays, 2):
        assert not (np.shares_memory(a, b) and any(g is t.grad.array for t in tensors for g in (a, b)))


@pytest.mark.parametrize(("function", "shapes"), CASES.values(), ids=CASES)
def test_writing_into_grad_changes_no_later_gradient(function, shapes):
    random = np.random.default_rng(1)
    tensors = leaves(*shapes)
    y = function(*tensors)
    sent = tg.tensor(random.standard_normal(y.array.shape))
    found = []
    for _ in range(3):
        y.backward(sent, retain_graph=True)
        found.append([t.grad.array.copy() for t in tensors])
        for t in tensors:
            t.grad.array[...] = np.nan
            t.grad = None
    for later in found[1:]:
        for a, b in zip(found[0], later, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("uses", [1, 2, 3])
def test_what_a_hook_saw_is_not_in_grad(uses):
    (x,) = leaves((3,))
    kept = []
    x.register_hook(kept.append)
    sum([x * (k + 2.0) for k in range(uses)]).sum().backward()
    assert not np.shares_memory(kept[0].array, x.grad.array)


@pytest.mark.parametrize("uses", [1, 2])
def test_what_a_hook_returned_is_not_in_grad(uses):
    (x,) = leaves((3,))
    mine = tg.ones(3, dtype=tg.float64)
    x.register_hook(lambda g: mine)
    sum([x * (k + 2.0) for k in range(uses)]).sum().backward()
    x.grad.array[...] = 7
    np.testing.assert_array_equal(mine.numpy(), np.ones(3))


@pytest.mark.parametrize("uses", [1, 2])
def test_what_a_watcher_saw_stays_as_it_was(uses):
    (x,) = leaves((3,))
    seen = []

    with switch(watchers=(lambda node, g, sent: seen.append((g, np.array(g), sent, [np.array(d) for d in sent])),)):
        sum([x * (k + 2.0) for k in range(uses)]).sum().backward()
    x.grad.array[...] = 7
    for g, copy_of_g, sent, copies in seen:
        np.testing.assert_array_equal(g, copy_of_g)
        for d, copy in zip(sent, copies, strict=True):
            np.testing.assert_array_equal(d, copy)


def test_recorded_gradients_of_two_leaves_are_two_tensors():
    x, y = leaves((3,), (3,))
    ((x + y) ** 2).sum().backward(create_graph=True)
    assert x.grad is not y.grad
    before = y.grad.numpy(force=True).copy()
    with tg.no_grad():
        x.grad.mul_(10)
    np.testing.assert_array_equal(y.grad.numpy(force=True), before)


def test_a_recorded_gradient_can_be_differentiated():
    (x,) = leaves((3,))
    (x**3).sum().backward(create_graph=True)
    first, x.grad = x.grad, None
    first.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * x.numpy(force=True))


@pytest.mark.parametrize("says_fresh", [True, False])
def test_only_what_a_rule_has_just_made_is_handed_over_without_a_copy(says_fresh):
    made = []

    class Twice(Function):
        fresh = says_fresh

        def forward(ctx, x):
            return x * 2

        def backward(ctx, g):
            made.append(g * 2)
            return made[0]

    (x,) = leaves((3,))
    record_op(Twice, x).sum().backward()
    assert np.shares_memory(x.grad.array, made[0]) is says_fresh


def test_gradients_of_computed_inputs_share_no_memory():
    (x,) = leaves((3,))
    a, b, sent = x * 1, x * 2, tg.ones(3, dtype=tg.float64)
    (a + b).backward(sent, inputs=[a, b])
    for one, other in itertools.combinations([a.grad.array, b.grad.array, sent.array], 2):
        assert not np.shares_memory(one, other)
