"""`tinygrad-rnn COMMAND`: finds the command, and turns every way out into one line and an exit status.

Exit status: 0 done; 1 something could not be written; 2 arguments that cannot work; 130, 143, 129 stopped by Ctrl-C, SIGTERM,
SIGHUP; 141 done, but the reader of the output has gone. The line says what happened and what is kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .. import __version__
from ..runs import Terminal, WaysOut
from ..threads import get_num_threads, set_num_threads
from .arguments import Parser, UsageError, complain
from .claim import add_claim
from .compare import add_compare
from .convert import add_convert
from .demo import add_demo
from .draw import add_draw
from .run import add_run
from .sample import add_sample
from .study import add_study
from .tasks import add_tasks
from .train import add_train


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, by default the one that the process was started with; returns the exit status."""
    arguments = argparse.Namespace(command="", on_disk=str)
    with WaysOut(to_the_end=argv is None) as ways, Terminal() as terminal:
        try:
            status = run_command(argv, arguments, ways)
        except SystemExit as stop:  # argparse has said why
            status = int(stop.code or 0)
        except UsageError as error:
            status = complain(arguments, f"error: {error}", 2)
        except BaseException:
            if not ways.raised:
                raise
            ways.ignore()
            status = complain(arguments, f"stopped by {ways.name}{arguments.on_disk()}", ways.status)
        if terminal.status and not status:
            status = complain(arguments, f"its output was lost: {terminal.why}{arguments.on_disk()}", terminal.status)
        return status


def run_command(argv: Sequence[str] | None, arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Parse into `arguments`, and run the command that they name."""
    parser = Parser(prog="tinygrad-rnn", description="Train, study and draw recurrent networks.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    add_train(commands)
    add_compare(commands)
    add_tasks(commands)
    add_sample(commands)
    add_demo(commands)
    add_draw(commands)
    add_study(commands)
    add_claim(commands)
    add_run(commands)
    add_convert(commands)
    parser.parse_args(argv, arguments)

    threads = get_num_threads()
    set_num_threads(1)  # matrices this small keep several threads waiting
    try:
        return arguments.run(arguments, ways)
    finally:
        set_num_threads(threads)
