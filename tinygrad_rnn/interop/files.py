"""save and load: tensors and what holds them, in a file that is safe to read and hard to lose.

The file is a safetensors file, so other programs can read the arrays in it. Its metadata has one entry,

    "tinygrad_rnn": "sha256 <64 hex digits> {description}"

with the digest of the whole file (computed with 64 zeros in its own place) and the description of the object
around the arrays (structure.py). Nothing is unpickled: reading runs no code. The digest is checked before
anything is used, so that a changed bit is an error and not another number.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import warnings
from typing import Any, BinaryIO

import numpy as np
import safetensors
import safetensors.numpy

from .._device import check_device, device
from .._tensor import Tensor
from ..atomic import write_atomically
from .module_files import NotAllowedError
from .structure import describe, restore

KEY, VERSION = "tinygrad_rnn", 2  # 1 has no whole objects
NO_DIGEST = "0" * 64
DIGEST = re.compile(rb"sha256 ([0-9a-f]{64}) \{")
LONGEST_HEADER = 100_000_000  # the limit of safetensors
AT_ONCE = 16 * 2**20

CONVERT = (
    "Convert it where PyTorch is installed: tinygrad-rnn convert FILE; or in PyTorch: "
    "safetensors.torch.save_file(torch.load(path, weights_only=True), 'new.safetensors')"
)


def save(
    obj: Any,
    f: Any,
    *,
    pickle_module: Any = None,
    pickle_protocol: Any = None,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write `obj` to a path or to a file opened with "wb".

    obj  tensors, arrays, numbers, strings, bytes, None, dtypes, and dicts, lists, tuples and sets of them: what
         `state_dict()` gives, and what a training program keeps beside it. Tensors that share memory still
         share it after loading; gradients are not saved. Whole modules and optimizers too: the file has the name of
         the class and the attributes, if they are such data, modules, or functions of this package (`F.relu`).

    To a path the file is written completely or not at all: if the program is stopped, the old one is still there.
    The new one has its mode.

    Raises TypeError, naming the place, for anything else (your own functions, hooks); no file is opened then. Raises
    OSError, naming the file, where it cannot be written.

    pickle_module, pickle_protocol and _use_new_zipfile_serialization are accepted as in PyTorch, and change nothing.

    >>> save({"model": {"weight": tensor([1.0, 2.0])}, "epoch": 3}, "state.tg")
    >>> load("state.tg")
    {'model': {'weight': tensor([1., 2.])}, 'epoch': 3}
    """
    data = to_bytes(obj)
    if not hasattr(f, "write"):
        write_atomically(f, data)
        return
    rest = memoryview(data)
    while rest:
        try:
            written = f.write(rest)
        except TypeError:
            raise TypeError("save(): the file is open for text; open it with 'wb'") from None
        rest = rest[len(rest) if written is None else written :]


def load(f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool | None = None, mmap: bool | None = None, encoding: str = "utf-8") -> Any:  # fmt: skip
    """Read what `save` wrote, or the tensors of any safetensors file, from a path or a file opened with "rb".

    map_location  accepted as in PyTorch; there is only the CPU
    pickle_module, encoding  accepted as in PyTorch; nothing is pickled
    mmap          accepted as in PyTorch; files are read as a whole, for their digest to be checked
    weights_only  False: build the whole modules that the file names, of classes that are imported already. They are not
                  called, but what they do later depends on attributes that the file gives them. `safe_globals` is
                  the way to name those that are expected

    Raises RuntimeError for a file that is incomplete, altered or of another kind, saying which, and for one that holds whole
    modules if they are not asked for.
    """
    if isinstance(map_location, (str, device)):
        check_device(map_location)
    if hasattr(f, "read"):
        return _load(f, str(getattr(f, "name", "the file")), only_one=False, weights_only=weights_only is not False)
    path = os.fspath(f)
    with open(path, "rb") as file:
        return _load(file, os.fsdecode(path), only_one=True, weights_only=weights_only is not False)


