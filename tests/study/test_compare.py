"""Two recordings on one scale, and what one graph has more."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study

from .graphs import W_HH, W_HY, W_XH, X, Y, by_layer, by_loop


class Model(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.rnn, self.out = getattr(nn, kind)(3, 8), nn.Linear(8, 2)

    def forward(self, x):
        return self.out(self.rnn(x)[0])


def worked(cut_every=0):
    """The worked example of lecture 004, the state detached every so many steps; the weights come with the loss."""
    cell = nn.RNNCell(3, 2, bias=False).double()
    with tg.no_grad():
        cell.weight_ih.copy_(tg.tensor(W_XH.T))
        cell.weight_hh.copy_(tg.tensor(W_HH))
    V, h, loss = tg.tensor(W_HY, requires_grad=True), tg.zeros(2, dtype=tg.float64), 0
    for t in range(4):
        with tg.step(t):
            h = cell(tg.tensor(X[t]), h.detach() if cut_every and t % cut_every == 0 else h)
            loss = loss + 0.5 * ((V @ h - tg.tensor(Y[t])) ** 2).sum()
    cell.weight_hh.name, V.name = "W_hh", "W_hy"
    return loss, (cell, V)


def test_the_lectures_formula_beside_the_whole_gradient():
    """Section 1.3: 67 % too long, cosine 0.976; detaching at every step is the formula without the recurrent term."""
    with tg.record():
        full, weights = worked()
        lecture, others = worked(cut_every=1)  # the weights must live
    found = study.compare(full, lecture)
    a, b = found.a.gradients, found.b.gradients
    assert found.names == ("full", "lecture")
    assert np.round(b["W_hh"], 6).tolist() == [[-0.040585, -0.115750], [0.109035, 0.211089]]
    assert np.round(a["W_hh"], 6).tolist() == [[-0.007418, -0.084772], [0.038880, 0.129777]]
    assert found.cosines["W_hh"] == pytest.approx(0.976, abs=5e-4)
    assert found.cosines["W_hy"] == pytest.approx(1)
    [ratio] = [row["ratio"] for row in found.table() if (row["of"], row["what"]) == ("∂L/∂W_hh", "norm")]
    assert ratio == pytest.approx(1.67, abs=5e-3)
    full_xh = np.array([0.195380, -0.293867, 0.365869, -0.588293, 0.019273, -0.021789])
    lecture_xh = np.array([0.068503, -0.002701, 0.491182, -0.907777, 0.036812, -0.061659])
    cosine = full_xh @ lecture_xh / np.linalg.norm(full_xh) / np.linalg.norm(lecture_xh)
    assert found.cosines["weight_ih"] == pytest.approx(cosine, abs=1e-5)
    assert f"∂L/∂weight_ih has cosine {cosine:.3g}, and lecture has " in found.finding()
    assert (len(found.a.cuts), len(found.b.cuts)) == (0, 3)
    assert (
        "only lecture has 3 Linear of a constant, a constant in RNNCell at t=1…3, 3 cuts, the first: detach between Tanh and"
        in repr(found)
    )
    assert "(not connected 1 step back)" in found.finding()
    assert found.b.map is not None
    assert found.b.map.norms[3, :3] == pytest.approx([np.nan] * 3, nan_ok=True)
    assert found.a.map.norms[3] == pytest.approx([0.1955, 0.3684, 0.6668, 1.1703], abs=5e-5)


def own_loop(cut):
    """The same as a tagged loop of the user's own."""
    W, U, V = (tg.tensor(a, requires_grad=True) for a in (W_HH, W_XH, W_HY))
    W.name, U.name, V.name = "W", "U", "V"
    h, loss = tg.zeros(2, dtype=tg.float64), 0
    for t in range(4):
        with tg.step(t):
            h = (tg.tensor(X[t]) @ U + W @ (h.detach() if cut else h)).tanh()
            loss = loss + 0.5 * ((V @ h - tg.tensor(Y[t])) ** 2).sum()
    return loss, (W, U, V)


def test_a_loop_of_ones_own_that_detaches_at_every_step():
    with tg.record():
        full, weights = own_loop(cut=False)
        short, others = own_loop(cut=True)
    found = study.compare(full, short)
    assert np.round(found.b.gradients["W"], 6).tolist() == [[-0.040585, -0.115750], [0.109035, 0.211089]]
    assert found.cosines["W"] == pytest.approx(0.976, abs=5e-4)
    assert "(not connected 1 step back)" in found.finding()
    assert list(found.b.decay.lines) == ["h"]
    assert len(found.b.cuts) == 3
    assert study.truncation(full, weights[0], 1).gradients[0] == pytest.approx(found.b.gradients["W"])
    unrecorded, _ = own_loop(cut=True)
    with pytest.raises(RuntimeError, match=r"detaches its state at every step .* `with tinygrad_rnn.record\(\):`"):
        study.compare(full, unrecorded)


def test_a_detached_lstm_of_ones_own_has_both_states():
    tg.manual_seed(0)
    with tg.record():
        U, W = tg.randn(3, 16, requires_grad=True), tg.randn(4, 16, requires_grad=True)
        h = c = tg.zeros(2, 4)
        loss = tg.zeros(())
        for t in range(5):
            with tg.step(t):
                i, f, g, o = (tg.ones(2, 3) @ U + h.detach() @ W).chunk(4, -1)
                c = f.sigmoid() * c.detach() + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
                loss = loss + h.sum()
    lines = study.decay(loss).lines
    assert list(lines) == ["h", "c"]
    for line in lines.values():
        assert np.isfinite(line.norms).tolist() == [False] * 4 + [True]


