"""What the README shows is what happens: its code runs, and its comments are the printed lines."""

import contextlib
import io
import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
DOCS = "".join(
    (Path(__file__).parent.parent / "docs" / name).read_text(encoding="utf-8")
    for name in ("study.md", "tasks.md", "compare.md")
)
BLOCKS = re.findall(r"```python\n(.*?)```", README + DOCS, re.S)


def promised(block):
    """The comments behind print calls, and the comment lines that follow them."""
    lines, printing = [], False
    for line in block.splitlines():
        code, _, comment = line.partition("#")
        if code.startswith("print("):
            lines += [comment[1:]] if comment else []
            printing = True
        elif printing and line.startswith("#"):
            lines.append(comment)
        else:
            printing = False
    return [line.strip() for line in lines]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[2][:30])
def test_code_blocks_print_what_their_comments_say(block, tmp_path, monkeypatch):
    if "import torch\n" in block:
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, "README.md", "exec"), {})
    assert [line.strip() for line in printed.getvalue().splitlines()] == promised(block)


def test_files_that_it_names_exist():
    root = Path(__file__).parent.parent
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (root / target).exists(), target
