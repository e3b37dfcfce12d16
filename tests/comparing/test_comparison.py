"""What a comparison says: the rate that each cell gets, failures, the table, the figure; and what cannot be asked."""

import csv
import io
import json
import math
from pathlib import Path

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.cli import main
from tinygrad_rnn.comparing import Comparison, Outcome
from tinygrad_rnn.comparing.grid import grid
from tinygrad_rnn.comparing.one_run import finish
from tinygrad_rnn.comparing.progress import Progress


def run(*arguments):
    try:
        return main([str(a) for a in arguments])
    except SystemExit as stop:
        return stop.code


def outcome(cell="rnn", length=10, lr=0.01, seed=0, score=0.1, step=100, solved=False, failed="", validation=None):
    validation = score if validation is None else validation
    return Outcome(cell, length, lr, seed, score, validation, step, solved, failed, 50, 1 / 6, 0.0, 0.01, False)


def comparison(*runs):
    return Comparison(tg.tasks.adding(length=10), list(runs), Path("nowhere"))


@pytest.mark.parametrize(
    ("runs", "lr"),
    [
        # more seeds solved, though another rate has the better score
        (
            [(0.01, 0.0001, False, 100), (0.01, 0.0001, False, 100), (0.1, 0.009, True, 100), (0.1, 0.2, False, 100)],
            0.1,
        ),
        # all solved: the one that takes fewer steps
        ([(0.01, 0.005, True, 300), (0.01, 0.005, True, 500), (0.1, 0.009, True, 100), (0.1, 0.009, True, 200)], 0.1),
        # none solved: the better median, of validation
        ([(0.01, 0.05, False, 100), (0.01, 0.07, False, 100), (0.1, 0.02, False, 100), (0.1, 0.11, False, 100)], 0.01),
        # nothing between them: the smaller
        ([(0.1, 0.05, False, 100), (0.01, 0.05, False, 100)], 0.01),
    ],
)
def test_each_cell_gets_the_rate_that_validation_chooses(runs, lr):
    found = comparison(*(outcome(lr=rate, score=score, solved=solved, step=step) for rate, score, solved, step in runs))
    assert [row.lr for row in found.rows] == [lr]


def test_the_rate_is_chosen_by_validation_and_the_score_is_of_the_test_part():
    found = comparison(outcome(lr=0.1, score=0.5, validation=0.02), outcome(lr=0.01, score=0.1, validation=0.03))
    assert (found.rows[0].lr, found.rows[0].score) == (0.1, 0.5)


def test_a_rate_at_which_runs_fail_is_worse_than_a_poor_one():
    bad = outcome(lr=0.1, score=None, failed="diverged at step 3: …")
    found = comparison(outcome(lr=0.01, score=0.16), bad._replace(seed=1), bad)
    assert found.rows[0].lr == 0.01
    assert found.failed()[0] == "rnn, length 10, lr 0.1, seed 1: diverged at step 3: …"
    assert "failed: rnn, length 10, lr 0.1, seed 0" in found.table()


def test_a_seed_that_fails_is_the_worst_one_of_its_row():
    runs = [outcome(seed=k, score=score, solved=score < 0.01) for k, score in enumerate((0.3, 0.001, 0.2))]
    found = comparison(*runs, outcome(seed=3, score=None, failed="diverged"))
    row = found.row("rnn", 10)
    assert (row.score, row.best, row.worst, row.solved, row.seeds) == (0.25, 0.001, None, 1, 4)
    assert "1 of 4  0.25    0.001 .. failed" in found.table()
    found.plot()
    poor = comparison(
        outcome("rnn", score=0.2), outcome("gru", score=0.1), outcome("lstm", score=None, failed="diverged")
    )
    assert poor.finding() == "Solved at length 10 with none of them, of which gru has the best median, 0.1."
    none = comparison(*(outcome(seed=k, score=None, failed="diverged") for k in range(2)))
    assert none.rows[0].score is None
    assert "0 of 2  failed  failed .. failed" in none.table()
    none.plot()


