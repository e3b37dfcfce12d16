"""Writing a file so that it is there completely or not at all, whenever the program or the machine stops.

The bytes go to a temporary file in the same folder; when they are on the disk, one rename puts it in place.
Until then the old file is untouched. A killed save leaves its temporary file behind; the next save of the
same file removes it. A lock held while writing tells it from the file of a save that is still running.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from typing import Any, BinaryIO

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed anyway
    fcntl: Any = None


def write_atomically(path: str, data: bytes) -> None:
    """Make `path` a file of `data`, replacing the one that may be there.

    A link stays a link, to the new contents. The mode is that of a new file under the user's umask.
    Raises OSError (no such folder, no room, no permission), and then the old file is as it was.
    """
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as device:  # a pipe or /dev/null must not be replaced; a folder raises here
            device.write(data)
        return
    folder, name = os.path.split(path)
    prefix = f".saving-{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}-"
    _remove_leftovers(folder, prefix)
    with _temporary_file(folder, prefix) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        if fcntl is None:
            file.close()
        os.replace(file.name, path)
    _sync_folder(folder)


@contextlib.contextmanager
def _temporary_file(folder: str, prefix: str) -> Iterator[BinaryIO]:
    """A new, locked file in `folder`; removed if the block raises, or ends without renaming it."""
    while True:
        path = os.path.join(folder, prefix + secrets.token_hex(8))
        file = _opened(path)
        try:
            with contextlib.suppress(OSError):  # not every file system has locks; then leftovers stay
                _lock(file, wait=True)
            if fcntl is None or os.fstat(file.fileno()).st_nlink:
                break  # nobody took it for a leftover before it was locked
        except BaseException:
            _discard(file, path)
            raise
        file.close()
    try:
        yield file
    finally:
        _discard(file, path)


def _opened(path: str) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    # opened by number, to have the umask's mode and still a name
    return open(path, "wb", opener=lambda name, _: os.open(name, flags, 0o666))


def _discard(file: BinaryIO, path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
    with contextlib.suppress(OSError):  # a full disk may complain again about what is still buffered
        file.close()


def _remove_leftovers(folder: str, prefix: str) -> None:
    """Remove temporary files that no running save has locked."""
    try:
        names = os.listdir(folder)
    except PermissionError:  # a folder one may write into but not look into
        return
    for name in names:
        if not name.startswith(prefix):
            continue
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError), open(path, "rb") as file:  # it may be gone, or somebody else's
            _lock(file, wait=False)
            os.unlink(path)


def _lock(file: BinaryIO, wait: bool) -> None:
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _sync_folder(folder: str) -> None:
    """Put the rename itself on the disk; not every system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
