"""`explain` finds what is planted, and finds nothing where nothing is wrong."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import tests.study.planted_numbers  # noqa: F401  (adds to PLANTED)
import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F
from tests.study.planted import PLANTED, leaf
from tinygrad_rnn import nn, notes
from tinygrad_rnn.study import explain


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name):
    fault = PLANTED[name]
    found = explain(*fault.make())
    assert (found.verdict, found.cause, found.node, found.step) == fault[1:5], found.finding()
    for words in fault.said:
        assert words in found.finding()
    assert 1 <= len([text for text in found.sentences if text]) <= 3
    assert found.finding().endswith(".")
    assert found.finding() in repr(found)


def test_the_line_of_the_program_is_named():
    loss, x = PLANTED["log_of_zero"].make()
    found = explain(loss, x)
    assert found.source is not None
    assert "planted_numbers.py:" in found.source
    assert "(x * 1).log().sum()" in found.finding()


def test_a_fused_layer_has_no_line_of_its_own_inside():
    layer = nn.LSTM(3, 4)
    layer.weight_hh_l0.data[0, 0] = float("nan")
    assert explain(layer(tg.ones(4, 2, 3))[0].sum(), layer.weight_ih_l0).source is None


# --- healthy ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("when", ["before", "recorded", "after", "after step"])
def test_a_recurrent_layer_in_training_is_healthy(kind, when):
    tg.manual_seed(0)
    layer, out = kind(5, 16, 2), nn.Linear(16, 4)
    weights = [*layer.parameters(), *out.parameters()]
    optimizer = tg.optim.Adam(weights, lr=0.01)
    x, y = tg.randn(20, 8, 5), tg.randint(0, 4, (8,))
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(out(layer(x)[0][-1]), y).backward()
        optimizer.step()
    optimizer.zero_grad()
    if when == "before":
        loss = F.cross_entropy(out(layer(x)[0][-1]), y)
    else:
        with tg.record():
            loss = F.cross_entropy(out(layer(x)[0][-1]), y)
            if when != "recorded":
                loss.backward()
    if when == "after step":
        optimizer.step()
    for weight in weights:
        found = explain(loss, weight)
        assert found.verdict == "healthy", found.finding()
        assert "othing is wrong" in found.finding()


def healthy_cases():
    tg.manual_seed(0)
    attention, x = nn.MultiheadAttention(8, 2), tg.randn(6, 2, 8, requires_grad=True)
    mask = tg.triu(tg.ones(6, 6), 1).bool()
    yield "attention", attention(x, x, x, attn_mask=mask)[0].pow(2).mean(), [x, *attention.parameters()]
    net = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    net[0].bias.data[:20] = -100.0
    yield "some dead units", net(tg.randn(32, 8)).pow(2).mean(), list(net.parameters())
    net = nn.Sequential(nn.Linear(8, 64), nn.Dropout(0.5), nn.Tanh(), nn.Linear(64, 1))
    yield "dropout", net(tg.randn(32, 8)).pow(2).mean(), list(net.parameters())
    table, readout = nn.Embedding(100, 8, padding_idx=0), nn.Linear(8, 1)
    yield "unused rows", readout(table(tg.randint(0, 20, (4, 5)))).mean(), [table.weight, *readout.parameters()]
    many, weight = tg.randn(100_000, 3), tg.randn(3, 1, requires_grad=True)
    many.requires_grad_()
    yield "a mean over many", ((many @ weight) ** 2).mean(), [many, weight, many[7]]
    many = tg.randn(1_000_000).requires_grad_()
    yield "a sum by its count", (many * 2).sum() / 1e6, [many, many[7]]
    net = nn.Sequential(*[part for _ in range(6) for part in (nn.Linear(16, 16), nn.ReLU())], nn.Linear(16, 1))
    yield "six layers", net(tg.randn(64, 16)).pow(2).mean(), list(net.parameters())
    net, x = nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.LayerNorm(28)), tg.randn(2, 3, 9)
    yield "convolution", net(x)[:, 0].pow(2).mean(), list(net.parameters())
    layer, x = nn.LSTM(4, 5, bidirectional=True), tg.randn(7, 3, 4, requires_grad=True)
    packed, _ = layer(nn.utils.rnn.pack_padded_sequence(x, [7, 5, 2]))
    yield "packed", nn.utils.rnn.pad_packed_sequence(packed)[0].mean(), [x, *layer.parameters()]
    weight, x = tg.zeros(3, requires_grad=True), tg.randn(50, 3)
    weight.data = tg.tensor([1.0, 2.0, 2.999])
    yield "nearly converged", F.mse_loss(x @ weight, x @ tg.tensor([1.0, 2.0, 3.0])), [weight]


@pytest.mark.parametrize("k", range(10))
def test_nothing_is_wrong(k):
    name, loss, tensors = list(healthy_cases())[k]
    for x in tensors:
        found = explain(loss, x)
        assert found.verdict == "healthy", (name, found.finding())
        assert "othing is wrong" in found.finding()


def test_that_backward_was_not_called_is_said():
    x = leaf(3)
    found = explain(x.tanh().sum(), x)
    assert (found.verdict, found.cause) == ("healthy", "backward not called")
    assert "x.grad is None because backward() has not been called yet" in found.finding()


# --- before, after, without record ------------------------------------------------------------------------------


def test_after_an_unrecorded_backward_it_says_what_to_do():
    x = leaf(3)
    loss = (x.tanh() * 0.0).sum()
    loss.backward()
    found = explain(loss, x)
    assert (found.verdict, found.cause) == ("zero", "values released")
    assert "record()" in found.finding()
    assert "exactly zero" in found.finding()


def test_after_a_recorded_backward_and_a_step_the_noted_norms_answer():
    layer = nn.Linear(3, 1)
    with tg.record():
        loss = (layer(leaf(2, 3)).tanh() * 0.0).sum()
        loss.backward()
    tg.optim.SGD(layer.parameters(), lr=0.1).step()
    found = explain(loss, layer.weight)
    assert (found.verdict, found.cause, found.node) == ("zero", "multiplied by zero", "Mul")


def test_nothing_is_changed_by_asking():
    x = leaf(3)
    with tg.record():
        h = x.tanh()
        h.retain_grad()
        loss = h.sum()
        loss.backward()
    before = x.grad.numpy().copy(), h.grad.numpy().copy()
    explain(loss, x)
    explain(loss, h)
    np.testing.assert_array_equal(x.grad.numpy(), before[0])
    np.testing.assert_array_equal(h.grad.numpy(), before[1])


def test_the_way_leads_from_the_loss_to_the_tensor_and_is_drawn():
    loss, x = PLANTED["a_mask_of_zeros"].make()
    found = explain(loss, x)
    assert [(row["operation"], row["sends"]) for row in found.table()] == [("Sum", 6**0.5), ("Mul", 0.0), ("Tanh", 0.0)]
    figure = found.plot()
    assert "norm" in figure.axes[0].get_ylabel()
    assert "zero mask" in figure.axes[0].get_legend().get_texts()[-1].get_text()
    assert found._repr_html_().startswith("<p>The gradient of")


def test_several_losses():
    x = leaf(3)
    assert explain([x.sum(), (x * 2).sum()], x).values["norm"] == pytest.approx(3 * 3**0.5)


def test_what_cannot_be_asked_raises():
    x = leaf(3)
    with pytest.raises(TypeError, match="expected a Tensor, got str"):
        explain(x.sum(), "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the loss must be a Tensor, got float"):
        explain(1.0, x)
    with pytest.raises(RuntimeError, match=r"got shape \(3,\)"):
        explain(x * 2, x)
    with pytest.raises(ValueError, match="empty list"):
        explain([], x)


def test_a_long_sequence_underflows():
    tg.manual_seed(0)
    layer, x = nn.LSTM(4, 8), tg.randn(300, 2, 4, requires_grad=True)
    with tg.record():
        loss = layer(x)[0][-1].sum()
    found = explain(loss, x[0])
    assert (found.verdict, found.cause) == ("zero", "underflow")
    assert "per step" in found.finding()


def test_a_part_of_an_input_is_followed_into_a_fused_layer():
    tg.manual_seed(0)
    layer, x = nn.GRU(3, 4), tg.randn(6, 2, 3, requires_grad=True)
    loss = layer(x)[0][3].sum()
    for t in range(6):
        assert explain(loss, x[t]).verdict == ("healthy" if t <= 3 else "zero"), t


def test_what_is_known_of_cuts_dies_with_the_values():
    gc.collect()
    before = len(notes._outside)
    gc.disable()
    try:
        w = leaf(3)
        with tg.record():
            with tg.no_grad():
                h = w.tanh() * 2
            loss = (h * w).sum() + (w > 0.5).float().sum()
        assert len(notes._outside) > before
        del h, loss
        assert len(notes._outside) == before
    finally:
        gc.enable()


def test_notes_of_an_earlier_loss_do_not_count():
    w, v = leaf(3), leaf(3)
    with tg.record():
        (w.tanh() * v).sum().backward()
    v.grad = None
    assert "record()" in explain((v.tanh() * w.detach()).sum(), w).finding()
    assert explain(v.tanh().sum(), v).cause == "backward not called"


def test_a_name_at_the_beginning_of_a_sentence_is_spelt_as_it_is():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent = nn.RNN(3, 4)

    model = Model()
    loss = model.recurrent(tg.randn(5, 2, 3))[0].sum()
    said = explain(loss, model.recurrent.weight_hh_l0).finding()
    assert " recurrent.weight_hh_l0.grad is None because backward() has not been called yet." in said