def test_the_table_says_how_it_was_compared():
    lengths = [outcome(cell, length, lr, seed, solved=cell == "gru") for cell in ("rnn", "gru") for length in (10, 50) for lr in (0.01, 0.1) for seed in (0, 1)]  # fmt: skip
    found = comparison(*lengths)
    table = found.table()
    assert "its own best learning rate, chosen by validation from 0.01, 0.1" in table
    assert "Solved: 0.01 on the validation part" in table
    assert "at length 10 with gru (2 of 2 seeds), not with rnn; at length 50 with gru (2 of 2 seeds), not with rnn" in found.finding()  # fmt: skip
    assert "Best at the edge of the rates tried, and perhaps better beyond: rnn at 10 (0.01), rnn at 50 (0.01)" in table
    rows = list(csv.DictReader(io.StringIO(found.csv())))
    assert [(row["cell"], row["length"], row["solved"]) for row in rows] == [("rnn", "10", "0"), ("rnn", "50", "0"), ("gru", "10", "2"), ("gru", "50", "2")]  # fmt: skip
    assert len(found.runs_csv().splitlines()) == 17
    with pytest.raises(KeyError, match="no 'lstm' at length 10"):
        found.row("lstm", 10)


def test_the_figure_has_a_line_for_each_cell_and_the_levels_beside():
    found = comparison(*(outcome(cell, length, seed=seed) for cell in ("rnn", "gru") for length in (10, 100) for seed in range(3)))  # fmt: skip
    left, right = found.plot().axes
    assert left.get_legend_handles_labels()[1] == ["rnn", "gru", "trivial, 0.167", "solved, 0.01", "best possible, 0"]
    assert left.get_xscale() == right.get_xscale() == "log"
    assert "median and range of 3 seeds" in left.get_title()
    left, right = comparison(outcome("rnn"), outcome("gru")).plot().axes
    assert [label.get_text() for label in right.get_xticklabels()] == ["rnn", "gru"]


def test_a_run_that_diverges_is_a_result_with_its_reason(tmp_path):
    (asked,) = grid("adding", ["rnn"], [10], 1, [1e30], tmp_path, {"optimizer": "sgd", "clip": 0, "steps": 20})
    result = finish(asked.folder, asked.config, lambda: False)
    assert result["failed"].startswith("diverged at step")
    assert json.loads((asked.folder / "result.json").read_text()) == result
    assert finish(asked.folder, asked.config, lambda: True) == result


def test_a_run_that_is_stopped_goes_on_to_the_same_end(tmp_path):
    def asked(name):
        return grid("adding", ["gru"], [5], 1, [0.01], tmp_path / name, {"steps": 30, "hidden": 4, "evaluate_every": 10})[0]  # fmt: skip

    whole, parts = asked("whole"), asked("parts")
    calls = iter(range(1000))
    assert finish(parts.folder, parts.config, lambda: next(calls) > 15) is None
    assert 0 < tg.load(parts.folder / "checkpoint.tgr")["step"] < 30
    assert not (parts.folder / "result.json").exists()
    results = [finish(one.folder, one.config, lambda: False) for one in (whole, parts)]
    times = {"seconds": 0, "elapsed": 0}
    assert {**results[0], **times} == {**results[1], **times}
    weights = [tg.load(one.folder / "checkpoint.tgr")["model"] for one in (whole, parts)]
    assert all((weights[0][name].array == weights[1][name].array).all() for name in weights[0])


def test_a_checkpoint_that_cannot_be_read_means_a_new_start(tmp_path):
    (asked,) = grid("adding", ["gru"], [5], 1, [0.01], tmp_path, {"steps": 5, "hidden": 4})
    asked.folder.mkdir(parents=True)
    (asked.folder / "checkpoint.tgr").write_bytes(b"no checkpoint")
    assert finish(asked.folder, asked.config, lambda: False)["step"] == 5


