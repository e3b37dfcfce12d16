"""The data of the interactive page: what is in it, that it is right, that it is bounded, and that making it changes nothing."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn._mode import switch
from tinygrad_rnn.cli import main
from tinygrad_rnn.pixels import block_means
from tinygrad_rnn.viz import DrawError, draw
from tinygrad_rnn.viz.model.items import value_of
from tinygrad_rnn.viz.page.page import MOST_BYTES, to_json
from tinygrad_rnn.viz.page.summary import summary

from . import graphs


def data_of(html):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1])


def two_layers(steps=5):
    """A loss on a fused LSTM of two layers."""
    tg.manual_seed(0)
    lstm, readout = nn.LSTM(3, 4, num_layers=2), nn.Linear(4, 2)
    out, _ = lstm(tg.randn(steps, 2, 3))
    return (readout(out) ** 2).mean(), {"lstm": lstm, "readout": readout}


def test_events_are_in_the_order_in_which_the_engine_runs():
    out, names = graphs.lstm(3)
    drawing = draw(out, names=names)
    ran = []
    with switch(watchers=(lambda node, gradient, sent: ran.append(drawing.model.item_of[node].id),)):
        out.backward(retain_graph=True)
    data = data_of(drawing.html())
    assert [data["nodes"][k]["id"] for k, _, _ in data["backward"]] == ran
    assert len(ran) > 30


def test_a_node_runs_after_everything_was_sent_to_it():
    """Also where a whole-sequence layer was opened into its steps."""
    loss, names = two_layers()
    data = data_of(draw(loss, names=names).html())
    done = set()
    for k, _, sent in data["backward"]:
        assert k not in done
        done.add(k)
        assert not done.intersection(to for to, *_ in sent)
    parameters = [k for k, node in enumerate(data["nodes"]) if node["kind"] == "parameter"]
    assert len(parameters) == 10
    assert done.issuperset(parameters)


def test_the_running_sum_ends_at_the_gradient_of_the_weight():
    loss, names = two_layers()
    data = data_of(draw(loss, names=names).html())
    loss.backward()
    weight = names["lstm"].weight_hh_l0
    [k] = [k for k, node in enumerate(data["nodes"]) if node.get("name", "").endswith("weight_hh_l0")]
    sums = [running for _, _, sent in data["backward"] for to, _, _, running in sent if to == k]
    assert len(sums) == 5  # one use per time step
    norm = float(np.linalg.norm(weight.grad.array))
    assert sums[-1] == pytest.approx(norm, rel=1e-4)
    assert data["nodes"][k]["grad"]["norm"] == pytest.approx(norm, rel=1e-4)
    assert data["nodes"][k]["value"]["norm"] == pytest.approx(float(np.linalg.norm(weight.array)), rel=1e-5)


def test_making_a_page_leaves_gradients_and_graph_as_they_were():
    out, names = graphs.rnn(4)
    names["h"].retain_grad()
    seen = []
    names["W"].register_hook(lambda g: seen.append(1))
    names["W"].grad = tg.ones_like(names["W"])
    draw(out, names=names).html(gradient_flow=True)
    assert (names["W"].grad.array == 1).all()
    assert names["U"].grad is None
    assert names["h"].grad is None
    out.backward()  # nothing was freed
    assert names["U"].grad is not None
    assert names["h"].grad is not None


def test_hooks_that_change_a_gradient_are_part_of_the_run():
    x = tg.tensor(2.0, requires_grad=True)
    y = x * 3
    y.register_hook(lambda g: g * 10)
    data = data_of(draw(y * y, names={"x": x}).html())
    [grad] = [node["grad"]["norm"] for node in data["nodes"] if node.get("name", "") == "x"]
    assert grad == 2 * 6 * 10 * 3


def test_a_freed_graph_shows_what_was_recorded():
    with record():
        out, names = graphs.rnn(3)
        out.backward()
    data = data_of(draw(out, names=names, grads=True).html())
    assert data["backward"][0][1] == 1.0
    [k] = [k for k, node in enumerate(data["nodes"]) if node.get("name", "") == "W"]
    assert {event[0]: event[1] for event in data["backward"]}[k] == pytest.approx(
        float(np.linalg.norm(names["W"].grad.array)), rel=1e-4
    )


def test_a_freed_graph_without_a_recording_says_so():
    out, names = graphs.rnn(3)
    out.backward()
    data = data_of(draw(out, names=names).html(gradient_flow=True))
    assert data["backward"] == data["flow"] == []
    assert any("no gradient flow" in note for note in data["remarks"])
    assert any("the graph was freed" in note for note in data["remarks"])


@pytest.mark.parametrize("summed", ["in the loop", "after it"])
def test_gradient_flow_is_the_gradient_of_each_loss_alone(summed):
    tg.manual_seed(1)
    W, U, V = (tg.randn(*shape, requires_grad=True) for shape in ((3, 4), (4, 4), (4, 2)))
    h, states, losses, total = tg.zeros(1, 4), [], [], 0.0
    for t in range(5):
        with tg.step(t):
            h = (tg.randn(1, 3) @ W + h @ U).tanh()
            states.append(h)
            losses.append(((h @ V) ** 2).sum())
            total = total + losses[-1]
    if summed == "after it":
        total = sum(losses[1:], losses[0])
    drawing = draw(total, names={"W": W, "U": U, "V": V, "h": h})
    expected = np.zeros((5, 5))
    for t, loss in enumerate(losses):
        for k in range(t + 1):
            (g,) = tg.autograd.grad(loss, states[k], retain_graph=True)
            expected[t, k] = np.linalg.norm(g.array)
    data = data_of(drawing.html(gradient_flow=True))
    [flow] = data["flow"]
    assert flow["times"] == flow["rows"] == [0, 1, 2, 3, 4]
    norms = np.array([[0.0 if x is None else x for x in row] for row in flow["norms"]])
    np.testing.assert_allclose(norms, expected, rtol=2e-3)
    drawn = [drawing.model.item_of[state._edge[0]].id for state in states]
    assert [data["nodes"][k]["id"] for k in flow["nodes"]] == drawn


def test_gradient_flow_of_opened_layers():
    loss, names = two_layers(6)
    flows = {
        flow["name"]: np.array(flow["norms"])
        for flow in data_of(draw(loss, names=names).html(gradient_flow=True))["flow"]
    }
    assert set(flows) == {"h (layer 0)", "c (layer 0)", "h (layer 1)", "c (layer 1)"}
    for norms in flows.values():
        assert not any(norms[np.triu_indices(6, 1)])  # the loss at t knows nothing of later states
        assert all(norms[np.tril_indices(6)] > 0)


def test_gradient_flow_of_too_many_steps_is_refused():
    out, names = graphs.rnn(201)
    with pytest.raises(DrawError, match="at most 200; this graph has 201"):
        draw(out, names=names).html(gradient_flow=True)


def test_block_means():
    array = np.arange(35.0).reshape(5, 7)
    means, reduced = block_means(array, 2)
    assert reduced
    assert means[0, 0] == array[:2, :3].mean()
    assert means[1, 1] == array[2:, 3:].mean()
    assert block_means(array, 7)[1] is False
    assert block_means(np.zeros((4, 5, 6)), 32)[0].shape == (20, 6)


def test_summary_counts_what_is_not_finite():
    found = summary(np.array([1.0, np.nan, np.inf, -np.inf, 0.0, 3.0]))
    assert (found["nan"], found["inf"], found["zeros"]) == (1, 2, 1)
    assert found["mean"] == pytest.approx(4 / 3, rel=1e-5)
    assert found["cells"] == [[1.0, "NaN", "∞", "−∞", 0.0, 3.0]]
    assert sum(found["bins"]) == 3
    json.dumps(found, allow_nan=False)
    assert summary(np.zeros((0, 3)))["n"] == 0


@pytest.mark.parametrize("shape", [(), (1,), (5000,), (300, 400), (2, 3, 4, 5), (0, 3), (1000, 1)])
def test_no_array_makes_a_large_summary(shape):
    assert len(json.dumps(summary(np.random.default_rng(0).standard_normal(shape)))) < 16_000


def test_the_size_of_a_page_is_bounded():
    """Many steps, large arrays."""
    tg.manual_seed(0)
    W = tg.randn(300, 300, requires_grad=True)
    h = tg.randn(1, 300)
    for t in range(400):
        with tg.step(t):
            h = (h @ W * 0.01).tanh() * 0.5 + 1.0
    html = draw(h.sum(), view="op", engine="builtin", names={"W": W}, grads=True).html()
    assert 1_000_000 < len(html) < MOST_BYTES
    small = draw(*[graphs.lstm(4)[0]]).html()
    assert len(small) < 500_000


def test_a_picture_too_large_for_a_page_is_refused(monkeypatch):
    monkeypatch.setattr("tinygrad_rnn.viz.page.page.MOST_SVG", 1000)
    with pytest.raises(DrawError, match="try view='folded'"):
        draw(graphs.lstm(3)[0]).html()


NASTY = ['</script><script>window.broken=1</script>', "\"><img src=x onerror='window.broken=1'>", "<!--", "]]>", "\u2028${1}`\\", "名前 é σ"]  # fmt: skip


@pytest.mark.parametrize("name", NASTY)
def test_names_cannot_leave_the_data(name):
    out, names = graphs.scalar()
    html = draw(out, names={name: names["a"]}).html(title=name)
    assert html.count("</script>") == 2
    assert html.count("<script") == 2
    assert "<img" not in html
    assert name in [node.get("name") for node in data_of(html)["nodes"]] or "\u2028" in name
    assert "<" not in to_json([name])


def test_the_policy_allows_our_script_alone():
    html = draw(graphs.scalar()[0]).html()
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', html)[1]
    assert policy.startswith("default-src 'none'; ")
    assert re.search(r"script-src 'sha256-[\w+/]+='$", policy)
    assert not re.search(r"""(src|href)=["'](?!data:,)""", html)
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_values_are_those_of_the_model():
    with record():
        out, names = graphs.lstm(2)
    drawing = draw(out, names=names)
    for item, node in zip(drawing.model.items, data_of(drawing.html())["nodes"], strict=True):
        value = value_of(item)
        if value is not None and "value" in node:
            assert node["value"]["norm"] == pytest.approx(float(np.linalg.norm(value)), rel=1e-4, abs=1e-9)
    assert data_of(drawing.html())["ops"]["Tanh"][1].startswith("dL/dx")


