"""Finding the operation that first made a NaN or an infinity, in forward or in backward.

While detection is on, each recorded node also notes the line of the user's program that made it
(`node.source`). Both checks are attached where the core can be watched: `thread.mode.listeners`, one call
per operation, and the engine's watchers, one call per node in backward.
"""

from __future__ import annotations

import linecache
import os
import sys
from typing import Any

import numpy as np

from .._mode import switch, thread
from ..graph import Node

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
STARTERS = f"{PACKAGE[:-1]}_start.py", "<frozen runpy>"  # of the command `tinygrad-rnn`, and of `python -m`


class Detector:
    """The two checks, and what they look for."""

    def __init__(self, check_nan: bool = True, check_inf: bool = True):
        self.nan: bool = check_nan
        self.inf: bool = check_inf

    def forward(self, node: Node | None, out: Any, inputs: Any) -> None:
        """Raise if an operation made a NaN, or an infinity out of finite numbers; note where it stands.

        An infinity that came in may pass on: masks are made of them on purpose.
        """
        source = user_line()
        if node is not None:
            node.source = source
        if thread.mode.lift is not None:  # a rule at work, while gradients are recorded: `backward` sees its result
            return
        for k, array in enumerate(out if isinstance(out, tuple) else (out,)):
            kind = self.bad(array)
            if kind is None or (kind == "Inf" and any(has_inf(x) for x in inputs)):
                continue
            carrier = next((i for i, x in enumerate(inputs) if has_nan(x)), None) if kind == "NaN" else None
            came = "" if carrier is None else f", which came in with its input {carrier}"
            shapes = ", ".join(str(list(np.shape(x))) for x in inputs)
            raise RuntimeError(
                f"anomaly in forward: {kind} in output {k} of {describe(node)}{came}: {self.count(array, kind)} of "
                f"{np.size(array)} elements; output shape {list(np.shape(array))}, input shapes {shapes}; "
                f"made at {line_text(source)}"
            )

    def backward(self, node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        """Raise if a node sends a NaN or an infinity along one of its edges."""
        for k, d in enumerate(contributions):
            array: Any = getattr(d, "array", d)
            kind = self.bad(array)
            if kind is None:
                continue
            arrived = gradient if isinstance(gradient, (tuple, list)) else (gradient,)
            was_bad = any(self.bad(getattr(g, "array", g)) for g in arrived)
            raise RuntimeError(
                f"anomaly in backward: {kind} in the gradient of input {k} of {describe(node)}: "
                f"{self.count(array, kind)} of {np.size(array)} elements; gradient shape {list(np.shape(array))}, "
                f"output shape {' '.join(str(list(s)) for s in node.shapes)}; "
                f"{'the gradient that arrived was not finite either; ' if was_bad else ''}"
                f"the operation was made at {line_text(node.source)}"
            )

    def bad(self, array: Any) -> str | None:
        """'NaN' or 'Inf' if there is one to report, NaN first."""
        if not _is_float(array) or np.isfinite(array).all():
            return None
        if self.nan and np.isnan(array).any():
            return "NaN"
        return "Inf" if self.inf and np.isinf(array).any() else None

    def count(self, array: Any, kind: str) -> int:
        """How many elements are of that kind."""
        return int((np.isnan if kind == "NaN" else np.isinf)(array).sum())


class detect_anomaly(switch):
    """Inside, the first operation that makes a NaN or an infinity raises, in forward and in backward.

        with autograd.detect_anomaly():
            loss = model(x)
            loss.backward()

    The error names the operation, its module and time step, the shapes, and the line of the program that
    made it. To find the line of a backward error, the forward pass must have run inside too. Costs a
    look at every result: use it to search, not to train.
    """

    def __init__(self, check_nan: bool = True, check_inf: bool = True):
        super().__init__()
        self.detector: Detector = Detector(check_nan, check_inf)

    def __enter__(self) -> Any:
        self.values: Any = _attached(self.detector)
        return super().__enter__()


class set_detect_anomaly(switch):
    """Turn anomaly detection on or off in this thread: at once, and with `with` until the end of the block."""

    def __init__(self, mode: bool, check_nan: bool = True, check_inf: bool = True):
        now = thread.mode
        super().__init__()
        self.earlier: Any = {"listeners": now.listeners, "watchers": now.watchers}
        _without_detectors()
        if mode:
            for name, value in _attached(Detector(check_nan, check_inf)).items():
                setattr(now, name, value)
        self.values: Any = {"listeners": now.listeners, "watchers": now.watchers}

    def __enter__(self) -> Any:
        for name, value in self.earlier.items():
            setattr(thread.mode, name, value)
        return super().__enter__()


def is_anomaly_enabled() -> bool:
    """Is anomaly detection on in this thread?"""
    return any(_is_detector(watch) for watch in thread.mode.watchers)


def _attached(detector: Detector) -> dict[str, Any]:
    """The values of `listeners` and `watchers` with this detector added to them; it looks before others note."""
    mode = thread.mode
    return {"listeners": (detector.forward, *mode.listeners), "watchers": (*mode.watchers, detector.backward)}


def _without_detectors() -> None:
    mode = thread.mode
    mode.watchers = tuple(watch for watch in mode.watchers if not _is_detector(watch))
    mode.listeners = tuple(listener for listener in mode.listeners if not _is_detector(listener))


def _is_detector(function: Any) -> bool:
    return isinstance(getattr(function, "__self__", None), Detector)


def describe(node: Node | None) -> str:
    """A node by name, module path and time step, as far as known."""
    if node is None:
        return "an operation outside the graph"
    scope = node.scope
    parts = [f"module {scope.path}"] if scope.path else []
    parts += [f"layer {scope.layer}"] if scope.layer is not None else []
    parts += [scope.direction] if scope.direction is not None else []
    parts += [f"time step {scope.step}"] if scope.step is not None else []
    return f"{node.name()} ({', '.join(parts)})" if parts else node.name()


def user_line() -> str | None:
    """'file.py:12' of the innermost frame outside this package, or None: in the command line all of it is inside."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    if frame is None or frame.f_code.co_filename.startswith(STARTERS):
        return None
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def line_text(source: str | None) -> str:
    """A source position with the text of that line, where it can be read."""
    if source is None:
        return "an unknown line (the forward pass ran without anomaly detection, or in the command line)"
    name, _, number = source.rpartition(":")
    text = linecache.getline(name, int(number)).strip()
    return f"{source}: {text}" if text else source


def has_inf(x: Any) -> bool:
    """Is there an infinity in an array or a number?"""
    return isinstance(x, (np.ndarray, float)) and _is_float(x) and bool(np.isinf(x).any())


def has_nan(x: Any) -> bool:
    """Is there a NaN in an array or a number?"""
    return isinstance(x, (np.ndarray, float)) and _is_float(x) and bool(np.isnan(x).any())


def _is_float(x: Any) -> bool:
    return isinstance(x, float) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "f")
