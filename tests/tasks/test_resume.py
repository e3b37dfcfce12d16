"""Runs of the command line that are killed, stopped and resumed: nothing is lost, and the weights are the same to the bit."""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.cli import main

from ..undrawn import undrawn

TASK = ["train", "adding", "--length", "10", "--steps", "60", "--target", "none", "--eval-every", "20", "--dropout", "0.1",
        "--schedule", "cosine", "--batch", "8", "--hidden", "8"]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def figures_are_not_drawn():
    with undrawn():
        yield


def weights(folder):
    return {name: value.array.tobytes() for name, value in tg.load(folder / "checkpoint.tgr")["model"].items()}


def metrics(folder):
    """Without the seconds, which are the machine's."""
    return [line.rsplit(",", 1)[0] for line in (folder / "metrics.csv").read_text().splitlines()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run that nobody stopped."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert main([*TASK, "--out", str(folder)]) == 0
    return folder


# waits in its middle, after it has made a file called "held", until there is one called "go": no machine is too fast for it
HELD = """
import sys, time
from pathlib import Path
from tinygrad_rnn import fitting
from tinygrad_rnn.cli import main

def held(run, *arguments, update=fitting.Run._update):
    if run.step == {step}:
        (Path({folder!r}) / "held").touch()
        while not (Path({folder!r}) / "go").exists():
            time.sleep(0.01)
    return update(run, *arguments)

fitting.Run._update = held
sys.exit(main(sys.argv[1:]))
"""


def start(folder, *more, hold=-1):
    """A process that trains, and waits at step `hold` if there is such a step."""
    program = HELD.format(step=hold, folder=str(folder.parent))
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    arguments = [sys.executable, "-c", program, *TASK, *more, "--out", str(folder)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def wait_until_held(process, folder):
    """Until it waits in its middle."""
    while not (folder.parent / "held").exists():
        assert process.poll() is None
        time.sleep(0.01)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_run_that_was_left_goes_on_to_the_same_bits(whole, tmp_path, capsys, name, status):
    folder = tmp_path / "run"
    process = start(folder, "--save-every", "3", hold=random.Random(name).randrange(3, 30))
    wait_until_held(process, folder)
    process.send_signal(signal.Signals[name])
    (tmp_path / "go").touch()  # when it sees this it has seen the signal
    said = process.communicate(timeout=300)[1].decode()
    assert process.returncode == status
    assert "Traceback" not in said
    kept = tg.load(folder / "checkpoint.tgr")["step"]
    assert 0 < kept < 60
    assert main(["train", "--resume", str(folder)]) == 0
    assert f"going on after step {kept}" in capsys.readouterr().out
    assert weights(folder) == weights(whole)
    assert metrics(folder) == metrics(whole)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_kills_and_a_full_disk_at_random_moments_lose_nothing_and_change_no_bit():
    """A few; fifty of each way with `python -m tests.tasks.random_kills`."""
    program = [sys.executable, "-m", "tests.tasks.random_kills", "SIGKILL", "full disk", "--times", "3"]
    root = pathlib.Path(__file__).parents[2]
    done = subprocess.run(program, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("3 times left") == 2


def test_a_run_without_a_checkpoint_starts_at_its_first_step(whole, tmp_path, capsys):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").write_bytes((whole / "config.json").read_bytes())
    assert main(["train", "--resume", str(folder)]) == 0
    assert "no checkpoint yet" in capsys.readouterr().out
    assert weights(folder) == weights(whole)


def test_two_programs_do_not_train_in_one_folder(tmp_path, capsys):
    folder = tmp_path / "run"
    process = start(folder, "--save-every", "3", hold=4)
    try:
        wait_until_held(process, folder)
        assert main(["train", "--resume", str(folder)]) == 2
        assert capsys.readouterr().err == f"tinygrad-rnn train: error: another program is training in {folder}\n"
    finally:
        process.kill()
        process.communicate()


def test_a_new_run_does_not_touch_the_folder_of_another(whole, capsys):
    before = {path.name: path.read_bytes() for path in whole.iterdir()}
    assert main([*TASK, "--steps", "2", "--out", str(whole)]) == 0
    assert {path.name: path.read_bytes() for path in whole.iterdir()} == before
    assert (whole.parent / "run-2" / "report.txt").exists()


def test_from_starts_again_with_changes(whole, tmp_path):
    folder = tmp_path / "again"
    assert main(["train", "--from", str(whole), "--out", str(folder)]) == 0
    assert weights(folder) == weights(whole)
    other = tmp_path / "other"
    assert main(["train", "--from", str(whole), "--steps", "5", "--cell", "rnn", "--out", str(other)]) == 0
    config = json.loads((other / "config.json").read_text())
    assert config["model"] == {"cell": "rnn", "hidden": 8, "dropout": 0.1}
    assert config["training"]["steps"] == 5
    assert config["training"]["batch"] == 8


def test_another_environment_is_said(whole, tmp_path, capsys):
    folder = tmp_path / "run"
    folder.mkdir()
    config = json.loads((whole / "config.json").read_text())
    config["environment"] |= {"kernels": "numpy, source 0", "blas": "openblas 0.3 (Prescott), 1 thread"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "checkpoint.tgr").write_bytes((whole / "checkpoint.tgr").read_bytes())
    assert main(["train", "--resume", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "kernels numpy, source 0 (now " in said
    assert "blas openblas 0.3 (Prescott), 1 thread (now " in said


def test_a_checkpoint_of_another_run_is_refused(whole, tmp_path, capsys):
    folder = tmp_path / "run"
    folder.mkdir()
    config = json.loads((whole / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "seed": 1}))
    (folder / "checkpoint.tgr").write_bytes((whole / "checkpoint.tgr").read_bytes())
    assert main(["train", "--resume", str(folder)]) == 2
    assert "is of another run than" in capsys.readouterr().err
    (folder / "checkpoint.tgr").write_bytes(b"x")
    assert main(["train", "--resume", str(folder)]) == 2


def test_a_disk_that_takes_no_more_costs_nothing_that_was_kept(tmp_path, capsys, monkeypatch):
    import errno

    from tinygrad_rnn.runs import checkpoint_file

    real = checkpoint_file.write_atomically

    def full(path, data):
        if len(calls) >= 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        calls.append(path)
        real(path, data)

    calls: list[pathlib.Path] = []
    monkeypatch.setattr(checkpoint_file, "write_atomically", full)
    folder = tmp_path / "run"
    assert main([*TASK, "--save-every", "10", "--out", str(folder)]) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"No space left on device; {folder / 'checkpoint.tgr'} holds 20 steps")  # fmt: skip
    monkeypatch.undo()
    assert tg.load(folder / "checkpoint.tgr")["step"] == 20


@pytest.mark.skipif(os.name != "posix", reason="closes a pipe")
def test_a_reader_who_goes_costs_nothing_but_the_output(whole, tmp_path):
    folder = tmp_path / "run"
    process = start(folder)
    assert process.stdout is not None
    process.stdout.close()
    process.wait(300)
    assert process.returncode == 141
    assert weights(folder) == weights(whole)
    assert process.stderr is not None
    process.stderr.close()