# --- writing ----------------------------------------------------------------------------------------------


def to_bytes(obj: Any) -> bytes:
    """The whole file as bytes."""
    description, blocks = describe(obj)
    version = VERSION if "objects" in description else 1
    text = json.dumps({"version": version, **description}, allow_nan=False, separators=(",", ":"))
    data = safetensors.numpy.save(blocks, {KEY: f"sha256 {NO_DIGEST} {text}"})
    if int.from_bytes(data[:8], "little") > LONGEST_HEADER:
        raise ValueError(
            f"save(): the structure around the arrays takes {len(text)} bytes, the limit is {LONGEST_HEADER}; "
            f"put long lists of numbers into arrays and long strings into bytes"
        )
    place = data.index(NO_DIGEST.encode())
    digest = hashlib.sha256(data).hexdigest().encode()
    return b"".join((data[:place], digest, data[place + 64 :]))


# --- reading ----------------------------------------------------------------------------------------------


def _load(file: BinaryIO, name: str, only_one: bool, weights_only: bool) -> Any:
    start, header, data = _read(file, name)
    if only_one and file.read(1):
        raise RuntimeError(f"{name}: goes on after its end at byte {8 + len(header) + len(data)}; it was altered")
    metadata = _parsed(header, name)[0]
    values = [str(value).encode() for value in metadata.values()]
    if KEY not in metadata and not any(DIGEST.match(value) for value in values):
        return _plain_tensors(start + header + data, metadata, name)
    _check_digest(start, header, data, name)
    try:
        blocks = {key: _array(key, info) for key, info in safetensors.deserialize(start + header + data)}
        description = json.loads(metadata[KEY].split(" ", 2)[2])
        if description["version"] <= VERSION:
            return restore(description, blocks, weights_only)
    except NotAllowedError as error:
        raise RuntimeError(f"{name}: {error}") from None
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError, safetensors.SafetensorError) as error:
        raise RuntimeError(f"{name}: its description does not fit its arrays ({error})") from error
    raise RuntimeError(
        f"{name}: was written by a newer tinygrad_rnn (format {description['version']}, this one reads {VERSION})"
    )


def _read(file: BinaryIO, name: str) -> tuple[bytes, bytes, bytes]:
    """The length of the header, the header, and the arrays, as bytes."""
    start = _at_most(file, 8)
    if len(start) < 8:
        raise RuntimeError(f"{name}: incomplete: {len(start)} bytes, not even the length of a header")
    length = int.from_bytes(start, "little")
    if length > LONGEST_HEADER:
        raise RuntimeError(f"{name}: {_other_kind(start)}")
    header = _at_most(file, length)
    if header and not header.startswith(b"{"):
        raise RuntimeError(f"{name}: {_other_kind(start)}")
    _complete(header, length, name, "the header")
    length = _parsed(header, name)[1]
    return start, header, _complete(_at_most(file, length), length, name, "the arrays")


def _complete(found: bytes, size: int, name: str, what: str) -> bytes:
    if len(found) < size:
        raise RuntimeError(f"{name}: incomplete: {what} should have {size} bytes, {len(found)} are there")
    return found


def _at_most(file: BinaryIO, size: int) -> bytes:
    """`size` bytes or what there is, in pieces: a wrong size in the file must not reserve that much memory."""
    parts, left = [], size
    while left and (part := file.read(min(left, AT_ONCE))):
        if not isinstance(part, bytes):
            raise TypeError("load(): the file is open for text; open it with 'rb'")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _parsed(header: bytes, name: str) -> tuple[dict[str, Any], int]:
    """The metadata, and how many bytes of arrays there are."""
    try:
        entries = json.loads(header)
        metadata = entries.pop("__metadata__", {})
        ends = [entry["data_offsets"][1] for entry in entries.values()]
        if isinstance(metadata, dict) and all(isinstance(end, int) and 0 <= end < 2**63 for end in ends):
            return metadata, max(ends, default=0)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        pass
    raise RuntimeError(f"{name}: its header cannot be read; the file was altered, or is of another kind") from None


