"""Writing a file so that it is there completely or not at all, whenever the program or the machine stops.

The bytes go to a temporary file in the same folder; when they are on the disk, one rename puts it in place.
Until then the old file is untouched. A killed write leaves its temporary file behind; the next write of the
same file removes it. A lock held while writing tells it from the file of a write that is still running.

Everything that the package writes goes this way: checkpoints, pictures, pages, tables.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from typing import Any, BinaryIO

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed anyway
    fcntl: Any = None


def write_atomically(path: str | os.PathLike[str], data: bytes | str, new: bool = False) -> None:
    """Make `path` a file of `data` (text as UTF-8), replacing the one that may be there.

    new  never replace: FileExistsError if there is a file, so that of several programs at once one succeeds

    A link stays a link, to the new contents. The mode, and as far as allowed the owner, is that of the file that is
    replaced; a new file has the user's umask. Raises OSError (no such folder, no room, no permission) that names
    `path`, and then the old file is as it was.
    """
    content = data.encode() if isinstance(data, str) else data
    try:
        _write(os.path.realpath(path), content, new)
    except OSError as error:  # not the temporary file's name, which says nothing to the user
        raise OSError(error.errno, error.strerror or str(error), os.fspath(path)) from None


def _write(path: str, data: bytes, new: bool) -> None:
    old = None if new else _status(path)
    if old is not None and not stat.S_ISREG(old.st_mode):
        with open(path, "wb") as device:  # a pipe or /dev/null must not be replaced; a folder raises here
            device.write(data)
        return
    folder, name = os.path.split(path)
    prefix = f".saving-{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}-"
    _remove_leftovers(folder, prefix)
    while not _written(os.path.join(folder, prefix + secrets.token_hex(8)), path, data, old, new):
        pass
    _sync_folder(folder)


def _written(temporary: str, path: str, data: bytes, old: os.stat_result | None, new: bool) -> bool:
    """Write and rename; False if somebody took the temporary file for a leftover before it was locked."""
    try:
        with _opened(temporary) as file:
            with contextlib.suppress(OSError):  # not every file system has locks; then leftovers stay
                lock(file, wait=True)
            if fcntl is not None and not os.fstat(file.fileno()).st_nlink:
                return False
            if old is not None and fcntl is not None:
                _make_like(old, file.fileno())
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if fcntl is None:
                file.close()
            _put_in_place(temporary, path, new)
            return True
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _status(path: str) -> os.stat_result | None:
    with contextlib.suppress(FileNotFoundError):
        return os.stat(path)


def _opened(path: str) -> BinaryIO:
    # not by os.open: a Ctrl-C right after it would lose the number of the open file
    return open(path, "xb")


def _make_like(old: os.stat_result, handle: int) -> None:
    """The owner, group and mode of the old file, as far as allowed, before there is anything to read in the new one."""
    with contextlib.suppress(OSError):
        os.chown(handle, -1, old.st_gid)
    with contextlib.suppress(OSError):
        os.chown(handle, old.st_uid, -1)
    same_group = os.fstat(handle).st_gid == old.st_gid
    with contextlib.suppress(OSError):  # some file systems have no modes
        os.chmod(handle, stat.S_IMODE(old.st_mode) & (0o7777 if same_group else 0o7707))


def _put_in_place(temporary: str, path: str, new: bool) -> None:
    if not new:
        os.replace(temporary, path)
    elif fcntl is None:
        os.rename(temporary, path)  # on Windows it does not replace
    else:
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            open(path, "xb").close()
            os.replace(temporary, path)


def _remove_leftovers(folder: str, prefix: str) -> None:
    """Remove temporary files that no running write has locked."""
    try:
        names = os.listdir(folder)
    except PermissionError:  # a folder one may write into but not look into
        return
    for name in names:
        if not name.startswith(prefix):
            continue
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError), open(path, "rb") as file:  # it may be gone, or somebody else's
            lock(file, wait=False)
            os.unlink(path)


def lock(file: BinaryIO, wait: bool) -> None:
    """Have the file for this process alone, as long as it is open; without waiting a BlockingIOError if it is taken."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _sync_folder(folder: str) -> None:
    """Put the rename itself on the disk; not every system can."""
    handles: list[int] = []
    try:
        with contextlib.suppress(OSError):
            handles.extend(map(os.open, [folder], [os.O_RDONLY]))  # in one go: no Ctrl-C between opening and keeping
            os.fsync(handles[0])
    finally:
        for handle in handles:
            os.close(handle)
