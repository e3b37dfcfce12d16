"""Which kernels run: the NumPy ones, or their compiled twins where numba is installed.

The twins are imported at the first call of a recurrent layer, or of an op that has `passes` on a large array, never before,
and compiled for each cell and dtype when it is first met. Whatever goes wrong on the way (no numba, one that does not know
this NumPy, an error while compiling) leaves the NumPy kernels to run, and the reason to `state_of_kernels()`.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .._forks import open_after_fork
from .gru import gru_backward, gru_forward
from .lstm import lstm_backward, lstm_forward
from .rnn import rnn_backward, rnn_forward
from .workspace import TwinLease

_setting = "auto"
_lock = open_after_fork(threading.RLock())
_twins: dict[str, Any] | None = None  # by cell, once they are imported; empty if they cannot be
_ready: dict[tuple[str, str, str], bool] = {}  # (cell, dtype, variant): does the twin run?
_reason = ""  # why a twin does not run
_used: dict[str, str] = {}


class Kernel:
    """A cell over a whole sequence, forward and backward, in NumPy or compiled: what `Lease` forward made says which."""

    def __init__(self, cell: str, forward: Callable[..., Any], backward: Callable[..., Any]):
        self.cell: str = cell
        self.in_numpy: Any = forward
        self.back_in_numpy: Any = backward

    def forward(self, x: Any, *args: Any, **options: Any) -> Any:
        """As the NumPy kernel's."""
        key = self.cell, x.dtype.char, options.get("reset", "")
        compiled = _setting != "numpy" and x.size and (_ready[key] if key in _ready else _prepare(*key))
        _used[self.cell] = "compiled" if compiled else "numpy"
        return (_twins[self.cell].forward if _twins and compiled else self.in_numpy)(x, *args, **options)

    def backward(self, lease: Any, *gradients: Any, **options: Any) -> Any:
        """As the NumPy kernel's."""
        return (_twins[self.cell].backward if _twins and isinstance(lease, TwinLease) else self.back_in_numpy)(
            lease, *gradients, **options
        )


RNN = Kernel("rnn", rnn_forward, rnn_backward)
LSTM = Kernel("lstm", lstm_forward, lstm_backward)
GRU = Kernel("gru", gru_forward, gru_backward)
VARIANTS = ("rnn", ""), ("lstm", ""), ("gru", "after"), ("gru", "before")
# ops with compiled passes; those of GELU in float32 alone
PASSES = "softmax", "layer_norm", "ctc", "add_rows", "gelu", "tanh_gelu"
LARGE = 2**15  # from so many numbers on, but for CTC, whose steps cost more than their numbers


def passes(op: str, x: Any, *others: Any) -> Any:
    """The compiled passes of an op over x; None where NumPy's lines are to run. They are for large arrays of one dtype,
    x in reading order and the others brought into it by `full`."""
    kind = x.dtype
    if x.size < (1 if op == "ctc" else LARGE) or kind.char not in ("f" if "gelu" in op else "fd") or not x.flags.carray:
        return None
    if any(a is not None and a.dtype is not kind for a in others):
        return None
    key = op, kind.char, ""
    compiled = _setting != "numpy" and (_ready[key] if key in _ready else _prepare(*key))
    _used[op] = "compiled" if compiled else "numpy"
    return _twins["passes"] if _twins and compiled else None


class use_kernels:
    """Which kernels the recurrent layers and CTC run on, in the whole process, from now on or inside a `with` block; and
    softmax, attention, GELU, layer norm and the gradient of an embedding where they are given 32,768 numbers or more.

    "auto"       the compiled ones where they can be had, else NumPy's: the default
    "numpy"      those in NumPy
    "compiled"   as "auto", but RuntimeError where numba is missing or broken

    The numbers are the same up to rounding. A node's backward runs on the kernels of its forward.

    >>> with tinygrad_rnn.use_kernels("numpy"):
    ...     output, state = model(x)
    """

    def __init__(self, kernels: str):
        global _setting
        if kernels not in ("auto", "numpy", "compiled"):
            raise ValueError(f"use_kernels expects 'auto', 'numpy' or 'compiled', but got {kernels!r}")
        if kernels == "compiled" and not twins():
            raise RuntimeError(f"use_kernels('compiled'): {_reason}; they need pip install 'tinygrad-rnn[fast]'")
        self.before: str = _setting
        _setting = kernels

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        global _setting
        _setting = self.before


