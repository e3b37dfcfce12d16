"""What a page carries besides the graph: words, guesses, attention, gates; and what the studies say, where it belongs."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study
from tinygrad_rnn.demo import CharModel, loss_of
from tinygrad_rnn.viz import draw
from tinygrad_rnn.viz.page import reading

from . import graphs
from .test_page import data_of

TEXT = "hello"
VOCABULARY = "ehlo "


@pytest.fixture(scope="module", params=["recorded", "after backward", "fused"])
def read(request):
    """(the page's data, model, loss, scores) of a character model that read five characters, the batch being two texts."""
    tg.manual_seed(0)
    model = CharModel(len(VOCABULARY), "lstm", 3, 6)
    numbers = np.array([[VOCABULARY.index(a), VOCABULARY.index(b)] for a, b in zip(TEXT, "olleh", strict=True)])
    if request.param == "fused":
        scores, _ = model(tg.tensor(numbers))
        loss = loss_of(scores, tg.tensor(numbers))
    else:
        with tg.record():
            scores, _ = model(tg.tensor(numbers))
            loss = loss_of(scores, tg.tensor(numbers))
            if request.param == "after backward":
                loss.backward()
    html = draw(loss, names={"model": model}).html(
        text=TEXT, scores=scores, vocabulary=VOCABULARY, targets=list("ello "), gradient_flow=True
    )
    return data_of(html), model, loss, scores


def test_the_title_names_the_model(read):
    assert read[0]["title"].startswith("CharModel · 5 time steps")


def test_guesses_are_the_softmax_of_the_scores(read):
    data, _, _, scores = read
    reading = data["reading"]
    assert reading["words"] == list(TEXT)
    assert reading["times"] == [0, 1, 2, 3, 4]
    chances = scores[:, 0].softmax(-1).array
    for t, guesses in enumerate(reading["guesses"]):
        found = {VOCABULARY.index(word): chance for word, chance in guesses}
        assert len(found) == 5
        assert found == pytest.approx(dict(enumerate(chances[t].tolist())), rel=6e-3)
        assert [chance for _, chance in guesses] == sorted(found.values(), reverse=True)


def test_gates_are_those_of_the_cell(read):
    """By hand from the weights: the forget gate and the state over time, of the first text of the batch."""
    data, model, _, _ = read
    series = {one["name"]: one for one in data["reading"]["series"]}
    assert {"i", "f", "g", "o", "c", "h"} <= set(series)
    lstm = model.recurrent
    w_ih, w_hh = lstm.weight_ih_l0.array, lstm.weight_hh_l0.array
    bias = lstm.bias_ih_l0.array + lstm.bias_hh_l0.array
    h = c = np.zeros(6)
    for t, character in enumerate(TEXT):
        x = model.embedding.weight.array[VOCABULARY.index(character)]
        i, f, g, o = np.split(w_ih @ x + w_hh @ h + bias, 4)
        i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        for name, expected in (("f", f), ("c", c), ("h", h)):
            np.testing.assert_allclose(series[name]["values"][t], expected, rtol=6e-3, atol=1e-6)
    assert series["f"]["gate"]
    assert not series["c"]["gate"]
    assert series["f"]["units"] == 6


def test_states_and_weights_know_what_the_studies_say(read):
    data, model, loss, _ = read
    [state] = [node for node in data["nodes"] if node.get("name") == "c" and node.get("t") == 2]
    line = study.decay(loss).lines["c"]
    decay, ways = state["study"]
    told = dict(decay[1])
    assert told["‖∂L‖ here"] == pytest.approx(line.whole[2], rel=1e-3)
    assert told["factor to the step before"] == pytest.approx(line.factors[2], rel=1e-3)
    assert told["the gate keeps, mean"] == pytest.approx(line.causes["kept"][2], rel=1e-3)
    assert "per step" in decay[2]
    found = study.paths(loss, "c")
    told = dict(ways[1])
    assert told["share along the cell"] == pytest.approx(found.shares[2], rel=1e-3)
    assert told["‖∂L‖ through the gates"] == pytest.approx(study.norm(found.through[2]), rel=1e-3)
    assert ways[2] == found.finding()
    [weight] = [node for node in data["nodes"] if node.get("name", "").endswith("weight_hh_l0")]
    found = study.contributions(loss, model.recurrent.weight_hh_l0)
    shares = {f"share of t = {t}": share for t, share in zip(found.steps, found.shares, strict=True)}
    uses, why = weight["study"]
    told = dict(uses[1])
    assert told == pytest.approx({name: shares[name] for name in told}, rel=1e-3, abs=1e-9)
    assert why[0] == "Its gradient is healthy"
    assert why[2] == study.explain(loss, model.recurrent.weight_hh_l0).finding()
    assert data["memory"].startswith("the graph keeps ")
    for node in data["nodes"]:
        if node.get("op") == "Tanh" and "kept" in node:  # of its own output, if nothing else keeps that
            assert node["kept"] == node["value"]["bytes"]
    noteworthy = study.report(loss).noteworthy
    assert data["findings"] == [words for words in noteworthy if not words.startswith("backward keeps")][:4]


def test_the_flow_is_the_gradient_map(read):
    data, _, loss, _ = read
    for flow in data["flow"]:
        norms = np.array([[np.nan if x is None else x for x in row] for row in flow["norms"]])
        np.testing.assert_allclose(norms, study.gradient_map(loss, flow["name"]).norms, rtol=1e-3)
        assert [data["nodes"][k].get("t") for k in flow["nodes"]] == flow["times"]


def test_attention_and_words():
    out = nn.MultiheadAttention(4, 2)(*[tg.randn(3, 1, 4)] * 3)[0]
    weights = np.full((2, 3, 3), 1 / 3)
    reading = data_of(draw(out.sum()).html(text=["the", "black", "cat"], attention=weights))["reading"]
    assert reading["words"] == reading["sources"] == ["the", "black", "cat"]
    assert np.shape(reading["attention"]) == (2, 3, 3)
    assert reading["attention"][0][0][0] == 0.333


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"text": "abcd"}, "text has 4 entries, but the graph has 3 time steps"),
        ({"text": "abc", "targets": "ab"}, "targets has 2 entries, text has 3"),
        ({"text": "abc", "scores": np.zeros((4, 5))}, "scores are for 4 steps, text has 3"),
        (
            {"text": "abc", "scores": np.zeros((3, 5)), "vocabulary": "ab"},
            "scores are over 5 entries, vocabulary has 2",
        ),
        ({"text": "abc", "scores": np.zeros(3)}, r"scores have shape \(3,\), expected \(T, V\) or \(T, B, V\)"),
        (
            {"text": "abc", "scores": np.zeros((3, 2, 5)), "sample": 2},
            r"sample=2, but scores of shape \(3, 2, 5\) have 2",
        ),
        ({"text": "abc", "attention": np.zeros((3, 4))}, r"attention has shape \(3, 4\).*T = 3 .*S = 3"),
    ],
)
def test_what_does_not_fit_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        draw(graphs.lstm(3)[0]).html(**options)


def test_many_units_are_cut_and_a_note_says_so(monkeypatch):
    assert reading.MOST_VALUES == 150_000
    monkeypatch.setattr(reading, "MOST_VALUES", 1500)
    with tg.record():
        output, _ = nn.RNN(2, 100)(tg.randn(16, 1, 2))
    data = data_of(draw(output.sum(), engine="builtin").html())
    assert sum(one["units"] * len(one["values"]) for one in data["reading"]["series"]) <= 1500
    assert any("units of gates and states are shown" in note for note in data["remarks"])


def test_a_graph_without_time_has_nothing_to_read():
    data = data_of(draw(graphs.scalar()[0]).html())
    assert data["reading"] == {}
    assert data["findings"] == data["flow"] == []


def test_small_events_show_their_rule_in_numbers():
    out, names = graphs.scalar()
    data = data_of(draw(out, names=names).html())
    [product] = [k for k, node in enumerate(data["nodes"]) if node.get("name") == "e"]
    lines = "\n".join(data["written"][str(product)])
    assert "4" in lines  # d = 2 · -3 + 10
    assert "0.964" in lines  # tanh 2