def test_an_rnn_beside_an_lstm_has_all_states_and_what_was_added():
    tg.manual_seed(0)
    x, rnn, lstm = tg.randn(12, 2, 3), Model("RNN"), Model("LSTM")
    with tg.record():
        a, b = rnn(x).square().sum(), lstm(x).square().sum()
    found = study.compare(a, b, names=("RNN", "LSTM"))
    assert [list(side.decay.lines) for side in (found.a, found.b)] == [["h"], ["h", "c"]]
    added = {d.what: d.counts for d in found.differences}
    assert added == {"Sigmoid": (0, 36), "Mul": (0, 36), "Add": (12, 24), "Tanh": (12, 24), "Split": (0, 12)}
    assert "only LSTM has 36 Sigmoid in Model.rnn, layer 0 at t=0…11" in found.finding()
    rows = {(row["of"], row["what"]): row for row in found.table()}
    assert rows["∂L/∂h", "factor per step"]["RNN"] == study.decay(a).lines["h"].factor
    assert rows["∂L/∂c", "factor per step"]["RNN"] is None
    assert rows["∂L/∂c", "factor per step"]["LSTM"] == study.decay(b, "c").lines["c"].factor
    assert set(found.cosines) == {"out.weight", "out.bias"}  # the others differ in shape
    assert found.plot()._repr_png_().startswith(b"\x89PNG")
    assert list(study.compare(a, b, "h").b.decay.lines) == ["h"]


def test_before_and_after_training_needs_a_snapshot():
    tg.manual_seed(0)
    x, model = tg.randn(8, 2, 3), Model("GRU")
    with tg.record():
        before = model(x).square().mean()
    kept = study.snapshot(before)
    expected = study.decay(before).lines["h"].norms
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (model(x) - 1).square().mean().backward()
        optimizer.step()
    with tg.record():
        after = model(x).square().mean()
    found = study.compare(kept, after)
    assert found.names == ("before", "after")
    assert found.a.decay.lines["h"].norms.tolist() == expected.tolist()
    assert found.a.loss == before.item() != found.b.loss
    assert "the graphs have the same operations" in found.finding()
    assert "GRU" not in repr(found)
    assert repr(kept).startswith("<snapshot of before: ")


def test_fused_and_unrolled_are_the_same():
    found = study.compare(by_layer().loss, by_layer(fused=False).loss)
    assert "all gradients of weights are equal" in found.finding()
    assert "the graphs have the same operations" in found.finding()
    assert found.names == ("a", "b")


def test_one_operation_more_is_named():
    tg.manual_seed(0)
    x, model = tg.randn(5, 2, 3), Model("RNN")
    with tg.record():
        plain, scaled = model(x).square().sum(), (model(x) * 2).square().sum()
    assert repr(study.compare(plain, scaled).differences) == "[1 Mul]"
    assert "only scaled has 1 Mul" in study.compare(plain, scaled).finding()


def test_one_loss_alone_has_no_map_and_two_names_are_needed():
    x, model = tg.randn(5, 2, 3), Model("RNN")
    with tg.record():
        last = model(x)[-1].sum()
    found = study.compare(last, last)
    assert found.a.map is None
    assert found.plot()._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="names must be two, got 3"):
        study.compare(last, last, names=("a", "b", "c"))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no time steps"):
        study.compare(last, tg.ones(2, requires_grad=True).sum())


def test_a_long_sequence_takes_24_losses():
    tg.manual_seed(0)
    x, model = tg.randn(100, 1, 3), Model("RNN")
    found = study.compare(*(model(x).square().sum() for _ in range(2)))
    assert found.a.map is not None
    assert found.a.map.norms.shape == (24, 100)
    assert (found.a.map.rows[0], found.a.map.rows[-1]) == (0, 99)


def test_shares_of_a_weight_by_loss_and_use():
    """Section 1.3 by hand: the last uses' gradients projected on the whole; rows are losses, all sum to 1."""
    graph = by_loop()
    found = study.gradient_map(graph.loss, graph.weight)
    by_use = study.contributions(graph.loss, graph.weight)
    assert found.shares is not None
    assert np.nansum(found.shares) == pytest.approx(1)
    assert np.nansum(found.shares, 0).tolist() == pytest.approx(by_use.shares.tolist())
    total = by_use.total
    for s in range(4):
        alone = study.contributions(_loss_at(s), _loss_at.weight).total  # type: ignore[attr-defined]
        assert np.nansum(found.shares[s]) == pytest.approx((alone * total).sum() / (total * total).sum())
    assert "of the whole gradient the loss at" in found.finding()
    assert [row["share"] for row in found.table()] == pytest.approx(np.nansum(found.shares, 1).tolist())
    assert found.plot()._repr_png_().startswith(b"\x89PNG")
    assert study.gradient_map(graph.loss, "h").shares is None


def _loss_at(s):
    W, U, V = (tg.tensor(a, requires_grad=True) for a in (W_HH, W_XH, W_HY))
    h = tg.zeros(2, dtype=tg.float64)
    for t in range(s + 1):
        with tg.step(t):
            h = (tg.tensor(X[t]) @ U + W @ h).tanh()
    _loss_at.weight = W  # type: ignore[attr-defined]
    return 0.5 * ((V @ h - tg.tensor(Y[s])) ** 2).sum()
