"""The command line: results, and one clear line for arguments that cannot work."""

import errno
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

import tinygrad_rnn as tg
import tinygrad_rnn_start
from tinygrad_rnn.cli import main
from tinygrad_rnn.data import standard_library_text
from tinygrad_rnn.runs import Checkpoints

from .undrawn import undrawn


@pytest.fixture
def small_text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(standard_library_text()[:20_000], encoding="utf-8")
    return path


@pytest.fixture
def figures_are_not_drawn():
    with undrawn():
        yield


def run(*arguments):
    try:
        return main([str(a) for a in arguments])
    except SystemExit as stop:
        return stop.code


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_demo_trains_and_writes_its_results(small_text, tmp_path, capsys, cell):
    out = tmp_path / "out"
    assert run("demo", "--text", small_text, "--steps", 3, "--cell", cell, "--out", out) == 0
    printed = capsys.readouterr().out
    assert "sample before training" in printed
    assert "sample after training" in printed
    assert "validation loss" in printed
    assert "unigram entropy" in printed
    assert (out / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (out / "graph.svg").read_text(encoding="utf-8")
    checkpoint = tg.load(out / "checkpoint.tgr")
    assert checkpoint["settings"]["cell"] == cell
    assert len(checkpoint["losses"]) == 3


@pytest.mark.usefixtures("figures_are_not_drawn")
def test_the_same_seed_trains_the_same_model_in_two_processes(small_text, tmp_path):
    command = ["demo", "--text", small_text, "--steps", "4", "--seed", "3", "--out"]
    subprocess.run([sys.executable, "-m", "tinygrad_rnn", *command, tmp_path / "a"], check=True, capture_output=True)
    assert run(*command, tmp_path / "b") == 0
    first, second = (tg.load(tmp_path / name / "checkpoint.tgr") for name in ("a", "b"))
    assert first["losses"] == second["losses"]
    for key, value in first["model"].items():
        assert tg.equal(value, second["model"][key]), key


@pytest.mark.usefixtures("figures_are_not_drawn")
def test_the_loss_falls_below_the_unigram_entropy(small_text, tmp_path, capsys):
    assert run("demo", "--text", small_text, "--steps", 40, "--out", tmp_path / "out") == 0
    lines = {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines()}
    validation, unigram = (float(lines[name].split()[2]) for name in ("validation loss", "unigram entropy"))
    assert validation < unigram


def bad(tmp_path, kind):
    path = tmp_path / "bad.txt"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "short":
        path.write_text("too short")
    elif kind == "latin":
        path.write_bytes("na\u00efve ".encode("latin-1") * 1000)
    elif kind == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "does not exist"),
        ("empty", "is empty"),
        (
            "short",
            "too short: 9 characters leave 8 for training, where one sequence needs 65: at least 641 characters are needed",
        ),
        ("latin", "not UTF-8: byte 0xef at position 2. Convert it: iconv -f CP1252 -t UTF-8 "),
        ("folder", "cannot be read"),
    ],
)
def test_a_text_that_cannot_be_used(tmp_path, capsys, kind, words):
    assert run("demo", "--text", bad(tmp_path, kind), "--out", tmp_path / "out") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]


def test_a_folder_that_cannot_be_written(small_text, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run("demo", "--text", small_text, "--out", tmp_path / "file") == 2
    assert "cannot write to the folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--steps", "0"], "at least 1, got 0"),
        (["demo", "--steps", "many"], "'many' is not a whole number"),
        (["demo", "--cell", "elman"], "there is no 'elman'"),
        (["demo", "--colour"], "there is no --colour"),
        (["demo", "--text", ""], "argument --text: the name is empty"),
        (["demo", "--out", ""], "argument --out: the name is empty"),
        (["draw", ""], "argument RUN: the name is empty"),
        (["draw", "x.tgr", "--out", ""], "argument --out: the name is empty"),
        (["rain"], "there is no 'rain'; did you mean train?"),
        ([], "COMMAND"),
    ],
)
def test_arguments_that_cannot_work(capsys, arguments, words):
    assert run(*arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]


