"""A folder of its own for each run, also for runs that start at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrad_rnn.runs import new_folder


def test_the_folder_that_is_asked_for_and_then_the_next_with_a_number(tmp_path):
    wanted = tmp_path / "runs" / "demo"
    found = [new_folder(wanted, "first", str(k)) for k in range(3)]
    assert [folder.name for folder in found] == ["demo", "demo-2", "demo-3"]
    assert [(folder / "first").read_text() for folder in found] == ["0", "1", "2"]


def test_a_folder_without_results_is_used_whatever_else_is_in_it(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert new_folder(tmp_path, "first", b"") == tmp_path
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "loss.png").symlink_to("nowhere")
    assert new_folder(tmp_path / "demo", "first", b"", ["loss.png"]).name == "demo-2"


def test_folders_that_have_no_name_to_put_a_number_behind(tmp_path, monkeypatch):
    (tmp_path / "here" / "deeper").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "deeper")
    assert new_folder(".", "first", b"") == Path(".")
    assert new_folder(".", "first", b"") == tmp_path / "here" / "deeper-2"
    assert new_folder("..", "first", b"") == Path("..")
    assert new_folder("..", "first", b"") == tmp_path / "here-2"


def test_a_folder_that_cannot_be_made_leaves_none(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        new_folder(tmp_path / "file", "first", b"")
    with pytest.raises(NotADirectoryError):
        new_folder(tmp_path / "file" / "demo", "first", b"")

    def full(handle):
        raise OSError("full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        new_folder(tmp_path / "a" / "b", "first", b"")
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_system_without_links(tmp_path, monkeypatch):
    def refused(*paths):
        raise PermissionError("no links")

    monkeypatch.setattr(os, "link", refused)
    assert [new_folder(tmp_path / "a", "first", "x").name for _ in range(2)] == ["a", "a-2"]
    assert (tmp_path / "a" / "first").read_text() == "x"
    assert os.listdir(tmp_path / "a") == ["first"]


START = """
import sys
from tinygrad_rnn.runs import new_folder
print("ready", flush=True)
sys.stdin.readline()
for _ in range(10):
    print(new_folder(sys.argv[1], "first", str(sys.argv[2])))
"""


def test_programs_that_start_at_once_never_share_a_folder(tmp_path):
    command = [sys.executable, "-c", START, str(tmp_path / "demo")]
    pipe = subprocess.PIPE
    programs = [subprocess.Popen([*command, str(k)], stdin=pipe, stdout=pipe, text=True) for k in range(3)]
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        program.stdin.write("go\n")
        program.stdin.flush()
    found = [program.communicate()[0].split() for program in programs]
    folders = [folder for part in found for folder in part]
    assert len(folders) == len(set(folders)) == 30
    for number, part in enumerate(found):
        assert {(Path(folder) / "first").read_text() for folder in part} == {str(number)}
