"""Arrays as they come from files, other processes and old code: equal numbers, other type objects and classes."""

from __future__ import annotations

import io
import pickle

import numpy as np


def unpickled(x: np.ndarray) -> np.ndarray:
    return pickle.loads(pickle.dumps(x))


def from_npy(x: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    np.save(file, x)
    file.seek(0)
    return np.load(file)


def from_npz(x: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    np.savez(file, x=x)
    file.seek(0)
    return np.load(file)["x"]


def from_buffer(x: np.ndarray) -> np.ndarray:
    return np.frombuffer(bytearray(x.tobytes()), x.dtype.newbyteorder("=")).reshape(x.shape)


def with_metadata(x: np.ndarray) -> np.ndarray:
    return x.astype(np.dtype(x.dtype, metadata={"unit": "m"}))


def longlong(x: np.ndarray) -> np.ndarray:
    return x.astype(np.longlong) if x.dtype == np.int64 else unpickled(x)


def a_record_array(x: np.ndarray) -> np.ndarray:
    return unpickled(x).view(np.recarray)


def a_subclass(x: np.ndarray) -> np.ndarray:
    return unpickled(x).view(Units)


def foreign(x: np.ndarray) -> np.ndarray:
    """The other byte order; types of one byte have none."""
    return x.astype(x.dtype.newbyteorder("S"))


class Units(np.ndarray):
    """A class with another idea of arithmetic."""

    def __mul__(self, other):
        raise AssertionError("its own product was used")

    __add__ = __rmul__ = __matmul__ = __mul__


SHARING = [unpickled, from_npy, from_npz, from_buffer, with_metadata, longlong, a_record_array, a_subclass]
FORMS = [*SHARING, foreign]
TYPES = ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]
