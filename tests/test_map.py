"""The map is true: CONTRIBUTING names what exists, and every room's docstring lists every file in it."""

from __future__ import annotations

import ast
import functools
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tinygrad_rnn"
MAP = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROOMS = [file.parent for file in sorted(PACKAGE.rglob("__init__.py")) if file.parent != PACKAGE]


def section(title: str) -> str:
    return MAP.partition(f"## {title}")[2].partition("\n## ")[0]


def found(path: str) -> pathlib.Path:
    """A path as the map writes it: below the package, or below the project."""
    below = PACKAGE / path
    return below if below.exists() else ROOT / path


@functools.cache
def defined(path: pathlib.Path) -> set[str]:
    """Names at the top of a file, and `Class.method`."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{method.name}" for method in node.body if isinstance(method, ast.FunctionDef)}
    return names


@pytest.mark.parametrize("title", ["Rooms", "Where is …", "Words"])
def test_paths_and_names_of_the_map_exist(title):
    text = section(title)
    paths = re.findall(r"(?<![\w.*])(?:\w+/)*(?:\w+\.(?:py|js|css)|\w+/)(?!\w)", text)
    assert paths
    assert not [path for path in paths if not found(path).exists()]
    placed = re.findall(r"`([\w.]+)` \(([\w/]+\.py)\)", text)
    assert len(placed) > 25 or title == "Rooms"
    for name, path in placed:
        assert name in defined(found(path)), f"{name} is not defined in {path}"


def test_the_check_sees_a_wrong_name():
    assert "_fit" in defined(PACKAGE / "engine.py")
    assert "_fits" not in defined(PACKAGE / "engine.py")
    assert "Tensor.backward" in defined(PACKAGE / "_tensor.py")
    assert not found("engines.py").exists()


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(PACKAGE)))
def test_a_room_lists_its_files(room):
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    here = {path.name for path in room.glob("*.py")} - {"__init__.py"}
    here |= {f"{path.name}/" for path in room.iterdir() if (path / "__init__.py").exists()}
    assert not sorted(name for name in here if not re.search(rf"(?<![\w/]){re.escape(name)}", text)), "not in the list"
    named = re.findall(r"(?<![\w/.])(?:\.\./)*(?:\w+/)*\w+\.(?:py|js)\b", text)
    places = (room, room.parent, PACKAGE, room / "assets")
    assert not [name for name in named if not any((place / name).exists() for place in places)], "not there"


def test_the_rooms_of_the_map_are_all():
    top = {path.name for path in PACKAGE.glob("*.py")}
    top |= {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert not sorted(top - set(re.findall(r"`([\w.]+/?)`", section("Rooms"))))


def test_the_list_of_tests_names_every_folder():
    text = (ROOT / "tests/__init__.py").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<!\w)(\w+)/", text))
    folders = {file.parent.name for file in (ROOT / "tests").glob("*/*.py")}
    assert folders <= named
    assert not [name for name in named if not (found(name).is_dir() or (ROOT / "tests" / name).is_dir())]
