"""`tinygrad-rnn claim`: what the lectures claim about learning, tried out; without a name the list.

Writes claim-NAME.txt (the verdict in words, a table, the machine), claim-NAME.csv (every run) and claim-NAME.png.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..claims import CLAIMS, Claim
from ..runs import WaysOut, environment
from ..viz.plots import save_figure
from .arguments import UsageError, count, name


def add_claim(commands: Any) -> None:
    """The command and its options."""
    claim = commands.add_parser(
        "claim",
        help="try out what the lectures claim",
        description="What the lectures claim about recurrent networks, tried out over several seeds: the verdict in "
        "words, a table and a figure, written as claim-NAME.txt, .png and .csv. Without a name: the list.",
    )
    claim.add_argument("name", nargs="?", choices=CLAIMS, metavar="NAME", help=", ".join(CLAIMS))
    claim.add_argument("--quick", action="store_true", help="seconds instead of minutes: smaller, shorter, two seeds")
    claim.add_argument("--seeds", type=count, metavar="N", help="seeds (default 5; 2 with --quick)")
    claim.add_argument(
        "--out", type=name, default="runs/claims", metavar="FOLDER", help="where results go (default %(default)s)"
    )
    claim.set_defaults(run=run_claim)


def run_claim(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """List them, or try one and write what came of it."""
    if arguments.name is None:
        for title, claim in CLAIMS.items():
            print(f"{title:12} {claim.about} (lecture {claim.lecture})")
        return 0
    try:
        Path(arguments.out).mkdir(parents=True, exist_ok=True)
        tried = CLAIMS[arguments.name].tried(arguments.quick, arguments.seeds, partial(print, flush=True))
        written = write(tried, Path(arguments.out))
    except OSError as error:
        raise UsageError(f"cannot write {error.filename or arguments.out}: {error.strerror}") from None
    print(f"\n{tried}\n\nwrote {', '.join(map(str, written))}")
    return 0


def write(claim: Claim, out: Path) -> list[Path]:
    """The three files; returns their paths."""
    text, runs, picture = (out / f"claim-{claim.name}.{suffix}" for suffix in ("txt", "csv", "png"))
    write_atomically(text, f"{claim}\n\n{machine()}\n")
    write_atomically(runs, claim.csv())
    save_figure(claim.plot(), picture)
    return [text, runs, picture]


def machine() -> str:
    """What it ran on, in a line without a date."""
    found = environment()
    return f"{found['machine']}, {found['threads']} thread{'s' * (found['threads'] != 1)}; Python {found['python']}, NumPy {found['numpy']}, {found['blas']}"  # fmt: skip
