"""Maps, decays, reaches and the report: lecture 004's numbers, causes against hand computation, three kinds of nothing."""

from __future__ import annotations

import cProfile
import csv
import io

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study

from .graphs import KINDS, W_HH, WORKED

BY_LOSS = {  # ‖∂L_t/∂h_k‖
    (0, 0): 0.3161, (1, 0): 0.5422, (1, 1): 0.9523, (2, 0): 0.2722, (2, 1): 0.5111, (2, 2): 0.9218,
    (3, 0): 0.1955, (3, 1): 0.3684, (3, 2): 0.6668, (3, 3): 1.1703,
}  # fmt: skip


@pytest.mark.parametrize("kind", WORKED)
def test_the_worked_example_by_loss_and_state(kind):
    graph = WORKED[kind]()
    found = study.gradient_map(graph.loss)
    for (s, t), norm in BY_LOSS.items():
        assert found.norms[s, t] == pytest.approx(norm, abs=6e-5)
    assert np.isnan(found.norms[np.triu_indices(4, 1)]).all(), "a later state is not connected to an earlier loss"


def test_a_list_of_losses_is_a_row_each():
    tg.manual_seed(0)
    gru = nn.GRU(3, 4).double()
    output, _ = gru(tg.randn(5, 2, 3, dtype=tg.float64))
    losses = [(h**2).sum() for h in output.unbind(0)]
    by_list = study.gradient_map(losses)
    by_time = study.gradient_map(sum(losses[1:], losses[0]))
    np.testing.assert_allclose(
        by_list.norms, np.nan_to_num(by_time.norms), rtol=1e-12
    )  # unbind sends zeros to the rest
    some = study.gradient_map(losses, rows=[1, 3])
    np.testing.assert_array_equal(some.norms, by_list.norms[[1, 3]])
    assert some.rows == [1, 3]


def test_maps_of_inputs_weights_and_samples():
    tg.manual_seed(0)
    lstm = nn.LSTM(3, 4).double()
    x = tg.randn(5, 2, 3, dtype=tg.float64, requires_grad=True)
    output, _ = lstm(x)
    loss = (output[-1] ** 2).sum()
    by_input = study.gradient_map(loss, "x")
    (g,) = tg.autograd.grad(loss, x, retain_graph=True)
    np.testing.assert_allclose(by_input.norms[0], np.linalg.norm(g.numpy(), axis=(1, 2)), rtol=1e-12)
    per_sample = study.gradient_map(loss, "x", per_sample=True)
    np.testing.assert_allclose(per_sample.norms[0], np.linalg.norm(g.numpy(), axis=2), rtol=1e-12)
    by_weight = study.gradient_map(loss, lstm.weight_hh_l0)
    parts = study.contributions(loss, lstm.weight_hh_l0)
    np.testing.assert_allclose(by_weight.norms[0], parts.norms, rtol=1e-12)


def test_maps_that_cannot_be():
    graph = WORKED["fused"]()
    with pytest.raises(ValueError, match=r"no state is called 'c' in this graph; there are 'h'"):
        study.gradient_map(graph.loss, "c")
    with pytest.raises(ValueError, match=r"no loss at \[7\]; there are losses at 0 to 3"):
        study.gradient_map(graph.loss, rows=[7])
    with pytest.raises(RuntimeError, match="x must require grad"):
        study.gradient_map(graph.loss, "x")
    tg.manual_seed(0)
    two = KINDS["two layers"]()
    with pytest.raises(
        ValueError, match=r"several states are called 'h': choose one of 'h \(layer 0\)', 'h \(layer 1\)'"
    ):
        study.gradient_map(two.loss)
    output, _ = nn.RNN(1, 1)(tg.ones(201, 1, 1))
    with pytest.raises(ValueError, match=r"201 losses take as many runs of backward.*rows=range\(0, 201, 5\)"):
        study.gradient_map(output.sum())


