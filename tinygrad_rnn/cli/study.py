"""`tinygrad-rnn study`: ask the model of a run what happens in time, or walk through its backward pass.

Results are written as text and as a picture. `--walk` is a debugger in the terminal: one letter, one step; it also
takes its commands from a pipe.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .. import study
from .._tensor import Tensor
from ..atomic import write_atomically
from ..notes import record
from ..runs import WaysOut
from ..study.layer_states import recorded_states
from ..viz.plots import save_figure
from .arguments import UsageError, count, name
from .picture_of_run import short_loss, words_read
from .run_config import load_run

TOOLS: dict[str, Callable[[Any, Any], study.Result]] = {  # (loss, weight) -> answer
    "report": lambda loss, weight: study.report(loss, full=True),
    "contributions": lambda loss, weight: study.contributions(loss, weight),
    "explain": lambda loss, weight: study.explain(loss, weight),
    "decay": lambda loss, weight: study.decay(loss),
    "step_jacobians": lambda loss, weight: study.step_jacobians(loss),
    "paths": lambda loss, weight: study.paths(loss),
    "ledger": lambda loss, weight: study.ledger(loss),
    "gradcheck_nodes": lambda loss, weight: study.gradcheck_nodes(loss),
    "gradient_map": lambda loss, weight: study.gradient_map(loss),
    "reach": lambda loss, weight: study.reach(loss),
    "truncation": lambda loss, weight: study.truncation(loss, weight, [1, 2, 3, 5, 10, 20]),
    "show_work": lambda loss, weight: study.show_work(loss, weight),
    "walk": lambda loss, weight: study.walk(loss),
}
STATES = "states"  # beside these: it takes what was read
COMPARE = "compare"  # and two runs
FEW, MANY = 3, 50  # time steps: to be written out, and to be asked about


def add_study(commands: Any) -> None:
    """The command and its options."""
    parser = commands.add_parser(
        "study",
        help="ask the model of a run what happens in time, or walk through backward",
        description="Let a trained model read a few time steps, and ask the graph of its loss: how "
        "far back gradients reach and why, what each time step adds to a weight, what truncation costs. Writes "
        "study-TOOL.txt and study-TOOL.png; of states also .npz, of show_work .md and .tex.",
    )
    parser.add_argument(
        "checkpoint", type=name, metavar="RUN", help="a folder of train, or a checkpoint: runs/demo/checkpoint.tgr"
    )
    parser.add_argument(
        "--text",
        type=name,
        metavar="FILE",
        help="for the demo: read the beginning of this UTF-8 text (default Python's documentation)",
    )
    parser.add_argument(
        "--tool", choices=[*TOOLS, STATES, COMPARE], default="report", help="which question (default %(default)s)"
    )
    parser.add_argument(
        "--against", type=name, metavar="RUN", help="for compare: the other run, asked on the same steps"
    )
    parser.add_argument(
        "--weight",
        metavar="NAME",
        help="for contributions, truncation, show_work and explain (default: the recurrent one)",
    )
    parser.add_argument(
        "--steps", type=count, metavar="N", help=f"time steps to read (default {MANY}; for show_work {FEW}, at most 12)"
    )
    parser.add_argument("--out", type=name, metavar="FOLDER", help="where results go (default: beside the checkpoint)")
    parser.add_argument("--walk", action="store_true", help="walk through backward in the terminal; writes nothing")
    parser.set_defaults(run=run_study)


def run_study(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Load the model, let it read, and answer."""
    try:
        if (arguments.tool == COMPARE) != (arguments.against is not None):
            raise UsageError("--tool compare and --against RUN belong together: one run beside the other")
        arguments.steps = arguments.steps or (FEW if arguments.tool == "show_work" else MANY)
        loss, weights, labels = _read(arguments)  # the weights must live, for the graph holds them weakly
        weight = _chosen(arguments.weight, weights)
        if arguments.walk:
            return debug(study.walk(loss))
        result = _answer(loss, weight, labels, arguments)
        given = Path(arguments.checkpoint)
        out = Path(arguments.out or (given if given.is_dir() else given.parent))
        out.mkdir(parents=True, exist_ok=True)
        text, picture = (out / f"study-{arguments.tool}.{suffix}" for suffix in ("txt", "png"))
        brief = full = str(result)
        if arguments.tool == "walk":  # printed, it shows one event only
            brief, full = (f"{result.finding()}\n\n{rows}" for rows in (result.table(), result.table().csv()))
        write_atomically(text, f"{full}\n")
        save_figure(result.plot(), picture)
        more = list(_more(result, text))
    except OSError as error:
        raise UsageError(f"{error.filename or arguments.checkpoint}: {error.strerror}") from None
    except (RuntimeError, ValueError) as error:
        raise UsageError(" ".join(str(error).split())) from None
    print(f"{brief}\n\nwrote {', '.join(map(str, (text, *more)))} and {picture}")
    return 0


def _answer(loss: Tensor, weight: Tensor, labels: list[str] | None, arguments: argparse.Namespace) -> study.Result:
    if arguments.against:
        return _compared(loss, arguments)
    return recorded_states(loss, labels) if arguments.tool == STATES else TOOLS[arguments.tool](loss, weight)


def _more(result: study.Result, text: Path) -> Iterator[Path]:
    """Write what only some answers have beside text and picture."""
    if isinstance(result, study.States):
        result.save(text.with_suffix(".npz"))
        yield text.with_suffix(".npz")
    if isinstance(result, study.Work):
        for suffix, words in ((".md", result.markdown()), (".tex", result.latex())):
            write_atomically(text.with_suffix(suffix), words)
            yield text.with_suffix(suffix)