def _check_digest(start: bytes, header: bytes, data: bytes, name: str) -> None:
    found = DIGEST.search(header)
    if found is not None:
        digest = hashlib.sha256(start)
        digest.update(header[: found.start(1)] + NO_DIGEST.encode() + header[found.end(1) :])
        digest.update(data)
        if digest.hexdigest().encode() == found[1]:
            return
    raise RuntimeError(f"{name}: was altered since it was saved (its sha256 digest does not fit); nothing was loaded")


def _other_kind(start: bytes) -> str:
    """What a file is that starts with these bytes, which cannot be the length of a header."""
    if start[:4] == b"PK\x03\x04":
        return (
            f"a zip file, as PyTorch's torch.save writes it (or np.savez); it holds pickles, which can run code when "
            f"they are read, so it is not opened. {CONVERT}"
        )
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return (
            f"a pickle, as old versions of PyTorch's torch.save wrote it; reading a pickle can run code, so it is not "
            f"opened. {CONVERT}"
        )
    if start[:6] == b"\x93NUMPY":
        return "a NumPy .npy file; read it with tinygrad_rnn.from_numpy(numpy.load(path))"
    return f"not a file of tinygrad_rnn.save or safetensors (it starts with {start!r})"


# --- safetensors ------------------------------------------------------------------------------------------

NUMPY_TYPES = {
    "BOOL": "bool",
    **{f"{kind}{bits}": f"{word}{bits}" for kind, word in (("I", "int"), ("U", "uint")) for bits in (8, 16, 32, 64)},
    **{f"F{bits}": f"float{bits}" for bits in (16, 32, 64)},
}
WIDER = {"uint16": "int32", "uint32": "int64"}  # unsigned types that tensors do not have


def _array(name: str, info: dict[str, Any]) -> np.ndarray:
    """One stored array, writable."""
    shape, data = info["shape"], info["data"]
    if info["dtype"] == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32).reshape(shape)
    if info["dtype"] not in NUMPY_TYPES:
        raise RuntimeError(f"tensor {name!r} has the type {info['dtype']}, which NumPy does not have; convert it first")
    dtype = np.dtype(NUMPY_TYPES[info["dtype"]])
    stored = np.frombuffer(data, dtype.newbyteorder("<"))
    array = (stored.view(dtype) if stored.dtype.isnative else stored.astype(dtype)).reshape(shape)
    return array if array.flags.writeable else array.copy()


def _plain_tensors(data: bytes, metadata: dict[str, Any], name: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file that another program wrote."""
    try:
        found = safetensors.deserialize(data)
    except safetensors.SafetensorError as error:
        raise RuntimeError(f"{name}: not a readable safetensors file ({error})") from None
    tensors, widened = {}, {}
    for key, info in sorted(found):
        try:
            array = _array(key, info)
        except RuntimeError as error:
            raise RuntimeError(f"{name}: {error}") from None
        if array.dtype == np.uint64:
            raise RuntimeError(
                f"{name}: tensor {key!r} has the type uint64, which tensors do not have; convert it first"
            )
        wider = array.astype(WIDER.get(array.dtype.name, array.dtype), copy=False)
        if info["dtype"] == "BF16" or wider is not array:
            widened.setdefault((info["dtype"], wider.dtype.name), []).append(key)
        tensors[key] = Tensor._of(wider)
    for (stored, used), keys in widened.items():
        warnings.warn(f"{name}: {len(keys)} tensors of type {stored} became {used} ({keys[0]!r}, ...)", stacklevel=4)
    for key, kept in metadata.items():  # tied weights are stored once: save_model of safetensors.torch says where
        if key != "format" and kept in tensors:
            tensors.setdefault(key, tensors[kept])
    return tensors
