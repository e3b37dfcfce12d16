"""Sweeps that are killed, in part or as a whole: nothing is lost, nothing is repeated, and the table is the same to the bit."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.comparing import workers
from tinygrad_rnn.comparing.one_run import finish, result_of
from tinygrad_rnn.comparing.workers import Worker, Workers

from .small import COMMAND, HELD, checkpoints, compare, texts, wait_for_a_step


@pytest.fixture(scope="module")
def expected(whole):
    """Read from the finished runs: no worker is started."""
    before, workers.Worker = workers.Worker, None
    try:
        return texts(compare(whole))
    finally:
        workers.Worker = before


def program(out, jobs):
    held = f"from tinygrad_rnn.comparing import workers; workers.PROGRAM = {HELD!r}"
    command = [
        sys.executable,
        "-c",
        f"import sys; from tinygrad_rnn.cli import main; {held}; sys.exit(main())",
        *COMMAND,
    ]
    return subprocess.Popen([*command, "--jobs", str(jobs), "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


class Here:
    """In the place of workers: trains in this process."""

    def train(self, folder, config, stop):
        return finish(folder, config, stop)

    def close(self):
        pass


def test_a_worker_that_is_killed_is_replaced_and_its_run_goes_on(tmp_path, monkeypatch, expected):
    started, killed = [], []

    class Listed(Worker):
        def __init__(self):
            super().__init__()
            started.append(self)

        def ask(self, folder, config, stop):
            self.folder = folder.name
            return super().ask(folder, config, stop)

    def kill():
        name = wait_for_a_step(tmp_path)
        next(worker for worker in started if worker.folder == name).process.kill()
        killed.append((name, checkpoints(tmp_path).get(name)))
        (tmp_path / "go").touch()

    monkeypatch.setattr(workers, "PROGRAM", HELD)
    monkeypatch.setattr(workers, "Worker", Listed)
    killer = threading.Thread(target=kill)
    killer.start()
    found = compare(tmp_path, jobs=2)
    killer.join()
    assert texts(found) == expected
    assert len(started) == 3
    assert killed[0][1] > 0  # so that it had something to go on from
    assert all(worker.process.returncode is not None for worker in started)


@pytest.mark.skipif(os.name != "posix", reason="there are no such signals")
def test_a_sweep_that_is_stopped_and_then_killed_goes_on_by_the_same_command(tmp_path, monkeypatch, expected):
    process = program(tmp_path, 2)
    wait_for_a_step(tmp_path)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert said.decode().endswith("tinygrad-rnn compare: stopped by Ctrl-C; nothing is lost, and the same command goes on\n")  # fmt: skip
    saved = checkpoints(tmp_path)
    assert saved

    process = program(tmp_path, 1)
    name = wait_for_a_step(tmp_path, saved)
    process.kill()
    process.communicate()
    kept = checkpoints(tmp_path)
    assert kept[name] > saved.get(name, 0)

    before = {folder: (folder / "result.json").stat().st_mtime_ns for folder in tmp_path.glob("*-seed*") if result_of(folder)}  # fmt: skip
    monkeypatch.setattr("tinygrad_rnn.comparing.sweep.Workers", Here)
    assert texts(compare(tmp_path)) == expected  # at once, while the worker of the one before may still be saving
    assert all((folder / "result.json").stat().st_mtime_ns == when for folder, when in before.items())


def test_one_that_kills_its_process_again_and_again_has_failed(tmp_path, monkeypatch):
    class Deadly(Worker):
        def ask(self, folder, config, stop):
            self.process.kill()
            return super().ask(folder, config, stop)

    monkeypatch.setattr(workers, "Worker", Deadly)
    monkeypatch.setattr(workers, "TRIES", 2)
    result = Workers().train(tmp_path, {}, lambda: False)
    assert result == {"failed": "its process was killed by SIGKILL, 2 times", "again": True}


def test_two_sweeps_do_not_share_a_folder(tmp_path, whole):
    from tinygrad_rnn.runs import claimed

    with claimed(whole / ".comparing"), pytest.raises(ValueError, match="another program is comparing in"):
        compare(whole)


def test_the_users_random_numbers_are_left_alone(whole):
    tg.manual_seed(3)
    compare(whole)
    after = tg.rand(1).item()
    tg.manual_seed(3)
    assert tg.rand(1).item() == after


def test_a_worker_ends_when_nobody_asks(tmp_path):
    worker = Worker()
    started = time.monotonic()
    worker.close()
    assert worker.process.returncode == 0
    assert time.monotonic() - started < 60
