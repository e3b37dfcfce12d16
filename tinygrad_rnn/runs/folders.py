"""Each run has a folder of its own: the one that was asked for or, where that holds results, the next with a number.

While a program works in it, it is claimed, so that two do not mix.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..atomic import lock, write_atomically


@contextlib.contextmanager
def claimed(path: str | Path) -> Iterator[None]:
    """Inside, the file belongs to this process; BlockingIOError if another one has it. Ends with the process, killed or not.

    Where the system has no such locks nothing is checked.
    """
    with open(path, "rb") as file:
        lock(file, wait=False)
        yield


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
