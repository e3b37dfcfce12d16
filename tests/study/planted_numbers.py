"""More of `planted`: parts of sequences and tables, numbers that are not finite, tiny and huge gradients."""

from __future__ import annotations

import tinygrad_rnn as tg
from tests.study.planted import leaf, planted
from tinygrad_rnn import nn


@planted("zero", "hook", "Tanh", "returned zeros", "norm 1.73")
def a_hook_that_returns_zeros():
    x = leaf(3)
    with tg.record():
        h = x.tanh()
        h.register_hook(lambda g: g * 0)
        return h.sum(), x


@planted("zero", "hook", "leaf", "returned zeros")
def a_hook_on_the_weight_itself():
    x = leaf(3)
    x.register_hook(lambda g: g * 0)
    return x.tanh().sum(), x


@planted("zero", "hook", "BackwardHook", "backward hook")
def a_module_hook_that_returns_zeros():
    x, layer = leaf(2, 3), nn.Linear(3, 2)
    layer.register_full_backward_hook(lambda module, into, out: tuple(g * 0 for g in into))
    return layer(x).sum(), x


@planted("zero", "changed afterwards", "", "norm 1.31")
def clipped_to_nothing():
    x = leaf(3)
    with tg.record():
        loss = x.tanh().sum()
        loss.backward()
    nn.utils.clip_grad_norm_([x], 0.0)
    return loss, x


@planted("zero", "padding_idx", "Embedding", "row 0")
def the_padding_row():
    table = nn.Embedding(5, 3, padding_idx=0)
    with tg.record():
        return table(tg.tensor([0, 1, 2])).sum(), table.weight[0]


@planted("zero", "row not used", "Embedding", "row 4", "3 rows")
def a_row_that_did_not_occur():
    table = nn.Embedding(5, 3)
    with tg.record():
        return table(tg.tensor([0, 1, 2])).sum(), table.weight[4]


@planted("zero", "sequence ended", "Index", "sequence 1", "length 2", "t=3")
def padding_of_a_packed_batch():
    x, layer = leaf(5, 2, 3), nn.RNN(3, 4)
    with tg.record():
        packed, _ = layer(nn.utils.rnn.pack_padded_sequence(x, [5, 2]))
        return nn.utils.rnn.pad_packed_sequence(packed)[0].sum(), x[3, 1]


@planted("zero", "sequence ended", "Index", "sequence 0", "length 2", "t=3")
def an_input_after_the_end():
    xs, layer = [leaf(1, 3) for _ in range(5)], nn.RNN(3, 4)
    packed, _ = layer(nn.utils.rnn.pack_padded_sequence(tg.stack(xs), [2]))
    return nn.utils.rnn.pad_packed_sequence(packed)[0].sum(), xs[3]


@planted("zero", "underflow", "Mul", "factor of 0.5", "t=149", "below 1 % of the former first at t=142", step=0)
def vanished_below_the_smallest_number():
    h = x = leaf(2, 3)
    with tg.record():
        for t in range(150):
            with tg.step(t):
                h = (h * 0.5).tanh()
        return h.sum(), x


# --- NaN and Inf ----------------------------------------------------------------------------------------------


def data(*numbers: float):
    return tg.tensor(list(numbers), requires_grad=True)


@planted("inf", "log(0)", "Log", "1/0 = inf", "1 of 3 numbers")
def log_of_zero():
    x = data(0.0, 1.0, 2.0)
    with tg.record():
        return (x * 1).log().sum(), x


@planted("nan", "log of a negative number", "Log", "log(-1) is nan", "norm 1.5")
def log_of_a_negative_number():
    x = data(-1.0, 1.0, 2.0)
    with tg.record():
        return x.log().sum(), x


@planted("nan", "sqrt(0)", "Sqrt", "1/(2·0) = inf", "then makes nan")
def sqrt_of_zero():
    x = data(0.0, 1.0, 2.0)
    with tg.record():
        return (x * x).sqrt().sum(), x


@planted("inf", "division by 0", "Div", "1 of 3 numbers")
def division_by_zero():
    x = data(0.0, 1.0, 2.0)
    with tg.record():
        return (1 / x).sum(), x


@planted("inf", "exp overflow", "Exp", "exp(100)", "88.7")
def exp_that_overflows():
    x = data(100.0, 1.0, 2.0)
    with tg.record():
        return x.exp().sum(), x


@planted("nan", "exp overflow", "Exp", "exp(100)", "3 numbers")
def a_logsumexp_by_hand():
    x = data(100.0, 1.0, 2.0)
    with tg.record():
        return x.exp().sum().log(), x


@planted("nan", "inf / inf", "Div", "inf / inf is nan", "exp(100)")
def a_softmax_by_hand():
    x = data(100.0, 1.0, 2.0)
    with tg.record():
        e = x.exp()
        return (e / e.sum())[0], x


