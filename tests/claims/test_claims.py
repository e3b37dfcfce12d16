"""Each claim is tried quickly, and its verdict must follow from its numbers: recomputed here, and with numbers planted.

A planted experiment that came out the other way must turn the verdict round.
"""

import csv
import io
import pathlib
import re
from itertools import islice

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models
from tinygrad_rnn.claims import (
    CLAIMS,
    Bidirectional,
    Bottleneck,
    Cures,
    Gradients,
    Ladder,
    Range,
    Sharing,
    Speed,
    Truncation,
    Variants,
)
from tinygrad_rnn.claims.bidirectional import scores_of
from tinygrad_rnn.claims.claim import Effort
from tinygrad_rnn.claims.cures import MODELS
from tinygrad_rnn.claims.gradients import RADII, SCALES, factor, with_radius
from tinygrad_rnn.claims.ladder import RUNGS, STEPS, optimum, wandering
from tinygrad_rnn.claims.sharing import LAYERS, InARow
from tinygrad_rnn.claims.speed import chain
from tinygrad_rnn.claims.truncation import windowed_loss
from tinygrad_rnn.claims.variants import CELLS, WithoutForgetting
from tinygrad_rnn.cli import main


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_by_command(name, tmp_path, capsys):
    """--quick: verdict, table, figure and all runs, and the verdict is the one that its points add up to."""
    assert main(["claim", name, "--quick", "--seeds", "1", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    text = (tmp_path / f"claim-{name}.txt").read_text(encoding="utf-8")
    said = text.splitlines()
    assert said[0].startswith(f"{name} (lecture ")
    points = [line.split()[0] for line in said[2 : said.index("")]]
    assert len(points) >= 2
    assert set(points) <= {"yes", "no"}
    verdict = "does not hold" if "yes" not in points else "holds in part" if "no" in points else "holds"
    assert said[1] == f"The claim {verdict}."
    assert said[1] in printed
    assert (tmp_path / f"claim-{name}.png").read_bytes().startswith(b"\x89PNG")
    again = CLAIMS[name](
        [_typed(row) for row in csv.DictReader(io.StringIO((tmp_path / f"claim-{name}.csv").read_text()))]
    )
    assert str(again) == "\n".join(said[:-2])  # the runs alone decide
    assert " thread" in said[-1]


def _typed(row):
    """The row of a CSV file with its numbers and truths."""

    def typed(text):
        if text in ("True", "False"):
            return text == "True"
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                pass
        return text

    return {key: typed(value) for key, value in row.items()}


def test_the_list(capsys):
    assert main(["claim"]) == 0
    printed = capsys.readouterr().out
    assert [line.split()[0] for line in printed.splitlines()] == list(CLAIMS)


def test_what_cannot_work_is_said_in_a_line(tmp_path, capsys):
    assert main(["claim", "ranges"]) == 2
    assert "there is no 'ranges'; did you mean range?" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["claim", "range", "--out", str(tmp_path / "file")]) == 2
    assert "tinygrad-rnn claim: error: cannot write" in capsys.readouterr().err


def test_the_page_says_what_its_numbers_say():
    page = (pathlib.Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
    for part in page.split("\n## ")[1:]:
        name = part.split("\n")[0]
        marks = re.findall(r"^- \*\*(yes|no)\*\*", part, re.M)
        verdict = "does not hold" if "yes" not in marks else "holds in part" if "no" in marks else "holds"
        assert f"The claim {verdict}." in part, name
        assert f"| [`{name}`](#{name}) | {CLAIMS[name].lecture} | {verdict} |" in page


def test_the_same_seeds_give_the_same_runs():
    first, second = ([run(**key) for run, key in islice(Gradients.trials(Effort(True, 1)), 5)] for _ in range(2))
    assert first == second


def test_no_runs_are_nothing_to_judge():
    with pytest.raises(ValueError, match="Range: no runs"):
        Range([])


def answers(claim):
    return [point.holds for point in claim.points()]


# --- range ------------------------------------------------------------------------------------------------------


def ranges(limits, lags=(5, 10, 20, 50, 1000), seeds=3):
    """Runs in which each (kept, model) solves every lag up to its limit."""
    return Range([
        {"kept": kept, "model": model, "lag": lag, "seed": seed, "solved": lag <= limit, "seconds": 1.0}
        for (kept, model), limit in limits.items() for lag in lags for seed in range(seeds)
    ])  # fmt: skip


def test_range_as_the_lecture_has_it():
    limits = {("a number", "rnn"): 10, ("a number", "rnn, orthogonal"): 10, ("a number", "lstm"): 1000}
    claim = ranges(limits | {("a number", "lstm, chrono"): 1000, ("a bit", "rnn"): 10, ("a bit", "lstm, chrono"): 1000})
    assert claim.verdict == "holds"
    assert "keeps a number for 10 steps and not for 20 (0 of 3 seeds)" in claim.finding()


def test_range_the_other_way_round():
    limits = {("a number", "rnn"): 50, ("a number", "rnn, orthogonal"): 1000, ("a number", "lstm"): 10}
    claim = ranges(limits | {("a number", "lstm, chrono"): 20, ("a bit", "rnn"): 1000, ("a bit", "lstm, chrono"): 20})
    assert claim.verdict == "does not hold"


def test_range_a_gap_ends_what_is_bridged():
    claim = ranges({("a number", "rnn"): 5, ("a number", "lstm, chrono"): 1000, ("a bit", "rnn"): 5})
    for row in claim.of(kept="a number", model="rnn", lag=20):
        row["solved"] = True
    assert claim.bridged("a number", "rnn") == 5


# --- gradients --------------------------------------------------------------------------------------------------


def test_gradients_of_a_linear_rnn_and_the_sign_of_the_verdict():
    rows = [
        {"kind": kind, "x": x, "seed": 0, "factor": x if kind == "linear" else 0.0, "solved": False, "diverged": False}
        for kind, places in (("linear", RADII), ("tanh", RADII), ("lstm", SCALES)) for x in places
    ]  # fmt: skip
    for row in rows[:2]:
        tg.manual_seed(1)
        assert factor(with_radius(row["x"], linear=True), "h") == pytest.approx(row["x"], rel=0.1)
    rows += [
        {"kind": f"{start}, {word}clipped", "x": 1.0, "seed": 0, "factor": 0.0, "solved": False, "diverged": False}
        for start in ("vanishing", "exploding") for word in ("", "not ")
    ]  # fmt: skip
    claim = Gradients(rows)
    assert answers(claim) == [True, False, True, False, True, False]
    for row in claim.rows:  # clipping that cures vanishing, and an LSTM that never explodes
        row["factor"] = min(row["factor"], 0.9)
        row["solved"] = "clipped" in row["kind"]
    assert answers(claim) == [False, False, True, False, False, False]


# --- bottleneck -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alone", "attention", "held"), [
    ((0.95, 0.4), (0.99, 0.95), [True, True, True, True]),
    ((0.95, 0.94), (0.95, 0.94), [False, True, False, True]),
    ((0.95, 0.15), (0.99, 0.3), [True, False, False, False]),
])  # fmt: skip
def test_bottleneck(alone, attention, held):
    claim = Bottleneck([
        {"model": model, "length": length, "seed": seed, "weights": 10, "right": share, "whole": 0.5, "seconds": 1.0}
        for model, shares in (("state alone", alone), ("attention", attention))
        for length, share in zip((6, 24), shares, strict=True) for seed in range(3)
    ])  # fmt: skip
    assert answers(claim) == held


