"""`tinygrad-rnn draw`: the graph of a run's model, as a picture or an interactive page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..runs import WaysOut
from ..viz.drawing import WRITERS
from .arguments import UsageError, count, name
from .picture_of_run import draw_run
from .run_config import load_run


def add_draw(commands: Any) -> None:
    """The command and its options."""
    draw = commands.add_parser(
        "draw",
        help="draw the model of a run",
        description="Draw the graph of a trained model over a few time steps. The suffix of the "
        f"file says how: {', '.join(WRITERS)}; .html is interactive.",
    )
    draw.add_argument(
        "checkpoint", type=name, metavar="RUN", help="a folder of train, or a checkpoint: runs/demo/checkpoint.tgr"
    )
    draw.add_argument(
        "--out", type=name, metavar="FILE", help="where to write (default graph.svg, with --html graph.html)"
    )
    draw.add_argument(
        "--steps", type=count, metavar="N", help="time steps to read (default 4, for the page of a text 24)"
    )
    draw.add_argument("--html", action="store_true", help="an interactive page")
    draw.set_defaults(run=run_draw)


def run_draw(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Load the model, let it read a few time steps, and draw the loss."""
    from ..viz import DrawError

    out = Path(arguments.out or ("graph.html" if arguments.html else "graph.svg"))
    if arguments.html and out.suffix.lower() != ".html":
        raise UsageError(f"--html writes a page: --out must end in .html, got {str(out)!r}")
    page = out.suffix.lower() == ".html"
    try:
        loaded = load_run(arguments.checkpoint)
        writes = loaded is None or (
            loaded.task.tokens and loaded.task.carries
        )  # a text, of which a few letters say little
        steps = arguments.steps or (24 if page and writes else 4)
        options: dict[str, Any] = {"gradient_flow": steps <= 50} if page else {}
        if loaded is None:
            drawing = _draw_demo(Path(arguments.checkpoint), steps, out, options)
        else:
            options |= {"losses": loaded.state["losses"].tolist()} if page else {}
            drawing = draw_run(loaded.task, loaded.model, out, steps, **options)
    except OSError as error:
        raise UsageError(f"{error.filename or out}: {error.strerror}") from None
    except (DrawError, RuntimeError, ValueError) as error:
        raise UsageError(" ".join(str(error).split())) from None
    print(f"wrote {out}: {drawing.picture.title}")
    return 0


def _draw_demo(checkpoint: Path, steps: int, out: Path, options: dict[str, Any]) -> Any:
    from .. import demo
    from .._tensor import Tensor
    from ..notes import record
    from ..viz import draw

    model, settings, losses = demo.load_checkpoint(checkpoint)
    numbers = demo.text_to_draw(settings["vocabulary"], steps + 1)
    with record():
        scores, _ = model(Tensor._of(numbers[:-1, None]))
        loss = demo.loss_of(scores, Tensor._of(numbers[1:, None]))
    drawing = draw(loss, names={"model": model, "loss": loss}, grads=True)
    if options:  # a page carries what was read and guessed
        read = [settings["vocabulary"][k] for k in numbers]
        options = options | {"text": read[:-1], "targets": read[1:], "scores": scores, "losses": losses}
        options["vocabulary"] = settings["vocabulary"]
    drawing.save(out, **options)
    return drawing