def full(a: np.ndarray) -> np.ndarray:
    """a as the passes are compiled for, copied if it is a view, stretched, or not to be written into."""
    return a if a.flags.carray else a.copy()


def compile_all(dtype: np.dtype) -> None:
    """Compile what is not yet compiled for a dtype, unless NumPy's kernels are asked for."""
    ops = [(op, "") for op in PASSES if dtype.char == "f" or "gelu" not in op]
    for cell, variant in (*VARIANTS, *ops):
        if _setting != "numpy" and (cell, dtype.char, variant) not in _ready:
            _prepare(cell, dtype.char, variant)


def kernels_used() -> dict[str, str]:
    """Which kernels ran last, for each cell that has run in this process, and each op with compiled passes on a large array:
    {"lstm": "compiled", "gru": "numpy"}."""
    return dict(_used)


def state_of_kernels() -> str:
    """Which kernels run, and why not the compiled ones."""
    if _setting == "numpy":
        return "numpy (use_kernels)"
    if twins() and not _reason:
        return "compiled"
    return f"numpy ({_reason})" if not _twins else f"compiled, but for what failed ({_reason})"


def twins() -> dict[str, Any]:
    """The twins by cell, none if they cannot be had."""
    global _twins, _reason
    with _lock:
        if _twins is None:
            found: dict[str, Any] = {}
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # other packages' own
                    from .compiled import gru, lstm, passes, rnn

                found, _reason = {"rnn": rnn, "lstm": lstm, "gru": gru, "passes": passes}, ""
            except Exception as error:  # whatever it is, the NumPy kernels are there
                _reason = _told(error)
            _twins = found
        return _twins


def _prepare(cell: str, dtype: str, variant: str) -> bool:
    """Compile the twin of a cell for a dtype, by running it once; False if that fails."""
    global _reason
    with _lock:
        key = cell, dtype, variant
        found = twins()
        if key not in _ready:
            ready = bool(found) and dtype in "fd"
            if ready:
                try:
                    with _told_if_slow(
                        f"preparing the {cell.upper()} kernel for {np.dtype(dtype)}; what is compiled stays on disk for the next time"
                    ):
                        _run_once(found, cell, np.dtype(dtype), variant)
                except Exception as error:
                    ready, _reason = False, _told(error)
            _ready[key] = ready
        return _ready[key]


def _run_once(found: dict[str, Any], cell: str, dtype: np.dtype, variant: str) -> None:
    """Forward and backward at the smallest size."""
    for _ in range(20):
        with contextlib.suppress(OSError):  # what was compiled runs, but could not be written to disk: the next part
            if cell in PASSES:
                found["passes"].run_once(cell, dtype)
            else:
                _run_cell(found[cell], {"rnn": 1, "lstm": 4, "gru": 3}[cell], dtype, variant)
            return
    raise OSError("the compiled kernels cannot be kept on disk")


def _run_cell(twin: Any, gates: int, dtype: np.dtype, variant: str) -> None:
    one, options = np.ones((1, 1, 1), dtype), {"reset": variant} if variant else {}
    weights = *[np.ones((gates, 1), dtype)] * 2, *[np.ones(gates, dtype)] * 2
    states = (one[0],) * (2 if gates == 4 else 1)
    _, lease = twin.forward(one, states, weights, False, True, None, **options)
    twin.backward(lease, one, *states)


def _told(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"


@contextlib.contextmanager
def _told_if_slow(what: str) -> Any:
    """Says on stderr what is going on, if it takes longer than a second."""

    def tell() -> None:
        with contextlib.suppress(Exception):  # nobody has to listen
            print(f"tinygrad_rnn: {what} (tinygrad_rnn.show_config() tells more)", file=sys.stderr, flush=True)

    timer = threading.Timer(1.0, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
