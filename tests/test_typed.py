"""What a user writes with types stays without a complaint: three programs under `mypy --strict` and pyright."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import runpy
import shutil
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).parent / "typed"
PROGRAMS = sorted(path.name for path in FOLDER.glob("*.py") if path.name != "__init__.py")
PACKAGE = pathlib.Path(__file__).parents[1]


def checked(command: list[str], tmp_path: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Run a checker on the programs alone, as a user of the package would."""
    for program in PROGRAMS:
        shutil.copy(FOLDER / program, tmp_path)
    environment = dict(os.environ, PYTHONPATH=str(PACKAGE), MYPYPATH=str(PACKAGE))
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_typed_program_runs(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(FOLDER / program), run_name="__main__")


@pytest.mark.torch  # slow, and only where the checks of the whole repository run
def test_mypy_strict_has_no_complaint(tmp_path):
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed: pip install 'tinygrad-rnn[dev]'")
    done = checked(["mypy", "--strict", "--follow-imports=silent", *PROGRAMS], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.torch
def test_pyright_has_no_complaint(tmp_path):
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is not installed: pip install 'tinygrad-rnn[dev]'")
    (tmp_path / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{PACKAGE}"]}}')
    done = checked(["pyright"], tmp_path)
    assert "0 errors" in done.stdout, done.stdout + done.stderr