# --- ladder -----------------------------------------------------------------------------------------------------


def test_the_optimum_is_one():
    """Of the last value alone, by the formula of a regression; of all of them, by a simulation of the Kalman filter."""
    level = 0.02 / (1 - 0.99**2)
    assert optimum(1) == pytest.approx(level + 1 - (0.99 * level) ** 2 / (level + 1), rel=1e-12)
    x = wandering(np.random.default_rng(0), 20_000)[:, :, 0]
    mean, variance, errors = np.zeros(x.shape[1]), level, []
    for t in range(STEPS):
        gain = variance / (variance + 1)
        mean, variance = 0.99 * (mean + gain * (x[t] - mean)), 0.99**2 * (1 - gain) * variance + 0.02
        errors.append(((mean - x[t + 1]) ** 2).mean())
    assert np.mean(errors) == pytest.approx(optimum(), rel=0.01)
    assert optimum() < optimum(8) < optimum(4) < optimum(1)


def test_ladder_turned_round():
    errors = {"Markov": 1.17, "naive": 1.17}
    rows = [{"model": name, "seed": 0, "weights": 1, "seconds": 1.0, "known": errors.get(name, 1.6), "fresh": errors.get(name, 1.6)} for name in RUNGS]  # fmt: skip
    assert answers(Ladder(rows)) == [False, False, False, True]


