"""Gradients with something wrong in them, planted on purpose: what `explain` must say about each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F
from tinygrad_rnn import nn


class Planted(NamedTuple):
    """A fault: how to make it, and what the answer must be; `said` are parts of the finding."""

    make: Callable[[], Any]
    verdict: str
    cause: str
    node: str
    step: int | None
    said: tuple[str, ...]


PLANTED: dict[str, Planted] = {}


def planted(verdict: str, cause: str, node: str = "", *said: str, step: int | None = None) -> Any:
    def note(make: Callable[[], Any]) -> Callable[[], Any]:
        PLANTED[make.__name__] = Planted(make, verdict, cause, node, step, said)
        return make

    return note


def leaf(*shape: int) -> Any:
    """0.1 … 1 in order, with requires_grad."""
    n = int(np.prod(shape))
    return tg.tensor(np.linspace(0.1, 1, n).reshape(shape).astype(np.float32), requires_grad=True)


# --- no path ------------------------------------------------------------------------------------------------


@planted("none", "detached", "Mul", "detach()", "planted.py:")
def a_detached_value():
    w, v = leaf(3), leaf(3)
    with tg.record():
        h = (w * 2).detach()
        return (h * v).sum(), w


@planted("none", "detached", "Mul", "detach()")
def a_detached_weight():
    w, v = leaf(3), leaf(3)
    with tg.record():
        return (v * w.detach()).sum(), w


@planted("none", "no_grad", "Mul", "no_grad()", "h = w * 2")
def made_under_no_grad():
    w, v = leaf(3), leaf(3)
    with tg.record():
        with tg.no_grad():
            h = w * 2
        return (h * v).sum(), w


@planted("none", "integer operation", "Mul", "argmax")
def an_argmax():
    w, v = leaf(3), leaf(3)
    with tg.record():
        return (v * (w * 2).argmax().float()).sum(), w


@planted("none", "integer operation", "Mul", ".long()")
def a_cast_to_integers():
    w, v = leaf(3), leaf(3)
    with tg.record():
        return (v * (w * 2).long()).sum(), w


@planted("none", "integer operation", "Mul", "comparison")
def a_comparison():
    w, v = leaf(3), leaf(3)
    with tg.record():
        return (v * (w > 0.5).float()).sum(), w


@planted("none", "not connected", "", "1 other tensor")
def another_tensor_was_used():
    w, v = leaf(3), leaf(3)
    with tg.record():
        return v.sum(), w


@planted("none", "not connected", "", "record()")
def a_cut_that_nobody_recorded():
    w, v = leaf(3), leaf(3)
    return (v * w.detach()).sum(), w


@planted("none", "beside the path", "Mul", "not this one")
def a_copy_made_too_late():
    w = leaf(3)
    return w.tanh().sum(), w * 1


@planted("none", "requires_grad False", "Mul", "requires_grad_()")
def a_constant():
    w, v = tg.ones(3), leaf(3)
    with tg.record():
        return (v * w).sum(), w


@planted("none", "no_grad", "", "loss itself")
def a_loss_under_no_grad():
    w = leaf(3)
    with tg.record(), tg.no_grad():
        return (w * 2).sum(), w


@planted("none", "loss without graph", "", "loss itself")
def a_detached_loss():
    w = leaf(3)
    return (w * 2).sum().detach(), w


@planted("none", "truncated", "Linear", "at t=4", "between two segments", step=4)
def a_truncated_segment():
    tg.manual_seed(0)
    cell, h, first = nn.RNNCell(3, 4), tg.zeros(2, 4), leaf(2, 3)
    with tg.record():
        for t in range(6):
            with tg.step(t):
                h = cell(first if t == 0 else tg.randn(2, 3), h.detach() if t == 4 else h)
        return h.sum(), first


@planted("none", "nothing sent", "HalfWrittenBackward", "sends None")
def a_backward_that_returns_none():
    class HalfWritten(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return None

    w = leaf(3)
    return HalfWritten.apply(w).sum(), w


@planted("none", "not retained", "", "retain_grad()", "norm is 1.73")
def a_computed_tensor():
    w = leaf(3)
    with tg.record():
        h = w * 2
        loss = h.sum()
        loss.backward()
    return loss, h


@planted("none", "not retained", "", "retain_grad()", "released")
def a_computed_tensor_that_nobody_recorded():
    h = leaf(3).tanh()
    loss = h.exp().sum()
    loss.backward()
    return loss, h


@planted("none", "cleared", "", "zero_grad()")
def a_cleared_gradient():
    w = leaf(3)
    with tg.record():
        loss = w.tanh().sum()
        loss.backward()
    w.grad = None
    return loss, w


# --- zero ---------------------------------------------------------------------------------------------------


@planted("zero", "ReLU off", "ReLU", "at t=3", "all 8 units", "largest input -1", step=3)
def relu_off_at_one_step():
    h = x = leaf(2, 4)
    with tg.record():
        for t in range(5):
            with tg.step(t):
                h = (h - (5.0 if t == 3 else 0.0)).relu() + 1
        return h.sum(), x


@planted("zero", "tanh saturated", "Tanh", "|h| > 0.999 in 100% of units")
def tanh_far_out():
    x = leaf(4)
    with tg.record():
        return (x * 50 + 50).tanh().sum(), x


@planted("zero", "sigmoid saturated", "Sigmoid", "100% of units")
def sigmoid_far_out():
    x = leaf(4)
    with tg.record():
        return (-100 * x - 200).sigmoid().sum(), x


@planted("zero", "gate closed", "Mul", "at t=4", "0 in the mean of its 6 units", step=4)
def a_gate_that_closes_once():
    c = x = leaf(2, 3)
    bias = tg.full((2, 3), -200.0, requires_grad=True)
    with tg.record():
        for t in range(8):
            with tg.step(t):
                c = (bias * (t == 4)).sigmoid() * c
        return c.sum(), x


@planted("zero", "zero mask", "Mul", "6 of 6 numbers")
def a_mask_of_zeros():
    x = leaf(2, 3)
    with tg.record():
        return (x.tanh() * tg.zeros(2, 3)).sum(), x


@planted("zero", "zero mask", "Mul", "2 of 8 numbers")
def a_mask_at_one_step():
    xs, mask = [leaf(2, 3) for _ in range(4)], tg.ones(4, 2, 1)
    mask[2] = 0
    with tg.record():
        return (tg.stack(xs) * mask).sum(), xs[2]


@planted("zero", "dropout", "Dropout", "6 of 6 numbers", "p=1")
def dropout_of_everything():
    x = leaf(2, 3)
    with tg.record():
        return F.dropout(x.tanh(), 1.0).sum(), x


@planted("zero", "not selected", "Where", "all 3 places")
def the_other_branch():
    x, y = leaf(3), leaf(3)
    with tg.record():
        return tg.where(tg.tensor([False] * 3), x * 2, y).sum(), x


@planted("zero", "not selected", "Maximum", "all 3 places")
def the_smaller_one():
    x = leaf(3)
    with tg.record():
        return tg.maximum(x * 2, tg.full((3,), 10.0)).sum(), x


@planted("zero", "not selected", "Extreme", "largest or smallest")
def not_the_largest():
    x = leaf(4)
    with tg.record():
        return (x * 2.0).max(), x[:1]


@planted("zero", "not selected", "Index", "none of the 6")
def not_the_last_step():
    x = leaf(4, 2, 3)
    with tg.record():
        return x.tanh()[-1].sum(), x[1]


@planted("zero", "clamped", "Clamp", "above 0.1", "from 0.2 to 2")
def a_clamp():
    x = leaf(3)
    with tg.record():
        return (x * 2).clamp(max=0.1).sum(), x


@planted("zero", "flat", "Round", "steps")
def rounding():
    x = leaf(3)
    with tg.record():
        return (x * 2).round().sum(), x


@planted("zero", "overwritten", "SetItem", "3 values")
def written_over():
    x = leaf(3)
    with tg.record():
        h = x * 2
        h[:] = 1.0
        return h.sum(), x


@planted("zero", "underflow", "Mul", "1e-20", "1.4e-45", "float32")
def underflow_in_float32():
    x = leaf(3)
    with tg.record():
        return (x * 1e-30 * 1e-20).sum(), x


@planted("zero", "underflow", "Cast", "5.96e-08", "float16")
def underflow_in_float16():
    x = leaf(3).detach().half().requires_grad_()
    with tg.record():
        return (x * 1e-4 * 1e-4 * 1e-3).sum(), x


@planted("zero", "zero weight", "Mul", "all 3 numbers")
def a_weight_of_zeros():
    x, w = leaf(3), tg.zeros(3, requires_grad=True)
    with tg.record():
        return (x.tanh() * w).sum(), x


@planted("zero", "zero weight", "Linear", "all 12 numbers")
def a_layer_of_zeros():
    x, layer = leaf(2, 3), nn.Linear(3, 4)
    layer.weight.data.zero_()
    with tg.record():
        return layer(x).sum(), x


@planted("zero", "multiplied by zero", "Mul", "number 0")
def a_loss_weight_of_zero():
    x = leaf(3)
    with tg.record():
        return (x.tanh() * 0.0).sum(), x


@planted("zero", "cancelled", "leaf", "adds up to exactly 0")
def two_ways_that_cancel():
    x = leaf(3)
    with tg.record():
        return (x - x).sum(), x


@planted("zero", "ignored targets", "CrossEntropy", "all 2 targets")
def targets_that_are_all_ignored():
    x = leaf(2, 3)
    with tg.record():
        return F.cross_entropy(x * 2, tg.tensor([-100, -100]), reduction="sum"), x