def test_the_run_of_a_folder_is_one_for_train_and_study(tmp_path, capsys):
    (asked,) = grid("adding", ["gru"], [5], 1, [0.01], tmp_path, {"steps": 5, "hidden": 4})
    finish(asked.folder, asked.config, lambda: False)
    assert run("train", "--resume", asked.folder) == 0
    assert "nothing is left to do after step 5" in capsys.readouterr().out


def test_names_of_cells():
    cells = {"plain": {"cell": "rnn"}, "chrono, 2 layers": {"cell": "lstm", "init": "chrono", "layers": 2}}
    runs = grid("adding", cells, [5], [3], [0.5], Path("out"), {"hidden": 4, "tbptt": (2, 4)})
    assert [str(run.folder) for run in runs] == ["out/plain-length5-lr0.5-seed3", "out/chrono-2-layers-length5-lr0.5-seed3"]  # fmt: skip
    assert runs[1].config == {
        "task": "adding", "seed": 3, "data": {"length": 5},
        "model": {"hidden": 4, "cell": "lstm", "init": "chrono", "layers": 2}, "training": {"lr": 0.5, "tbptt": [2, 4]},
    }  # fmt: skip
    (run,) = grid("adding", "lstm:chrono", None, [0], [0.5], Path("out"), {})
    assert run.config["model"] == {"cell": "lstm", "init": "chrono"}
    (run,) = grid("latch", ["lstm"], None, [0], [0.5], Path("out"), {})  # whose own model has chrono
    assert run.config["model"] == {"cell": "lstm", "init": "default"}
    assert run.config["data"] == {}


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"task": "adder"}, ValueError, "there is no task 'adder'"),
        ({"cells": []}, ValueError, "cells: there must be at least one"),
        ({"cells": ["rnn", "rnn"]}, ValueError, "cells: rnn is there twice"),
        ({"cells": ["lstm:forget", "lstm-forget"]}, ValueError, "'lstm:forget', 'lstm-forget' are too alike"),
        ({"lengths": [10, 10]}, ValueError, "lengths: 10 is there twice"),
        ({"lengths": [0]}, ValueError, "lengths must be at least 1, got 0"),
        ({"lrs": [math.nan]}, ValueError, "lrs must be greater than 0 and finite, got nan"),
        ({"seeds": 0}, ValueError, "seeds must be at least 1, got 0"),
        ({"seeds": [-1]}, ValueError, "seeds must be at least 0, got -1"),
        ({"options": {"lr": 0.1}}, TypeError, "there is no option 'lr'"),
        ({"options": {"hiden": 4}}, TypeError, "there is no option 'hiden'; there are layers, hidden"),
    ],
)
def test_what_cannot_be_asked(change, error, said):
    asked = {"task": "adding", "cells": ["rnn"], "lengths": None, "seeds": 1, "lrs": [0.1], "out": Path("out"), "options": {}}  # fmt: skip
    with pytest.raises(error, match=said):
        grid(**{**asked, **change})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["addin"], "there is no task 'addin'; did you mean adding?"),
        (["adding", "--cells", "rmm"], "cell must be one of rnn, lstm, gru"),
        (["adding", "--cells", "rnn:chrono"], "init chrono: rnn has no forget gate"),
        (["adding", "--lengths", "10,x"], "argument --lengths: 'x' is not a whole number"),
        (["adding", "--lengths", "1"], "length must be at least 2, got 1"),
        (["dates", "--lengths", "5"], "--length: dates has no such option"),
        (["adding", "--lrs", "0.1,0"], "argument --lrs: must be greater than 0 and finite, got 0"),
        (["adding", "--seeds", "0"], "argument --seeds: must be at least 1, got 0"),
        (["adding", "--jobs", "0"], "argument --jobs: must be at least 1, got 0"),
        (["adding", "--jobs", "2", "--scheduler", "tcp://x:1"], "--jobs is for this machine"),
        (["adding", "--tbptt", "2,4"], "tbptt: adding has one loss for a whole sequence"),
        (["adding", "--text", "x"], "--text: adding has no such option"),
    ],
)
def test_bad_arguments_give_one_line_and_leave_nothing(arguments, said, tmp_path, capsys):
    assert run("compare", *arguments, "--out", tmp_path / "out") == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert not (tmp_path / "out").exists()