@planted("inf", "inf − inf", "Sub", "(-inf) - (-inf) is nan", "log(0) is -inf")
def a_difference_of_infinities():
    x = data(0.0, 1.0, 2.0)
    with tg.record():
        y = x.log()
        return (y - y * 2).sum(), x


@planted("nan", "0·inf", "Mul", "0 · -inf is nan")
def zero_times_infinity():
    x = data(0.0, 1.0, 2.0)
    with tg.record():
        return (x * x.log()).sum(), x


@planted("nan", "0·inf", "Log", "threw that value away", "1 of 3 numbers")
def a_where_that_comes_too_late():
    x = data(0.0, 1.0, 2.0)
    with tg.record():
        return tg.where(x > 0, x.log(), tg.zeros(3)).sum(), x


@planted("nan", "NaN in the input", "Mul", "constant, input 1", "1 of 3")
def data_with_a_nan():
    x = leaf(3)
    with tg.record():
        return (x * tg.tensor([1.0, float("nan"), 2.0])).sum(), x


@planted("nan", "NaN in the input", "leaf", "1 of 64 numbers")
def a_weight_with_a_nan():
    layer = nn.LSTM(3, 4)
    layer.weight_hh_l0.data[0, 0] = float("nan")
    return layer(tg.ones(4, 2, 3))[0].sum(), layer.weight_ih_l0


@planted("nan", "all masked", "Softmax", "3 of 6 numbers")
def a_row_of_attention_without_a_key():
    x = leaf(2, 3)
    with tg.record():
        scores = x.masked_fill(tg.tensor([[True] * 3, [False] * 3]), float("-inf"))
        return scores.softmax(-1)[:, 0].sum(), x


@planted("inf", "overflow", "Mul", "at t=39", "3.4e+38", "float32", step=39)
def exploded_beyond_the_largest_number():
    h = x = leaf(2, 3)
    with tg.record():
        for t in range(120):
            with tg.step(t):
                h = h * 3.0
        return h.sum(), x


# --- tiny and huge --------------------------------------------------------------------------------------------


@planted("tiny", "vanishing", "MatMul", "factor of 0.09 ", "first at t=9", "tanh′", step=9)
def a_small_recurrent_weight():
    h = x = leaf(2, 3)
    weight = (tg.eye(3) * 0.09).requires_grad_()
    with tg.record():
        for t in range(12):
            with tg.step(t):
                h = (h @ weight).tanh()
        return h.sum(), x


@planted("tiny", "tanh saturated", "Tanh", "|h| > 0.999 in 89% of units", step=9)
def a_saturated_rnn():
    tg.manual_seed(0)
    layer, first = nn.RNN(3, 8), tg.randn(1, 2, 3, requires_grad=True)
    with tg.no_grad():
        for weight in layer.parameters():
            weight.mul_(30)
    with tg.record():
        return layer(tg.cat([first, tg.randn(12, 2, 3)]))[0][-1].sum(), first


@planted("tiny", "gate closed", "Mul", "0.0192 in the mean", step=16)
def a_forget_gate_that_forgets():
    tg.manual_seed(0)
    layer = nn.LSTM(3, 8)
    layer.bias_ih_l0.data[8:16] = -4.0
    x, first = tg.randn(20, 2, 3), tg.randn(1, 2, 3, requires_grad=True)
    with tg.record():
        _, (_, c) = layer(tg.cat([first, x]))
        return c.sum(), first


@planted("tiny", "small factor", "Mul", "1e-20")
def a_loss_scaled_to_nothing():
    x = leaf(3)
    with tg.record():
        return x.tanh().sum() * 1e-20, x


@planted("tiny", "cancelled", "Softmax", "sums to 1")
def a_loss_that_softmax_does_not_change():
    x = data(1.0, 2.0, 3.0, 4.0)
    with tg.record():
        return x.softmax(0).sum(), x


@planted("huge", "exploding", "MatMul", "factor of 3 ", "above 100 times of the former first at t=14", step=14)
def a_large_recurrent_weight():
    h = x = leaf(2, 3)
    weight = (tg.eye(3) * 3.0).requires_grad_()
    with tg.record():
        for t in range(20):
            with tg.step(t):
                h = h @ weight
        return h.sum(), x


@planted("huge", "exploding", "MatMul", "the state h", "t=19", step=19)
def the_weight_of_an_exploding_state():
    h, weight = leaf(2, 3), (tg.eye(3) * 3.0).requires_grad_()
    with tg.record():
        for t in range(20):
            with tg.step(t):
                h = h @ weight
        return h.sum(), weight


@planted("huge", "close to zero", "Div", "1e-07")
def division_by_almost_nothing():
    x = data(1e-7, 1.0)
    with tg.record():
        return (1 / x).sum(), x
