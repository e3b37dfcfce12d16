"""The program `tinygrad-rnn` from its first moment: while the library is loaded, a signal ends it without a traceback.

It stands beside the package, because Python loads all of `tinygrad_rnn` before anything inside it. Once loaded, the command
line handles signals itself.
"""

import os
import signal
from typing import Any


def main() -> int:
    """Load the command line and run it; returns the exit status."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and (name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN):
            signal.signal(number, _stop)

    from tinygrad_rnn.cli import main

    return main()


def _stop(number: int, frame: Any) -> None:
    try:
        os.write(2, f"tinygrad-rnn: stopped by {signal.Signals(number).name}, before it started\n".encode())
    finally:
        os._exit(128 + number)
