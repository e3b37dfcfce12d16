"""The commands train, tasks, sample, draw and study: what they write, and one clear line for what cannot work."""

import re

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.cli import main
from tinygrad_rnn.data.text import standard_library_text
from tinygrad_rnn.tasks import TASKS

from ..undrawn import undrawn


def run(*arguments):
    try:
        return main([str(a) for a in arguments])
    except SystemExit as stop:
        return stop.code


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of two steps of each kind, by the name of its task."""
    folder = tmp_path_factory.mktemp("runs")
    text = folder / "text.txt"
    text.write_text(standard_library_text()[:5000], encoding="utf-8")
    few = ["--steps", 2, "--batch", 4, "--hidden", 8, "--eval-every", 1]
    for task, *options in (
        ["adding"],
        ["text", "--length", 16, "--text", text],
        ["reverse"],
        ["captions"],
        ["echo", "--cell", "tcn"],
    ):
        with undrawn():
            assert run("train", task, *options, *few, "--out", folder / task) == 0
    return folder


def test_a_run_leaves_its_files_and_says_where(runs, capsys):
    assert run("train", "copy-memory", "--steps", 3, "--eval-every", 2, "--out", runs / "copy") == 0
    said = capsys.readouterr()
    names = {path.name for path in (runs / "copy").iterdir()}
    assert names == {"config.json", "checkpoint.tgr", "metrics.csv", "report.txt", "curve.png", "graph.svg"}
    assert (runs / "copy" / "report.txt").read_text(encoding="utf-8") in said.out
    assert "Not solved: the threshold is 99.0%" in said.out or "Nothing was learnt" in said.out
    assert [line.split(":")[0] for line in said.err.splitlines()] == ["step 2 of 3", "step 3 of 3"]
    assert "tokens/s" in said.err
    header, *lines = (runs / "copy" / "metrics.csv").read_text().splitlines()
    assert header == "step,loss,score,lr,norm,seconds"
    assert [line.split(",")[0] for line in lines] == ["2", "3"]
    assert (runs / "copy" / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_tasks_are_listed(capsys):
    assert run("tasks") == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["task", "what", "is", "asked", "cell", "trivial", "->", "solved", "time"]
    assert [line.split()[0] for line in lines] == list(TASKS)
    assert all(line.endswith(" s") for line in lines)


def test_the_report_says_what_was_learnt(tmp_path, capsys):
    assert run("train", "echo", "--length", 12, "--delay-is-not-an-option") == 2
    capsys.readouterr()
    assert run("train", "latch", "--length", 5, "--out", tmp_path / "latch") == 0
    said = capsys.readouterr().out
    assert "the task counts as solved" in said
    assert "A predictor that has learnt nothing (a guess) has 50.0%." in said
    assert "% of the way there." in said


def test_a_score_that_was_asked_for_is_not_called_solved_and_an_ended_run_says_that_nothing_is_left(tmp_path, capsys):
    options = [
        "--length",
        5,
        "--hidden",
        4,
        "--target",
        0.1,
        "--eval-every",
        1,
        "--steps",
        3,
        "--out",
        tmp_path / "run",
    ]
    assert run("train", "latch", *options) == 0
    said = capsys.readouterr()
    assert "up to the score that was asked for" in said.out
    assert "Solved" not in said.out
    assert re.search(r"share of right answers \d+\.\d%", said.err)
    assert run("train", "--resume", tmp_path / "run") == 0
    assert "nothing is left to do after step 1; --from" in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--beam", 3], ["--temperature", 0], ["--top-k", 3, "--top-p", 0.9]])
def test_a_text_goes_on_from_its_prompt(runs, capsys, options):
    assert run("sample", runs / "text", "--prompt", "The ", "--length", 20, *options) == 0
    said = capsys.readouterr().out
    assert said.startswith("The ")
    assert len(said.replace("<unk>", "?")) == 4 + 20 + 1


def test_samples_are_the_same_for_the_same_seed(runs, capsys):
    said = []
    for seed in (1, 1, 2):
        assert run("sample", runs / "text", "--seed", seed, "--prompt", "a") == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] != said[2]


@pytest.mark.parametrize("options", [[], ["--beam", 2]])
def test_a_translation_of_a_prompt_and_of_held_out_data(runs, capsys, options):
    assert run("sample", runs / "reverse", "--prompt", "abcd", *options) == 0
    assert set(capsys.readouterr().out) <= set("abcdefgh\n")
    assert run("sample", runs / "reverse", *options) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    for line in lines:
        source, _, rest = line.partition(" -> ")
        assert f"(right: {source[::-1]})" in rest or rest == source[::-1]
    assert run("sample", runs / "captions", *options) == 0
    assert "(right: a " in capsys.readouterr().out


@pytest.mark.parametrize("name", ["adding", "text", "reverse", "captions"])
def test_any_run_is_drawn_and_studied(runs, tmp_path, capsys, name):
    assert run("draw", runs / name, "--out", tmp_path / "graph.html") == 0
    assert "<html" in (tmp_path / "graph.html").read_text(encoding="utf-8")
    assert run("study", runs / name / "checkpoint.tgr", "--steps", 8, "--out", tmp_path) == 0
    assert (tmp_path / "study-report.txt").read_text(encoding="utf-8").startswith("loss ")


def test_the_page_of_a_text_shows_what_was_read_and_guessed(runs, tmp_path, monkeypatch):
    from tinygrad_rnn.viz import Drawing

    said = {}
    monkeypatch.setattr(Drawing, "save", lambda drawing, path, **options: said.update(options))
    assert run("draw", runs / "text", "--out", tmp_path / "graph.html", "--steps", 6) == 0
    (x,), y = tg.tasks.text(runs / "text.txt", length=16).batch(0, 1, "validation")
    vocabulary = said["vocabulary"]
    assert [vocabulary.index(letter) for letter in said["text"]] == x.array[0, :6].tolist()
    assert said["targets"][:-1] == said["text"][1:]
    assert said["scores"].shape == (6, 1, len(vocabulary))
    assert len(said["losses"]) == 2
    said.clear()
    assert run("draw", runs / "adding", "--out", tmp_path / "graph.html") == 0
    assert set(said) == {"gradient_flow", "losses"}


def test_a_model_without_time_is_drawn_and_study_says_why_it_has_nothing_to_say(runs, tmp_path, capsys):
    assert run("draw", runs / "echo", "--out", tmp_path / "graph.svg") == 0
    assert run("study", runs / "echo") == 2
    assert "this graph has no time steps" in capsys.readouterr().err


def test_the_demo_is_train_text_with_its_defaults(monkeypatch):
    """The same model and training: cell, sizes, batch, steps, learning rate, clipping."""
    from tinygrad_rnn import demo

    task = tg.tasks.text()
    theirs = demo.CharModel(len(task.vocabulary))
    ours = task.model()
    assert task.defaults["steps"] == 1000
    assert task.defaults["lr"] == 3e-3
    assert ours.body.hidden_size == theirs.recurrent.hidden_size
    assert type(ours.body) is type(theirs.recurrent)
    assert task.batch(0).x.shape == (32, 64)


BAD = [
    (["train"], "which task?"),
    (["train", "addin"], "there is no task 'addin'; did you mean adding?"),
    (["train", "qqq"], "there is no task 'qqq'"),
    (["trian", "adding"], "argument COMMAND: there is no 'trian'; did you mean train?; choose from train, "),
    (["train", "adding", "--celll", "rnn"], "train: error: there is no --celll; did you mean --cell?"),
    (["train", "adding", "extra"], "train: error: there is no extra (see"),
    (["train", "adding", "--cell", "lsmt"], "argument --cell: there is no 'lsmt'; did you mean lstm?"),
    (["train", "adding", "--cell", "elman"], "there is no 'elman'"),
    (["train", "adding", "--cell", "attention"], "no source to look back at"),
    (["train", "captions", "--cell", "tcn"], "a picture sets the first state"),
    (["train", "captions", "--cell", "transformer"], "a picture sets the first state"),
    (["train", "tagging", "--cell", "tcn"], "a TCN sees only the past"),
    (["train", "adding", "--cell", "rnn", "--init", "chrono"], "rnn has no forget gate"),
    (["train", "adding", "--cell", "transformer", "--init", "xavier"], "transformer has none"),
    (["train", "echo", "--head", "max"], "each step has its own"),
    (["train", "adding", "--head", "min"], "there is no 'min'"),
    (["train", "adding", "--length", "0"], "must be at least 1, got 0"),
    (["train", "adding", "--length", "1"], "length must be at least 2, got 1"),
    (["train", "adding", "--length", "long"], "'long' is not a whole number"),
    (["train", "brackets", "--length", "7"], "length must be even"),
    (["train", "reber", "--length", "5"], "length must be at least 9, got 5"),
    (["train", "video", "--length", "20"], "at least 2 and at most 14, got 20"),
    (["train", "dates", "--length", "5"], "--length: dates has no such option; it has --samples"),
    (["train", "adding", "--text", "x.txt"], "--text: adding has no such option; it has --length, --samples"),
    (["train", "text", "--text", "no-such-file"], "does not exist"),
    (["train", "text", "--samples", "5"], "--samples: text has no such option"),
    (["train", "adding", "--samples", "-3"], "must be at least 1, got -3"),
    (["train", "adding", "--layers", "0"], "must be at least 1, got 0"),
    (["train", "adding", "--hidden", "2.5"], "'2.5' is not a whole number"),
    (["train", "adding", "--dropout", "1"], "must be at least 0 and less than 1, got 1"),
    (["train", "adding", "--dropout", "nan"], "must be at least 0 and less than 1, got nan"),
    (["train", "adding", "--batch", "0"], "must be at least 1, got 0"),
    (["train", "adding", "--steps", "0"], "must be at least 1, got 0"),
    (["train", "adding", "--lr", "0"], "must be greater than 0 and finite, got 0"),
    (["train", "adding", "--lr", "nan"], "must be greater than 0 and finite, got nan"),
    (["train", "adding", "--lr", "fast"], "'fast' is not a number"),
    (["train", "adding", "--clip", "-1"], "must be greater than 0 and finite, got -1"),
    (["train", "adding", "--target", "inf"], "must be a finite number or none, got inf"),
    (["train", "adding", "--eval-every", "0"], "must be at least 1, got 0"),
    (["train", "adding", "--save-every", "x"], "'x' is not a whole number"),
    (["train", "adding", "--seed", "-1"], "must be at least 0, got -1"),
    (["train", "adding", "--optimizer", "lbfgs"], "there is no 'lbfgs'"),
    (["train", "adding", "--schedule", "warm"], "there is no 'warm'"),
    (["train", "echo", "--tbptt", "5,2"], "expected K1,K2 with K1 at most K2, got '5,2'"),
    (["train", "echo", "--tbptt", "1,2,3"], "expected K1,K2"),
    (["train", "adding", "--tbptt", "5"], "tbptt: adding has one loss for a whole sequence"),
    (["train", "echo", "--cell", "tcn", "--tbptt", "5"], "carries no state"),
    (["train", "adding", "--out", ""], "argument --out: the name is empty"),
    (["train", "adding", "--out", "FILE"], "cannot write to the folder"),
    (["train", "--resume", "nowhere"], "nowhere is not the folder of a run: config.json: No such file"),
    (["train", "--resume", "RUNS/adding", "--lr", "1"], "takes no --lr; --from starts again with changes"),
    (["train", "adding", "--resume", "RUNS/adding"], "takes no task"),
    (["train", "--from", "nowhere"], "nowhere is not the folder of a run"),
    (["train", "echo", "--from", "RUNS/adding"], "that run is adding, not echo"),
    (["train", "--resume", "BROKEN"], "is not the config of a run"),
    (["sample", "RUNS/adding"], "adding does not write"),
    (["sample", "nowhere"], "No such file"),
    (["sample", "RUNS/text", "--temperature", "-1"], "temperature must be greater than 0"),
    (["sample", "RUNS/text", "--top-p", "2"], "top_p must be in (0, 1], got 2"),
    (["sample", "RUNS/text", "--beam", "2", "--top-k", "2"], "goes with none of"),
    (["sample", "RUNS/text", "--temperature", "0", "--top-k", "2"], "goes with neither"),
    (["sample", "RUNS/text", "--prompt", "\u1234"], "the model does not know"),
    (["sample", "RUNS/captions", "--prompt", "a"], "starts from pictures"),
    (["draw", "nowhere"], "No such file"),
    (["draw", "RUNS/adding/config.json"], "config.json"),
    (["study", "RUNS/adding", "--text", "x"], "--text is for the demo"),
    (["study", "RUNS/adding", "--weight", "w"], "there is no 'w'; there are"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "")  # fmt: skip
def test_what_cannot_work_is_one_clear_line_and_status_2(runs, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text("")
    (tmp_path / "BROKEN").mkdir()
    (tmp_path / "BROKEN" / "config.json").write_text('{"task": "adding", "seed": "x"}')
    assert run(*[argument.replace("RUNS", str(runs)) for argument in arguments]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert said.startswith("tinygrad-rnn")
    assert words in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["BROKEN", "FILE"]  # nothing was made
