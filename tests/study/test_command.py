"""`tinygrad-rnn study`: what it writes, the debugger through a pipe, and one clear line for what cannot work."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import demo, study
from tinygrad_rnn.cli import main, study as program


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "checkpoint.tgr"
    tg.manual_seed(0)
    model = demo.CharModel(3, "rnn")
    settings = {"cell": "rnn", "vocabulary": "ab ", "steps": 0, "seed": 0}
    tg.save({"model": model.state_dict(), "settings": settings, "losses": []}, path)
    return path


def run(*arguments):
    try:
        return main(["study", *map(str, arguments)])
    except SystemExit as stop:
        return stop.code


SAYS = {
    "step_jacobians": "Lyapunov",
    "ledger": "for backward",
    "gradcheck_nodes": "agree with finite differences",
    "explain": "the gradient of recurrent.weight_hh_l0",
    "states": "1 state at 6 steps",
}


FILES = {"states": (".npz",), "show_work": (".md", ".tex")}


@pytest.mark.parametrize("tool", [*(tool for tool in program.TOOLS if tool != "paths"), "states"])
def test_each_tool_writes_text_and_a_picture(checkpoint, tmp_path, capsys, tool):
    out = tmp_path / "new" / "folder"
    assert run(checkpoint, "--tool", tool, "--steps", 6, "--out", out) == 0
    printed = capsys.readouterr().out
    text = (out / f"study-{tool}.txt").read_text(encoding="utf-8")
    assert SAYS.get(tool, "∂L/∂") in text
    assert text.split("\n")[0] in printed
    written = [str(out / f"study-{tool}{suffix}") for suffix in (".txt", *FILES.get(tool, ()))]
    assert f"wrote {', '.join(written)} and {out / f'study-{tool}.png'}" in printed
    assert sorted(map(str, out.iterdir())) == sorted([*written, str(out / f"study-{tool}.png")])
    assert (out / f"study-{tool}.png").read_bytes().startswith(b"\x89PNG")


def test_two_runs_are_compared(checkpoint, tmp_path, capsys):
    tg.manual_seed(1)
    other = tmp_path / "other" / "checkpoint.tgr"
    other.parent.mkdir()
    settings = {"cell": "lstm", "vocabulary": "ab ", "steps": 0, "seed": 0}
    tg.save({"model": demo.CharModel(3, "lstm").state_dict(), "settings": settings, "losses": []}, other)
    assert run(checkpoint, "--tool", "compare", "--against", other, "--steps", 6, "--out", tmp_path) == 0
    printed = capsys.readouterr().out
    assert "in other ∂L/∂h is multiplied by" in printed
    assert "Sigmoid" in printed
    assert (tmp_path / "study-compare.png").read_bytes().startswith(b"\x89PNG")
    assert run(checkpoint, "--tool", "compare") == 2
    assert "--tool compare and --against RUN belong together" in capsys.readouterr().err
    assert run(checkpoint, "--against", other) == 2


def test_states_have_the_characters_and_three_steps_are_written_out(checkpoint, tmp_path, capsys):
    file = tmp_path / "text.txt"
    file.write_text("abba zebra abba", encoding="utf-8")
    assert run(checkpoint, "--tool", "states", "--text", file, "--steps", 9, "--out", tmp_path) == 0
    with np.load(tmp_path / "study-states.npz") as kept:
        assert "".join(kept["labels"]) == "abba ba a"  # the model knows no z, e and r
        assert kept["state h"].shape == kept["before h"].shape == (9, 1, 128)
        np.testing.assert_allclose(np.tanh(kept["before h"]), kept["state h"], rtol=1e-5)
    assert run(checkpoint, "--tool", "show_work", "--out", tmp_path) == 0
    assert (tmp_path / "study-show_work.md").read_text(encoding="utf-8").count("### t = ") == 3
    assert (tmp_path / "study-show_work.tex").read_text(encoding="utf-8").startswith("\\begin{align*}")
    assert run(checkpoint, "--tool", "show_work", "--steps", 13, "--out", tmp_path) == 2
    assert "13 steps are too many to write out; it takes 12" in capsys.readouterr().err


def test_paths_of_a_cell_without_gates_says_why(checkpoint, capsys):
    assert run(checkpoint, "--tool", "paths", "--steps", 6) == 2
    assert "no gate carries 'h' along" in capsys.readouterr().err


def test_a_text_and_a_weight_of_the_users_choice(checkpoint, tmp_path, capsys):
    file = tmp_path / "text.txt"
    file.write_text("abba zebra abba", encoding="utf-8")
    options = ("--text", file, "--weight", "recurrent.weight_ih_l0", "--out", tmp_path)
    assert run(checkpoint, "--tool", "contributions", "--steps", 11, *options) == 0
    assert "∂L/∂recurrent.weight_ih_l0 is the sum of 11 uses" in capsys.readouterr().out
    assert run(checkpoint, "--steps", 12, *options) == 2
    assert "has 12 characters that the model knows; --steps 12 needs 13" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.tgr"], "nothing.tgr: No such file"),
        (["TEXT"], "not a file of"),
        (["CHECKPOINT", "--text", "nothing.txt"], "'nothing.txt' does not exist"),
        (["CHECKPOINT", "--weight", "W"], "there is no 'W'; there are embedding.weight"),
        (["CHECKPOINT", "--steps", "0"], "at least 1, got 0"),
        (["CHECKPOINT", "--tool", "magic"], "there is no 'magic'"),
        (["CHECKPOINT", "--out", "TEXT"], "text.tgr: File exists"),
        (["CHECKPOINT", "--tool", "gradient_map", "--steps", "201"], "201 losses"),
        ([], "RUN"),
    ],
)
def test_arguments_that_cannot_work(checkpoint, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.tgr").write_text("hello, this is text")
    files = {"CHECKPOINT": checkpoint, "TEXT": "text.tgr"}
    assert run(*(files.get(a, a) for a in arguments)) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]


# --- the debugger ---------------------------------------------------------------------------------------------------


def session(checkpoint, commands, encoding="utf-8", **options):
    """What the debugger prints for commands from a pipe, and its exit status."""
    command = [sys.executable, "-m", "tinygrad_rnn", "study", str(checkpoint), "--walk", "--steps", "4"]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(command, input=commands, capture_output=True, env=environment, timeout=300, **options)
    assert done.stderr == b""
    return done.stdout.decode(encoding), done.returncode


def test_a_session_through_a_pipe(checkpoint):
    said, status = session(checkpoint, b"n\n\nt 2\nw weight_hh\nb\nq\nn\n")
    assert status == 0
    assert [line for line in said.splitlines() if line.startswith("walk>")] == [
        "walk> n", "walk> ", "walk> t 2", "walk> w weight_hh", "walk> b", "walk> q"
    ]  # fmt: skip
    numbers = [int(line.split()[1]) for line in said.splitlines() if line.startswith("event ")]
    assert numbers[:3] == [0, 1, 2]  # an empty line repeats
    assert numbers[4] == numbers[3] - 1
    assert "recurrent.weight_hh_l0: norm" in said


def test_the_end_of_input_quits_and_plain_terminals_get_plain_symbols(checkpoint):
    said, status = session(checkpoint, b"t 3\nn\n\xff\xfe\n", encoding="ascii")
    assert status == 0
    assert "dL/dy = dL/dh at t=3" in said
    assert "dL/dx = dL/dy * (1 - y^2)" in said
    assert "event 0 of 0...28" in said


def test_nobody_reads_on(checkpoint):
    """As in `| head -1`."""
    command = [sys.executable, "-m", "tinygrad_rnn", "study", str(checkpoint), "--walk", "--steps", "3"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b"n\n" * 20)
        process.stdin.close()
        assert process.stderr.read() == b"tinygrad-rnn study: its output was lost: Broken pipe\n"
        assert process.wait(timeout=300) == 141


@pytest.fixture
def walk():
    tg.manual_seed(1)
    rnn = tg.nn.RNN(2, 2)
    return study.walk(rnn(tg.randn(3, 1, 2))[0].sum())


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("n 99", "there is no event 99; they are 0 (the loss) to"),
        ("b", "there is no event -1"),
        ("n x", "n needs a whole number, got 'x'"),
        ("t", "t needs a whole number, got ''"),
        ("t 7", "no event of step=7; the steps are 0 to 2"),
        ("t 1 5", "step=1 and layer=5"),
        ("g nobody", "no event of 'nobody'; the names are"),
        ("g", "g needs a number or a name"),
        ("w nobody", "there is no weight 'nobody'; there are"),
        ("x", "there is no command 'x'"),
    ],
)
def test_commands_that_cannot_work_say_why_and_stay(walk, command, words):
    assert words in program.answer(walk, command)
    assert walk.position == 0


def test_commands_go_where_they_say(walk):
    assert "t=1   h = Tanh" in program.answer(walk, "t 1")
    assert "event 0 of" in program.answer(walk, "g start")
    assert "AccumulateGrad" in program.answer(walk, "g weight_hh_l0")
    assert "event 3 of" in program.answer(walk, "g 3")
    assert "→ <event 3:" in program.answer(walk, "l")
    assert "weight_hh_l0: nothing yet" in program.answer(walk, "w")
    assert program.answer(walk, "?") == program.HELP
    end = program.answer(walk, "g end") and program.answer(walk, "w weight_hh_l0")
    assert "shape (2, 2)\n[[" in end
