"""`tinygrad-rnn run SCRIPT.py`: a program written for PyTorch, unchanged, with this library in PyTorch's place.

Its n-th `backward()` can be drawn and asked: it is watched from outside, the program notices nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import runpy
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import study
from .._mode import thread
from .._tensor import Tensor
from ..atomic import write_atomically
from ..interop.as_torch import as_torch
from ..interop.torch_names import missing_names
from ..notes import record
from ..runs import WaysOut
from ..viz import DrawError, draw
from ..viz.drawing import WRITERS, writer_of
from ..viz.plots import save_figure
from .arguments import UsageError, complain, count, name

TOOLS: dict[str, Any] = {
    "report": study.report,
    "decay": study.decay,
    "reach": study.reach,
    "gradient_map": study.gradient_map,
}


def add_run(commands: Any) -> None:
    """The command and its options."""
    parser = commands.add_parser(
        "run",
        help="run a program written for PyTorch, unchanged",
        description="Run a Python program in which `import torch` gives this library; PyTorch is not loaded. Options stand "
        "before the program, what stands behind it are the program's own arguments.",
    )
    parser.add_argument(
        "--check", action="store_true", help="run nothing: list PyTorch's names in it that are not here"
    )
    parser.add_argument(
        "--draw", type=name, metavar="FILE", help=f"draw the graph of a backward(): {', '.join(WRITERS)}"
    )
    parser.add_argument("--study", choices=TOOLS, help="ask the graph of a backward(); writes study-TOOL.txt and .png")
    parser.add_argument("--at", type=count, default=1, metavar="N", help="which backward() (default the first)")
    parser.add_argument("script", type=name, metavar="SCRIPT.py", help="the program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGS", help="its arguments")
    parser.set_defaults(run=run_script)


def run_script(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Check the program, or run it; the exit status is its own."""
    script = Path(arguments.script)
    try:
        missing = missing_names(script)
    except OSError as error:
        raise UsageError(f"{script}: {error.strerror}") from None
    except SyntaxError as error:
        raise UsageError(f"{error.filename}:{error.lineno}: {error.msg}") from None
    if arguments.check:
        print("\n".join(map(str, missing)) or f"{script}: all of PyTorch's names in it are here")
        return 1 if missing else 0
    if arguments.draw:
        _check_drawing(Path(arguments.draw))
    onlooker = Onlooker(arguments)
    status = 0
    with as_torch() as silent, _as_program(script, arguments.arguments), onlooker:
        try:
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit as stop:
            status = _status(stop)
        except Exception as error:
            _print_traceback(error)
            status = 1
            names = [m for m in missing if isinstance(error, (AttributeError, ImportError))]
            print("".join(f"not here: {m}\n" for m in names), file=sys.stderr, end="")
    if silent:
        print(f"did nothing: {', '.join(silent)} (what the program writes there goes nowhere)", file=sys.stderr)
    print("".join(f"{line}\n" for line in onlooker.written), end="")
    if onlooker.wanted and onlooker.seen < arguments.at:
        onlooker.failed = f"there were {onlooker.seen} backward(), not {arguments.at}: nothing written"
    return complain(arguments, onlooker.failed, status or 1) if onlooker.failed else status


def _check_drawing(path: Path) -> None:
    """Before the program has run for an hour: can such a file be written there?"""
    try:
        writer_of(path)
    except DrawError as error:
        raise UsageError(f"--draw: {error}") from None
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--draw: there is no folder {path.parent}")


def _status(stop: SystemExit) -> int:
    if stop.code is None or isinstance(stop.code, int):
        return stop.code or 0
    print(stop.code, file=sys.stderr)
    return 1


def _print_traceback(error: BaseException) -> None:
    """As Python prints it, from the program's first line on."""
    shown = error.__traceback__
    while shown is not None and shown.tb_next is not None and "runpy" not in shown.tb_frame.f_code.co_filename:
        shown = shown.tb_next
    while shown is not None and shown.tb_next is not None and "runpy" in shown.tb_frame.f_code.co_filename:
        shown = shown.tb_next
    traceback.print_exception(type(error), error, shown)


@contextlib.contextmanager
def _as_program(script: Path, arguments: list[str]) -> Iterator[None]:
    """`sys.argv` and `sys.path` as Python sets them for a program."""
    argv, path = sys.argv, sys.path[:]
    sys.argv, sys.path[:0] = [str(script), *arguments], [str(script.resolve().parent)]
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, path


class Onlooker:
    """Records what leads to the n-th `Tensor.backward()`, and then draws and asks it.

    Only that stretch is recorded: noted values live as long as the recording.
    """

    def __init__(self, arguments: argparse.Namespace):
        self.drawing: Path | None = (
            Path(arguments.draw).absolute() if arguments.draw else None
        )  # the program may change the folder
        self.tool: Any = arguments.study
        self.folder: Path = Path.cwd()
        self.at: Any = arguments.at
        self.seen: int = 0
        self.wanted: bool = bool(self.drawing or self.tool)
        self.written: list[str] = []
        self.failed = ""  # the program goes on
        self.recording: dict[str, Any] | None = None

    def __enter__(self) -> Onlooker:
        self.backward: Any = Tensor.backward
        if self.wanted:
            Tensor.backward = self._watched()
            if self.at == 1:
                self._record()
        return self

    def __exit__(self, *exception: object) -> None:
        Tensor.backward = self.backward
        self._stop()

    def _watched(self) -> Any:
        def backward(tensor: Tensor, *args: Any, **kwargs: Any) -> None:
            self.backward(tensor, *args, **kwargs)
            self.seen += 1
            if self.seen == self.at - 1:
                self._record()
            elif self.seen == self.at:
                self._stop()
                self._write(tensor, sys._getframe(1).f_locals)

        return backward

    def _record(self) -> None:
        """Switch `record()` on, without a `with`: it starts and ends inside calls of the program."""
        mode = thread.mode
        self.recording = {name: getattr(mode, name) for name in ("listeners", "watchers", "unrolled")}
        record().__enter__()
        mode.before.pop()

    def _stop(self) -> None:
        for switch, value in (self.recording or {}).items():
            setattr(thread.mode, switch, value)
        self.recording = None

    def _write(self, loss: Tensor, variables: dict[str, Any]) -> None:
        try:
            if self.drawing:
                drawing = draw(loss, names=dict(variables), grads=True)
                drawing.save(self.drawing)
                self.written.append(f"wrote {self.drawing}: {drawing.picture.title}")
            if self.tool:
                result = TOOLS[self.tool](loss)
                text, picture = (self.folder / f"study-{self.tool}.{suffix}" for suffix in ("txt", "png"))
                write_atomically(text, f"{result}\n")
                save_figure(result.plot(), picture)
                self.written.append(f"{result.finding()}\nwrote {text} and {picture}")
        except OSError as error:
            self.failed = f"{error.filename}: {error.strerror}"
        except (DrawError, RuntimeError, ValueError) as error:
            self.failed: str = " ".join(str(error).split())