# --- decay ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WORKED)
def test_the_worked_example_decays(kind):
    graph = WORKED[kind]()
    line = study.decay(graph.loss).lines["h"]
    np.testing.assert_allclose(line.norms, [0.1955, 0.3684, 0.6668, 1.1703], atol=6e-5)
    np.testing.assert_allclose(line.factors[1:], [0.1955 / 0.3684, 0.3684 / 0.6668, 0.6668 / 1.1703], atol=2e-4)
    np.testing.assert_allclose(line.causes["‖W‖"][1:], np.linalg.norm(W_HH, 2), rtol=1e-12)
    h = [[0.282135, -0.197375], [0.176876, 0.089287], [-0.189416, 0.022328], [0.091627, -0.127087]]
    np.testing.assert_allclose(line.causes["tanh′"], 1 - np.square(h).mean(1), atol=1e-6)
    assert line.factor == pytest.approx((0.1955 / 1.1703) ** (1 / 3), abs=1e-4)
    assert "of the loss at t=3, the last of 4 steps with one) falls by 0.551 per step" in repr(study.decay(graph.loss))
    whole = study.decay(graph.loss, at="all").lines["h"].norms
    total = [[0.118552, -0.117475], [0.462428, -0.670841], [-0.114218, 0.228382], [0.608676, -0.999501]]
    np.testing.assert_allclose(whole, np.linalg.norm(total, axis=1), atol=2e-6)
    one = study.decay(graph.loss, at=1).lines["h"].norms
    np.testing.assert_allclose(one, [0.5422, 0.9523, np.nan, np.nan], atol=6e-5)


def test_the_memory_of_an_lstm_keeps_what_its_forget_gate_keeps():
    """∂L/∂c_{t-1} = f_t ⊙ ∂L/∂c_t + the rest; both parts against the layer's own gates."""
    tg.manual_seed(5)
    cell = nn.LSTMCell(3, 4).double()
    layer = nn.Recurrent(cell)
    output, _, (gates,) = layer(tg.randn(6, 2, 3, dtype=tg.float64), return_gates=True)
    line = study.decay((output[-1] ** 2).sum(), "c").lines["c"]
    f = gates["f"].detach().numpy()
    np.testing.assert_allclose(line.causes["kept"][1:], f[1:].mean((1, 2)), rtol=1e-12)
    assert (line.causes["other ways"][1:] > 0).all()
    assert (line.causes["other ways"][1:] < 1.5).all()


@pytest.mark.parametrize(
    ("cell", "gate"), [(nn.GRUCell, "z"), (nn.MGUCell, "f"), (nn.PeepholeLSTMCell, "f"), (nn.CoupledLSTMCell, "f")]
)
def test_what_gates_keep_in_other_cells(cell, gate):
    tg.manual_seed(5)
    layer = nn.Recurrent(cell(3, 4).double())
    output, _, (gates,) = layer(tg.randn(4, 2, 3, dtype=tg.float64), return_gates=True)
    lines = study.decay((output[-1] ** 2).sum()).lines
    kept = lines["c" if "c" in lines else "h"].causes["kept"][1:]
    value = gates[gate].detach().numpy()[1:].mean((1, 2))
    np.testing.assert_allclose(kept, 1 - value if cell is nn.MGUCell else value, rtol=1e-12)


def test_a_loop_of_ones_own_is_read_like_a_layer():
    """A hand-written LSTM: its states have the user's names, its forget gate is found by the wiring."""
    tg.manual_seed(6)
    W, U = tg.randn(4, 16, requires_grad=True), tg.randn(3, 16, requires_grad=True)
    hidden = memory = tg.zeros(2, 4)
    gates = []
    for t in range(5):
        with tg.step(t):
            i, f, g, o = (tg.randn(2, 3) @ U + hidden @ W).chunk(4, -1)
            memory = f.sigmoid() * memory + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * memory.tanh()
            gates.append(f.sigmoid().mean().item())
    found = study.decay(hidden.sum())
    assert set(found.lines) == {"hidden", "memory"}
    np.testing.assert_allclose(found.lines["memory"].causes["kept"][1:], gates[1:], rtol=1e-6)
    with tg.record():
        state = tg.zeros(2, 4)
        for t in range(4):
            with tg.step(t):
                state = (state @ W[:, :4]).relu() + 1
    assert list(study.decay(state.sum()).lines) == ["state"]


def test_a_loop_that_takes_one_step_of_a_layer_at_a_time_has_steps():
    tg.manual_seed(0)
    gru, h = nn.GRU(3, 4), None
    for x in tg.randn(5, 1, 2, 3).unbind(0):
        _, h = gru(x, h)
    line = study.decay(h.sum()).lines["h"]
    assert line.steps == [0, 1, 2, 3, 4]
    assert (line.norms > 0).all()


