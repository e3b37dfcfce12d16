"""`tinygrad-rnn sample RUN`: let a trained model write: go on with a text, rewrite a sequence, describe pictures."""

from __future__ import annotations

import argparse
import re
from typing import Any

import numpy as np

from .. import random
from .._mode import no_grad
from .._tensor import Tensor
from ..models.generation import beam_search, check_filters, greedy, sample
from ..runs import WaysOut
from ..tasks import Task
from ..tasks.networks import END
from .arguments import UsageError, count, name
from .run_config import Loaded, load_run
from .train import number, seed


def add_sample(commands: Any) -> None:
    """The command and its options."""
    parser = commands.add_parser(
        "sample",
        help="let a trained model write",
        description="Let the model of a run write: the tasks text and words go on from a prompt; reverse, sort, sums and "
        "dates rewrite it; captions describes held-out pictures.",
    )
    parser.add_argument(
        "run_folder", type=name, metavar="RUN", help="a folder of tinygrad-rnn train, or its checkpoint"
    )
    parser.add_argument("--prompt", metavar="TEXT", help="what to start from (default: held-out data)")
    parser.add_argument("--length", type=count, default=200, metavar="N", help="tokens to write (default %(default)s)")
    parser.add_argument("--temperature", type=number, metavar="X", help="below 1 prefers likely tokens (default 0.7; 0: the likeliest, the default where there is one right answer)")  # fmt: skip
    parser.add_argument("--top-k", type=count, metavar="K", help="only the K likeliest tokens (default all)")
    parser.add_argument("--top-p", type=number, metavar="P", help="only the likeliest that reach P together (default all)")  # fmt: skip
    parser.add_argument("--beam", type=count, metavar="W", help="the best of W beginnings (default: no beam search)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of the drawing (default %(default)s)")
    parser.set_defaults(run=run_sample)


def run_sample(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Load the run, write, print."""
    loaded = load_run(arguments.run_folder)
    if loaded is None:
        raise UsageError(f"{arguments.run_folder} is not a run of tinygrad-rnn train")
    drawn = (arguments.temperature, arguments.top_k, arguments.top_p)
    if arguments.beam and drawn != (None, None, None):
        raise UsageError("--beam looks for the likeliest text: it goes with none of --temperature, --top-k and --top-p")
    if arguments.temperature == 0 and drawn[1:] != (None, None):
        raise UsageError("--temperature 0 takes the likeliest token: it goes with neither --top-k nor --top-p")
    try:
        check_filters(arguments.temperature or 1.0, arguments.top_k, arguments.top_p)
    except ValueError as error:
        raise UsageError(error) from None
    random.manual_seed(arguments.seed)
    with no_grad():
        if loaded.task.carries:
            return continue_text(arguments, loaded)
        if loaded.task.net in ("translate", "caption"):
            return rewrite(arguments, loaded)
    raise UsageError(
        f"{loaded.task.name} does not write; sample is for text, words, reverse, sort, sums, dates, captions"
    )


def continue_text(arguments: argparse.Namespace, loaded: Loaded) -> int:
    """Read the prompt, and go on."""
    task, model = loaded.task, loaded.model
    prompt = arguments.prompt or task.text(task.data.batch(0, 1, "validation")[0][0])
    numbers = encode(task, prompt)
    state = None
    for k in numbers[:-1]:
        state = model.next_scores(state, Tensor._of(np.array([k])))[1]
    tokens = write(arguments, model.next_scores, state, numbers[-1:], arguments.length, None, 0.7)
    between = " " if task.name == "words" else ""
    print(f"{prompt}{between}{task.text(tokens)}")
    return 0


def rewrite(arguments: argparse.Namespace, loaded: Loaded) -> int:
    """The prompt, or some held-out sequences with their right answers."""
    task, model = loaded.task, loaded.model
    *_, y = task.data.batch(0, 5, "validation")
    steps = y.shape[1]
    if arguments.prompt is not None:
        if task.net == "caption":
            raise UsageError("--prompt: captions starts from pictures, not from text")
        x = Tensor._of(encode(task, arguments.prompt)[None])
        print(task.text(write(arguments, model.next_scores, model.start(x), np.array([END]), steps, END, 0.0)))
        return 0
    for k, x in enumerate(task.batch(0, 5, "validation").x.array):
        tokens = write(arguments, model.next_scores, model.start(Tensor._of(x[None])), np.array([END]), steps, END, 0.0)
        said, right = task.text(tokens), task.text(y[k])
        source = f"{task.text(x)} -> " if task.net == "translate" else ""
        print(f"{source}{said}{'' if said == right else f'   (right: {right})'}")
    return 0


def write(
    arguments: argparse.Namespace, next_scores: Any, state: Any, start: np.ndarray, steps: int, end: int | None,
    temperature: float,
) -> np.ndarray:  # fmt: skip
    """Tokens, by the way that the options say."""
    temperature = temperature if arguments.temperature is None else arguments.temperature
    if arguments.temperature is None and (arguments.top_k or arguments.top_p):
        temperature = temperature or 1.0
    first = Tensor._of(start)
    if arguments.beam:
        return beam_search(next_scores, state, first, steps, arguments.beam, end).tokens.array[0, 0]
    if temperature == 0:
        return greedy(next_scores, state, first, steps, end).tokens.array[0]
    return sample(next_scores, state, first, steps, end, temperature, arguments.top_k, arguments.top_p).tokens.array[0]


def encode(task: Task, prompt: str) -> np.ndarray:
    """The prompt as tokens; UsageError for what the vocabulary lacks."""
    pieces = re.findall(r"\w+|[^\w\s]", prompt.lower()) if task.name == "words" else list(prompt)
    known = {token: k for k, token in enumerate(task.vocabulary)}
    strange = [piece for piece in pieces if piece not in known]
    if strange and task.name != "words":
        raise UsageError(f"--prompt: the model does not know {strange[0]!r}")
    if not pieces:
        raise UsageError("--prompt is empty")
    return np.array([known.get(piece, 0) for piece in pieces])