# --- truncation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [1, 2, 5, 9, 20])
def test_windows_beside_each_other_are_truncated_bptt(window):
    tg.manual_seed(0)
    task = tg.tasks.echo(9, 2)
    model = task.model(hidden=6)
    batch = task.batch(0, 4)
    loss = windowed_loss(task, model, batch.x, batch.y, window)
    assert loss.item() == pytest.approx(task.loss(model(batch.x), batch.y).item(), rel=1e-5)
    loss.backward()
    ours = {name: p.grad.numpy().copy() for name, p in model.named_parameters()}
    model.zero_grad()

    def transition(t, state):
        scores, state = model.run(batch.x[:, t : t + 1], state)
        return tg.nn.functional.cross_entropy(scores[:, 0], batch.y[:, t], reduction="sum"), state

    for piece in models.truncated_bptt(transition, range(9), tg.zeros(1, 4, 6), k1=1, k2=window):
        if piece.loss.requires_grad:
            (piece.loss / (4 * 7)).backward()
    for name, p in model.named_parameters():
        np.testing.assert_allclose(ours[name], p.grad.numpy(), atol=1e-6, err_msg=name)


def test_truncation_turned_round():
    claim = Truncation([
        {"delay": delay, "window": window, "seed": seed, "right": 1.0, "solved": True, "updates": 50, "seconds": 1.0}
        for delay in (1, 4, 8) for window in (1, 2, 5, 9, 20) for seed in range(3)
    ])  # fmt: skip
    assert answers(claim) == [True, False, True, False]
    for row in claim.of(window=9):
        row["solved"] = False
    assert not answers(claim)[2]


# --- cures ------------------------------------------------------------------------------------------------------


def cures(solved):
    """Runs in which a (model, rate) is solved or not; others are not, and diverge at 0.01 where it says None."""
    return Cures([
        {"model": model, "rate": rate, "seed": seed, "solved": bool(solved.get((model, rate), False)),
         "diverged": solved.get((model, rate), 0) is None, "score": 0.005 if solved.get((model, rate)) else 0.17, "steps": 100}
        for model in MODELS for rate in (0.003, 0.01) for seed in range(3)
    ])  # fmt: skip


def test_cures_at_the_better_rate():
    claim = cures({("relu, identity", 0.003): True, ("relu, identity", 0.01): None, ("gru", 0.01): True})
    assert answers(claim) == [True, False, False, True, True, False]
    assert claim.better("gru") == 0.01
    assert "at 0.01 3 of 3 seeds diverge" in claim.finding()
    assert not answers(cures({("tanh", 0.003): True, ("gru", 0.003): True}))[4]  # no cure where there is no illness


# --- variants ---------------------------------------------------------------------------------------------------