def test_reverse_directions_decay_the_other_way():
    tg.manual_seed(0)
    rnn = nn.RNN(3, 4, bidirectional=True)
    output, _ = rnn(tg.randn(6, 1, 3))
    lines = study.decay((output[0] ** 2).sum(), at="all").lines
    forward, reverse = lines["h (forward)"], lines["h (reverse)"]
    assert np.isfinite(forward.norms).tolist() == [True] * 6
    assert (forward.norms[1:] == 0).all(), "connected through output[0]'s zeros, and exactly zero"
    assert (np.diff(reverse.norms) < 0).all(), "largest at the first step"
    assert np.isnan(reverse.factors[5])


# --- reach ------------------------------------------------------------------------------------------------


def test_reach_finds_the_cut_and_the_step():
    tg.manual_seed(0)
    cell, h, w = nn.RNNCell(3, 4), tg.zeros(2, 4), tg.randn(4, 4, requires_grad=True)
    with tg.record():
        for t in range(10):
            with tg.step(t):
                h = cell(tg.randn(2, 3), h.detach() if t == 5 else h)
                if t == 2:
                    h = h + h @ w
        loss = h.sum()
        loss.backward()
    found = study.reach(loss)
    assert found.connected
    assert found.steps == [5, 6, 7, 8, 9]
    assert [(cut.how, cut.step, cut.user) for cut in found.cuts] == [("detach", 5, "Linear")]
    assert "all the way back to t=5, where the graph is cut (detach)" in repr(found)
    none = study.reach(loss, w)
    assert not none.connected
    assert "no gradient reaches w" in repr(none)
    assert "cut by detach between Tanh and Linear at t=5" in repr(none)


def test_reach_tells_tiny_from_zero_from_not_connected():
    tg.manual_seed(0)
    cell = nn.RNNCell(2, 3)
    with tg.no_grad():
        cell.weight_hh.mul_(0.1)
    h, states = tg.zeros(1, 3), []
    for t in range(40):
        with tg.step(t):
            h = cell(tg.ones(1, 2), h)
            if t == 3:
                h = h * 1.0
            states.append(h)
    found = study.reach(h.sum())
    norms = found.norms
    assert norms[-1] > 0
    assert (norms == 0).any(), "float32 underflows"
    assert ((norms > 0) & (norms < 1e-20)).any(), "tiny"
    assert f"exactly zero at {(norms == 0).sum()} steps" in repr(found)
    lag, step = found.first
    assert found.shares[step] < 0.01 <= found.shares[step + 1]
    assert lag == 39 - step
    unreached = study.reach(h.sum(), tg.ones(2, requires_grad=True))
    assert not unreached.connected
    assert "known only inside record()" in repr(unreached)


def test_reach_sees_integer_operations_and_no_grad():
    table = tg.randn(5, 4, requires_grad=True)
    cell, h = nn.RNNCell(4, 5), tg.zeros(1, 5)
    with tg.record():
        start = nn.functional.embedding(tg.tensor([1]), table)
        for t in range(4):
            with tg.step(t):
                h = cell(start, h)
                start = nn.functional.embedding(h.argmax(-1), table)
        with tg.no_grad():
            scale = h.sum()
        loss = (h * scale).sum()
    hows = {(cut.how, cut.step) for cut in study.reach(loss).cuts}
    assert ("no_grad", None) in hows


# --- report, and what all results share -----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_report_of_every_kind(kind):
    tg.manual_seed(1)
    graph = KINDS[kind]()
    if kind == "attention":
        with pytest.raises(RuntimeError, match="no time steps"):
            study.report(graph.loss)
        return
    found = study.report(graph.loss)
    text = repr(found)
    assert f"loss {graph.loss.item():.6g}" in text
    assert len(found.noteworthy) >= 3
    assert sum(found.memory.values()) > 0
    assert len(text.splitlines()) < 80
    assert "<table>" in found._repr_html_()


def test_the_report_says_what_matters():
    tg.manual_seed(0)
    cell, h = nn.RNNCell(3, 32), tg.zeros(2, 32)
    with tg.record():
        for t in range(50):
            with tg.step(t):
                h = cell(tg.randn(2, 3), h.detach() if t == 8 else h)
        loss = h.sum()
        loss.backward()
    found = study.report(loss)
    line = found.decay.lines["h"]
    assert found.noteworthy[0].startswith(f"∂L/∂h (of the loss at t=49) falls by {line.factor:.3g} per step")
    assert "detach between Tanh and Linear at t=8" in found.noteworthy[1]
    assert {w.name for w in found.weights} == {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}
    assert found.losses == 1


