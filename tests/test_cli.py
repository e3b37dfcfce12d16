"""The command line: results, and one clear line for arguments that cannot work."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.cli import main
from tinygrad_rnn.data import standard_library_text
from tinygrad_rnn.demo import CtrlC


@pytest.fixture
def small_text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(standard_library_text()[:20_000], encoding="utf-8")
    return path


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


def test_the_same_seed_trains_the_same_model_in_two_processes(small_text, tmp_path):
    command = ["demo", "--text", small_text, "--steps", "4", "--seed", "3", "--out"]
    subprocess.run([sys.executable, "-m", "tinygrad_rnn", *command, tmp_path / "a"], check=True, capture_output=True)
    assert run(*command, tmp_path / "b") == 0
    first, second = (tg.load(tmp_path / name / "checkpoint.tgr") for name in ("a", "b"))
    assert first["losses"] == second["losses"]
    for key, value in first["model"].items():
        assert tg.equal(value, second["model"][key]), key


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
        ("short", "too short: 9 characters"),
        ("latin", "not UTF-8: byte 0xef at position 2"),
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
        (["demo", "--cell", "elman"], "invalid choice: 'elman'"),
        (["demo", "--colour"], "unrecognized arguments: --colour"),
        (["train"], "invalid choice: 'train'"),
        ([], "COMMAND"),
    ],
)
def test_arguments_that_cannot_work(capsys, arguments, words):
    assert run(*arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]


def test_ctrl_c_waits_for_the_end_of_a_step_and_a_second_one_does_not():
    before = signal.getsignal(signal.SIGINT)
    with CtrlC() as ctrl_c:
        signal.raise_signal(signal.SIGINT)
        assert ctrl_c.pressed
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_keeps_what_was_trained(small_text, tmp_path):
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-u",
        "-m",
        "tinygrad_rnn",
        "demo",
        "--text",
        small_text,
        "--steps",
        "100000",
        "--out",
        out,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        seen = b""
        while b"nats" not in seen:  # the progress bar shows a loss: training runs
            seen += (more := os.read(process.stderr.fileno(), 1000))
            assert more, seen
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 130
    assert b"stopped after" in printed
    assert b"Traceback" not in printed
    assert 0 < len(tg.load(out / "checkpoint.tgr")["losses"]) < 100000
    assert Path(out / "loss.png").exists()
