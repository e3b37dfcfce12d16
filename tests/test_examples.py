"""Every file in examples/ with a `main(steps, out)` runs, prints a table and saves its picture."""

import importlib.util
import inspect
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(path for path in FOLDER.glob("*.py") if "\ndef main(" in path.read_text(encoding="utf-8"))
STEPS = 3  # enough to train, save and print; the numbers then mean nothing


def load(path):
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_are_examples():
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    module = load(path)
    assert module.__doc__, "an example starts by saying what you will see"
    options = inspect.signature(module.main).parameters
    assert {"steps", "out"} <= set(options)
    assert all(option.default is not inspect.Parameter.empty for option in options.values()), "main() runs by itself"
    picture = tmp_path / f"saved{Path(str(options['out'].default)).suffix}"

    module.main(steps=STEPS, out=picture)

    assert picture.stat().st_size > 1000
    assert len(capsys.readouterr().out.splitlines()) >= 2
    assert [p.name for p in tmp_path.iterdir()] == [picture.name], "an example writes its picture and nothing else"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 140
