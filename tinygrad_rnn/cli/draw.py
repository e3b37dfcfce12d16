"""`tinygrad-rnn draw`: the graph of a checkpoint's model, as a picture or an interactive page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..runs import WaysOut
from .arguments import UsageError, count, name


def add_draw(commands: Any) -> None:
    """The command and its options."""
    draw = commands.add_parser(
        "draw",
        help="draw the model of a checkpoint",
        description="Draw the graph of the demo's model from its checkpoint, over a few characters. The suffix of the "
        "file says how: .svg, .html (interactive), .png, .pdf, .dot, .mmd or .txt.",
    )
    draw.add_argument(
        "checkpoint", type=name, metavar="CHECKPOINT", help="as written by the demo: runs/demo/checkpoint.tgr"
    )
    draw.add_argument(
        "--out", type=name, metavar="FILE", help="where to write (default graph.svg, with --html graph.html)"
    )
    draw.add_argument("--steps", type=count, default=4, metavar="N", help="characters to read (default %(default)s)")
    draw.add_argument("--html", action="store_true", help="an interactive page")
    draw.set_defaults(run=run_draw)


def run_draw(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Load the model, let it read a few characters, and draw the loss."""
    from .. import demo
    from .._tensor import Tensor
    from ..notes import record
    from ..viz import DrawError, draw

    out = Path(arguments.out or ("graph.html" if arguments.html else "graph.svg"))
    if arguments.html and out.suffix.lower() != ".html":
        raise UsageError(f"--html writes a page: --out must end in .html, got {str(out)!r}")
    try:
        model, settings, losses = demo.load_checkpoint(Path(arguments.checkpoint))
        numbers = demo.text_to_draw(settings["vocabulary"], arguments.steps + 1)
        with record():
            scores, _ = model(Tensor._of(numbers[:-1, None]))
            loss = demo.loss_of(scores, Tensor._of(numbers[1:, None]))
        drawing = draw(loss, names={"model": model, "loss": loss}, grads=True)
        read = [settings["vocabulary"][k] for k in numbers]
        carried = {
            "text": read[:-1], "targets": read[1:], "scores": scores, "vocabulary": settings["vocabulary"],
            "losses": losses, "gradient_flow": arguments.steps <= 50,
        }  # fmt: skip
        drawing.save(out, **carried if out.suffix.lower() == ".html" else {})
    except OSError as error:
        raise UsageError(f"{error.filename or out}: {error.strerror}") from None
    except (DrawError, RuntimeError, ValueError) as error:
        raise UsageError(" ".join(str(error).split())) from None
    print(f"wrote {out}: {drawing.picture.title}")
    return 0