def test_a_folder_of_another_comparison_is_refused(tmp_path, capsys):
    (asked,) = grid("adding", ["rnn"], [5], 1, [0.01], tmp_path, {"steps": 5, "hidden": 4})
    finish(asked.folder, asked.config, lambda: False)
    same = ["compare", "adding", "--cells", "rnn", "--lengths", "5", "--seeds", "1", "--lrs", "0.01", "--out", tmp_path]
    assert run(*same, "--hidden", "4", "--steps", "7") == 2
    assert "rnn-length5-lr0.01-seed0 holds a run that was asked for steps 5, not 7; take another folder" in capsys.readouterr().err  # fmt: skip
    assert run(*same, "--hidden", "4", "--steps", "5") == 0
    assert "1 of 1 runs were finished before" in capsys.readouterr().err


def test_what_the_machine_spoils_is_tried_again_and_loses_no_other(tmp_path, monkeypatch, capsys):
    trained = []

    class Spoilt:
        """Trains here; but the disk is full for one of the runs, the first time."""

        def train(self, folder, config, stop):
            trained.append(folder.name)
            if trained.count("rnn-length5-lr0.01-seed0") == 1 and folder.name == "rnn-length5-lr0.01-seed0":
                return {"failed": "OSError: No space left on device", "again": True}
            return finish(folder, config, stop)

        def close(self):
            pass

    monkeypatch.setattr("tinygrad_rnn.comparing.sweep.Workers", Spoilt)
    command = ["compare", "adding", "--cells", "rnn", "--lengths", 5, "--seeds", 2, "--lrs", 0.01, "--steps", 5, "--hidden", 4]  # fmt: skip
    assert run(*command, "--out", tmp_path) == 1
    said = capsys.readouterr()
    assert "failed: rnn, length 5, lr 0.01, seed 0: OSError: No space left on device" in said.out
    assert said.err.endswith("tinygrad-rnn compare: 1 of 2 runs were cut short; the same command tries them again\n")
    assert run(*command, "--out", tmp_path) == 0
    assert sorted(trained) == ["rnn-length5-lr0.01-seed0", "rnn-length5-lr0.01-seed0", "rnn-length5-lr0.01-seed1"]
    said = capsys.readouterr().out
    assert "failed:" not in said
    assert (tmp_path / "comparison.txt").read_text(encoding="utf-8") in said
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_progress_says_what_is_left():
    runs = grid("adding", ["rnn", "gru"], [5, 10], 2, [0.01], Path("out"), {})
    said = io.StringIO()
    progress = Progress(True, said)
    done = {"failed": "", "solved": True, "elapsed": 100.0}
    with progress:
        progress.begin([(runs[0], done)], runs[1:], 2)
        progress.finished(runs[1], {**done, "elapsed": 300.0})
        progress.finished(runs[4], {"failed": "diverged at step 7: the loss is nan", "solved": False})
    lines = said.getvalue().splitlines()
    # a length of 5 takes 200 s, so 2 runs at 5 and 4 at 10 take 2,000 s on one and half of that on two
    assert lines == [
        "1 of 8 runs were finished before",
        "2 of 8 runs, about 17 min left; rnn-length5-lr0.01-seed1: solved",
        "3 of 8 runs, about 13 min left; rnn-length10-lr0.01-seed0: diverged at step 7: the loss is nan",
    ]
