"""What each of examples/*.py says that you will see, as numbers in what it prints.

    python -m tests.promises [EXAMPLE ...]

runs them at their full size (some minutes; pytest does not) and prints a line each; exit status 1 if a promise was not kept.
`tests/test_example_promises.py` holds those to the same numbers that keep them with fewer steps.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import tinygrad_rnn as tg

from .test_examples import EXAMPLES, load

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


class Promise(NamedTuple):
    """What an example says, whether a table says so too, and the steps after which it does (None: its own number)."""

    words: str
    kept: Callable[[str], bool]
    fewer: int | None = None


def numbers(line: str) -> list[float]:
    """All numbers in a line."""
    return [float(found) for found in NUMBER.findall(line)]


def rows(printed: str, names: list[str]) -> list[list[float]]:
    """The numbers behind each name, of the line that begins with it."""
    lines = [line.strip() for line in printed.splitlines()]
    return [numbers(next(line for line in lines if line.startswith(name))[len(name) :]) for name in names]


def table(printed: str) -> list[list[float]]:
    """The lines that hold nothing but numbers."""
    lines = [line for line in printed.splitlines() if line.strip() and not re.search(r"[^-+\d.e\s]", line)]
    return [numbers(line) for line in lines]


def before_recurrence(printed: str) -> bool:
    names = ["naive", "Markov", "autoregressive, window 4", "latent (an RNN)", "linear state space"]
    naive, markov, window, latent, space = ([*row[1:], 0.0] for row in rows(printed, names))  # seen, unseen, longer
    return (
        naive[0] < 0.5 * naive[1]  # learnt by heart
        and min(markov[:3]) > 0.1
        and max(window[:3]) < 0.016
        and max(space[:3]) < 0.012  # the noise alone is 0.010
        and max(latent[1:3]) < 0.03
    )


def ctc(printed: str) -> bool:
    (_, _, first, _), *_, (_, _, greedy, beam) = table(printed)
    return greedy < first and greedy < 0.15 and beam < 0.13


def from_pytorch(printed: str) -> bool:
    before, after = (numbers(line)[1] for line in printed.splitlines()[1:3])
    return before > 0.5 and after < 0.01


def gru_conventions(printed: str) -> bool:
    names = ["reset before, z keeps", "reset before, z writes", "the same, converted", "reset after, z keeps", "the same, trained"]  # fmt: skip
    (same,), (turned,), (converted,), (after,), (trained,) = rows(printed, names)
    return max(same, converted) < 1e-12 and min(turned, after) > 0.1 and 0.005 < trained < 0.3 * after


def lstm_variants(printed: str) -> bool:
    gated = ["LSTM  ", "LSTM, no biases", "peephole, diagonal", "peephole, dense", "coupled gates", "layer norm",
             "projected to 6", "GRU", "minimal gated unit", "recurrent highway"]  # fmt: skip
    errors = [row[-2] for row in rows(printed, ["RNN", *gated])]
    return errors[0] > 0.15 and max(errors[1:]) < 0.05


def rnn_memory(printed: str) -> bool:
    rnn, *gated = rows(printed, ["RNN", "GRU", "LSTM  ", "LSTM, forget bias 1", "LSTM, chrono"])
    gated = [row[-4:] for row in gated]
    return max(row[3] for row in gated) < 0.02 and max(row[2] for row in gated) < 0.05 and rnn[2] > 0.1


def seq2seq_attention(printed: str) -> bool:
    (_, first, *_), *_, (_, loss, _, greedy, beam) = table(printed)
    return loss < 0.3 * first and greedy > 0.9 and beam > 0.9


def task_shapes(printed: str) -> bool:
    falls = [numbers(line)[-2:] for line in printed.splitlines()[1:]]
    return len(falls) == 6 and all(after < 0.2 * before and after < 0.03 for before, after in falls)


def tcn(printed: str) -> bool:
    found = {int(row[0]): row[1:] for row in table(printed)}
    reaches = all(reach == min(field, 40) for field, reach, _ in found.values())
    return reaches and found[1][2] > 0.12 and found[4][2] < 0.02 and found[4][2] < 0.3 * found[3][2]


def transformer_lm(printed: str) -> bool:
    guessing = next(numbers(line)[-1] for line in printed.splitlines() if "by frequency" in line)
    return table(printed)[-1][1] < 0.5 * guessing


def truncated_bptt(printed: str) -> bool:
    errors = {int(row[1]): row[-2] for row in (numbers(line) for line in printed.splitlines()[1:])}
    return errors[4] > 0.5 and max(errors[6], errors[9], errors[12]) < 0.05  # the input is 5 steps back


def vanishing_gradients(printed: str) -> bool:
    names = ["linear, radius 0.9", "linear, radius 1.0", "linear, radius 1.1", "tanh, radius 0.9", "LSTM  ", "LSTM, forget bias 3"]  # fmt: skip
    shrinks, stays, grows, tanh, lstm, forget = (row[-1] for row in rows(printed, names))
    return 0.5 < stays < 2 and shrinks < 0.01 and grows > 100 and tanh < 0.01 and forget > 1e3 * lstm


PROMISES: dict[str, Promise] = {
    "before_recurrence": Promise("Markov fails, two steps are enough, the naive model learns by heart", before_recurrence),
    "ctc": Promise("the label error rate falls, by both ways of reading", ctc),
    "from_pytorch": Promise("the network learns to recall the first bit", from_pytorch),
    "gru_conventions": Promise("converted it is the same function, trained it comes near", gru_conventions, 150),
    "lstm_variants": Promise("every gated cell keeps the number, the plain one does not", lstm_variants),
    "rnn_memory": Promise("gates begin to learn first", rnn_memory),
    "seq2seq_attention": Promise("the loss falls, strings are reversed", seq2seq_attention),
    "task_shapes": Promise("the loss of every shape falls", task_shapes, 300),
    "tcn": Promise("it answers well only when its receptive field is long enough", tcn),
    "transformer_lm": Promise("better than guessing by frequency, by half", transformer_lm),
    "truncated_bptt": Promise("learnt only if k2 reaches back to the input", truncated_bptt),
    "vanishing_gradients": Promise("below radius 1 gradients vanish, a forget bias keeps them", vanishing_gradients, 60),
}  # fmt: skip


def printed_by(name: str, folder: Path, **options: Any) -> str:
    """Run an example's main, with its picture in `folder`."""
    module = load(next(path for path in EXAMPLES if path.stem == name))
    suffix = Path(str(module.main.__defaults__[-1])).suffix
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        module.main(out=folder / f"{name}{suffix}", **options)
    return output.getvalue()


def main() -> int:
    """Run, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("examples", nargs="*", default=[], metavar="EXAMPLE", help=", ".join(PROMISES))
    tg.set_num_threads(1)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in parser.parse_args().examples or PROMISES:
            started = time.process_time()
            printed = printed_by(name, Path(folder))
            kept = PROMISES[name].kept(printed)
            bad += not kept
            seconds = time.process_time() - started
            print(f"{name:20} {seconds:6.1f} s  {PROMISES[name].words}{'' if kept else f': NOT KEPT{chr(10)}{printed}'}", flush=True)  # fmt: skip
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