def test_the_lstm_of_1997_is_an_lstm_that_never_forgets():
    old, new = WithoutForgetting(3, 4, dtype=tg.float64), tg.nn.LSTMCell(3, 4, dtype=tg.float64)
    for name, weight in new.named_parameters():
        rows = dict(old.named_parameters())[name].detach().chunk(3)
        forget = tg.full(rows[0].shape, 50.0 if name == "bias_ih" else 0.0, dtype=tg.float64)  # σ(50) = 1
        weight.detach().copy_(tg.cat([rows[0], forget, rows[1], rows[2]]))
    x, h, c = (tg.randn(2, n, dtype=tg.float64) for n in (3, 4, 4))
    for ours, theirs in zip(old(x, (h, c)), new(x, (h, c)), strict=True):
        assert tg.allclose(ours, theirs, atol=1e-14)


def test_variants():
    errors = {"no forget gate": 0.3, "coupled, i = 1 - f": 0.2, "no biases": 0.05, "peephole, dense": 0.05, "gru": 0.09}
    rows = [{"cell": name, "seed": 0, "weights": 5, "ms": 1.0, "error": errors.get(name, 0.1)} for name in CELLS]
    assert answers(Variants(rows)) == [True, False, True, True, True]


# --- sharing ----------------------------------------------------------------------------------------------------


def test_sharing():
    rows = [
        {"layers": layers, "samples": samples, "seed": 0, "weights": {"shared": 10, "untied": 100}[layers],
         "known": 0.01, "fresh": {"shared": 0.02, "untied": 0.1 if samples < 1000 else 0.01}[layers],
         "longer": 0.2 if layers == "shared" else float("nan"), "apart": 0.0}
        for samples in (100, 1000) for layers in LAYERS
    ]  # fmt: skip
    claim = Sharing(rows)
    assert answers(claim) == [True, True, True, False, False]
    assert "at 100 of 100, 1,000" in claim.finding()


def test_an_untied_network_has_no_weights_for_further_steps():
    with pytest.raises(ValueError, match="weights for 10 steps, a sequence of 11"):
        InARow(tied=False)(tg.zeros(1, 11, 2))


# --- speed ------------------------------------------------------------------------------------------------------


def test_speed_judges_by_its_numbers():
    times = {"lstm, step by step": 100.0, "lstm, one kernel": 10.0, "attention": 20.0, "tcn": 5.0}
    chains = {"lstm, step by step": 8, "lstm, one kernel": 1, "attention": 9, "tcn": 20}
    rows = [
        {"layer": name, "length": n, "seed": 0, "ms": time * n, "chain": chains[name] * (n if "step by" in name else 1)}
        for name, time in times.items() for n in (16, 512)
    ]  # fmt: skip
    claim = Speed(rows)
    assert answers(claim) == [True, True, True, False]
    assert claim.growth("attention") == pytest.approx(1)


def test_the_chain_of_a_graph():
    x = tg.ones(2, requires_grad=True)
    y = x * 2
    assert chain((y + y.tanh().exp()) * y) == 1 + 5  # the leaf, mul, tanh, exp, add, mul


# --- bidirectional ----------------------------------------------------------------------------------------------


def test_bidirectional():
    numbers = {
        ("tagging", "forward"): (0.89, 0.89), ("tagging", "both ways"): (1.0, 0.86),
        ("prediction", "forward"): (1.1, 1.1), ("prediction", "both ways"): (0.1, 2.0),
    }  # fmt: skip

    def claim():
        return Bidirectional([
            {"task": task, "model": model, "seed": 0, "whole": a, "so far": b, "optimal": 1.0, "trivial": 0.8}
            for (task, model), (a, b) in numbers.items()
        ])  # fmt: skip

    assert answers(claim()) == [True, True, True, True]
    numbers["tagging", "both ways"], numbers["prediction", "both ways"] = (0.9, 0.9), (1.05, 1.1)
    assert answers(claim()) == [False, False, False, False]


def test_so_far_is_what_a_causal_model_says_anyway():
    task = tg.tasks.autoregression(8)
    whole, so_far = scores_of(task, task.model(cell="gru", hidden=4))
    assert whole == pytest.approx(so_far, rel=1e-5)
    whole, so_far = scores_of(task, task.model(cell="gru", hidden=4, bidirectional=True))
    assert whole != pytest.approx(so_far, rel=1e-5)