def test_other_formats_take_no_options(tmp_path):
    with pytest.raises(TypeError, match="losses"):
        draw(graphs.scalar()[0]).save(tmp_path / "x.svg", losses=[1.0])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    from tinygrad_rnn.data import standard_library_text

    folder = tmp_path_factory.mktemp("demo")
    (folder / "text.txt").write_text(standard_library_text()[:20_000], encoding="utf-8")
    assert main(["demo", "--text", str(folder / "text.txt"), "--steps", "3", "--out", str(folder)]) == 0
    return folder / "checkpoint.tgr"


def test_draw_from_a_checkpoint(checkpoint, tmp_path, capsys):
    assert main(["draw", str(checkpoint), "--out", str(tmp_path / "g.svg")]) == 0
    assert "<svg" in (tmp_path / "g.svg").read_text(encoding="utf-8")
    assert main(["draw", str(checkpoint), "--out", str(tmp_path / "g.html"), "--steps", "3", "--html"]) == 0
    data = data_of((tmp_path / "g.html").read_text(encoding="utf-8"))
    assert data["stats"]["steps"] == 3
    assert len(data["losses"]) == 3
    assert data["flow"]
    assert all("value" in node for node in data["nodes"])  # every one is kept
    assert (
        data["reading"]["words"][1:] == data["reading"]["targets"][:-1]
    )  # the next character is what is to be guessed
    assert len(data["reading"]["guesses"]) == len(data["reading"]["targets"]) == 3
    assert data["title"].startswith("CharModel · 3 time steps")
    assert "wrote" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.tgr"], "No such file"),
        (["CHECKPOINT", "--out", "g.xyz"], "cannot write '.xyz'"),
        (["CHECKPOINT", "--out", "g.svg", "--html"], "must end in .html"),
        (["CHECKPOINT", "--out", "nowhere/g.svg"], "No such file"),
        (["CHECKPOINT", "--steps", "0"], "at least 1, got 0"),
        (["OTHER"], "is not a checkpoint of the demo"),
        (["TEXT"], "not a file of"),
        ([], "required"),
    ],
)
def test_draw_arguments_that_cannot_work(checkpoint, tmp_path, capsys, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    tg.save({"a": tg.ones(2)}, tmp_path / "other.tgr")
    (tmp_path / "text.tgr").write_text("hello, this is text")
    files = {"CHECKPOINT": str(checkpoint), "OTHER": "other.tgr", "TEXT": "text.tgr"}
    capsys.readouterr()
    try:
        status = main(["draw", *(files.get(a, a) for a in arguments)])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]
