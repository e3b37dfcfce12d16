"""A save that is stopped, wherever, leaves the old file as it was."""

import os
import random
import signal
import stat
import subprocess
import sys
import threading

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.interop import atomic, load, save

SAVE_FOREVER = """
import sys
import tinygrad_rnn as tg
from tinygrad_rnn.interop import save
k = 0
print("ready", flush=True)
while True:
    k += 1
    save({"k": k, "w": tg.full((300, 1000), float(k))}, sys.argv[1])
"""

posix = pytest.mark.skipif(os.name != "posix", reason="kills, modes and locks are of POSIX systems")


@posix
def test_killed_saves_leave_a_whole_file_and_the_next_save_cleans_up(tmp_path):
    path, draw, kills, while_writing = tmp_path / "state", random.Random(1), 0, 0
    save({"k": 0, "w": tg.zeros(300, 1000)}, path)
    while while_writing < 4:
        kills += 1
        assert kills < 80, "hardly any kill came while a file was written: the test shows nothing"
        program = subprocess.Popen([sys.executable, "-c", SAVE_FOREVER, str(path)], stdout=subprocess.PIPE)
        assert program.stdout.readline() == b"ready\n"
        for _ in range(draw.randrange(1, 6)):  # wait for a file that is being written: nearly every kill then meets one
            while len(os.listdir(tmp_path)) == 1:
                assert program.poll() is None
        program.send_signal(signal.SIGKILL)
        program.wait()
        program.stdout.close()
        loaded = load(path)
        assert loaded["w"].array.min() == loaded["w"].array.max() == loaded["k"]
        while_writing += len(os.listdir(tmp_path)) > 1
    save({"k": -1}, path)
    assert os.listdir(tmp_path) == ["state"]
    assert load(path) == {"k": -1}


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_an_error_while_saving_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, where):
    path = tmp_path / "state"
    save({"k": 1}, path)

    def fails(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic.os, where, fails)
    with pytest.raises(KeyboardInterrupt):
        save({"k": 2}, path)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["state"]
    assert load(path) == {"k": 1}


@posix
def test_a_full_disk_leaves_the_old_file():
    with pytest.raises(OSError, match="No space left"):
        save({"w": tg.zeros(100)}, "/dev/full")
    save({"w": tg.zeros(100)}, os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@posix
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_the_mode_is_that_of_a_new_file(tmp_path, mask):
    before = os.umask(mask)
    try:
        save(1, tmp_path / "state")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(tmp_path / "state").st_mode) == 0o666 & ~mask


@posix
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "state")
    save(1, tmp_path / "link")
    save(2, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert load(tmp_path / "there" / "state") == 2
    assert os.listdir(tmp_path / "there") == ["state"]


@posix
def test_saves_that_run_at_once_do_not_remove_each_others_files(tmp_path):
    path, errors = tmp_path / "state", []

    def work(number):
        try:
            for _ in range(30):
                save({"k": number, "w": tg.full((200,), float(number))}, path)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    loaded = load(path)
    assert loaded["w"].tolist() == [float(loaded["k"])] * 200
    assert os.listdir(tmp_path) == ["state"]


def test_folders_that_are_missing_or_in_the_way(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        save(1, tmp_path / "no" / "state")
    with pytest.raises(OSError):
        save(1, tmp_path)
    monkeypatch.chdir(tmp_path)
    save(1, "state")
    assert load("state") == 1
    save(2, "x" * 250)
    assert load("x" * 250) == 2
