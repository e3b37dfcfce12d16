"""`tinygrad-rnn demo`: train a character-level language model, and draw what came of it.

The checkpoint comes first: it is there before training, kept up to date meanwhile, and saved before anything is drawn.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..data.text import CharText, TextError, read_text, standard_library_text
from ..interop.files import to_bytes
from ..runs import Checkpoints, WaysOut, new_folder
from .arguments import UsageError, complain, count, name

CHECKPOINT, CURVE, GRAPH = "checkpoint.tgr", "loss.png", "graph.svg"


def add_demo(commands: Any) -> None:
    """The command and its options."""
    demo = commands.add_parser(
        "demo",
        help="train a character-level language model and draw its graph",
        description="Train a character-level language model on Python's own documentation (or your text), print a "
        "sample before and after, and write the loss curve, the unrolled graph of a few steps and a checkpoint. Ctrl-C "
        "ends training and keeps what was trained; a second one stops at once, with a checkpoint a few seconds old.",
    )
    demo.add_argument(
        "--text", type=name, metavar="FILE", help="train on this UTF-8 text (default Python's documentation)"
    )
    demo.add_argument("--steps", type=count, default=1000, metavar="N", help="training steps (default %(default)s)")
    demo.add_argument("--cell", choices=("rnn", "lstm", "gru"), default="lstm", help="default %(default)s")
    demo.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (default %(default)s)")
    demo.add_argument(
        "--out",
        type=name,
        default="runs/demo",
        metavar="FOLDER",
        help="where results go (default %(default)s); where there are some already, FOLDER-2 and so on",
    )
    demo.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Train, sample, and write the results."""
    from .. import demo, random

    try:
        source = arguments.text or "Python's documentation topics"
        text = CharText(read_text(arguments.text) if arguments.text else standard_library_text())
    except TextError as error:
        raise UsageError(error) from None
    random.manual_seed(arguments.seed)
    model = demo.CharModel(len(text.vocabulary), arguments.cell)
    losses: list[float] = []
    checkpoints = start(arguments, partial(results, arguments, model, text, losses))
    n_parameters = sum(p.numel() for p in model.parameters())
    print(
        f"{source}: {len(text):,} characters, {len(text.vocabulary)} different; {arguments.cell} model with {n_parameters:,} parameters"
    )
    show("sample before training", demo.sample(model, text))

    with ways.noted():
        train(arguments, ways, model, text, losses, checkpoints)
        checkpoints.save(len(losses))
    if ways.signal:
        print(f"stopped after {len(losses)} of {arguments.steps} steps; keeping what was trained")

    validation = demo.validation_loss(model, text)
    show("sample after training", demo.sample(model, text))
    print(f"validation loss  {validation:.3f} nats per character")
    print(
        f"unigram entropy  {text.unigram_entropy:.3f} nats per character (knowing only how often each character occurs)"
    )
    pictures: dict[str, Callable[[Path], Any]] = {GRAPH: partial(demo.draw_few_steps, model, text)}
    if losses:
        pictures = {CURVE: partial(demo.plot_losses, losses, text.unigram_entropy, validation), **pictures}
    lost = write_pictures(checkpoints, pictures)
    if lost:
        return complain(arguments, f"could not write {lost}{arguments.on_disk()}", ways.status or 1)
    return ways.status


def results(arguments: argparse.Namespace, model: Any, text: CharText, losses: list[float]) -> dict[str, Any]:
    """What the checkpoint holds."""
    settings = {
        "cell": arguments.cell,
        "vocabulary": text.vocabulary,
        "steps": len(losses),
        "seed": arguments.seed,
    }
    return {"model": model.state_dict(), "settings": settings, "losses": losses}


def start(arguments: argparse.Namespace, make: Callable[[], Any]) -> Checkpoints:
    """A folder of its own for this run, with the checkpoint of step 0 in it."""
    try:
        folder = new_folder(arguments.out, CHECKPOINT, to_bytes(make()), (CURVE, GRAPH))
    except OSError as error:
        raise UsageError(f"cannot write to the folder {arguments.out!r}: {error.strerror}") from None
    checkpoints = Checkpoints(folder / CHECKPOINT, make, step=0)
    arguments.on_disk = lambda: f"; {checkpoints.path} holds {checkpoints.step} of {arguments.steps} steps"
    return checkpoints


def train(
    arguments: argparse.Namespace,
    ways: WaysOut,
    model: Any,
    text: CharText,
    losses: list[float],
    checkpoints: Checkpoints,
) -> None:
    """Train with a progress bar and checkpoints, until the end or a signal."""
    from tqdm.auto import tqdm

    from .. import demo

    with tqdm(total=arguments.steps, unit="step", mininterval=0.2) as bar:

        def report(progress: demo.Progress) -> bool:
            losses.append(progress.loss)
            if checkpoints.due():
                checkpoints.save(len(losses))
            unsaved = f", not saved: {checkpoints.error.strerror}" if checkpoints.error else ""
            speed = f"{progress.characters_per_second:,.0f} characters/s"
            bar.set_postfix_str(f"loss {progress.loss:.3f} nats, {speed}{unsaved}", refresh=False)
            bar.update()
            return ways.signal is not None

        demo.train(model, text, arguments.steps, report=report)


def write_pictures(checkpoints: Checkpoints, pictures: dict[str, Callable[[Path], Any]]) -> str:
    """Draw, and say what was written; returns what could not be, and why."""
    from ..viz import DrawError

    written, lost = [], []
    if checkpoints.error:
        lost.append(f"{checkpoints.path}: {checkpoints.error.strerror}")
    else:
        written.append(checkpoints.path)
    for file, draw in pictures.items():
        path = checkpoints.path.with_name(file)
        try:
            draw(path)
            written.append(path)
        except OSError as error:
            lost.append(f"{path}: {error.strerror}")
        except DrawError as error:
            lost.append(f"{path}: {' '.join(str(error).split())}")
    if written:
        *others, last = map(str, written)
        print(f"wrote {', '.join(others)}{' and ' * bool(others)}{last}")
    return ", ".join(lost)


def show(title: str, sample: str) -> None:
    """Print a sample of text under a title."""
    print(f"\n--- {title} ---\n{sample.strip()}\n")
