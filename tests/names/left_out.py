"""What `docs/names.md` says about the names that are left out. `python -m tests.names.left_out` writes it."""

from pathlib import Path

from tinygrad_rnn._left_out import LEFT_OUT

PAGE = Path(__file__).parents[2] / "docs" / "names.md"

HEAD = """# PyTorch's names that are left out on purpose

The names of layers, functions, optimizers and methods that sequence programs use are here, under PyTorch's paths. These are not; looking one
up says what to use instead, and `tinygrad-rnn run --check SCRIPT.py` lists those of a program before it runs. The list is made of the
package's own, and a test holds the two equal.
"""


def page() -> str:
    """The text of the page: a line for each way round, and the names under it."""
    parts = [
        f"**{way[0].upper()}{way[1:]}.**\n\n{', '.join(f'`{n}`' for n in names.split())}\n"
        for names, way in LEFT_OUT.items()
    ]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf8")
