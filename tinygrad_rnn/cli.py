"""The command line: `tinygrad-rnn demo` and what comes after it.

Exit status: 0 done, 2 for arguments that cannot work (one line says why), 130 after Ctrl-C, with the results so
far written.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .cli_study import add_study
from .threads import get_num_threads, set_num_threads


class Parser(argparse.ArgumentParser):
    """Errors in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    parser = Parser(prog="tinygrad-rnn", description="Train, study and draw recurrent networks.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    add_demo(commands)
    add_draw(commands)
    add_study(commands, count)
    arguments = parser.parse_args(argv)

    threads = get_num_threads()
    set_num_threads(1)  # matrices this small keep several threads waiting
    try:
        return arguments.run(arguments)
    except (UsageError, argparse.ArgumentError) as error:
        print(f"tinygrad-rnn {arguments.command}: error: {error}", file=sys.stderr)
        return 2
    finally:
        set_num_threads(threads)


class UsageError(Exception):
    """The arguments cannot work; the message is the one line to print."""


def count(text: str) -> int:
    """A positive int, for argparse."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if value <= 0:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def add_demo(commands: Any) -> None:
    """`tinygrad-rnn demo`."""
    demo = commands.add_parser(
        "demo",
        help="train a character-level language model and draw its graph",
        description="Train a character-level language model on Python's own documentation (or your text), print a "
        "sample before and after, and write the loss curve, the unrolled graph of a few steps and a checkpoint.",
    )
    demo.add_argument("--text", metavar="FILE", help="train on this UTF-8 text file instead")
    demo.add_argument("--steps", type=count, default=1000, metavar="N", help="training steps (default %(default)s)")
    demo.add_argument("--cell", choices=("rnn", "lstm", "gru"), default="lstm", help="default %(default)s")
    demo.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (default %(default)s)")
    demo.add_argument("--out", metavar="FOLDER", default="runs/demo", help="where results go (default %(default)s)")
    demo.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace) -> int:
    """Train, sample, and write the results."""
    from tqdm.auto import tqdm

    from . import demo, random
    from .data.text import CharText, TextError, read_text, standard_library_text
    from .interop import save

    try:
        source = arguments.text or "Python's documentation topics"
        text = CharText(read_text(arguments.text) if arguments.text else standard_library_text())
    except TextError as error:
        raise UsageError(error) from None
    out = output_folder(arguments.out)
    random.manual_seed(arguments.seed)
    model = demo.CharModel(len(text.vocabulary), arguments.cell)
    n_parameters = sum(p.numel() for p in model.parameters())
    print(
        f"{source}: {len(text):,} characters, {len(text.vocabulary)} different; {arguments.cell} model with {n_parameters:,} parameters"
    )
    show("sample before training", demo.sample(model, text))

    with tqdm(total=arguments.steps, unit="step", mininterval=0.2) as bar:

        def report(progress: demo.Progress) -> None:
            bar.set_postfix_str(
                f"loss {progress.loss:.3f} nats, {progress.characters_per_second:,.0f} characters/s", refresh=False
            )
            bar.update()

        losses = demo.train(model, text, arguments.steps, report=report)
    stopped = len(losses) < arguments.steps
    if stopped:
        print(f"stopped after {len(losses)} of {arguments.steps} steps; keeping what was trained")

    validation = demo.validation_loss(model, text)
    show("sample after training", demo.sample(model, text))
    print(f"validation loss  {validation:.3f} nats per character")
    print(
        f"unigram entropy  {text.unigram_entropy:.3f} nats per character (knowing only how often each character occurs)"
    )
    if losses:
        demo.plot_losses(losses, text.unigram_entropy, validation, out / "loss.png")
    demo.draw_few_steps(model, text, out / "graph.svg")
    settings = {"cell": arguments.cell, "vocabulary": text.vocabulary, "steps": len(losses), "seed": arguments.seed}
    save({"model": model.state_dict(), "settings": settings, "losses": losses}, out / "checkpoint.tgr")
    print(f"wrote {out / 'loss.png'}, {out / 'graph.svg'} and {out / 'checkpoint.tgr'}")
    return 130 if stopped else 0


def add_draw(commands: Any) -> None:
    """`tinygrad-rnn draw`."""
    draw = commands.add_parser(
        "draw",
        help="draw the model of a checkpoint",
        description="Draw the graph of the demo's model from its checkpoint, over a few characters. The suffix of the "
        "file says how: .svg, .html (interactive), .png, .pdf, .dot, .mmd or .txt.",
    )
    draw.add_argument("checkpoint", metavar="CHECKPOINT", help="as written by the demo: runs/demo/checkpoint.tgr")
    draw.add_argument("--out", metavar="FILE", help="where to write (default graph.svg, with --html graph.html)")
    draw.add_argument("--steps", type=count, default=4, metavar="N", help="characters to read (default %(default)s)")
    draw.add_argument("--html", action="store_true", help="an interactive page")
    draw.set_defaults(run=run_draw)


def run_draw(arguments: argparse.Namespace) -> int:
    """Load the model, let it read a few characters, and draw the loss."""
    from . import demo
    from ._tensor import Tensor
    from .notes import record
    from .viz import DrawError, draw

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


def output_folder(name: str) -> Path:
    """The folder, made if need be; a UsageError if nothing can be written there."""
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"cannot write to the folder {name!r}: {error.strerror}") from None
    return folder


def show(title: str, sample: str) -> None:
    """Print a sample of text under a title."""
    print(f"\n--- {title} ---\n{sample.strip()}\n")