def _read(arguments: argparse.Namespace) -> tuple[Tensor, dict[str, Tensor], list[str] | None]:
    """The model's loss over a few time steps, recorded; its weights by name; the words or characters that it read."""
    from .. import demo

    loaded = load_run(arguments.checkpoint)
    if loaded is None:
        model, settings, _ = demo.load_checkpoint(Path(arguments.checkpoint))
        vocabulary = settings["vocabulary"]
        numbers = _characters(arguments.text, vocabulary, arguments.steps + 1)[:, None]
    else:
        model, vocabulary, numbers = loaded.model, "", np.empty(0)
        if arguments.text:
            raise UsageError("--text is for the demo; a run of train reads its own held-out data")
    weights: dict[str, Tensor] = dict(model.named_parameters())
    for path, weight in weights.items():
        weight.name = path
    with record():
        if loaded is not None:
            return short_loss(loaded.task, model, arguments.steps), weights, words_read(loaded.task, arguments.steps)
        scores, _ = model(Tensor._of(numbers[:-1]))
        loss = demo.loss_of(scores, Tensor._of(numbers[1:]))
    return loss, weights, [vocabulary[k] for k in numbers[:-1, 0]]


def _compared(loss: Tensor, arguments: argparse.Namespace) -> study.Result:
    """The loss of this run beside that of the other one."""
    kept = study.snapshot(loss)
    other, _weights, _ = _read(argparse.Namespace(**{**vars(arguments), "checkpoint": arguments.against}))
    names = [
        Path(run).name if Path(run).is_dir() else Path(run).parent.name or run
        for run in (arguments.checkpoint, arguments.against)
    ]
    return study.compare(kept, other, names=(names[0], names[1]) if names[0] != names[1] else ("a", "b"))


def _chosen(name: str | None, weights: dict[str, Tensor]) -> Tensor:
    name = name or next((path for path in weights if "weight_hh" in path), next(iter(weights)))
    if name not in weights:
        raise ValueError(f"--weight: there is no {name!r}; there are {', '.join(weights)}")
    return weights[name]


def _characters(file: str | None, vocabulary: str, length: int) -> np.ndarray:
    """Numbers of the first characters of a file that the model knows; without a file, of Python's documentation."""
    from .. import demo
    from ..data.text import read_text

    if file is None:
        return demo.text_to_draw(vocabulary, length)
    known = [letter for letter in read_text(file) if letter in vocabulary][:length]
    if len(known) < length:
        raise ValueError(
            f"--text: {file!r} has {len(known)} characters that the model knows; --steps {length - 1} needs {length}"
        )
    return np.array([vocabulary.index(letter) for letter in known])


# --- the debugger ---------------------------------------------------------------------------------------------

HELP = """\
n [K]             next event, or K events on, away from the loss
b [K]             back one event, or K
t STEP [LAYER]    to the first event of a time step (of a layer)
g NODE            go to an event: its number, "start", "end", or the next of a name or operation: g h, g Tanh
w [WEIGHT]        the running gradient of a weight, now; without a name: of all
l                 list the events around this one
?                 this help
q                 quit
An empty line repeats the last command."""


def debug(walk: study.Walk) -> int:
    """Walk by commands from the terminal or a pipe until "q" or the end; returns the exit status."""
    print(f"{walk.finding()}\n? lists the commands\n\n{walk}")
    last = "n"
    for line in _commands():
        last = line.strip() or last
        if last.split()[0] == "q":
            break
        print(answer(walk, last), flush=True)
    return 0


def answer(walk: study.Walk, command: str) -> str:
    """What the debugger says to a command; moves `walk`."""
    letter, *words = command.split(maxsplit=1)
    rest = words[0].strip() if words else ""
    try:
        if letter in ("n", "b"):
            return str((walk.next if letter == "n" else walk.back)(_number(letter, rest or "1")))
        if letter == "t":
            step, *layer = [_number(letter, word) for word in rest.split() or [""]]
            return str(walk.to(step=step, layer=layer[0] if layer else None))
        if letter == "g" and rest:
            return str(walk.to(int(rest) if rest.isdecimal() else rest))
        if letter == "w":
            return _weights(walk, rest)
        if letter == "l":
            return _around(walk)
    except (IndexError, ValueError, RuntimeError) as error:
        return str(error)
    if letter == "g":
        return "g needs a number or a name: g 12, g h"
    return HELP if letter == "?" else f"there is no command {letter!r}; ? lists them"


def _number(letter: str, word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise ValueError(f"{letter} needs a whole number, got {word!r}") from None


def _weights(walk: study.Walk, name: str) -> str:
    """The running gradients of the weights that have `name` in their names: sizes of all, numbers of one."""
    found = {full: grad for full, grad in walk.grads.items() if name in full}
    lines = [
        f"{full}: {'nothing yet' if grad is None else f'norm {study.shown(study.norm(grad))}, shape {grad.shape}'}"
        for full, grad in found.items()
    ]
    if len(found) == 1:
        lines += [
            np.array2string(g, precision=4, threshold=64, max_line_width=100) for g in found.values() if g is not None
        ]
    return "\n".join(lines) or f"there is no weight {name!r}; there are {', '.join(walk.grads)}"


def _around(walk: study.Walk) -> str:
    first = max(0, walk.position - 5)
    nearby = walk.events[first : first + 12]
    return "\n".join(f"{'→' if event is walk.now else ' '} {event}" for event in nearby)


def _commands() -> Iterator[str]:
    """Lines from a person at a prompt, or from a pipe: these are shown, so that the output reads like a session."""
    reconfigure = getattr(sys.stdin, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    if not sys.stdin.isatty():
        for line in sys.stdin:
            print(f"\nwalk> {line.rstrip()}")
            yield line
        return
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (arrow keys and history)
    with contextlib.suppress(EOFError):
        while True:
            yield input("\nwalk> ")
    print("")
