"""Switches that say how operations run now: recorded or not, in which module and time step.

Everything here is per thread, and restored when an exception passes. Nothing here knows what a
graph is; the recorder and the engine read these switches.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from ._quiet import Quiet


class Scope(NamedTuple):
    """Where a node was made. Modules set `path` and `call`; recurrent layers set the rest."""

    path: str = ""  # "CharModel.lstm"
    call: int = 0  # which call of that module: a number that only grows
    layer: int | None = None
    direction: str | None = None  # "forward" or "reverse"
    step: int | None = None  # the time step t


class Mode(Quiet):
    """The switches of one thread, as a new thread starts with them."""

    __slots__ = ("before", "grad_enabled", "inference", "lift", "listeners", "scope", "unrolled", "watchers")

    def __init__(self) -> None:
        super().__init__()
        self.grad_enabled = True  # do operations on tensors that require grad make nodes?
        self.inference = False
        self.scope = Scope()
        self.unrolled = False  # do whole-sequence layers record every step?
        self.lift: Any = None  # the Tensor class while gradients are themselves being recorded, else None
        self.listeners: tuple[Callable[..., None], ...] = ()  # called with (node or None, output, input arrays) per op
        self.watchers: tuple[Callable[..., None], ...] = ()  # called by the engine, see engine.py
        self.before: list[dict[str, Any]] = []  # what the active switches restore, innermost last


class _Thread(threading.local):
    def __init__(self) -> None:
        self.mode = Mode()


thread = _Thread()  # `thread.mode` is the Mode of the running thread


class switch:
    """Set attributes of `mode` inside a `with` block or a decorated function.

    One object may be entered again while it is active, and used by several threads: the values to
    restore are kept on a stack of the thread.
    """

    def __init__(self, **values: Any):
        self.values = values

    def __enter__(self) -> Any:
        mode = thread.mode
        mode.before.append({name: getattr(mode, name) for name in self.values})
        for name, value in self.values.items():
            setattr(mode, name, value)
        return self

    def __exit__(self, *exception: object) -> None:
        mode = thread.mode
        for name, value in mode.before.pop().items():
            setattr(mode, name, value)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(function):
            return self._around_each_step(function)

        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return switched

    def _around_each_step(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator runs switched, while the code that consumes it does not."""

        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            generator = function(*args, **kwargs)
            resume: Callable[..., Any] = generator.send
            passed: Any = None
            while True:
                try:
                    with self:
                        item = resume(passed)
                except StopIteration as stop:
                    return stop.value
                try:
                    resume, passed = generator.send, (yield item)
                except GeneratorExit:
                    with self:
                        generator.close()
                    raise
                except BaseException as error:
                    resume, passed = generator.throw, error

        return switched


class no_grad(switch):
    """Inside, nothing is recorded: results do not require grad. A context manager or a decorator.

    >>> w = tinygrad_rnn.ones(2, requires_grad=True)
    >>> with tinygrad_rnn.no_grad():
    ...     y = w * 2
    >>> y.requires_grad
    False
    """

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        instance = super().__new__(cls)
        if function is None:
            return instance
        instance.__init__()  # used as @no_grad without parentheses
        return instance(function)

    def __init__(self, function: Callable[..., Any] | None = None):
        super().__init__(grad_enabled=False)


class enable_grad(no_grad):
    """Inside, operations are recorded again: undoes a surrounding `no_grad`."""

    def __init__(self, function: Callable[..., Any] | None = None):
        switch.__init__(self, grad_enabled=True)


class inference_mode(switch):
    """As `no_grad`; `inference_mode(False)` records as usual. PyTorch's further restrictions on
    tensors made inside (no later use in a graph) are not needed here and not imposed."""

    def __new__(cls, mode: bool | Callable[..., Any] = True) -> Any:
        instance = super().__new__(cls)
        if not callable(mode):
            return instance
        instance.__init__()
        return instance(mode)

    def __init__(self, mode: bool | Callable[..., Any] = True):
        enabled = mode is not False
        super().__init__(grad_enabled=not enabled, inference=enabled)


class set_grad_enabled(switch):
    """Turn gradients on or off: at once when called, until the end of the block when used with `with`."""

    def __init__(self, mode: bool):
        super().__init__(grad_enabled=bool(mode))
        self.before: bool = _set_grad_enabled(bool(mode))

    def __enter__(self) -> Any:
        thread.mode.grad_enabled = self.before
        return super().__enter__()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        thread.mode.grad_enabled = self.before  # as a decorator it acts only inside the function
        return super().__call__(function)


def _set_grad_enabled(value: bool) -> bool:
    mode = thread.mode
    before, mode.grad_enabled = mode.grad_enabled, value
    return before


def is_grad_enabled() -> bool:
    """True where operations on tensors that require grad are being recorded."""
    return thread.mode.grad_enabled


def is_inference_mode_enabled() -> bool:
    """True inside `inference_mode()`."""
    return thread.mode.inference


class unrolled(switch):
    """Inside, RNN, LSTM and GRU record every time step as operations, instead of one fused node each.

    The same numbers, slower, and open to pictures and study. A context manager or a decorator.
    """

    def __init__(self) -> None:
        super().__init__(unrolled=True)


class scope(switch):
    """Tag the nodes made inside with a module path: `with scope("encoder"): ...`. Scopes nest."""

    def __init__(self, name: str, call: int = 0, **fields: Any):
        self.name: str = name
        self.call: int = call
        self.fields: dict[str, Any] = fields

    def __enter__(self) -> Any:
        outer = thread.mode.scope
        path = f"{outer.path}.{self.name}" if outer.path else self.name
        self.values: dict[str, Scope] = {
            "scope": outer._replace(path=path, call=self.call or outer.call, **self.fields)
        }
        return super().__enter__()


class step(switch):
    """Tag the nodes made inside with time step `t`: pictures group by it, gradients split by it.

    >>> for t, x_t in enumerate(x):
    ...     with tinygrad_rnn.step(t):
    ...         h = cell(x_t, h)
    """

    def __init__(self, t: int, layer: int | None = None, direction: str | None = None):
        self.fields: dict[str, Any] = {"step": t}
        if layer is not None:
            self.fields["layer"] = layer
        if direction is not None:
            self.fields["direction"] = direction

    def __enter__(self) -> Any:
        self.values: dict[str, Scope] = {"scope": thread.mode.scope._replace(**self.fields)}
        return super().__enter__()