def test_results_are_tables_csv_html_and_figures(tmp_path):
    graph = WORKED["fused"]()
    results = [
        study.contributions(graph.loss, graph.weight),
        study.truncation(graph.loss, graph.weight, [1, (2, 3)]),
        study.gradient_map(graph.loss),
        study.decay(graph.loss),
        study.reach(graph.loss),
        study.report(graph.loss),
    ]
    for result in results:
        table = result.table()
        rows = list(csv.reader(io.StringIO(table.csv(tmp_path / "table.csv"))))
        assert rows[0] == list(table.columns)
        assert len(rows) == len(table) + 1
        assert (tmp_path / "table.csv").read_text(encoding="utf-8") == table.csv()
        assert result._repr_html_().startswith("<p>")
        figure = result.plot()
        title = figure.get_suptitle() or figure.axes[0].get_title()
        assert "".join(title.split())[:30] == "".join(result.finding().split())[:30]
        assert figure._repr_png_().startswith(b"\x89PNG")


def test_long_tables_show_both_ends():
    table = study.Table(("t", "norm"), [(t, float(t)) for t in range(100)])
    lines = str(table).splitlines()
    assert len(lines) == 18
    assert "⋮" in lines[9]
    assert lines[-1].split() == ["99", "99"]
    assert str(study.Table(("a",), [(0.0,), (1e-30,), (None,), (float("nan"),)])).split() == [
        "a",
        "0",
        "1e-30",
        "-",
        "nan",
    ]


def test_packed_sequences_in_two_directions_step_as_their_unrolled_twins():
    """The second direction of a fused layer goes back from the end of each sequence, at the same time steps."""
    norms = []
    for unrolled in (False, True):
        tg.manual_seed(1)
        with tg.unrolled() if unrolled else tg.enable_grad():
            graph = KINDS["packed, both ways"]()
        lines = study.decay(graph.loss, at="all").lines
        assert set(lines) == {"h (forward)", "h (reverse)"}
        norms.append(lines["h (reverse)"])
    np.testing.assert_allclose(norms[0].norms, norms[1].norms, rtol=1e-10)
    assert norms[0].order == norms[1].order == [4, 3, 2, 1, 0]


def test_a_full_report_answers_more():
    tg.manual_seed(1)
    with tg.record():
        graph = KINDS["two layers"]()
    found = study.report(graph.loss, full=True)
    assert set(found.more) == {
        "steps of h (layer 0)", "ways of c (layer 0)", "steps of h (layer 1)", "ways of c (layer 1)", "memory",
        "uses of weight_ih_l1", "truncation, weight_ih_l1",
    }  # fmt: skip
    assert found.plot()._repr_png_().startswith(b"\x89PNG")
    for result in found.more.values():
        assert result.finding() in repr(found)
    assert not study.report(graph.loss).more


@pytest.mark.parametrize("shape", [(5, 0, 3), (1, 2, 3), (6, 3)])
@pytest.mark.parametrize("half", [False, True])
def test_a_batch_of_none_one_step_and_no_batch_at_all(shape, half):
    """Quiet, with as many numbers as there are."""
    tg.manual_seed(0)
    lstm, x = nn.LSTM(3, 4), tg.randn(*shape)
    loss = (lstm.half()(x.half()) if half else lstm(x))[0].float().sum()
    assert repr(study.report(loss))
    lines = study.decay(loss, per_sample=len(shape) == 3).lines
    rows = shape[1:2] if len(shape) == 3 else ()
    assert {line.norms.shape for line in lines.values()} == {(shape[0], *rows)}
    assert study.contributions(loss, lstm.weight_hh_l0).parts.shape == (shape[0], 16, 4)


def test_how_often_a_state_is_looked_up_grows_with_the_steps():
    """Twice the steps, twice the calls of Python functions, of those written in C too."""

    def calls(steps):
        gru = nn.GRU(2, 2)
        loss = gru(tg.randn(steps, 1, 2))[0].square().sum()
        with cProfile.Profile() as profile:
            study.decay(loss)
            study.truncation(loss, gru.weight_hh_l0, 1)
        return sum(entry.callcount for entry in profile.getstats())

    calls(5)
    few, more, most = calls(40), calls(80), calls(120)
    assert most - more < 1.02 * (more - few) + 50


def test_the_gate_is_known_where_sequences_end():
    """There a step reads only the rows of the state that go on: a view of it."""
    tg.manual_seed(1)
    line = study.decay(KINDS["packed"]().loss, "c", at="all").lines["c"]
    assert line.steps == [0, 1, 2, 3, 4]
    assert np.isfinite(line.causes["kept"][1:]).all()
