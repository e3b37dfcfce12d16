"""What a save does to the disk, in which order, and that every single bit of a file is under its digest."""

import errno
import hashlib
import io
import os
import stat

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import atomic
from tinygrad_rnn.interop import load, save

posix = pytest.mark.skipif(os.name != "posix", reason="folders can be synced on POSIX systems")


class Spy:
    """Notes what is done to the temporary file and to the folder, in order; `fails` raises at one of them."""

    def __init__(self, monkeypatch, folder, fails="", error=None):
        self.done, self.folder, self.fails, self.error = [], folder, fails, error
        self.fsync, self.replace, self.opened = os.fsync, os.replace, atomic._opened
        monkeypatch.setattr(atomic.os, "fsync", self.on_fsync)
        monkeypatch.setattr(atomic.os, "replace", self.on_replace)
        monkeypatch.setattr(atomic, "_opened", self.on_open)

    def note(self, what):
        self.done.append(what)
        if what == self.fails:
            raise self.error

    def on_fsync(self, fd):
        info = os.fstat(fd)
        if stat.S_ISDIR(info.st_mode):
            self.note("sync folder" if os.path.samestat(info, os.stat(self.folder)) else "sync another folder")
        else:
            self.note(f"sync {info.st_size} bytes")
        self.fsync(fd)

    def on_replace(self, source, target):
        assert os.path.dirname(source) == os.path.dirname(target) == str(self.folder)
        self.note("rename")
        self.replace(source, target)

    def on_open(self, path):
        self.note("open")
        file = self.opened(path)
        spy = self

        class Noting(io.BufferedWriter):
            def write(self, data):
                spy.note("write")
                return super().write(data)

            name = property(lambda self: path)

        return Noting(file.detach())


@posix
def test_the_bytes_then_the_name_then_the_folder_are_put_on_the_disk(tmp_path, monkeypatch):
    spy = Spy(monkeypatch, tmp_path)
    save({"w": tg.ones(300)}, tmp_path / "state")
    size = (tmp_path / "state").stat().st_size
    assert spy.done == ["open", "write", f"sync {size} bytes", "rename", "sync folder"]
    assert size > 1200


@posix
def test_the_folder_that_is_synced_is_the_one_a_link_leads_to(tmp_path, monkeypatch):
    there = tmp_path / "there"
    there.mkdir()
    (tmp_path / "link").symlink_to(there / "state")
    spy = Spy(monkeypatch, there)
    save(1, tmp_path / "link")
    assert spy.done[-1] == "sync folder"


@posix
def test_a_system_that_cannot_sync_folders_still_saves(tmp_path, monkeypatch):
    spy = Spy(monkeypatch, tmp_path, "sync folder", OSError(errno.EINVAL, "cannot"))
    save(7, tmp_path / "state")
    assert spy.done[-1] == "sync folder"
    assert load(tmp_path / "state") == 7


@posix
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), MemoryError(), SystemExit(1)], ids=lambda e: type(e).__name__)  # fmt: skip
@pytest.mark.parametrize("where", ["write", "sync", "rename"])
def test_any_exception_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, where, error):
    save("old", tmp_path / "state")
    os.chmod(tmp_path / "state", 0o640)
    size = len(saved("new"))
    with monkeypatch.context() as patch:
        Spy(patch, tmp_path, f"sync {size} bytes" if where == "sync" else where, error)
        with pytest.raises(type(error)):
            save("new", tmp_path / "state")
    assert os.listdir(tmp_path) == ["state"]
    assert load(tmp_path / "state") == "old"
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o640


def saved(obj):
    file = io.BytesIO()
    save(obj, file)
    return file.getvalue()


def test_the_digest_covers_every_byte_but_its_own():
    data = saved({"w": np.arange(5.0), "t": tg.ones(2), "text": "sha256", "steps": [1, 2.5]})
    start = data.index(b"sha256 ") + 7
    digest = data[start : start + 64]
    assert hashlib.sha256(data[:start] + b"0" * 64 + data[start + 64 :]).hexdigest().encode() == digest


def test_a_flipped_bit_of_any_byte_is_refused_and_a_forged_length_too():
    data = saved({"model": {"w": tg.ones(3)}, "epoch": 3})
    for place in range(len(data)):
        bad = bytearray(data)
        bad[place] ^= 1 << place % 8
        with pytest.raises(RuntimeError):
            load(io.BytesIO(bytes(bad)))
    length = int.from_bytes(data[:8], "little")
    padded = (length + 8).to_bytes(8, "little") + data[8 : 8 + length] + b" " * 8 + data[8 + length :]
    with pytest.raises(RuntimeError, match="was altered"):
        load(io.BytesIO(padded))
