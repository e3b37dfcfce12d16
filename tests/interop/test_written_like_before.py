"""What a write keeps of the file that it replaces, whom its errors name, and that a Ctrl-C at any place loses nothing."""

import dis
import errno
import os
import stat
import subprocess
import sys

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import atomic
from tinygrad_rnn.interop import load, save

posix = pytest.mark.skipif(os.name != "posix", reason="modes, owners and descriptors are of POSIX systems")
root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may do this")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@posix
@pytest.mark.parametrize("kept", [0o600, 0o640, 0o444, 0o664])
def test_the_mode_of_the_old_file_is_kept(tmp_path, kept):
    path = tmp_path / "state"
    save(1, path)
    os.chmod(path, kept)
    save(2, path)
    assert (load(path), mode(path)) == (2, kept)


@posix
def test_nothing_can_be_read_before_the_mode_is_set(tmp_path, monkeypatch):
    path = tmp_path / "state"
    save("old", path)
    os.chmod(path, 0o600)
    sizes = []
    chmod = os.chmod
    monkeypatch.setattr(atomic.os, "chmod", lambda file, m: (sizes.append(os.stat(file).st_size), chmod(file, m)))
    save("new", path)
    assert sizes == [0]


@posix
@root
def test_root_leaves_a_file_to_its_owner(tmp_path):
    path = tmp_path / "state"
    save(1, path)
    os.chown(path, 4321, 1234)
    os.chmod(path, 0o640)
    save(2, path)
    info = os.stat(path)
    assert (info.st_uid, info.st_gid, mode(path)) == (4321, 1234, 0o640)


@posix
def test_another_group_does_not_get_the_rights_of_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "state"
    save(1, path)
    os.chmod(path, 0o660)

    class OfAnotherGroup:
        st_mode, st_uid, st_gid = 0o100660, os.geteuid(), os.getegid() + 1

    def refused(*_):
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(atomic, "_status", lambda path: OfAnotherGroup)
    monkeypatch.setattr(atomic.os, "chown", refused)
    save(2, path)
    assert mode(path) == 0o600


@pytest.mark.parametrize("write", [lambda path: save(1, path), lambda path: atomic.write_atomically(path, "text")])
def test_errors_name_the_file_that_was_asked_for(tmp_path, monkeypatch, write):
    missing = tmp_path / "no" / "state"
    with pytest.raises(FileNotFoundError) as caught:
        write(missing)
    assert (caught.value.filename, caught.value.errno) == (str(missing), errno.ENOENT)

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*state'") as caught:
        write(tmp_path / "state")
    assert (caught.value.filename, caught.value.errno) == (str(tmp_path / "state"), errno.ENOSPC)
    assert os.listdir(tmp_path) == []


@posix
def test_a_device_that_is_full_is_named():
    with pytest.raises(OSError, match="/dev/full") as caught:
        save(1, "/dev/full")
    assert caught.value.errno == errno.ENOSPC


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("a small disk cannot be mounted")
    yield disk
    subprocess.run(["umount", disk], check=True)


@posix
@root
def test_a_disk_that_fills_up_and_one_that_is_read_only(small_disk):
    path = small_disk / "state"
    save({"k": 1}, path)
    with pytest.raises(OSError, match=r"No space left on device: '.*state'"):
        save({"k": 2, "w": tg.zeros(100_000)}, path)
    assert load(path) == {"k": 1}
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(OSError, match=r"Read-only file system: '.*state'"):
        save({"k": 2}, path)
    assert load(path) == {"k": 1}
    assert os.listdir(small_disk) == ["state"]


def test_a_new_file_replaces_none(tmp_path):
    atomic.write_atomically(tmp_path / "state", "first", new=True)
    with pytest.raises(FileExistsError, match="state"):
        atomic.write_atomically(tmp_path / "state", "second", new=True)
    assert (tmp_path / "state").read_text() == "first"
    assert os.listdir(tmp_path) == ["state"]


# --- Ctrl-C ----------------------------------------------------------------------------------------------


class CtrlCAt:
    """Raise KeyboardInterrupt at the n-th place in atomic.py where Python looks for signals: after calls and jumps back."""

    def __init__(self, n):
        self.left, self.looks = n, False

    def __call__(self, frame, event, argument):
        if frame.f_code.co_filename != atomic.__file__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            looks, name = self.looks, dis.opname[frame.f_code.co_code[frame.f_lasti]]
            self.looks = name.startswith(("CALL", "RESUME", "JUMP_BACKWARD", "JUMP_ABSOLUTE"))
            self.left -= looks
            if looks and self.left == 0:
                raise KeyboardInterrupt
        return self


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files in /proc")
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # closed all the same
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_ctrl_c_at_any_place_leaks_nothing(tmp_path, monkeypatch):
    path, n, stopped, tracer = tmp_path / "state", 0, 0, sys.gettrace()
    monkeypatch.setattr(atomic.os, "fsync", lambda handle: None)  # hundreds of times: not on the disk
    save(0, path)
    before = after = os.listdir("/proc/self/fd")
    value = 0
    while stopped == n:
        n += 1
        ctrl_c = CtrlCAt(n)
        sys.settrace(ctrl_c)
        try:
            save(n, path)
        except KeyboardInterrupt:
            stopped += 1
            after = os.listdir("/proc/self/fd")  # while the traceback is still there
        finally:
            sys.settrace(tracer)
        assert after == before, f"place {n}"
        left = load(path)
        assert left in (value, n)
        value = left
        assert os.listdir(tmp_path) == ["state"], f"place {n}"
    assert stopped > 40
    assert load(path) == n
