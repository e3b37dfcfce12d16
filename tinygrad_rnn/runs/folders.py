"""Each run has a folder of its own: the one that was asked for or, where that holds results, the next with a number."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterable
from pathlib import Path

from ..atomic import write_atomically


def new_folder(wanted: str | Path, first: str, data: bytes | str, results: Iterable[str] = ()) -> Path:
    """The folder `wanted`, or `wanted-2`, `wanted-3`, ..., with `data` in its file `first`.

    results  names of further files that mark a folder as taken, besides `first`; other files in it do not matter

    Programs that start at once get different folders: a folder belongs to the one that made the first file in it.
    Raises OSError where no folder or file can be made.
    """
    for number in itertools.count(1):
        folder = _numbered(Path(wanted), number)
        made = [part for part in (folder, *folder.parents) if not os.path.lexists(part)]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not any(os.path.lexists(folder / name) for name in (first, *results)):
                write_atomically(folder / first, data, new=True)
                return folder
        except FileExistsError as error:
            if error.filename != str(folder / first):  # a file is where the folder should be
                raise
        except BaseException:
            _remove_empty(made)
            raise
    raise AssertionError


def _numbered(folder: Path, number: int) -> Path:
    if number == 1:
        return folder
    if folder.name in ("", ".."):  # "." has no name to put a number behind
        folder = folder.resolve()
    return folder.with_name(f"{folder.name}-{number}")


def _remove_empty(folders: list[Path]) -> None:
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()
