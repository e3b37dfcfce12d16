"""A small transformer learns to write like this file, character by character.

You will see its loss fall below that of guessing by frequency, how much time the cache of keys and values saves in
writing, and what it writes: greedily, and sampled from the most likely characters.
"""

import time
from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn, optim
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.viz.plots import save_figure

TEXT = Path(__file__).read_text(encoding="utf-8")
ALPHABET = sorted(set(TEXT))
CODES = np.array([ALPHABET.index(character) for character in TEXT])
CONTEXT = 48


def batch(source: np.random.Generator, size: int = 16):
    """Pieces of the text (B, T), and each piece one character later."""
    starts = source.integers(0, len(CODES) - CONTEXT - 1, size)
    pieces = CODES[starts[:, None] + np.arange(CONTEXT + 1)]
    return tg.tensor(pieces[:, :-1]), tg.tensor(pieces[:, 1:])


def write(model, start: str, length: int, **options) -> str:
    """Continue `start`: read all of it but the last character at once, then go on one by one."""
    codes = tg.tensor([[ALPHABET.index(character) for character in start]])
    with tg.no_grad():
        _, cache = model(codes[:, :-1])
    search = models.sample if options else models.greedy
    return start + "".join(
        ALPHABET[k] for k in search(model.next_scores, cache, codes[:, -1], length, **options).tokens[0].tolist()
    )


def seconds_with_and_without_cache(model, length: int = 60) -> tuple[float, float]:
    """The time to write `length` characters with the cache, and by reading everything again for each."""

    def again(seen, tokens):
        seen = tg.cat([seen, tokens.unsqueeze(1)], 1)
        return model(seen)[0][:, -1], seen

    start = tg.tensor([0])
    begun = time.perf_counter()
    models.greedy(model.next_scores, None, start, length)
    between = time.perf_counter()
    models.greedy(again, tg.zeros(1, 0, dtype=tg.int64), start, length)
    return between - begun, time.perf_counter() - between


def main(steps: int = 300, out: str | Path = "transformer_lm.png") -> None:
    """Train, print a table and two texts, save the loss curve."""
    tg.manual_seed(0)
    source = np.random.default_rng(0)
    model = models.TransformerLM(len(ALPHABET), d_model=48, nhead=4, num_layers=2, dropout=0.0)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    share = np.bincount(CODES) / len(CODES)
    by_frequency = float(-(share * np.log(share)).sum())

    losses = []
    print("step   loss (nats per character; guessing by frequency:", f"{by_frequency:.2f})")
    for step in range(1, steps + 1):
        characters, target = batch(source)
        scores, _ = model(characters)
        loss = F.cross_entropy(scores.reshape(-1, len(ALPHABET)), target.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step % 100 == 0 or step == steps:
            print(f"{step:4d}  {losses[-1]:5.3f}")

    print("cache {:.2f} s, without {:.2f} s".format(*seconds_with_and_without_cache(model)))
    print("greedy: ", repr(write(model, "def ", 60)))
    print("sampled:", repr(write(model, "def ", 60, temperature=0.8, top_p=0.9)))
    save_curve(losses, by_frequency, out)


def save_curve(losses: list[float], by_frequency: float, out: str | Path) -> None:
    """The loss of each step, and the line to beat."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="nats per character", title="A transformer reads itself")
    axes.plot(range(1, len(losses) + 1), losses, color="#0072B2", label="transformer")
    axes.axhline(by_frequency, color="#D55E00", linestyle="--", label="guessing by frequency")
    axes.legend(frameon=False)
    save_figure(figure, out, dpi=120)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