def test_the_version(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"tinygrad-rnn {tg.__version__}\n"


@pytest.mark.parametrize("command", ["demo", "draw", "claim"])
def test_help_says_the_default_of_every_option_that_takes_a_value(capsys, command):
    assert run(command, "--help") == 0
    options = capsys.readouterr().out.split("options:")[1].split("\n  -")[1:]
    taking = [option for option in options if option.split("  ")[0].rstrip().endswith(("FILE", "FOLDER", "N", "}"))]
    assert len(taking) >= 2
    for option in taking:
        assert "default" in option, option


@pytest.mark.usefixtures("figures_are_not_drawn")
def test_results_go_into_a_new_folder_where_there_are_some(small_text, tmp_path, capsys):
    """The last line says where; what was there stays as it was."""
    wanted = tmp_path / "out"
    for folder in ("out", "out-2", "out-3"):
        assert run("demo", "--text", small_text, "--steps", 1, "--out", wanted) == 0
        names = [tmp_path / folder / name for name in ("checkpoint.tgr", "loss.png", "graph.svg")]
        assert capsys.readouterr().out.splitlines()[-1] == f"wrote {names[0]}, {names[1]} and {names[2]}"
        assert all(name.exists() for name in names)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out-2", "out-3", "text.txt"]


@pytest.mark.parametrize("lost", ["loss.png", "graph.svg", "both"])
def test_a_picture_that_cannot_be_written_costs_nothing_else(small_text, tmp_path, capsys, monkeypatch, lost):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if lost != "graph.svg":
        monkeypatch.setattr("tinygrad_rnn.demo.plot_losses", full)
    if lost != "loss.png":
        monkeypatch.setattr("tinygrad_rnn.demo.draw_few_steps", full)
    out = tmp_path / "out"
    assert run("demo", "--text", small_text, "--steps", 2, "--out", out) == 1
    printed = capsys.readouterr()
    names = ["loss.png", "graph.svg"] if lost == "both" else [lost]
    line = ", ".join(f"{out / name}: No space left on device" for name in names)
    kept = f"{out / 'checkpoint.tgr'} holds 2 of 2 steps"
    assert printed.err.splitlines()[-1] == f"tinygrad-rnn demo: could not write {line}; {kept}"
    others = [str(out / name) for name in ("checkpoint.tgr", "loss.png", "graph.svg") if name not in names]
    assert printed.out.splitlines()[-1] == f"wrote {' and '.join(others)}"
    assert len(tg.load(out / "checkpoint.tgr")["losses"]) == 2


@pytest.mark.usefixtures("figures_are_not_drawn")
def test_a_disk_that_takes_no_more_checkpoints_ends_in_one_line_and_keeps_the_last(small_text, tmp_path, capsys, monkeypatch):  # fmt: skip
    def full(self, step):
        self.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Checkpoints, "save", full)
    monkeypatch.setattr(Checkpoints, "due", lambda self: True)
    out = tmp_path / "out"
    assert run("demo", "--text", small_text, "--steps", 2, "--out", out) == 1
    err = capsys.readouterr().err
    kept = f"{out / 'checkpoint.tgr'} holds 0 of 2 steps"
    assert err.splitlines()[-1] == f"tinygrad-rnn demo: could not write {out / 'checkpoint.tgr'}: No space left on device; {kept}"  # fmt: skip
    assert "not saved: No space left on device" in err
    assert tg.load(out / "checkpoint.tgr")["losses"] == []


def test_the_checkpoint_of_a_run_that_was_stopped_before_its_first_step_is_drawn(small_text, tmp_path, capsys, monkeypatch):  # fmt: skip
    monkeypatch.setattr("tinygrad_rnn.cli.demo.train", lambda *arguments: None)
    assert run("demo", "--text", small_text, "--out", tmp_path / "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["checkpoint.tgr", "graph.svg"]
    assert run("draw", tmp_path / "out" / "checkpoint.tgr", "--html", "--out", tmp_path / "graph.html") == 0
    assert "<html" in (tmp_path / "graph.html").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_while_the_library_is_loaded_ends_the_program_in_one_line(tmp_path, name, status):
    """A library of that name that gets the signal, where the real one is on the way to being loaded."""
    (tmp_path / "tinygrad_rnn.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.NAME)".replace("NAME", name)
    )
    shutil.copy(tinygrad_rnn_start.__file__, tmp_path)
    program = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); import tinygrad_rnn_start as s; s.main()"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == status
    assert done.stderr.decode() == f"tinygrad-rnn: stopped by {name}, before it started\n"


def test_the_program_is_the_command_line(monkeypatch):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr("tinygrad_rnn.cli.main", lambda: 7)
    try:
        assert tinygrad_rnn_start.main() == 7
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)
    project = pathlib.Path(tinygrad_rnn_start.__file__).with_name("pyproject.toml").read_text(encoding="utf-8")
    assert '\ntinygrad-rnn = "tinygrad_rnn_start:main"\n' in project
